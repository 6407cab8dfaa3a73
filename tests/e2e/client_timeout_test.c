/* SPDX-License-Identifier: ISC */
/*
 * The client's patience: a wait without an end where -w sets one, and one that
 * ends while somebody else makes it wait.
 */
#include "config.h"

#include "fake.h"
#include "harness.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
test_the_timeout_ends_a_wait_for_the_relay(void **state)
{
	char address[64] = "", output[1024];
	int server = fake_relay(address, sizeof(address), 1);
	const char *argv[] = { client_program(), "-w", "1", address, NULL };

	(void)state;
	/* The kernel accepts; nobody ever reads or closes. */
	assert_int_equal(run_program(argv, output, sizeof(output)), 1);
	assert_non_null(strstr(output, "timed out"));
	close(server);
}

/* Once connected there is no hurry, whatever libevent remembers. */
static void
test_the_timeout_does_not_end_a_transfer_that_pauses(void **state)
{
	/* More than both sockets take; tcp_wmem is often 4 MiB, or 16. */
	enum { LENGTH = 24 << 20, RECEIVE = 65536 };
	char address[64] = "", path[] = "/tmp/tcprelay-input.XXXXXX";
	int server = fake_relay(address, sizeof(address), 1), peer, input;
	const char *argv[] = { client_program(), "-w", "1", address, NULL };
	char *line = malloc(LENGTH), bytes[65536];
	int receive_bytes = RECEIVE;
	size_t total = 0;
	ssize_t got;
	pid_t client;

	(void)state;
	memset(line, 'x', LENGTH);
	line[LENGTH - 1] = '\n';
	input = mkstemp(path);
	write_file(path, line, LENGTH);
	free(line);
	setsockopt(server, SOL_SOCKET, SO_RCVBUF, &receive_bytes,
	    sizeof(receive_bytes));
	client = start_program(argv, input, -1, STDERR_FILENO);
	peer = fake_accept(server);
	/* A pause longer than the timeout, unless the client gives up. */
	poll(&(struct pollfd){ .fd = peer, .events = POLLRDHUP }, 1, 1500);
	while ((got = read(peer, bytes, sizeof(bytes))) > 0)
		total += (size_t)got;
	assert_int_equal(got, 0);
	assert_int_equal(total, LENGTH);
	close(peer);
	assert_int_equal(await_exit(client), 0);
	unlink(path);
	close(input);
	close(server);
}

/* A full backlog: the kernel drops what comes, as a dead host would. */
static void
test_the_timeout_ends_an_attempt_to_connect(void **state)
{
	enum { FILLERS = 4 };
	char address[64] = "", output[1024];
	int server = fake_relay(address, sizeof(address), 0), i;
	int fillers[FILLERS];
	struct sockaddr_in in;
	socklen_t length = sizeof(in);
	const char *argv[] = { client_program(), "-w", "1", address, NULL };

	(void)state;
	getsockname(server, (void *)&in, &length);
	for (i = 0; i < FILLERS; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fillers[i], (const void *)&in, sizeof(in));
	}
	assert_int_equal(run_program(argv, output, sizeof(output)), 1);
	assert_non_null(strstr(output, "Connection timed out"));
	for (i = 0; i < FILLERS; i++)
		close(fillers[i]);
	close(server);
}

/* What we do not read yet cannot come, however long that takes. */
static void
test_the_timeout_does_not_count_while_output_waits(void **state)
{
	enum { LENGTH = 6 << 20 };
	char address[64] = "", bytes[65536], *text = calloc(1, LENGTH);
	int server = fake_relay(address, sizeof(address), 1), peer;
	int input[2], output[2];
	const char *argv[] = { client_program(), "-w", "1", address, NULL };
	size_t total = 0;
	pid_t client, relay;
	ssize_t got;

	(void)state;
	make_pipe(input);
	make_pipe(output);
	client = start_program(argv, input[0], output[1], STDERR_FILENO);
	close(input[0]);
	close(output[1]);
	peer = fake_accept(server);
	relay = fork();
	if (relay == 0) {
		close(output[0]);
		/* The time begins, now that there is somebody to answer. */
		close(input[1]);
		while (read(peer, text, 1) > 0)
			continue;
		_exit(write(peer, text, LENGTH) == LENGTH ? 0 : 1);
	}
	close(peer);
	close(input[1]);
	free(text);
	/* Longer than the timeout, unless the client gives up. */
	poll(&(struct pollfd){ .fd = output[0] }, 1, 1500);
	while ((got = read(output[0], bytes, sizeof(bytes))) > 0)
		total += (size_t)got;
	assert_int_equal(total, LENGTH);
	assert_int_equal(await_exit(relay), 0);
	assert_int_equal(await_exit(client), 0);
	close(output[0]);
	close(server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_the_timeout_ends_a_wait_for_the_relay),
		E2E_TEST(test_the_timeout_does_not_end_a_transfer_that_pauses),
		E2E_TEST(test_the_timeout_ends_an_attempt_to_connect),
		E2E_TEST(test_the_timeout_does_not_count_while_output_waits),
	};

	return cmocka_run_group_tests_name("client timeout", tests, NULL, NULL);
}
