/* SPDX-License-Identifier: ISC */
/*
 * Guards against what happens when sockets are full: lines lost or doubled
 * where a send stopped, a copy for each member that is behind, a member that is
 * never closed or closed too early, a backlog that is dropped at the end.
 *
 * Real connections in a real room, over socketpairs; the test is the loop.
 */
#include "config.h"

#include "unit.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "daemon/backlog.h"
#include "daemon/conf.h"
#include "daemon/conn_private.h"
#include "daemon/fanout.h"
#include "daemon/member.h"
#include "daemon/room.h"
#include "daemon/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_BYTES 64

struct fixture {
	struct event_base *base;
	struct conf *conf;
	struct stats stats;
	struct conn_set *conns;
	struct rooms *rooms;
	struct room *room;
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->base = event_base_new();
	f->conf = conf_new();
	f->conns = conn_set_new(f->base, f->conf, &f->stats);
	f->rooms = rooms_new(f->base, f->conf, &f->stats);
	f->room = rooms_get(f->rooms, "main");
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	conn_set_free(f->conns);
	rooms_free(f->rooms);
	event_base_free(f->base);
	conf_free(f->conf);
	free(f);
	return 0;
}

/* A new member; returns the client's end of its socket. */
static int
join(struct fixture *f)
{
	struct sockaddr peer = { .sa_family = AF_UNIX };
	int ends[2], flags = SOCK_STREAM | SOCK_NONBLOCK;

	assert_int_equal(socketpair(AF_UNIX, flags, 0, ends), 0);
	member_new(
	    conn_new(f->conns, ends[0], &peer, sizeof(peer), "room=main"),
	    f->room);
	return ends[1];
}

