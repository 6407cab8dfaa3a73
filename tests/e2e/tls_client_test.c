/* SPDX-License-Identifier: ISC */
/*
 * The client over TLS: that it talks to whoever answers, that it does not say
 * why it does not, and that an end which anybody could have made passes for
 * that of the relay.
 */
#include "config.h"

#include "fake.h"
#include "tls_fixture.h"

#include "common/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WORDS 8

/* A relay that shows this certificate, or one that wants to see one. */
static struct relay *
start_with(const struct test_files *files, const char *name, bool ask)
{
	char conf[1024];

	snprintf(conf, sizeof(conf),
	    "listen = ( { address = \"127.0.0.1:0\"; tls = true; } );"
	    "tls = { certificate = \"%s/%s.pem\"; key = \"%s/%s.key\";"
	    "        %s%s%s };",
	    files->directory, name, files->directory, name,
	    ask ? "client_ca = \"" : "", ask ? files->authority : "",
	    ask ? "\";" : "");
	return relay_start(conf, 1);
}

/* Runs it without input, against the relay; returns its status. */
static int
run_client(struct relay *relay, const char *host, const char *const options[],
    char *output, size_t size)
{
	char port[16];
	const char *argv[WORDS + 4] = { client_program() };
	size_t i;

	snprintf(port, sizeof(port), "%u", relay->port);
	for (i = 0; options[i] != NULL; i++)
		argv[i + 1] = options[i];
	argv[i + 1] = host;
	argv[i + 2] = port;
	return run_program(argv, output, size);
}

/* What the relay shows, how the client is called, and what it says. */
static const struct {
	const char *shown, *host, *trusted, *option;
	int status;
	const char *said;
} cases[] = {
	{ "server", "localhost", "authority", "-4", 0, "TLSv1.3" },
	{ "server", "127.0.0.1", "authority", "-4", 0, "TLSv1.3" },
	{ "old", "localhost", "authority", "-4", 1,
	    "the certificate has expired" },
	{ "other", "localhost", "authority", "-4", 1,
	    "the certificate is for another name" },
	{ "other", "127.0.0.1", "authority", "-4", 1,
	    "the certificate is for another address" },
	{ "server", "localhost", "unknown", "-4", 1,
	    "the issuer of the certificate is not known" },
	{ "server", "localhost", NULL, "-4", 1,
	    "the issuer of the certificate is not known" },
	{ "other", "localhost", NULL, "--insecure", 0,
	    "anybody could be the relay" },
};

static void
test_it_says_whom_it_does_not_believe(void **state)
{
	const struct test_files *files = *state;
	char output[4096], ca[128];
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		struct relay *relay = start_with(files, cases[i].shown, false);
		const char *options[] = { "-v", "--tls", cases[i].option,
			cases[i].trusted == NULL ? NULL : "--ca", ca, NULL };
		int status;

		snprintf(ca, sizeof(ca), "%s/%s.pem", files->directory,
		    cases[i].trusted);
		status = run_client(
		    relay, cases[i].host, options, output, sizeof(output));
		if (status != cases[i].status ||
		    strstr(output, cases[i].said) == NULL)
			fail_msg("case %zu: %d: %s", i, status, output);
		relay_stop(relay);
	}
}

static void
test_it_shows_its_own_certificate(void **state)
{
	const struct test_files *files = *state;
	struct relay *relay = start_with(files, "server", true);
	char output[4096], certificate[128], key[128];
	const char *with[] = { "--tls", "--ca", files->authority, "--cert",
		certificate, "--key", key, NULL };
	const char *without[] = { "--tls", "--ca", files->authority, NULL };
	const char *again[] = { "--tls", "--ca", files->authority, "-R", NULL };

	snprintf(certificate, sizeof(certificate), "%s/person.pem",
	    files->directory);
	snprintf(key, sizeof(key), "%s/person.key", files->directory);
	assert_int_equal(
	    run_client(relay, "127.0.0.1", with, output, sizeof(output)), 0);
	assert_string_equal(output, "");
	assert_int_equal(
	    run_client(relay, "127.0.0.1", without, output, sizeof(output)), 1);
	assert_non_null(strstr(output, "the peer wants a certificate"));
	/* Nor does it take one later. */
	assert_int_equal(
	    run_client(relay, "127.0.0.1", again, output, sizeof(output)), 1);
	assert_non_null(strstr(output, "not trying again"));
	relay_stop(relay);
}

