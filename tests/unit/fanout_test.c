/* SPDX-License-Identifier: ISC */
/*
 * Guards against lines that are lost, doubled or out of their place: where a
 * send stopped, where somebody catches up, where history ends.
 */
#include "config.h"

#include "room_fixture.h"

#include "daemon/conf.h"
#include "daemon/conn_private.h"
#include "daemon/fanout.h"
#include "daemon/member.h"
#include "daemon/room.h"
#include "daemon/stats.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
test_a_full_socket_loses_and_doubles_nothing(void **state)
{
	struct fixture *f = *state;
	int talker = join(f), listener = join(f);
	unsigned number = 0, heard = 0;

	/* Some rounds, so that sends stop at different places of a line. */
	while (number < 30000) {
		say(f, talker, number++);
		if (number % 7000 == 0)
			heard = hear(f, listener, heard);
	}
	assert_int_equal(hear(f, listener, heard), number);
	close(talker);
	close(listener);
}

/* While it catches up, new lines come in: the seam between old and new. */
static void
test_catching_up_while_others_talk(void **state)
{
	struct fixture *f = *state;
	int talker = join(f), listener = join(f);
	unsigned number = 0, heard = 0;
	char line[LINE_BYTES];

	while (number < 6000)
		say(f, talker, number++);
	while (heard < number) {
		ssize_t got = read(listener, line, sizeof(line));

		if (number < 20000)
			say(f, talker, number++);
		else
			turn(f);
		if (got == -1)
			continue;
		assert_int_equal(got, LINE_BYTES);
		assert_int_equal(strtoul(line, NULL, 10), heard);
		heard++;
	}
	close(talker);
	close(listener);
}

static void
test_one_who_is_behind_and_talks_gets_only_the_others(void **state)
{
	struct fixture *f = *state;
	int talker = join(f), both = join(f);
	unsigned number;

	f->conf->backlog_bytes = 1 << 24;
	for (number = 0; number < 8000; number++) {
		say(f, talker, number);
		if (number % 3 == 0)
			say(f, both, 1000000);
		/* Or the talker would fall behind as well. */
		while (read(talker, (char[LINE_BYTES]){ 0 }, LINE_BYTES) > 0)
			continue;
	}
	assert_int_equal(hear(f, both, 0), number);
	close(talker);
	close(both);
}

static void
test_what_one_is_told_comes_in_its_place(void **state)
{
	struct fixture *f = *state;
	int talker = join(f), listener = join(f), i;
	struct member *member = f->room->members[1];
	char line[LINE_BYTES + 1];
	unsigned number = 0, heard;
	bool told = false;

	/* After what was gathered before, even where the socket is full. */
	for (i = 0; conn_queued_bytes(member->conn) < 60000; i++) {
		snprintf(line, sizeof(line), "%08u%*s\n", number++ % 100000000,
		    LINE_BYTES - 9, "");
		if (i % 20 != 19)
			fanout_tell(member, line, LINE_BYTES);
		else
			room_gather(
			    f->room, f->room->members[0], line, LINE_BYTES);
	}
	rooms_fan_out(f->rooms);
	heard = hear(f, listener, 0);
	assert_int_equal(heard, number);
	assert_int_equal(f->stats.lines_out, number);
	assert_int_equal(hear(f, talker, 0), 0);
	/* Whole lines, to one that is behind too. */
	while (member->behind == NULL)
		say(f, talker, number++);
	fanout_tell(member, "told\n", 5);
	assert_int_equal(conn_set_count(f->conns), 2);
	shutdown(talker, SHUT_WR);
	turn(f);
	fcntl(listener, F_SETFL, 0);
	while (heard < number || !told) {
		assert_int_equal(recv(listener, line, 5, MSG_WAITALL), 5);
		if (memcmp(line, "told\n", 5) == 0) {
			told = true;
			continue;
		}
		recv(listener, line + 5, LINE_BYTES - 5, MSG_WAITALL);
		assert_int_equal(strtoul(line, NULL, 10), heard++);
		turn(f);
	}
	close(talker);
	close(listener);
}

/*
 * Large rounds for many go out by reference to pages of a file: what was sent
 * and not yet read must not change when the next rounds are.
 */
static void
test_large_rounds_for_many_stay_as_they_were(void **state)
{
	enum { LISTENERS = 40, ROUNDS = 6, LINES = 600 };
	struct fixture *f = *state;
	int talker = join(f), listeners[LISTENERS], i, round;
	static char lines[LINES * LINE_BYTES + 1];
	unsigned number = 0;

	f->conf->backlog_bytes = 1 << 24;
	for (i = 0; i < LISTENERS; i++)
		listeners[i] = join(f);
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < LINES; i++)
			sprintf(lines + i * LINE_BYTES, "%08u%*s\n", number++,
			    LINE_BYTES - 9, "");
		assert_int_equal(write(talker, lines, LINES * LINE_BYTES),
		    LINES * LINE_BYTES);
		turn(f);
		turn(f);
	}
	for (i = 0; i < LISTENERS; i++) {
		assert_int_equal(hear(f, listeners[i], 0), number);
		close(listeners[i]);
	}
	close(talker);
}

