/* SPDX-License-Identifier: ISC */
/*
 * The promises over TLS; who comes in, and who does not; and what those who
 * only pretend to speak it can do to the others.
 */
#include "config.h"

#include "certificates.h"
#include "harness.h"
#include "tls_peer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Made once for all tests, in a directory that goes in the end. */
struct files {
	char directory[64], authority[96];
};

static const char *
conf_of(const struct files *files, const char *more)
{
	static char conf[1024];

	snprintf(conf, sizeof(conf),
	    "listen = ( { address = \"127.0.0.1:0\"; tls = true; },"
	    "           \"unix:%%s/sock\" );"
	    "tls = { certificate = \"%s/server.pem\";"
	    "        key = \"%s/server.key\"; %s };",
	    files->directory, files->directory, more);
	return conf;
}

static struct relay *
start(const struct files *files, const char *tls, const char *rest)
{
	char conf[2048];

	snprintf(conf, sizeof(conf), "%s %s log = { level = \"debug\"; };",
	    conf_of(files, tls), rest);
	return relay_start(conf, 2);
}

static struct tls_peer *
join(struct relay *relay, const struct files *files)
{
	SSL_CTX *context = tls_peer_context(files->authority);
	struct tls_peer *peer = tls_peer_connect(relay, context);

	SSL_CTX_free(context);
	return peer;
}

static int
join_plain(struct relay *relay)
{
	return relay_connect_unix(relay, "sock");
}

static void
expect_closed(struct relay *relay, const char *reason)
{
	char text[128];

	snprintf(text, sizeof(text), "reason=\"%s\"", reason);
	assert_non_null(strstr(relay_await_log(relay, "closed peer="), text));
}

static void
test_encrypted_and_plain_clients_hear_each_other(void **state)
{
	struct relay *relay = start(*state, "", "");
	struct tls_peer *a = join(relay, *state), *b = join(relay, *state);
	int plain = join_plain(relay);

	tls_send_text(a, "from a");
	tls_send_text(a, " in two records\n");
	tls_expect_text(b, "from a in two records\n");
	expect_text(plain, "from a in two records\n");
	send_text(plain, "from plain\n");
	tls_expect_text(a, "from plain\n");
	tls_expect_text(b, "from plain\n");
	close(plain);
	tls_peer_free(a);
	tls_peer_free(b);
	relay_stop(relay);
}

static void
test_tls_1_2_is_spoken_and_1_1_is_not(void **state)
{
	struct relay *relay = start(*state, "", "");
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
	expect_closed(relay, "TLS handshake failed");
	SSL_free(old.ssl);
	close(old.fd);
	tls_peer_free(peer);
	SSL_CTX_free(context);
	relay_stop(relay);
}

/* Of the two directions only the client's ends with its close_notify. */
static void
test_one_who_leaves_has_said_and_heard_everything(void **state)
{
	enum { LINES = 6000, LINE = 100 };
	struct relay *relay = start(*state, "", "");
	struct tls_peer *leaver = join(relay, *state);
	int talker = join_plain(relay), part;
	char *sent = malloc(LINES * LINE), *got = malloc(LINES * LINE + 1);
	size_t i;

	for (i = 0; i < LINES; i++)
		snprintf(sent + i * LINE, LINE, "%0*zu", LINE - 1, i);
	for (i = 0; i < LINES; i++)
		sent[i * LINE + LINE - 1] = '\n';
	send_bytes(talker, sent, LINES * LINE);
	tls_send_text(leaver, "bye");
	tls_half_close(leaver);
	expect_text(talker, "bye\n");
	for (i = 0; (part = SSL_read(leaver->ssl, got + i,
			 (int)(LINES * LINE + 1 - i))) > 0;)
		i += (size_t)part;
	assert_int_equal(
	    SSL_get_error(leaver->ssl, part), SSL_ERROR_ZERO_RETURN);
	assert_int_equal(i % LINE, 0);
	assert_memory_equal(got, sent, i);
	expect_closed(relay, "end of input");
	free(sent);
	free(got);
	close(talker);
	tls_peer_free(leaver);
	relay_stop(relay);
}

/*
 * Anybody on the way can send a FIN. It is an end of input, but no line is made
 * of what came before it.
 */