static void
test_200000_lines_arrive_through_it_both_ways(void **state)
{
	enum { LINES = 200000 };
	const struct test_files *files = *state;
	struct relay *relay = tls_relay_start(files, "", "");
	const char *sends[] = { "--tls", "--ca", files->authority, "-s", NULL };
	const char *reads[] = { "--tls", "--ca", files->authority, "-r", NULL };
	char input[128], output[128], *sent, *got;
	size_t length, got_length;
	pid_t reader, sender;
	int in, out, i;
	FILE *file;

	strcpy(input, relay_path(relay, "input"));
	strcpy(output, relay_path(relay, "output"));
	file = fopen(input, "we");
	for (i = 0; i < LINES; i++)
		fprintf(file, "%d %0*d\n", i, 1 + i % 100, i);
	assert_int_equal(fclose(file), 0);
	in = open(input, O_RDONLY | O_CLOEXEC);
	out = open(output, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	reader = start_client(relay, reads, -1, out, STDERR_FILENO);
	relay_await_log(relay, "TLS peer=");
	sender = start_client(relay, sends, in, -1, STDERR_FILENO);
	assert_int_equal(await_exit(sender), 0);
	kill(relay->pid, SIGTERM);
	assert_int_equal(await_exit(reader), 0);
	sent = read_whole_file(input, &length);
	got = read_whole_file(output, &got_length);
	assert_int_equal(got_length, length);
	assert_true(memcmp(sent, got, length) == 0);
	free(sent);
	free(got);
	close(in);
	close(out);
	relay_await_stop(relay);
}

/* The other end of a client's connection, where the test is the relay. */
static SSL *
server_session(const struct test_files *files, int fd)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	char path[128];
	SSL *ssl;

	snprintf(path, sizeof(path), "%s/server.pem", files->directory);
	SSL_CTX_use_certificate_chain_file(context, path);
	snprintf(path, sizeof(path), "%s/server.key", files->directory);
	SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM);
	ssl = SSL_new(context);
	SSL_set_fd(ssl, fd);
	SSL_CTX_free(context);
	return ssl;
}

/* It has sent all, and half-closed; the answer decides about its status. */
static int
end_of_client(const struct test_files *files, bool finish)
{
	char address[64] = "", bytes[64];
	int door = fake_relay(address, sizeof(address), 1), fd, status;
	const char *argv[] = { client_program(), "--tls", "--ca",
		files->authority, address, NULL };
	pid_t client = start_program(argv, -1, -1, -1);
	SSL *ssl;

	fd = fake_accept(door);
	ssl = server_session(files, fd);
	assert_int_equal(SSL_accept(ssl), 1);
	assert_int_equal(SSL_read(ssl, bytes, sizeof(bytes)), 0);
	if (finish)
		SSL_shutdown(ssl);
	shutdown(fd, SHUT_WR);
	status = await_exit(client);
	SSL_free(ssl);
	close(fd);
	close(door);
	return status;
}

/* Anybody on the way can send a FIN. */
static void
test_an_end_without_close_notify_is_no_answer(void **state)
{
	assert_int_equal(end_of_client(*state, true), 0);
	assert_int_equal(end_of_client(*state, false), 1);
}

/* A socket that was full when it was to be said would hide that for ever. */
static void
test_its_end_is_said_as_soon_as_there_is_room(void **state)
{
	static char bytes[65536];
	struct tls_fault fault;
	struct tls *tls =
	    tls_client_new(&(struct tls_files){ 0 }, true, &fault);
	SSL *session = tls_connect(tls, "localhost"), *ssl;
	int ends[2], done, accepted;
	ssize_t stuffed = 0, n;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	tls_set_socket(session, ends[0]);
	ssl = server_session(*state, ends[1]);
	do {
		done = tls_handshake(session);
		accepted = SSL_accept(ssl);
	} while (done == -1 || accepted != 1);
	while ((n = write(ends[0], bytes, sizeof(bytes))) > 0)
		stuffed += n;
	assert_int_equal(tls_finish(session), -1);
	assert_int_equal(errno, EAGAIN);
	while ((n = read(ends[1], bytes, sizeof(bytes))) > 0)
		stuffed -= n;
	assert_int_equal(stuffed, 0);
	assert_int_equal(tls_finish(session), 0);
	assert_int_equal(SSL_read(ssl, bytes, sizeof(bytes)), 0);
	tls_session_free(session);
	tls_free(tls);
	SSL_free(ssl);
	close(ends[0]);
	close(ends[1]);
}