static void
test_lines_longer_than_a_batch(void **state)
{
	struct fixture *f = *state;
	int talker = join(f), listener = join(f), buffer = 8 << 20;
	size_t length = 5 * BATCH_BYTES, sent = 0, heard = 0;
	char *line = malloc(length), *copy = malloc(length);

	setsockopt(talker, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	f->conf->line_bytes = (int64_t)length;
	memset(line, 'x', length);
	line[length - 1] = '\n';
	while (heard < length) {
		ssize_t wrote = write(talker, line + sent, length - sent);
		ssize_t got;

		if (wrote > 0)
			sent += (size_t)wrote;
		turn(f);
		got = read(listener, copy + heard, length - heard);
		if (got > 0)
			heard += (size_t)got;
	}
	assert_memory_equal(line, copy, length);
	/* The batch that was made for it is not kept for the next line. */
	say(f, talker, 0);
	assert_int_equal(f->room->tail->size, BATCH_BYTES);
	free(line);
	free(copy);
	close(talker);
	close(listener);
}

static void
test_a_reset_in_the_middle_of_a_fan_out(void **state)
{
	struct fixture *f = *state;
	int talker = join(f), leaver = join(f), listener = join(f);
	char text[LINE_BYTES];

	/* Its last line, and then it is gone before the fan-out. */
	assert_int_equal(write(leaver, "bye\n", 4), 4);
	close(leaver);
	say(f, talker, 0);
	turn(f);
	assert_int_equal(conn_set_count(f->conns), 2);
	assert_int_equal(read(talker, text, 4), 4);
	assert_memory_equal(text, "bye\n", 4);
	close(talker);
	close(listener);
}

/* Lines that were gathered and not fanned out when somebody came. */
static void
test_a_newcomer_gets_history_and_then_what_is_new(void **state)
{
	enum { LINES = 50, NEWCOMERS = 5 };
	struct fixture *f = *state;
	int talker = join(f), newcomers[NEWCOMERS], i;
	unsigned number = 0;

	f->conf->history_lines = LINES;
	for (i = 0; i < NEWCOMERS; i++) {
		while (number % 100 != 99)
			say(f, talker, number++);
		write_line(talker, number++);
		event_base_loop(f->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		assert_true(f->room->waiting);
		newcomers[i] = join(f);
	}
	say(f, talker, number++);
	for (i = 0; i < NEWCOMERS; i++) {
		unsigned first = (unsigned)(i + 1) * 100 - LINES;

		assert_int_equal(hear(f, newcomers[i], first), number);
		close(newcomers[i]);
	}
	close(talker);
}

/* So many bytes of history that they wait in the daemon. */
static unsigned
make_history(struct fixture *f, int talker)
{
	unsigned number = 0;

	f->conf->history_lines = 10000;
	while (number < 10000)
		say(f, talker, number++);
	return number;
}

static void
test_history_makes_nobody_too_slow(void **state)
{
	struct fixture *f = *state;
	int talker = join(f), newcomer;
	unsigned number = make_history(f, talker), i;

	f->conf->backlog_bytes = 100 * LINE_BYTES;
	newcomer = join(f);
	for (i = 0; i < 40; i++)
		say(f, talker, number++);
	assert_true(conn_queued_bytes(f->room->members[1]->conn) >
	    (size_t)f->conf->backlog_bytes);
	assert_int_equal(f->room->brake.holder_count, 0);
	/* What is new counts as ever. */
	for (i = 0; i < 20; i++)
		say(f, talker, number++);
	assert_int_equal(f->room->brake.holder_count, 1);
	assert_int_equal(hear(f, newcomer, 0), number);
	assert_int_equal(f->room->brake.holder_count, 0);
	close(talker);
	close(newcomer);
}

static void
test_there_is_one_replay_at_a_time(void **state)
{
	struct fixture *f = *state;
	int talker = join(f), newcomer;
	unsigned number = make_history(f, talker);
	struct member *member;

	newcomer = join(f);
	member = f->room->members[1];
	assert_false(fanout_replay(member, 10));
	assert_int_equal(hear(f, newcomer, 0), number);
	assert_true(fanout_replay(member, 10));
	assert_int_equal(hear(f, newcomer, number - 10), number);
	close(talker);
	close(newcomer);
}

/* libevent takes 1 KiB for each piece; the bytes would be 640,000. */
static void
test_a_thousand_newcomers_share_the_history(void **state)
{
	enum { NEWCOMERS = 300 };
	struct fixture *f = *state;
	int talker = join(f), newcomers[NEWCOMERS], i;
	size_t before, history = make_history(f, talker) * LINE_BYTES;

	before = mallinfo2().uordblks;
	for (i = 0; i < NEWCOMERS; i++) {
		newcomers[i] = join(f);
		turn(f);
		assert_true(conn_queued_bytes(f->room->members[i + 1]->conn) >
		    history / 2);
	}
	assert_in_range(
	    mallinfo2().uordblks - before, 0, (size_t)NEWCOMERS * 16000);
	for (i = 0; i < NEWCOMERS; i++)
		close(newcomers[i]);
	close(talker);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_a_full_socket_loses_and_doubles_nothing),
		FIXTURE_TEST(test_catching_up_while_others_talk),
		FIXTURE_TEST(
		    test_one_who_is_behind_and_talks_gets_only_the_others),
		FIXTURE_TEST(test_what_one_is_told_comes_in_its_place),
		FIXTURE_TEST(test_large_rounds_for_many_stay_as_they_were),
		FIXTURE_TEST(test_lines_longer_than_a_batch),
		FIXTURE_TEST(test_a_reset_in_the_middle_of_a_fan_out),
		FIXTURE_TEST(test_a_newcomer_gets_history_and_then_what_is_new),
		FIXTURE_TEST(test_history_makes_nobody_too_slow),
		FIXTURE_TEST(test_there_is_one_replay_at_a_time),
		FIXTURE_TEST(test_a_thousand_newcomers_share_the_history),
	};

	fixture_begin();
	return cmocka_run_group_tests_name("fanout", tests, NULL, NULL);
}
