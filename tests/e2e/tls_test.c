/* SPDX-License-Identifier: ISC */
/* Who comes in over TLS, and who does not. */
#include "config.h"

#include "tls_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_tls_1_2_is_spoken_and_1_1_is_not(void **state)
{
	struct relay *relay = tls_relay_start(*state, "", "");
	SSL_CTX *context = tls_peer_context(NULL);
	struct tls_peer old = { 0 }, *peer;

	SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
	peer = tls_peer_connect(relay, context);
	assert_int_equal(SSL_version(peer->ssl), TLS1_2_VERSION);
	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
	assert_int_not_equal(
	    tls_peer_start(&old, context, relay_connect(relay)), 1);
	tls_expect_closed(relay, "TLS handshake failed");
	SSL_free(old.ssl);
	close(old.fd);
	tls_peer_free(peer);
	SSL_CTX_free(context);
	relay_stop(relay);
}

/* A ticket that is not read makes a close an RST. */
static void
test_a_session_cannot_be_resumed(void **state)
{
	struct relay *relay = tls_relay_start(*state, "", "");
	struct tls_peer *peer = tls_join(relay, *state);
	int talker = tls_join_plain(relay);

	/* What comes before the line has been read then. */
	send_text(talker, "hello\n");
	tls_expect_text(peer, "hello\n");
	assert_false(SSL_SESSION_is_resumable(SSL_get0_session(peer->ssl)));
	close(talker);
	tls_peer_free(peer);
	relay_stop(relay);
}

/* What people and scanners send to a port without knowing what it is. */
static void
test_who_does_not_speak_tls_is_told_and_closed(void **state)
{
	static const char *const openings[] = { "hello\n",
		"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff garbage",
		"\x80\x01\x00\x00\x00\x00", "SSH-2.0-OpenSSH\r\n" };
	struct relay *relay = tls_relay_start(*state, "", "");
	struct tls_peer *a = tls_join(relay, *state),
			*b = tls_join(relay, *state);
	char byte;
	size_t i;

	for (i = 0; i < COUNT_OF(openings); i++) {
		int fd = relay_connect(relay);

		send_text(fd, openings[i]);
		shutdown(fd, SHUT_WR);
		relay_await_log(relay, "TLS handshake failed peer=");
		tls_expect_closed(relay, "TLS handshake failed");
		while (read(fd, &byte, 1) == 1)
			continue;
		close(fd);
	}
	close(relay_connect(relay));
	assert_non_null(
	    strstr(relay_await_log(relay, "TLS handshake failed peer="),
		"error=\"the peer closed the connection\""));
	tls_send_text(a, "undisturbed\n");
	tls_expect_text(b, "undisturbed\n");
	tls_peer_free(a);
	tls_peer_free(b);
	relay_stop(relay);
}

