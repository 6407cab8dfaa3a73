/* SPDX-License-Identifier: ISC */
/*
 * Guards against megabytes of the kernel's memory for each peer that reads
 * nothing, and against a peer's silence that is not noticed, or is seen where
 * nothing is known of it.
 */
#include "config.h"

#include "unit.h"

#include "common/socket.h"

#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A connection over loopback; neither end blocks. */
static void
connect_pair(int ends[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(
	    bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(
	    getsockname(listener, (struct sockaddr *)&address, &length), 0);
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(
	    connect(ends[0], (struct sockaddr *)&address, sizeof(address)), 0);
	ends[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	assert_true(ends[1] >= 0);
	close(listener);
}

/* Sends until nothing has been taken for a while; the peer reads nothing. */
static void
fill(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLOUT };
	static char bytes[65536];

	do {
		while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
			continue;
	} while (poll(&poller, 1, 50) == 1);
}

static void
test_a_peer_that_reads_nothing_costs_little(void **state)
{
	int ends[2];

	(void)state;
	connect_pair(ends);
	socket_set_tcp_options(ends[1], 60);
	fill(ends[1]);
	/* One buffer more than the limit may be begun. */
	assert_in_range(
	    socket_unacknowledged_bytes(ends[1]), 1, 262144 + 65536);
	close(ends[0]);
	close(ends[1]);
}

static void
test_silence_is_how_long_nothing_was_acknowledged(void **state)
{
	int ends[2], silent_ms = 0, i;

	(void)state;
	connect_pair(ends);
	socket_set_tcp_options(ends[1], 60);
	fill(ends[1]);
	/* Every 200 ms the kernel asks whether there is room. */
	for (i = 0; i < 500 && silent_ms < 20; i++) {
		poll(NULL, 0, 10);
		silent_ms = socket_silent_ms(ends[1]);
	}
	assert_in_range(silent_ms, 20, 10000);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(socket_silent_ms(ends[0]), 0);
	close(ends[0]);
	close(ends[1]);
}

/* Also when the error was told to somebody else; here it is sendfile(2). */
static void
test_a_reset_is_seen_by_whom_it_was_not_told(void **state)
{
	struct pollfd poller = { .events = POLLIN };
	char byte = 0;
	int ends[2];

	(void)state;
	connect_pair(ends);
	poller.fd = ends[1];
	assert_false(socket_is_dead(ends[1]));
	assert_int_equal(shutdown(ends[0], SHUT_WR), 0);
	assert_int_equal(poll(&poller, 1, -1), 1);
	assert_false(socket_is_dead(ends[1]));
	socket_reset_on_close(ends[0]);
	close(ends[0]);
	while (send(ends[1], &byte, 1, MSG_NOSIGNAL) == 1)
		continue;
	assert_true(socket_is_dead(ends[1]));
	close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_peer_that_reads_nothing_costs_little),
		cmocka_unit_test(
		    test_silence_is_how_long_nothing_was_acknowledged),
		cmocka_unit_test(test_a_reset_is_seen_by_whom_it_was_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
