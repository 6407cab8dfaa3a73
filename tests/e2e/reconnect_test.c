/* SPDX-License-Identifier: ISC */
/*
 * The client in a pipe while relays come and go: lines that a break swallows,
 * cuts in two or glues together, one that no relay takes, clients that all come
 * back at once.
 */
#include "config.h"

#include "fake.h"
#include "harness.h"
#include "piped.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* The client's kernel takes all of it before the relay does. */
#define LONG_LINE_BYTES 50000

/* The next relay reads everything, but one line was lost before. */
static void
test_a_line_that_was_not_read_is_no_success(void **state)
{
	struct piped piped;
	struct pollfd poller;

	(void)state;
	piped_start(&piped, NULL, NULL);
	send_text(piped.input, "one\n");
	poller = (struct pollfd){ .fd = piped.peer, .events = POLLIN };
	assert_int_equal(poll(&poller, 1, -1), 1);
	piped_lose(&piped);
	piped_await_retry(&piped);
	piped_come_back(&piped);
	piped_finish_with(&piped, 1);
}

static void
test_what_is_read_meanwhile_is_sent_in_order(void **state)
{
	struct piped piped;

	(void)state;
	piped_start(&piped, NULL, NULL);
	send_text(piped.input, "one\n");
	expect_text(piped.peer, "one\n");
	piped_lose(&piped);
	piped_await_retry(&piped);
	send_text(piped.input, "two\nthree\n");
	piped_come_back(&piped);
	send_text(piped.input, "four\n");
	expect_text(piped.peer, "two\nthree\nfour\n");
	piped_finish(&piped);
}

/* Half of a line was sent: the other half alone would be another line. */
static void
test_a_line_is_sent_again_as_a_whole(void **state)
{
	struct piped piped;

	(void)state;
	piped_start(&piped, NULL, NULL);
	send_text(piped.input, "one\nhalf of");
	expect_text(piped.peer, "one\nhalf of");
	piped_lose(&piped);
	piped_await_retry(&piped);
	send_text(piped.input, " a line\n");
	piped_come_back(&piped);
	expect_text(piped.peer, "half of a line\n");
	piped_finish(&piped);
}

static void
test_a_line_that_was_cut_in_two_is_not_printed(void **state)
{
	struct piped piped;

	(void)state;
	piped_start(&piped, NULL, NULL);
	send_text(piped.peer, "one\nhalf of");
	expect_text(piped.output, "one\n");
	piped_lose(&piped);
	piped_come_back(&piped);
	send_text(piped.peer, "two\n");
	expect_text(piped.output, "two\n");
	piped_finish(&piped);
}

static void
test_an_end_of_input_while_there_is_no_relay(void **state)
{
	struct piped piped;

	(void)state;
	memset(&piped, 0, sizeof(piped));
	piped.server = fake_relay(piped.address, sizeof(piped.address), 1);
	close(piped.server);
	piped_run(&piped, NULL, NULL);
	send_text(piped.input, "one\nand the last");
	close(piped.input);
	piped_await_retry(&piped);
	piped_come_back(&piped);
	expect_text(piped.peer, "one\nand the last\n");
	expect_end(piped.peer);
	piped_end(&piped, 0);
}

static void
test_receiving_goes_on(void **state)
{
	struct piped piped;

	(void)state;
	piped_start(&piped, "-r", NULL);
	send_text(piped.peer, "one\n");
	piped_lose(&piped);
	piped_come_back(&piped);
	send_text(piped.peer, "two\n");
	expect_text(piped.output, "one\ntwo\n");
	kill(piped.client, SIGTERM);
	assert_int_equal(await_exit(piped.client), 128 + SIGTERM);
	piped_lose(&piped);
	close(piped.input);
	close(piped.output);
	close(piped.error);
}

