/* SPDX-License-Identifier: ISC */
/*
 * A client of TLS for tests: OpenSSL over a socket that blocks, so that a test
 * reads as those of plain connections do. What goes wrong ends the test, where
 * nothing else is said.
 */
#ifndef TLS_PEER_H
#define TLS_PEER_H

#include "harness.h"

#include <openssl/ssl.h>

struct tls_peer {
	int fd;
	SSL *ssl;
};

/* Trusts this authority's file; NULL: everybody. */
SSL_CTX *tls_peer_context(const char *authority);
/* As relay_connect(), with the handshake done. */
struct tls_peer *tls_peer_connect(struct relay *relay, SSL_CTX *context);
/* The same on a connected socket; returns what SSL_connect(3) does. */
int tls_peer_start(struct tls_peer *peer, SSL_CTX *context, int fd);
/* Closes without a word. */
void tls_peer_free(struct tls_peer *peer);

/* Asks for new keys; returns what SSL_do_handshake(3) does. */
int tls_ask_for_keys(struct tls_peer *peer);

void tls_send_text(struct tls_peer *peer, const char *text);
void tls_expect_text(struct tls_peer *peer, const char *text);
/* Says that nothing will follow. */
void tls_half_close(struct tls_peer *peer);
/* Reads up to the peer's close_notify, which has to come at once. */
void tls_expect_end(struct tls_peer *peer);

#endif
