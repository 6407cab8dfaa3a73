/* SPDX-License-Identifier: ISC */
/*
 * The client in pipes: a last line that is lost, an empty input that hangs, an
 * exit status that says all is well when it is not.
 */
#include "config.h"

#include "fake.h"
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const no_options[] = { NULL };
static const char *const send_only[] = { "-s", NULL };
static const char *const receive_only[] = { "-r", NULL };

static int
run_client(const char *option, const char *address, char *output, size_t size)
{
	const char *argv[] = { client_program(), "-v", option, address, NULL };

	return run_program(argv, output, size);
}

static void
test_an_empty_input_ends_at_once_with_0(void **state)
{
	struct relay *relay = relay_start(NULL, 1);
	pid_t client =
	    start_client(relay, no_options, -1, STDOUT_FILENO, STDERR_FILENO);

	(void)state;
	assert_int_equal(await_exit(client), 0);
	assert_non_null(strstr(
	    relay_await_log(relay, "closed"), "reason=\"end of input\" "));
	relay_stop(relay);
}

static void
test_the_last_line_is_sent_with_an_lf(void **state)
{
	static const char *const inputs[] = { "one\ntwo", "one\ntwo\n" };
	struct relay *relay = relay_start(NULL, 1);
	int reader = relay_connect(relay);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(inputs); i++) {
		int input[2];
		pid_t client;

		make_pipe(input);
		send_text(input[1], inputs[i]);
		close(input[1]);
		client = start_client(
		    relay, no_options, input[0], -1, STDERR_FILENO);
		close(input[0]);
		assert_int_equal(await_exit(client), 0);
		expect_text(reader, "one\ntwo\n");
	}
	close(reader);
	relay_stop(relay);
}

static void
test_what_arrives_is_printed_verbatim(void **state)
{
	static const char bytes[] = "a\0b\xff\r\n\x1b[2J\n";
	struct relay *relay = relay_start(NULL, 1);
	int talker = relay_connect(relay), output[2];
	char got[sizeof(bytes)];
	size_t have = 0;
	pid_t client;

	(void)state;
	make_pipe(output);
	client =
	    start_client(relay, receive_only, -1, output[1], STDERR_FILENO);
	close(output[1]);
	relay_await_log(relay, "accepted");
	send_bytes(talker, bytes, sizeof(bytes) - 1);
	while (have < sizeof(bytes) - 1) {
		ssize_t part =
		    read(output[0], got + have, sizeof(bytes) - 1 - have);

		assert_true(part > 0);
		have += (size_t)part;
	}
	assert_memory_equal(got, bytes, sizeof(bytes) - 1);
	close(output[0]);
	assert_int_equal(await_exit(client), 128 + SIGPIPE);
	close(talker);
	relay_stop(relay);
}

/* A script would take it for the end of what there was to record. */
static void
test_to_be_turned_away_is_a_failure(void **state)
{
	static const char message[] = "tcprelayd: too many clients\n";
	struct relay *relay = relay_start(
	    "listen = \"127.0.0.1:0\"; limits: { clients = 1; };", 1);
	int other = relay_connect(relay), output[2], error[2];
	char text[256] = "";
	pid_t client;

	(void)state;
	make_pipe(output);
	make_pipe(error);
	client = start_client(relay, receive_only, -1, output[1], error[1]);
	close(output[1]);
	close(error[1]);
	expect_text(output[0], message);
	assert_int_equal(await_exit(client), 1);
	assert_true(read(error[0], text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, "turned away by the relay"));
	close(output[0]);
	close(error[0]);
	close(other);
	relay_stop(relay);
}

/* As tcprelay -r host | head -1: the pipe's reader has gone. */
static void
test_a_reader_of_stdout_that_goes_ends_it_quietly(void **state)
{
	struct relay *relay = relay_start(NULL, 1);
	int output[2], error[2];
	char text[64];
	pid_t client;

	(void)state;
	make_pipe(output);
	make_pipe(error);
	client = start_client(relay, receive_only, -1, output[1], error[1]);
	close(output[1]);
	close(error[1]);
	relay_await_log(relay, "accepted");
	/* Even when nothing arrives that it could fail to write. */
	close(output[0]);
	assert_int_equal(await_exit(client), 128 + SIGPIPE);
	assert_int_equal(read(error[0], text, sizeof(text)), 0);
	close(error[0]);
	relay_stop(relay);
}

static void
test_send_only_reads_and_throws_away(void **state)
{
	struct relay *relay = relay_start(NULL, 1);
	int talker = relay_connect(relay), input[2], output[2];
	char text[64];
	pid_t client;

	(void)state;
	make_pipe(input);
	make_pipe(output);
	client =
	    start_client(relay, send_only, input[0], output[1], STDERR_FILENO);
	close(input[0]);
	close(output[1]);
	relay_await_log(relay, "accepted");
	send_text(talker, "not shown\n");
	/* As tail -f does: a line now and then, and each goes out at once. */
	send_text(input[1], "first\n");
	expect_text(talker, "first\n");
	send_text(input[1], "second\n");
	expect_text(talker, "second\n");
	close(input[1]);
	assert_int_equal(read(output[0], text, sizeof(text)), 0);
	assert_int_equal(await_exit(client), 0);
	close(output[0]);
	close(talker);
	relay_stop(relay);
}