/* However many attempts it takes. */
static void
test_one_line_for_an_outage(void **state)
{
	struct timespec begin, end;
	struct piped piped;
	char errors[1024], expected[1024];
	double seconds;

	(void)state;
	piped_start(&piped, NULL, NULL);
	close(piped.server);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	close(piped.peer);
	/* The first attempt fails, which nothing tells. */
	poll(NULL, 0, 1100);
	piped_come_back(&piped);
	clock_gettime(CLOCK_MONOTONIC, &end);
	seconds = (double)(end.tv_sec - begin.tv_sec) +
	    (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	/* 0.5 to 1 s, then 0.5 to 2 s. */
	assert_true(seconds >= 1.0);
	close(piped.input);
	expect_end(piped.peer);
	close(piped.peer);
	assert_int_equal(await_exit(piped.client), 0);
	piped_read_errors(&piped, errors, sizeof(errors));
	snprintf(expected, sizeof(expected),
	    "tcprelay: %s: closed by the relay before the end of input; "
	    "trying again until there is a connection\n"
	    "tcprelay: connected\n",
	    piped.address);
	assert_string_equal(strstr(errors, "tcprelay: "), expected);
	close(piped.server);
	close(piped.output);
	close(piped.error);
}

/* Nothing comes after it that it could be glued to. */
static void
test_half_a_line_at_the_end_is_printed(void **state)
{
	struct piped piped;

	(void)state;
	piped_start(&piped, NULL, NULL);
	close(piped.input);
	expect_end(piped.peer);
	send_text(piped.peer, "one\nhalf of");
	close(piped.peer);
	expect_text(piped.output, "one\nhalf of");
	assert_int_equal(await_exit(piped.client), 0);
	close(piped.server);
	close(piped.output);
	close(piped.error);
}

/* Its system takes no long line before it is read. */
static void
start_with_little_room(struct piped *piped, const char *option)
{
	int bytes = 4096;

	memset(piped, 0, sizeof(*piped));
	piped->server = fake_relay(piped->address, sizeof(piped->address), 1);
	setsockopt(piped->server, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	piped_run(piped, option, NULL);
	piped->peer = fake_accept(piped->server);
}

static void
send_a_long_line(struct piped *piped)
{
	char line[LONG_LINE_BYTES];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	send_bytes(piped->input, line, sizeof(line));
}

static void
expect_a_long_line(const struct piped *piped)
{
	char bytes[LONG_LINE_BYTES];
	size_t i, length = 0;
	ssize_t got;

	do {
		got = read(piped->peer, bytes + length, sizeof(bytes) - length);
		assert_in_range(got, 1, sizeof(bytes) - length);
		for (i = length; i < length + (size_t)got; i++)
			assert_int_equal(
			    bytes[i], i == sizeof(bytes) - 1 ? '\n' : 'x');
		length += (size_t)got;
	} while (length < sizeof(bytes));
}

/*
 * A relay that has stopped, and whose FIN crosses ours, has not read what is on
 * its way: it is no answer to the end of input.
 */
static void
test_a_relay_that_stops_as_we_end_has_not_read_all(void **state)
{
	struct piped piped;

	(void)state;
	start_with_little_room(&piped, "-v");
	send_a_long_line(&piped);
	close(piped.input);
	piped.input = -1;
	piped_await_notice(&piped, "half-closed");
	shutdown(piped.peer, SHUT_WR);
	piped_await_retry(&piped);
	close(piped.peer);
	piped.peer = fake_accept(piped.server);
	expect_a_long_line(&piped);
	piped_finish(&piped);
}

/* As tcprelayd does with a line that it does not take. */
static void
reset_in_a_line(struct piped *piped)
{
	char byte;

	assert_int_equal(read(piped->peer, &byte, 1), 1);
	assert_int_equal(byte, 'x');
	close(piped->peer);
}

/* It would be sent again for ever, and nothing else. */
static void
test_a_line_that_no_relay_takes_is_given_up(void **state)
{
	struct piped piped;
	char errors[4096];

	(void)state;
	start_with_little_room(&piped, NULL);
	send_text(piped.input, "one\n");
	expect_text(piped.peer, "one\n");
	send_a_long_line(&piped);
	reset_in_a_line(&piped);
	piped.peer = fake_accept(piped.server);
	reset_in_a_line(&piped);
	assert_int_equal(await_exit(piped.client), 1);
	piped_read_errors(&piped, errors, sizeof(errors));
	assert_non_null(strstr(errors,
	    "Connection reset by peer; of 1 lines, at least the last 1 are not "
	    "known to have arrived; not trying again: lost twice in the same "
	    "line, which may be too long for the relay\n"));
	close(piped.server);
	close(piped.input);
	close(piped.output);
	close(piped.error);
}

/* A relay may die in the middle of any line, and another one takes it. */
static void
test_a_long_line_is_sent_again(void **state)
{
	struct piped piped;

	(void)state;
	start_with_little_room(&piped, NULL);
	send_a_long_line(&piped);
	reset_in_a_line(&piped);
	piped.peer = fake_accept(piped.server);
	expect_a_long_line(&piped);
	send_a_long_line(&piped);
	reset_in_a_line(&piped);
	piped.peer = fake_accept(piped.server);
	expect_a_long_line(&piped);
	piped_finish_with(&piped, 1);
}

/*
 * tcprelayd itself, restarted: at an address from which nobody connects, or a
 * connection of another program might get the port meanwhile.
 */
static void
test_a_relay_that_is_restarted(void **state)
{
	struct relay *relay =
	    relay_start("listen = [ \"127.0.0.3:0\", \"unix:%s/s\" ];", 2);
	char conf[128];
	struct piped piped = { 0 };
	int reader;

	(void)state;
	snprintf(conf, sizeof(conf), "listen = [ \"%s\", \"unix:%%s/s\" ];",
	    relay->address);
	snprintf(piped.address, sizeof(piped.address), "%s", relay->address);
	piped_run(&piped, NULL, NULL);
	relay_await_log(relay, "accepted");
	reader = relay_connect_unix(relay, "s");
	send_text(piped.input, "one\n");
	expect_text(reader, "one\n");
	relay_stop(relay);
	close(reader);
	send_text(piped.input, "two\n");
	relay = relay_start(conf, 2);
	reader = relay_connect_unix(relay, "s");
	send_text(piped.input, "three\n");
	close(piped.input);
	assert_int_equal(await_exit(piped.client), 0);
	relay_await_log(relay, "reason=\"end of input\" ");
	close(reader);
	relay_stop(relay);
	close(piped.output);
	close(piped.error);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_a_line_that_was_not_read_is_no_success),
		E2E_TEST(test_what_is_read_meanwhile_is_sent_in_order),
		E2E_TEST(test_a_line_is_sent_again_as_a_whole),
		E2E_TEST(test_a_line_that_was_cut_in_two_is_not_printed),
		E2E_TEST(test_an_end_of_input_while_there_is_no_relay),
		E2E_TEST(test_receiving_goes_on),
		E2E_TEST(test_one_line_for_an_outage),
		E2E_TEST(test_half_a_line_at_the_end_is_printed),
		E2E_TEST(test_a_relay_that_stops_as_we_end_has_not_read_all),
		E2E_TEST(test_a_line_that_no_relay_takes_is_given_up),
		E2E_TEST(test_a_long_line_is_sent_again),
		E2E_TEST(test_a_relay_that_is_restarted),
	};

	return cmocka_run_group_tests_name("reconnect", tests, NULL, NULL);
}