static void
test_a_half_line_that_was_cut_off_is_not_relayed(void **state)
{
	struct relay *relay = start(*state, "", "");
	struct tls_peer *cut = join(relay, *state);
	int reader = join_plain(relay);

	tls_send_text(cut, "whole\nrm -rf /tmp");
	expect_text(reader, "whole\n");
	shutdown(cut->fd, SHUT_WR);
	tls_expect_end(cut);
	expect_closed(relay, "end of input");
	tls_peer_free(cut);
	cut = join(relay, *state);
	tls_send_text(cut, "next\n");
	expect_text(reader, "next\n");
	close(reader);
	tls_peer_free(cut);
	relay_stop(relay);
}

static void
test_a_daemon_that_stops_says_so_to_everybody(void **state)
{
	struct relay *relay = start(*state, "", "");
	struct tls_peer *peer = join(relay, *state);
	int talker = join_plain(relay), half_open = relay_connect(relay);

	send_text(talker, "last\n");
	tls_expect_text(peer, "last\n");
	kill(relay->pid, SIGTERM);
	tls_expect_end(peer);
	expect_end(half_open);
	close(half_open);
	close(talker);
	tls_peer_free(peer);
	relay_await_stop(relay);
}

/* What people and scanners send to a port without knowing what it is. */
static void
test_who_does_not_speak_tls_is_told_and_closed(void **state)
{
	static const char *const openings[] = { "hello\n",
		"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff garbage",
		"\x80\x01\x00\x00\x00\x00", "SSH-2.0-OpenSSH\r\n" };
	struct relay *relay = start(*state, "", "");
	struct tls_peer *a = join(relay, *state), *b = join(relay, *state);
	char byte;
	size_t i;

	for (i = 0; i < COUNT_OF(openings); i++) {
		int fd = relay_connect(relay);

		send_text(fd, openings[i]);
		shutdown(fd, SHUT_WR);
		relay_await_log(relay, "TLS handshake failed peer=");
		expect_closed(relay, "TLS handshake failed");
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
	    start(*state, "", "limits = { handshake_seconds = 1; };");
	int silent = relay_connect(relay), slow = relay_connect(relay);
	char byte;

	send_text(slow, "\x16\x03\x01\x02");
	expect_closed(relay, "not admitted in time");
	expect_closed(relay, "not admitted in time");
	assert_int_equal(read(silent, &byte, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	close(silent);
	close(slow);
	relay_stop(relay);
}

#define FLOOD 1100

/* Connections that say nothing must not take the places of those who do. */
static void
test_half_open_handshakes_keep_nobody_out(void **state)
{
	struct relay *relay = start(*state, "", "limits = { clients = 3; };");
	struct tls_peer *early = join(relay, *state), *late;
	struct rlimit limit;
	int flood[FLOOD], plain, i;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (i = 0; i < FLOOD; i++)
		flood[i] = relay_connect(relay);
	plain = join_plain(relay);
	late = join(relay, *state);
	tls_send_text(late, "still here\n");
	tls_expect_text(early, "still here\n");
	expect_text(plain, "still here\n");
	assert_true(read(flood[0], &(char){ 0 }, 1) <= 0);
	assert_int_equal(
	    recv(flood[FLOOD - 1], &(char){ 0 }, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	for (i = 0; i < FLOOD; i++)
		close(flood[i]);
	close(plain);
	tls_peer_free(early);
	tls_peer_free(late);
	relay_stop(relay);
}

static void
test_one_too_many_is_told_so_when_it_can_be(void **state)
{
	struct relay *relay = start(*state, "", "limits = { clients = 1; };");
	struct tls_peer *member = join(relay, *state);
	struct tls_peer *refused = join(relay, *state);
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
	const struct files *files = *state;
	char secret[128], access[256];
	struct tls_peer *friend, *stranger;
	struct relay *relay;
	int plain;

	snprintf(secret, sizeof(secret), "%s/secret", files->directory);
	write_file(secret, "sesame\n", 7);
	chmod(secret, 0600);
	snprintf(access, sizeof(access), "access = { secret_file = \"%s\"; };",
	    secret);
	relay = start(files, "", access);
	friend = join(relay, files);
	stranger = join(relay, files);
	plain = join_plain(relay);
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

/* What is over the rate stays in OpenSSL, where no poll(2) sees it. */
static void
test_a_rate_limit_loses_nothing_of_a_record(void **state)
{
	enum { LINES = 60 };
	struct relay *relay = start(*state, "",
	    "limits = { lines_per_second = 50; burst_lines = 20; };");
	struct tls_peer *talker = join(relay, *state);
	int reader = join_plain(relay), i;
	char text[LINES * 16] = "";

	for (i = 0; i < LINES; i++)
		sprintf(text + strlen(text), "line %d\n", i);
	tls_send_text(talker, text);
	expect_text(reader, text);
	close(reader);
	tls_peer_free(talker);
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
use_certificate(SSL_CTX *context, const struct files *files, const char *name)
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
show_certificate(struct relay *relay, const struct files *files, size_t i)
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
		expect_closed(relay, "TLS handshake failed");
		assert_true(SSL_read(peer.ssl, &byte, 1) <= 0);
	}
	SSL_free(peer.ssl);
	close(peer.fd);
	SSL_CTX_free(context);
}

static void
test_with_a_client_ca_only_holders_of_a_certificate_come_in(void **state)
{
	const struct files *files = *state;
	char ca[128];
	struct relay *relay;
	size_t i;

	snprintf(ca, sizeof(ca), "client_ca = \"%s\";", files->authority);
	relay = start(files, ca, "");
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
	const struct files *files = *state;
	struct tls_peer *peer;
	struct relay *relay;
	SSL_CTX *context;
	char ca[128];
	size_t i;

	snprintf(ca, sizeof(ca), "client_ca = \"%s\";", files->authority);
	relay = start(files, ca, "mode = \"chat\";");
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
expect_faulty(const struct files *files, const char *name, const char *tls,
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
	const struct files *files = *state;
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
copy_file(const struct relay *relay, const struct files *files,
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
	const struct files *files = *state;
	struct relay *relay = relay_start("listen = \"127.0.0.1:0\";", 1);
	struct tls_peer *a, *b;

	copy_file(relay, files, "server.pem", "c.pem");
	copy_file(relay, files, "server.key", "c.key");
	relay_reload(relay, conf);
	a = join(relay, files);
	b = join(relay, files);
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

static void
make_files(struct files *files)
{
	static const struct certificate_terms server = { "server",
		"DNS:localhost,IP:127.0.0.1", -1, 30 };
	static const struct certificate_terms person = { "alice",
		"email:alice@example.org", -1, 30 };
	static const struct certificate_terms mailbox = { NULL,
		"email:carol@example.org", -1, 30 };
	static const struct certificate_terms former = { "bob", NULL, -20,
		-10 };
	static const struct certificate_terms future = { "eve", NULL, 10, 20 };
	struct authority *known, *unknown;

	known = authority_new(files->directory, "authority");
	unknown = authority_new(files->directory, "unknown");
	authority_sign(known, files->directory, "server", &server);
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

static int
set_up(void **state)
{
	struct files *files = calloc(1, sizeof(*files));

	strcpy(files->directory, "/tmp/tcprelay-tls.XXXXXX");
	assert_non_null(mkdtemp(files->directory));
	make_files(files);
	*state = files;
	return 0;
}

static int
tear_down(void **state)
{
	struct files *files = *state;

	remove_directory(files->directory);
	free(files);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_encrypted_and_plain_clients_hear_each_other),
		E2E_TEST(test_tls_1_2_is_spoken_and_1_1_is_not),
		E2E_TEST(test_one_who_leaves_has_said_and_heard_everything),
		E2E_TEST(test_a_half_line_that_was_cut_off_is_not_relayed),
		E2E_TEST(test_a_daemon_that_stops_says_so_to_everybody),
		E2E_TEST(test_who_does_not_speak_tls_is_told_and_closed),
		E2E_TEST(test_a_handshake_that_takes_too_long_is_ended),
		E2E_TEST(test_half_open_handshakes_keep_nobody_out),
		E2E_TEST(test_one_too_many_is_told_so_when_it_can_be),
		E2E_TEST(test_a_secret_is_asked_for_after_the_handshake),
		E2E_TEST(test_a_rate_limit_loses_nothing_of_a_record),
		E2E_TEST(
		    test_with_a_client_ca_only_holders_of_a_certificate_come_in),
		E2E_TEST(test_in_chat_a_certificate_vouches_for_a_name),
		E2E_TEST(
		    test_files_that_cannot_be_used_are_faults_of_the_configuration),
		E2E_TEST(test_a_reload_reads_the_certificate_again),
	};

	return cmocka_run_group_tests_name("tls", tests, set_up, tear_down);
}