/* One that comes to life later would be a second connection, or a crash. */
static void
test_an_attempt_that_was_given_up_is_over(void **state)
{
	const struct test_files *files = *state;
	char address[64] = "", expected[256];
	int door = fake_relay(address, sizeof(address), 1), fd, error[2];
	const char *argv[] = { client_program(), "-R", "-w", "1", "--tls",
		"--ca", files->authority, address, NULL };
	pid_t client;
	SSL *ssl;

	make_pipe(error);
	client = start_program(argv, -1, -1, error[1]);
	fd = fake_accept(door);
	snprintf(expected, sizeof(expected),
	    "tcprelay: cannot connect to %s: Connection timed out; "
	    "trying again until there is a connection\n",
	    address);
	expect_text(error[0], expected);
	ssl = server_session(files, fd);
	assert_int_not_equal(SSL_accept(ssl), 1);
	kill(client, SIGTERM);
	assert_int_equal(await_exit(client), 128 + SIGTERM);
	SSL_free(ssl);
	close(fd);
	close(door);
	close(error[0]);
	close(error[1]);
}

/* What it sent in the clear was not relayed. */
static void
test_a_client_without_tls_is_told_that_it_failed(void **state)
{
	static const char *const none[] = { NULL };
	struct relay *relay = tls_relay_start(*state, "", "");
	int ends[2], i;
	pid_t client;

	for (i = 0; i < 2; i++) {
		make_pipe(ends);
		client = start_client(relay, none, ends[0], -1, -1);
		close(ends[0]);
		send_text(ends[1], i == 0 ? "x\n" : "a longer line\n");
		close(ends[1]);
		assert_int_equal(await_exit(client), 1);
	}
	relay_stop(relay);
}

static void
test_wrong_usage_of_tls_exits_with_2(void **state)
{
	static const struct {
		const char *words[WORDS], *said;
	} wrong[] = {
		{ { "--insecure" }, "--insecure is for --tls" },
		{ { "--ca", "/x" }, "--ca is for --tls" },
		{ { "--no-tls", "--cert", "/x" }, "--cert is for --tls" },
		{ { "--key", "/x" }, "--key is for --tls" },
		{ { "--tls", "--key", "/dev/null" }, "--key needs --cert" },
		{ { "--tls", "--ca", "/dev/null/x" }, "Not a directory" },
		{ { "--tls", "--ca", "/dev/null" }, "not a file" },
		{ { "--tls", "unix:/tmp/x" }, "not over a Unix socket" },
	};
	char output[4096];
	size_t i, word;

	(void)state;
	for (i = 0; i < COUNT_OF(wrong); i++) {
		const char *argv[WORDS + 1] = { client_program() };

		for (word = 0; wrong[i].words[word] != NULL; word++)
			argv[word + 1] = wrong[i].words[word];
		assert_int_equal(run_program(argv, output, sizeof(output)), 2);
		if (strstr(output, wrong[i].said) == NULL)
			fail_msg("case %zu: %s", i, output);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_it_says_whom_it_does_not_believe),
		E2E_TEST(test_it_shows_its_own_certificate),
		E2E_TEST(test_200000_lines_arrive_through_it_both_ways),
		E2E_TEST(test_an_end_without_close_notify_is_no_answer),
		E2E_TEST(test_its_end_is_said_as_soon_as_there_is_room),
		E2E_TEST(test_an_attempt_that_was_given_up_is_over),
		E2E_TEST(test_a_client_without_tls_is_told_that_it_failed),
		E2E_TEST(test_wrong_usage_of_tls_exits_with_2),
	};

	return cmocka_run_group_tests_name(
	    "tls client", tests, tls_set_up, tls_tear_down);
}
