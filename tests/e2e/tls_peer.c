/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "tls_peer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

SSL_CTX *
tls_peer_context(const char *authority)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (authority == NULL)
		return context;
	assert_int_equal(
	    SSL_CTX_load_verify_locations(context, authority, NULL), 1);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	return context;
}

int
tls_peer_start(struct tls_peer *peer, SSL_CTX *context, int fd)
{
	peer->fd = fd;
	peer->ssl = SSL_new(context);
	SSL_set_fd(peer->ssl, fd);
	return SSL_connect(peer->ssl);
}

struct tls_peer *
tls_peer_connect(struct relay *relay, SSL_CTX *context)
{
	struct tls_peer *peer = calloc(1, sizeof(*peer));

	assert_int_equal(
	    tls_peer_start(peer, context, relay_connect(relay)), 1);
	relay_await_log(relay, "TLS peer=");
	return peer;
}

void
tls_peer_free(struct tls_peer *peer)
{
	SSL_free(peer->ssl);
	close(peer->fd);
	free(peer);
}

int
tls_ask_for_keys(struct tls_peer *peer)
{
	assert_int_equal(
	    SSL_key_update(peer->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
	return SSL_do_handshake(peer->ssl);
}

void
tls_send_text(struct tls_peer *peer, const char *text)
{
	int length = (int)strlen(text);

	assert_int_equal(SSL_write(peer->ssl, text, length), length);
}

void
tls_expect_text(struct tls_peer *peer, const char *text)
{
	char got[4096] = "";
	int length = (int)strlen(text), have = 0;

	assert_in_range(length, 0, sizeof(got) - 1);
	while (have < length) {
		int part = SSL_read(peer->ssl, got + have, length - have);

		if (part <= 0)
			fail_msg("\"%s\" instead of \"%s\"", got, text);
		have += part;
	}
	assert_string_equal(got, text);
}

void
tls_half_close(struct tls_peer *peer)
{
	assert_int_equal(SSL_shutdown(peer->ssl), 0);
}

void
tls_expect_end(struct tls_peer *peer)
{
	char byte;
	int got = SSL_read(peer->ssl, &byte, 1);

	assert_int_equal(got, 0);
	assert_int_equal(SSL_get_error(peer->ssl, got), SSL_ERROR_ZERO_RETURN);
}
