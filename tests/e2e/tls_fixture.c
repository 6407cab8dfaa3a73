/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "tls_fixture.h"

#include "certificates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *
conf_of(const struct test_files *files, const char *name, const char *more)
{
	static char conf[1024];

	snprintf(conf, sizeof(conf),
	    "listen = ( { address = \"127.0.0.1:0\"; tls = true; },"
	    "           \"unix:%%s/sock\" );"
	    "tls = { certificate = \"%s/%s.pem\";"
	    "        key = \"%s/%s.key\"; %s };",
	    files->directory, name, files->directory, name, more);
	return conf;
}

struct relay *
tls_relay_start_as(const struct test_files *files, const char *name,
    const char *tls, const char *rest)
{
	char conf[2048];

	snprintf(conf, sizeof(conf), "%s %s log = { level = \"debug\"; };",
	    conf_of(files, name, tls), rest);
	return relay_start(conf, 2);
}

struct relay *
tls_relay_start(
    const struct test_files *files, const char *tls, const char *rest)
{
	return tls_relay_start_as(files, "server", tls, rest);
}

struct tls_peer *
tls_join(struct relay *relay, const struct test_files *files)
{
	SSL_CTX *context = tls_peer_context(files->authority);
	struct tls_peer *peer = tls_peer_connect(relay, context);

	SSL_CTX_free(context);
	return peer;
}

int
tls_join_plain(struct relay *relay)
{
	return relay_connect_unix(relay, "sock");
}

void
tls_expect_closed(struct relay *relay, const char *reason)
{
	char text[128];

	snprintf(text, sizeof(text), "reason=\"%s\"", reason);
	assert_non_null(strstr(relay_await_log(relay, "closed peer="), text));
}

static void
make_files(struct test_files *files)
{
	static const struct certificate_terms server = { "server",
		"DNS:localhost,IP:127.0.0.1", -1, 30, false };
	static const struct certificate_terms heavy = { "heavy",
		"DNS:localhost,IP:127.0.0.1", -1, 30, true };
	static const struct certificate_terms other = { "other",
		"DNS:other.example", -1, 30, false };
	static const struct certificate_terms old = { "old",
		"DNS:localhost,IP:127.0.0.1", -30, -1, false };
	static const struct certificate_terms person = { "alice",
		"email:alice@example.org", -1, 30, false };
	static const struct certificate_terms mailbox = { NULL,
		"email:carol@example.org", -1, 30, false };
	static const struct certificate_terms former = { "bob", NULL, -20, -10,
		false };
	static const struct certificate_terms future = { "eve", NULL, 10, 20,
		false };
	struct authority *known, *unknown;

	known = authority_new(files->directory, "authority");
	unknown = authority_new(files->directory, "unknown");
	authority_sign(known, files->directory, "server", &server);
	authority_sign(known, files->directory, "heavy", &heavy);
	authority_sign(known, files->directory, "other", &other);
	authority_sign(known, files->directory, "old", &old);
	authority_sign(known, files->directory, "person", &person);
	authority_sign(known, files->directory, "mailbox", &mailbox);
	authority_sign(known, files->directory, "former", &former);
	authority_sign(known, files->directory, "future", &future);
	authority_sign(unknown, files->directory, "stranger", &person);
	authority_free(known);
	authority_free(unknown);
	snprintf(files->authority, sizeof(files->authority), "%s/authority.pem",
	    files->directory);
}

int
tls_set_up(void **state)
{
	struct test_files *files = calloc(1, sizeof(*files));

	strcpy(files->directory, "/tmp/tcprelay-tls.XXXXXX");
	assert_non_null(mkdtemp(files->directory));
	make_files(files);
	*state = files;
	return 0;
}

int
tls_tear_down(void **state)
{
	struct test_files *files = *state;

	remove_directory(files->directory);
	free(files);
	return 0;
}