static void
turn(struct fixture *f)
{
	event_base_loop(f->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	rooms_fan_out(f->rooms);
	conn_set_reap(f->conns);
}

/* One line that begins with a number, as if the client fd had sent it. */
static void
write_line(int fd, unsigned number)
{
	char line[LINE_BYTES + 16];

	snprintf(line, sizeof(line), "%08u%*s\n", number, LINE_BYTES - 9, "");
	assert_int_equal(write(fd, line, LINE_BYTES), LINE_BYTES);
}

static void
say(struct fixture *f, int fd, unsigned number)
{
	write_line(fd, number);
	turn(f);
}

/*
 * Reads numbered lines until there is nothing more, while the loop turns.
 * Returns the number that is expected next.
 */
static unsigned
hear(struct fixture *f, int fd, unsigned expected)
{
	char line[LINE_BYTES + 1] = "";
	size_t have = 0;
	int idle = 0;

	while (idle < 3) {
		ssize_t got = read(fd, line + have, LINE_BYTES - have);

		if (got <= 0) {
			idle++;
			turn(f);
			continue;
		}
		idle = 0;
		have += (size_t)got;
		if (have < LINE_BYTES)
			continue;
		assert_int_equal(line[LINE_BYTES - 1], '\n');
		assert_int_equal(strtoul(line, NULL, 10), expected);
		expected++;
		have = 0;
	}
	assert_int_equal(have, 0);
	return expected;
}

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

/* All batches that the members of the room keep, each counted once. */
static size_t
kept_bytes(const struct room *room)
{
	const struct batch *oldest = room->from, *batch;
	size_t i, bytes = 0;

	for (i = 0; i < room->member_count; i++) {
		const struct member *member = room->members[i];

		if (member->behind != NULL &&
		    member->behind->serial < oldest->serial)
			oldest = member->behind;
	}
	for (batch = oldest; batch != NULL; batch = batch->next)
		bytes += batch->size;
	return bytes;
}

static size_t
behind_count(const struct room *room)
{
	size_t i, count = 0;

	for (i = 0; i < room->member_count; i++)
		count += room->members[i]->behind != NULL;
	return count;
}

static void
test_many_stalled_members_hold_one_copy(void **state)
{
	enum { STALLED = 200, LINES = 12000 };
	struct fixture *f = *state;
	int talker = join(f), stalled[STALLED];
	size_t missed = LINES * LINE_BYTES;
	unsigned i;

	/* So much that nobody is too slow. */
	f->conf->backlog_bytes = 16 * LINES * LINE_BYTES;
	for (i = 0; i < STALLED; i++)
		stalled[i] = join(f);
	for (i = 0; i < LINES; i++)
		say(f, talker, i);
	assert_int_equal(behind_count(f->room), STALLED);
	/* What they missed, once, in batches that are full but the last. */
	assert_in_range(kept_bytes(f->room), 1, missed + 2 * BATCH_BYTES);
	for (i = 0; i < STALLED; i++) {
		struct conn *conn = f->room->members[i + 1]->conn;

		assert_in_range(conn_queued_bytes(conn), 1,
		    BACKLOG_QUEUE_BYTES + BATCH_BYTES);
		assert_int_equal(hear(f, stalled[i], 0), LINES);
		/* Nor does it keep what it needed for that. */
		assert_null(conn->bev);
		close(stalled[i]);
	}
	assert_int_equal(behind_count(f->room), 0);
	close(talker);
	turn(f);
	assert_int_equal(kept_bytes(f->room), BATCH_BYTES);
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
test_a_stopped_member_is_closed_and_the_others_go_on(void **state)
{
	struct fixture *f = *state;
	int talker, stopped, listener;
	unsigned number = 0, heard = 0;

	f->conf->backlog_bytes = 100000;
	talker = join(f);
	stopped = join(f);
	listener = join(f);
	while (f->stats.closed[CONN_TOO_SLOW] == 0) {
		/* What a brake keeps waiting is not read yet. */
		if (f->room->brake.holder_count == 0)
			say(f, talker, number++);
		else
			turn(f);
		heard = hear(f, listener, heard);
		assert_in_range(number, 0, 100000);
	}
	assert_int_equal(heard, number);
	say(f, talker, number++);
	assert_int_equal(hear(f, listener, heard), number);
	assert_int_equal(conn_set_count(f->conns), 2);
	close(talker);
	close(stopped);
	close(listener);
}

/* The talker's next line, when the brake lets it. */
static void
say_when_read(struct fixture *f, int talker, unsigned number)
{
	while (f->room->brake.holder_count > 0)
		turn(f);
	say(f, talker, number);
}

/*
 * Members that stopped at different times: each would hold what was current
 * then. Reads what is left of the first one, which is whole lines in order.
 */
static void
test_skipping_members_hold_nothing_old(void **state)
{
	enum { STOPPED = 12, APART = 4000 };
	struct fixture *f = *state;
	int talker = join(f), stopped[STOPPED], i;
	unsigned number = 0, heard = 0, expected = 0;
	size_t before = mallinfo2().uordblks;
	char line[LINE_BYTES + 1] = "";

	f->conf->backlog_bytes = 100000;
	f->conf->policy = CONF_POLICY_SKIP;
	for (i = 0; i < STOPPED; i++) {
		stopped[i] = join(f);
		while (number < (unsigned)(i + 1) * APART)
			say_when_read(f, talker, number++);
	}
	assert_int_equal(conn_set_count(f->conns), 1 + STOPPED);
	assert_in_range(
	    mallinfo2().uordblks - before, 0, 4 * BATCH_BYTES + STOPPED * 8000);
	while (expected < number) {
		if (read(stopped[0], line, LINE_BYTES) != LINE_BYTES) {
			turn(f);
			continue;
		}
		assert_int_equal(line[LINE_BYTES - 1], '\n');
		assert_true(strtoul(line, NULL, 10) >= expected);
		expected = (unsigned)strtoul(line, NULL, 10) + 1;
		heard++;
	}
	turn(f);
	assert_int_equal(f->room->members[1]->skipped, 0);
	assert_true(heard < number);
	for (i = 0; i < STOPPED; i++)
		close(stopped[i]);
	close(talker);
}

/* Its own lines hold the batches as long as those of the others do. */
static void
test_a_stopped_member_that_talks_keeps_no_more(void **state)
{
	struct fixture *f = *state;
	int talker = join(f), stopped = join(f), i;
	size_t most = 0, kept;

	f->conf->backlog_bytes = 100000;
	for (i = 0; f->room->members[1]->behind == NULL; i++)
		say(f, talker, (unsigned)i);
	for (i = 0; f->stats.closed[CONN_TOO_SLOW] == 0; i++) {
		ssize_t wrote = write(stopped, "its own line\n", 13);

		assert_true(wrote == 13 || errno == EAGAIN);
		turn(f);
		kept = kept_bytes(f->room);
		most = kept > most ? kept : most;
	}
	assert_in_range(most, 1, 100000 + 3 * BATCH_BYTES);
	close(talker);
	close(stopped);
}

/* The peer's end, and then a write that fails. */
static void
test_one_who_leaves_and_resets_is_freed(void **state)
{
	struct fixture *f = *state;
	int talker = join(f), leaver = join(f), i;

	for (i = 0; i < 4000; i++)
		say(f, talker, (unsigned)i);
	shutdown(leaver, SHUT_WR);
	turn(f);
	assert_int_equal(conn_set_count(f->conns), 2);
	close(leaver);
	for (i = 0; i < 3; i++)
		turn(f);
	assert_int_equal(conn_set_count(f->conns), 1);
	close(talker);
}

static void
test_one_who_leaves_does_not_keep_what_comes_after(void **state)
{
	struct fixture *f = *state;
	int talker = join(f), leaver = join(f), listener = join(f);
	unsigned number = 0, heard = 0;
	struct batch *owed;

	while (f->room->members[1]->behind == NULL) {
		say(f, talker, number++);
		heard = hear(f, listener, heard);
	}
	owed = f->room->members[1]->behind;
	shutdown(leaver, SHUT_WR);
	turn(f);
	for (; number < 6000; number++) {
		say(f, talker, number);
		if (number % 1000 == 0)
			heard = hear(f, listener, heard);
	}
	assert_int_equal(owed->references, 0);
	assert_true(owed->pins > 0);
	assert_null(owed->next);
	close(talker);
	close(leaver);
	close(listener);
}

static void
test_one_who_leaves_still_gets_its_backlog(void **state)
{
	struct fixture *f = *state;
	int talker = join(f), leaver = join(f);
	unsigned number;

	for (number = 0; number < 8000; number++)
		say(f, talker, number);
	shutdown(leaver, SHUT_WR);
	turn(f);
	assert_int_equal(f->room->member_count, 1);
	say(f, talker, 99999999);
	assert_int_equal(hear(f, leaver, 0), number);
	assert_int_equal(read(leaver, (char[1]){ 0 }, 1), 0);
	assert_int_equal(f->stats.closed[CONN_END_OF_INPUT], 1);
	assert_int_equal(f->stats.lines_out, number);
	close(talker);
	close(leaver);
}

static void
test_the_last_words_of_one_who_leaves_arrive(void **state)
{
	struct fixture *f = *state;
	int talker = join(f), listener = join(f);
	char text[32];

	assert_int_equal(write(talker, "one\ntwo", 7), 7);
	close(talker);
	turn(f);
	turn(f);
	assert_int_equal(read(listener, text, sizeof(text)), 8);
	assert_memory_equal(text, "one\ntwo\n", 8);
	close(listener);
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
#define FANOUT_TEST(test)                                                      \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		FANOUT_TEST(test_a_full_socket_loses_and_doubles_nothing),
		FANOUT_TEST(test_catching_up_while_others_talk),
		FANOUT_TEST(
		    test_one_who_is_behind_and_talks_gets_only_the_others),
		FANOUT_TEST(test_what_one_is_told_comes_in_its_place),
		FANOUT_TEST(test_many_stalled_members_hold_one_copy),
		FANOUT_TEST(test_large_rounds_for_many_stay_as_they_were),
		FANOUT_TEST(
		    test_a_stopped_member_is_closed_and_the_others_go_on),
		FANOUT_TEST(test_skipping_members_hold_nothing_old),
		FANOUT_TEST(test_a_stopped_member_that_talks_keeps_no_more),
		FANOUT_TEST(test_one_who_leaves_and_resets_is_freed),
		FANOUT_TEST(test_one_who_leaves_does_not_keep_what_comes_after),
		FANOUT_TEST(test_one_who_leaves_still_gets_its_backlog),
		FANOUT_TEST(test_the_last_words_of_one_who_leaves_arrive),
		FANOUT_TEST(test_lines_longer_than_a_batch),
		FANOUT_TEST(test_a_reset_in_the_middle_of_a_fan_out),
		FANOUT_TEST(test_a_newcomer_gets_history_and_then_what_is_new),
		FANOUT_TEST(test_history_makes_nobody_too_slow),
		FANOUT_TEST(test_there_is_one_replay_at_a_time),
		FANOUT_TEST(test_a_thousand_newcomers_share_the_history),
	};

	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("fanout", tests, NULL, NULL);
}
