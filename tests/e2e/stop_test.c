/* SPDX-License-Identifier: ISC */
/*
 * SIGTERM: a daemon that drops what it had promised to deliver, that ends in
 * the middle of a line as if that was all, or that does not end.
 */
#include "config.h"

#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Reads to the end and returns how many bytes that were. */
static size_t
drain(int fd)
{
	char bytes[65536];
	size_t total = 0;
	ssize_t got;

	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		total += (size_t)got;
	assert_int_equal(got, 0);
	return total;
}

static void
test_sigterm_delivers_what_is_queued_and_exits_with_0(void **state)
{
	enum { LINES = 5000 };
	struct relay *relay = relay_start("listen = \"127.0.0.1:0\";"
					  "shutdown_seconds = 300;",
	    1);
	int talker = relay_connect(relay), slow = relay_connect(relay);
	int quick = relay_connect(relay), small = 4096, large = 1 << 20, i;
	char line[101], got[sizeof(line)];

	(void)state;
	setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	memset(line, 'z', sizeof(line));
	line[100] = '\n';
	for (i = 0; i < LINES; i++) {
		send_bytes(talker, line, sizeof(line));
		/* What this one has, the daemon has gathered. */
		assert_int_equal(
		    recv(quick, got, sizeof(got), MSG_WAITALL), sizeof(got));
	}
	kill(relay->pid, SIGTERM);
	relay_await_log(relay, "stopping");
	setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &large, sizeof(large));
	assert_int_equal(drain(slow), LINES * sizeof(line));
	assert_int_equal(drain(talker), 0);
	close(quick);
	close(slow);
	close(talker);
	relay_await_stop(relay);
}

/* More than a turn of the loop takes, and the signal is seen first. */
static void
test_all_lines_that_had_come_before_sigterm_are_relayed(void **state)
{
	struct relay *relay =
	    relay_start("listen = [ \"127.0.0.1:0\", \"unix:%s/s\" ];", 2);
	int talker = relay_connect_unix(relay, "s");
	int half = relay_connect(relay), reader = relay_connect(relay);
	int space = 1 << 20, count = 0;
	char line[4000];

	(void)state;
	setsockopt(talker, SOL_SOCKET, SO_SNDBUF, &space, sizeof(space));
	memset(line, 'z', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	kill(relay->pid, SIGSTOP);
	send_text(half, "no line");
	while (send(talker, line, sizeof(line), MSG_DONTWAIT) > 0)
		count++;
	assert_true(count > 0);
	kill(relay->pid, SIGTERM);
	kill(relay->pid, SIGCONT);
	assert_int_equal(drain(reader), (size_t)count * sizeof(line));
	close(talker);
	close(reader);
	close(half);
	relay_await_stop(relay);
}

/* A reader that has stopped, and more for it than any socket buffer holds. */
static int
stop_reading(struct relay *relay)
{
	int talker = relay_connect(relay), stopped = relay_connect(relay);
	int small = 4096, i;
	char line[50000];

	setsockopt(stopped, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	memset(line, 'z', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (i = 0; i < 400; i++)
		send_bytes(talker, line, sizeof(line));
	close(talker);
	return stopped;
}

static void
test_a_drain_ends_after_shutdown_seconds(void **state)
{
	struct relay *relay = relay_start("listen = \"127.0.0.1:0\";"
					  "shutdown_seconds = 1;"
					  "slow_client = { backlog_bytes = "
					  "100000000; };",
	    1);
	int stopped = stop_reading(relay);
	char bytes[65536];
	ssize_t got;

	(void)state;
	kill(relay->pid, SIGTERM);
	relay_await_log(relay, "not everything was taken in time");
	relay_await_stop(relay);
	/* Not a clean end in the middle of a line. */
	while ((got = read(stopped, bytes, sizeof(bytes))) > 0)
		continue;
	assert_int_equal(got, -1);
	assert_int_equal(errno, ECONNRESET);
	close(stopped);
}

/* Right after it says that it is stopping it may still listen. */
static void
await_refusal(unsigned port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons((in_port_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd, result;

	do {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		result = connect(fd, (const void *)&in, sizeof(in));
		close(fd);
	} while (result == 0);
}

static void
test_a_second_sigterm_ends_at_once(void **state)
{
	struct relay *relay = relay_start("listen = \"127.0.0.1:0\";"
					  "shutdown_seconds = 3600;"
					  "slow_client = { backlog_bytes = "
					  "100000000; };",
	    1);
	int stopped = stop_reading(relay);

	(void)state;
	kill(relay->pid, SIGTERM);
	relay_await_log(relay, "stopping");
	await_refusal(relay->port);
	kill(relay->pid, SIGTERM);
	relay_await_log(relay, "stopping at once");
	close(stopped);
	relay_await_stop(relay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_sigterm_delivers_what_is_queued_and_exits_with_0),
		E2E_TEST(
		    test_all_lines_that_had_come_before_sigterm_are_relayed),
		E2E_TEST(test_a_drain_ends_after_shutdown_seconds),
		E2E_TEST(test_a_second_sigterm_ends_at_once),
	};

	return cmocka_run_group_tests_name("stop", tests, NULL, NULL);
}
