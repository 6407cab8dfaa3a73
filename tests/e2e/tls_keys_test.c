/* SPDX-License-Identifier: ISC */
/*
 * New keys, which a peer may ask for at any time, and which have to be answered
 * while something is read: that a daemon that cannot send the answer loses the
 * connection, its lines, or all the time of the machine.
 */
#include "config.h"

#include "tls_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
keep_little(int fd)
{
	int small = 65536;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
}

static struct tls_peer *
join_keeping_little(struct relay *relay, const struct test_files *files)
{
	struct tls_peer *peer = tls_join(relay, files);

	keep_little(peer->fd);
	return peer;
}

/* The answers go between the records of what waits for it, and all is read. */
static void
test_one_who_is_behind_may_ask_for_new_keys(void **state)
{
	enum { LINES = 4000, LINE = 1000, TIMES = 3 };
	struct relay *relay = tls_relay_start(
	    *state, "", "slow_client = { backlog_bytes = 8388608; };");
	struct tls_peer *behind = join_keeping_little(relay, *state);
	int talker = tls_join_plain(relay), i;
	char line[LINE + 1];

	for (i = 0; i < LINES; i++) {
		snprintf(line, sizeof(line), "%0*d\n", LINE - 1, i);
		send_text(talker, line);
	}
	for (i = 0; i < TIMES; i++) {
		assert_int_equal(tls_ask_for_keys(behind), 1);
		tls_send_text(behind, "new keys\n");
		expect_text(talker, "new keys\n");
	}
	for (i = 0; i < LINES; i++) {
		snprintf(line, sizeof(line), "%0*d\n", LINE - 1, i);
		tls_expect_text(behind, line);
	}
	close(talker);
	tls_peer_free(behind);
	relay_stop(relay);
}

/*
 * Asks until it is not read any more, and reads nothing. Then the daemon has to
 * come to rest, when it has done what it was asked, or the test does not end.
 */
static void
ask_until_full(struct relay *relay, struct tls_peer *peer)
{
	struct pollfd wait = { .fd = peer->fd };
	double before;

	wait.events = POLLOUT;
	fcntl(peer->fd, F_SETFL, O_NONBLOCK);
	do {
		before = relay_cpu_seconds(relay);
		while (poll(&wait, 1, 1000) == 1) {
			assert_int_equal(wait.revents, POLLOUT);
			if (SSL_do_handshake(peer->ssl) == 1)
				tls_ask_for_keys(peer);
			before = relay_cpu_seconds(relay);
		}
	} while (relay_cpu_seconds(relay) - before >= 0.1);
}

/* Takes the answers, without a look at them, until all is written, */
static void
finish_asking(struct tls_peer *peer)
{
	struct pollfd wait = { .fd = peer->fd };
	char bytes[4096];

	wait.events = POLLIN | POLLOUT;
	while (SSL_do_handshake(peer->ssl) != 1) {
		assert_int_equal(poll(&wait, 1, -1), 1);
		recv(peer->fd, bytes, sizeof(bytes), 0);
	}
	fcntl(peer->fd, F_SETFL, 0);
}

/* and until somebody is sent something. */
static void
take_answers(struct tls_peer *peer, int until)
{
	struct pollfd wait[2] = { { .fd = peer->fd }, { .fd = until } };
	char bytes[4096];

	wait[0].events = wait[1].events = POLLIN;
	while (poll(wait, 2, -1) > 0 && wait[1].revents == 0)
		assert_true(recv(peer->fd, bytes, sizeof(bytes), 0) > 0);
}

/*
 * Before anything is known of the peer, so that anybody could do it. The
 * answers it is owed are few enough, and nothing runs until it takes them.
 */
static void
test_one_who_asks_and_does_not_read_is_not_read(void **state)
{
	struct relay *relay = tls_relay_start(*state, "", "");
	struct tls_peer *asker = join_keeping_little(relay, *state);
	int reader = tls_join_plain(relay);

	ask_until_full(relay, asker);
	finish_asking(asker);
	tls_send_text(asker, "that was all\n");
	take_answers(asker, reader);
	expect_text(reader, "that was all\n");
	close(reader);
	tls_peer_free(asker);
	relay_stop(relay);
}

/* Its end is noticed, though nothing is read of it. */
static void
test_one_who_only_asks_and_goes_is_forgotten(void **state)
{
	struct relay *relay = tls_relay_start(*state, "", "");
	struct tls_peer *asker = join_keeping_little(relay, *state);

	ask_until_full(relay, asker);
	tls_peer_free(asker);
	tls_expect_closed(relay, "reset");
	relay_stop(relay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_one_who_is_behind_may_ask_for_new_keys),
		E2E_TEST(test_one_who_asks_and_does_not_read_is_not_read),
		E2E_TEST(test_one_who_only_asks_and_goes_is_forgotten),
	};

	return cmocka_run_group_tests_name(
	    "tls keys", tests, tls_set_up, tls_tear_down);
}