static void
test_it_prints_on_after_the_end_of_input(void **state)
{
	char address[64] = "", text[64];
	int server = fake_relay(address, sizeof(address), 1), output[2], peer;
	const char *argv[] = { client_program(), address, NULL };
	pid_t client;

	(void)state;
	make_pipe(output);
	client = start_program(argv, -1, output[1], STDERR_FILENO);
	close(output[1]);
	peer = fake_accept(server);
	expect_end(peer);
	send_text(peer, "after the end\n");
	expect_text(output[0], "after the end\n");
	close(peer);
	assert_int_equal(await_exit(client), 0);
	assert_int_equal(read(output[0], text, sizeof(text)), 0);
	close(output[0]);
	close(server);
}

static void
test_a_relay_that_closes_early_means_1(void **state)
{
	char address[64] = "", text[512] = "";
	int server = fake_relay(address, sizeof(address), 1), peer;
	const char *argv[] = { client_program(), address, NULL };
	int input[2], error[2];
	size_t length = 0;
	ssize_t got;
	pid_t client;

	(void)state;
	make_pipe(input);
	make_pipe(error);
	client = start_program(argv, input[0], -1, error[1]);
	close(input[0]);
	close(error[1]);
	send_text(input[1], "one\ntwo\n");
	peer = fake_accept(server);
	expect_text(peer, "one\n");
	/* With "two" unread: an RST. */
	close(peer);
	assert_int_equal(await_exit(client), 1);
	while ((got = read(
		    error[0], text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)got;
	assert_non_null(strstr(text, "reset by peer"));
	close(input[1]);
	close(error[0]);
	close(server);
}

static void
test_a_relay_that_stops_means_1_while_there_is_input(void **state)
{
	struct relay *relay = relay_start(NULL, 1);
	int input[2], error[2];
	char text[512] = "";
	pid_t client;

	(void)state;
	make_pipe(input);
	make_pipe(error);
	client = start_client(relay, no_options, input[0], -1, error[1]);
	close(input[0]);
	close(error[1]);
	relay_await_log(relay, "accepted");
	relay_stop(relay);
	assert_int_equal(await_exit(client), 1);
	assert_true(read(error[0], text, sizeof(text) - 1) > 0);
	assert_non_null(
	    strstr(text, "closed by the relay before the end of input"));
	close(input[1]);
	close(error[0]);
}

static void
test_a_relay_that_stops_means_0_when_only_receiving(void **state)
{
	struct relay *relay = relay_start(NULL, 1);
	pid_t client =
	    start_client(relay, receive_only, -1, STDOUT_FILENO, STDERR_FILENO);

	(void)state;
	relay_await_log(relay, "accepted");
	relay_stop(relay);
	assert_int_equal(await_exit(client), 0);
}

static void
test_nobody_there_means_1_and_says_who(void **state)
{
	char address[64] = "", output[1024], expected[128];
	int server = fake_relay(address, sizeof(address), 1);

	(void)state;
	close(server);
	assert_int_equal(run_client("-s", address, output, sizeof(output)), 1);
	snprintf(expected, sizeof(expected), "%s: Connection refused", address);
	assert_non_null(strstr(output, expected));
	assert_int_equal(
	    run_client("-s", "no.such.host.invalid", output, sizeof(output)),
	    1);
	assert_non_null(strstr(output, "no.such.host.invalid:7575: "));
	assert_int_equal(
	    run_client("-s", "unix:/no/such/socket", output, sizeof(output)),
	    1);
	assert_non_null(
	    strstr(output, "unix:/no/such/socket: No such file or directory"));
}

/* Loopback is ::1 as well, where nobody listens. */
static void
test_every_address_of_a_name_is_tried(void **state)
{
	struct relay *relay = relay_start(NULL, 1);
	char output[2048], address[64], expected[64];
	const char *argv[] = { client_program(), address, NULL };

	(void)state;
	snprintf(address, sizeof(address), ":%u", relay->port);
	assert_int_equal(run_client("-s", address, output, sizeof(output)), 0);
	snprintf(expected, sizeof(expected), "127.0.0.1:%u: connected from ",
	    relay->port);
	assert_non_null(strstr(output, expected));
	/* The one where nobody listens is of no interest then. */
	assert_int_equal(run_program(argv, output, sizeof(output)), 0);
	assert_string_equal(output, "");
	assert_int_equal(
	    run_client("-6", "127.0.0.1", output, sizeof(output)), 1);
	relay_stop(relay);
}

static void
test_verbose_tells_the_life_of_the_connection(void **state)
{
	struct relay *relay = relay_start(NULL, 1);
	char output[2048];
	const char *at;
	static const char *const steps[] = { "connecting", "connected from",
		"handshake", "half-closed; sent 0 lines",
		"closed by the relay; received 0 lines" };
	size_t i;

	(void)state;
	assert_int_equal(
	    run_client("-v", relay->address, output, sizeof(output)), 0);
	at = output;
	for (i = 0; i < COUNT_OF(steps); i++) {
		at = strstr(at, steps[i]);
		assert_non_null(at);
	}
	relay_stop(relay);
}

/* The end that connects has no address there. */
static void
test_verbose_has_no_address_of_our_side_of_a_unix_socket(void **state)
{
	struct relay *relay = relay_start("listen = \"unix:%s/s\";", 1);
	char output[2048], address[128];

	(void)state;
	snprintf(address, sizeof(address), "unix:%s", relay_path(relay, "s"));
	assert_int_equal(run_client("-v", address, output, sizeof(output)), 0);
	assert_non_null(strstr(output, "/s: connected\n"));
	relay_stop(relay);
}

/* A shell's exit status is that of the last program of its pipe. */
static int
run_shell(const char *command, const char *address, char *output, size_t size)
{
	char whole[1024];
	const char *argv[] = { "bash", "-c", whole, NULL };

	snprintf(whole, sizeof(whole),
	    "client() { exec '%s' \"$@\"; }; address=%s; %s; "
	    "echo \"status ${PIPESTATUS[*]}\"",
	    client_program(), address, command);
	return run_program(argv, output, size);
}

/* What tcprelay(1) has examples of. */
static void
test_pipes_of_a_shell(void **state)
{
	static const struct {
		const char *command, *output;
	} pipes[] = {
		{ "client -r $address | head -n 1", "line 1\nstatus 141 0\n" },
		{ "client -r $address | grep -m 1 'line 2'",
		    "line 2\nstatus 141 0\n" },
		{ "client -r $address | { sleep 0; cat >/dev/null; }",
		    "status 0 0\n" },
	};
	char address[64] = "", output[1024];
	int server = fake_relay(address, sizeof(address), 1), peer;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(pipes); i++) {
		pid_t relay = fork();

		if (relay == 0) {
			peer = fake_accept(server);
			send_text(peer, "line 1\nline 2\nline 3\n");
			/* Until the client goes, if it does by itself. */
			if (i < 2)
				expect_end(peer);
			_exit(0);
		}
		assert_int_equal(run_shell(pipes[i].command, address, output,
				     sizeof(output)),
		    0);
		assert_string_equal(output, pipes[i].output);
		kill(relay, SIGTERM);
		await_exit(relay);
	}
	close(server);
}

/* tail -f: each line at once, and no end. */
static void
test_a_pipe_that_does_not_end(void **state)
{
	char address[64] = "", path[] = "/tmp/tcprelay-input.XXXXXX";
	char command[512];
	const char *argv[] = { "bash", "-c", command, NULL };
	int server = fake_relay(address, sizeof(address), 1), peer, file;
	pid_t shell;

	(void)state;
	file = mkstemp(path);
	snprintf(command, sizeof(command),
	    "exec %s -s %s < <(exec tail -n +1 --pid=$$ -f %s)",
	    client_program(), address, path);
	shell = start_program(argv, -1, STDOUT_FILENO, STDERR_FILENO);
	peer = fake_accept(server);
	send_text(file, "one\n");
	expect_text(peer, "one\n");
	send_text(file, "two\n");
	expect_text(peer, "two\n");
	close(peer);
	assert_int_equal(await_exit(shell), 1);
	close(file);
	unlink(path);
	close(server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_an_empty_input_ends_at_once_with_0),
		E2E_TEST(test_the_last_line_is_sent_with_an_lf),
		E2E_TEST(test_what_arrives_is_printed_verbatim),
		E2E_TEST(test_to_be_turned_away_is_a_failure),
		E2E_TEST(test_a_reader_of_stdout_that_goes_ends_it_quietly),
		E2E_TEST(test_send_only_reads_and_throws_away),
		E2E_TEST(test_it_prints_on_after_the_end_of_input),
		E2E_TEST(test_a_relay_that_closes_early_means_1),
		E2E_TEST(test_a_relay_that_stops_means_1_while_there_is_input),
		E2E_TEST(test_a_relay_that_stops_means_0_when_only_receiving),
		E2E_TEST(test_nobody_there_means_1_and_says_who),
		E2E_TEST(test_every_address_of_a_name_is_tried),
		E2E_TEST(test_verbose_tells_the_life_of_the_connection),
		E2E_TEST(
		    test_verbose_has_no_address_of_our_side_of_a_unix_socket),
		E2E_TEST(test_pipes_of_a_shell),
		E2E_TEST(test_a_pipe_that_does_not_end),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