/* Without a limit of time it would stay for ever. */
static void
test_a_handshake_that_takes_too_long_is_ended(void **state)
{
	struct relay *relay =
	    tls_relay_start(*state, "", "limits = { handshake_seconds = 1; };");
	int silent = relay_connect(relay), slow = relay_connect(relay);
	char byte;

	send_text(slow, "\x16\x03\x01\x02");
	tls_expect_closed(relay, "not admitted in time");
	tls_expect_closed(relay, "not admitted in time");
	assert_int_equal(read(silent, &byte, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	close(silent);
	close(slow);
	relay_stop(relay);
}

static void
test_one_too_many_is_told_so_when_it_can_be(void **state)
{
	struct relay *relay =
	    tls_relay_start(*state, "", "limits = { clients = 1; };");
	struct tls_peer *member = tls_join(relay, *state);
	struct tls_peer *refused = tls_join(relay, *state);
	char byte;

	tls_expect_text(refused, "tcprelayd: too many clients\n");
	/* No end that could pass for an answer. */
	assert_int_equal(SSL_read(refused->ssl, &byte, 1), 0);
	assert_int_not_equal(
	    SSL_get_error(refused->ssl, 0), SSL_ERROR_ZERO_RETURN);
	tls_peer_free(refused);
	tls_peer_free(member);
	relay_stop(relay);
}

/* The two things that a newcomer has to show, one after the other. */
static void
test_a_secret_is_asked_for_after_the_handshake(void **state)
{
	const struct test_files *files = *state;
	char secret[128], access[256];
	struct tls_peer *friend, *stranger;
	struct relay *relay;
	int plain;

	snprintf(secret, sizeof(secret), "%s/secret", files->directory);
	write_file(secret, "sesame\n", 7);
	chmod(secret, 0600);
	snprintf(access, sizeof(access), "access = { secret_file = \"%s\"; };",
	    secret);
	relay = tls_relay_start(files, "", access);
	friend = tls_join(relay, files);
	stranger = tls_join(relay, files);
	plain = tls_join_plain(relay);
	tls_send_text(friend, "sesame\nin the same record\n");
	relay_await_log(relay, "admitted");
	send_text(plain, "sesame\nfrom plain\n");
	tls_expect_text(friend, "from plain\n");
	tls_send_text(stranger, "please\n");
	tls_expect_text(stranger, "tcprelayd: wrong secret\n");
	close(plain);
	tls_peer_free(friend);
	tls_peer_free(stranger);
	relay_stop(relay);
}

/* A peer's certificate: of whom, and what becomes of it. */
static const struct {
	const char *name;
	const char *error; /* NULL: it comes in */
} shown[] = {
	{ "person", NULL },
	{ NULL, "the peer showed no certificate" },
	{ "stranger", "the issuer of the certificate is not known" },
	{ "former", "the certificate has expired" },
	{ "future", "the certificate is not valid yet" },
};

static void
use_certificate(
    SSL_CTX *context, const struct test_files *files, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s.pem", files->directory, name);
	assert_int_equal(
	    SSL_CTX_use_certificate_file(context, path, SSL_FILETYPE_PEM), 1);
	snprintf(path, sizeof(path), "%s/%s.key", files->directory, name);
	assert_int_equal(
	    SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM), 1);
}

static void
show_certificate(struct relay *relay, const struct test_files *files, size_t i)
{
	SSL_CTX *context = tls_peer_context(files->authority);
	struct tls_peer peer;
	char text[128], byte;

	if (shown[i].name != NULL)
		use_certificate(context, files, shown[i].name);
	/* In TLS 1.3 the refusal comes after what looks like success. */
	tls_peer_start(&peer, context, relay_connect(relay));
	if (shown[i].error == NULL) {
		relay_await_log(relay, "TLS peer=");
	} else {
		snprintf(text, sizeof(text), "error=\"%s\"", shown[i].error);
		relay_await_log(relay, text);
		tls_expect_closed(relay, "TLS handshake failed");
		assert_true(SSL_read(peer.ssl, &byte, 1) <= 0);
	}
	SSL_free(peer.ssl);
	close(peer.fd);
	SSL_CTX_free(context);
}

static void
test_with_a_client_ca_only_holders_of_a_certificate_come_in(void **state)
{
	const struct test_files *files = *state;
	char ca[128];
	struct relay *relay;
	size_t i;

	snprintf(ca, sizeof(ca), "client_ca = \"%s\";", files->authority);
	relay = tls_relay_start(files, ca, "");
	for (i = 0; i < COUNT_OF(shown); i++)
		show_certificate(relay, files, i);
	relay_stop(relay);
}

/* Who the certificate says they are, and not who they say. */
static void
test_in_chat_a_certificate_vouches_for_a_name(void **state)
{
	static const struct {
		const char *file, *greeting;
	} people[] = {
		{ "person", "*** you are alice in main;" },
		{ "mailbox", "*** you are carol_example_org in main;" },
	};
	const struct test_files *files = *state;
	struct tls_peer *peer;
	struct relay *relay;
	SSL_CTX *context;
	char ca[128];
	size_t i;

	snprintf(ca, sizeof(ca), "client_ca = \"%s\";", files->authority);
	relay = tls_relay_start(files, ca, "mode = \"chat\";");
	for (i = 0; i < COUNT_OF(people); i++) {
		context = tls_peer_context(files->authority);
		use_certificate(context, files, people[i].file);
		peer = tls_peer_connect(relay, context);
		tls_expect_text(peer, people[i].greeting);
		tls_peer_free(peer);
		SSL_CTX_free(context);
	}
	relay_stop(relay);
}

static void
expect_faulty(const struct test_files *files, const char *name, const char *tls,
    const char *fault)
{
	char path[128], conf[1024], output[2048];
	const char *argv[] = { daemon_program(), "-t", "-c", path, NULL };

	snprintf(path, sizeof(path), "%s/%s.conf", files->directory, name);
	snprintf(conf, sizeof(conf),
	    "listen = ( { address = \"127.0.0.1:0\";\ntls = true; } );\n%s",
	    tls);
	write_file(path, conf, strlen(conf));
	assert_int_equal(run_program(argv, output, sizeof(output)), 2);
	if (strstr(output, fault) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", fault, output);
}

static void
test_files_that_cannot_be_used_are_faults_of_the_configuration(void **state)
{
	const struct test_files *files = *state;
	char tls[512];

	expect_faulty(
	    files, "none", "", ":1: listen: tls for 127.0.0.1:0 without");
	snprintf(tls, sizeof(tls),
	    "tls = { certificate = \"%s/server.pem\";\n"
	    "key = \"%s/person.key\"; };",
	    files->directory, files->directory);
	expect_faulty(files, "mixed", tls, ":4: tls.key: ");
	expect_faulty(files, "mixed", tls, "does not belong to the cert");
	snprintf(tls, sizeof(tls),
	    "tls = { certificate = \"%s/server.key\";\n"
	    "key = \"%s/server.key\"; };",
	    files->directory, files->directory);
	expect_faulty(files, "swapped", tls, ":3: tls.certificate: ");
	snprintf(tls, sizeof(tls),
	    "tls = { certificate = \"%s/server.pem\";\n"
	    "key = \"%s/server.key\";\nclient_ca = \"%s/missing\"; };",
	    files->directory, files->directory, files->directory);
	expect_faulty(files, "missing", tls, ":5: tls.client_ca: ");
	expect_faulty(files, "missing", tls, "/missing: No such file");
}

/* The system's own configuration may be wrong; it is a fault as the others. */
static void
test_openssl_that_cannot_be_used_is_a_fault(void **state)
{
	static const char none[] =
	    "openssl_conf = all\n[all]\nproviders = some\n"
	    "[some]\nbase = one\n[one]\nactivate = 1\n";
	const struct test_files *files = *state;
	char path[128], tls[512];

	snprintf(path, sizeof(path), "%s/openssl.cnf", files->directory);
	write_file(path, none, strlen(none));
	snprintf(tls, sizeof(tls),
	    "tls = { certificate = \"%s/server.pem\";\n"
	    "key = \"%s/server.key\"; };",
	    files->directory, files->directory);
	setenv("OPENSSL_CONF", path, 1);
	expect_faulty(files, "openssl", tls,
	    ":3: tls.certificate: OpenSSL: it cannot be used: ");
	unsetenv("OPENSSL_CONF");
}

/* The name in the certificate that the daemon shows. */
static void
expect_server(struct relay *relay, const char *name)
{
	SSL_CTX *context = tls_peer_context(NULL);
	struct tls_peer *peer = tls_peer_connect(relay, context);
	char got[64];

	X509_NAME_get_text_by_NID(
	    X509_get_subject_name(SSL_get0_peer_certificate(peer->ssl)),
	    NID_commonName, got, sizeof(got));
	assert_string_equal(got, name);
	tls_peer_free(peer);
	SSL_CTX_free(context);
}

static void
copy_file(const struct relay *relay, const struct test_files *files,
    const char *from, const char *to)
{
	char path[128], *bytes;
	size_t length;

	snprintf(path, sizeof(path), "%s/%s", files->directory, from);
	bytes = read_whole_file(path, &length);
	write_file(relay_path(relay, to), bytes, length);
	free(bytes);
}

/* A certificate that is renewed every few weeks must not need a restart. */
static void
test_a_reload_reads_the_certificate_again(void **state)
{
	static const char conf[] =
	    "listen = ( { address = \"127.0.0.1:0\"; tls = true; } );"
	    "tls = { certificate = \"%s/c.pem\"; key = \"%s/c.key\"; };"
	    "log = { level = \"debug\"; };";
	const struct test_files *files = *state;
	struct relay *relay = relay_start("listen = \"127.0.0.1:0\";", 1);
	struct tls_peer *a, *b;

	copy_file(relay, files, "server.pem", "c.pem");
	copy_file(relay, files, "server.key", "c.key");
	relay_reload(relay, conf);
	a = tls_join(relay, files);
	b = tls_join(relay, files);
	copy_file(relay, files, "person.pem", "c.pem");
	relay_configure(relay, conf);
	kill(relay->pid, SIGHUP);
	relay_await_log(relay, "does not belong to the certificate");
	relay_await_log(relay, "not reloaded");
	expect_server(relay, "server");
	copy_file(relay, files, "person.key", "c.key");
	relay_reload(relay, conf);
	expect_server(relay, "alice");
	tls_send_text(a, "all the same\n");
	tls_expect_text(b, "all the same\n");
	tls_peer_free(a);
	tls_peer_free(b);
	relay_stop(relay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_tls_1_2_is_spoken_and_1_1_is_not),
		E2E_TEST(test_a_session_cannot_be_resumed),
		E2E_TEST(test_who_does_not_speak_tls_is_told_and_closed),
		E2E_TEST(test_a_handshake_that_takes_too_long_is_ended),
		E2E_TEST(test_one_too_many_is_told_so_when_it_can_be),
		E2E_TEST(test_a_secret_is_asked_for_after_the_handshake),
		E2E_TEST(
		    test_with_a_client_ca_only_holders_of_a_certificate_come_in),
		E2E_TEST(test_in_chat_a_certificate_vouches_for_a_name),
		E2E_TEST(
		    test_files_that_cannot_be_used_are_faults_of_the_configuration),
		E2E_TEST(test_openssl_that_cannot_be_used_is_a_fault),
		E2E_TEST(test_a_reload_reads_the_certificate_again),
	};

	return cmocka_run_group_tests_name(
	    "tls", tests, tls_set_up, tls_tear_down);
}
