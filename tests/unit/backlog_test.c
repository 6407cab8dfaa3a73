/* SPDX-License-Identifier: ISC */
/*
 * Guards against a copy for each member that is behind, a member that is never
 * closed or closed too early, lines that are left out and not counted, and a
 * backlog that is dropped at the end.
 */
#include "config.h"

#include "room_fixture.h"

#include "daemon/backlog.h"
#include "daemon/batch.h"
#include "daemon/conf.h"
#include "daemon/conn_private.h"
#include "daemon/fanout.h"
#include "daemon/member.h"
#include "daemon/room.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

static void
count_added(
    struct evbuffer *queue, const struct evbuffer_cb_info *info, void *arg)
{
	size_t *added = arg;

	(void)queue;
	*added += info->n_added;
}

/*
 * One that stops in a line longer than its backlog may be is over that for as
 * long as it does not read: each fan-out would have the line copied.
 */
static void
test_the_rest_of_a_long_line_is_copied_once(void **state)
{
	enum { LONG = 1 << 20 };
	struct fixture *f = *state;
	int talker = join(f), stopped = join(f), i;
	struct member *speaker = f->room->members[0];
	struct member *member = f->room->members[1];
	char *line = malloc(LONG);
	size_t added = 0;

	f->conf->backlog_bytes = 100000;
	f->conf->policy = CONF_POLICY_SKIP;
	memset(line, 'x', LONG - 1);
	line[LONG - 1] = '\n';
	room_gather(f->room, speaker, line, LONG);
	room_fan_out(f->room);
	assert_true(conn_queued_bytes(member->conn) > 100000);
	evbuffer_add_cb(conn_queue(member->conn), count_added, &added);
	for (i = 0; i < 10; i++) {
		member->hold.used_ms = BRAKE_GRACE_MS;
		room_gather(f->room, speaker, "x\n", 2);
		room_fan_out(f->room);
	}
	assert_int_equal(added, conn_queued_bytes(member->conn));
	free(line);
	close(stopped);
	close(talker);
}

/*
 * A question has its answer, whatever is left out: a person who went to another
 * room would not know where it is.
 */
static void
test_skipping_leaves_out_nothing_that_one_was_told(void **state)
{
	struct fixture *f = *state;
	int talker = join(f), stopped = join(f), count = 0;
	struct member *member = f->room->members[1];
	unsigned number = 0, expected = 0;
	char line[LINE_BYTES + 1] = "";

	f->conf->backlog_bytes = 100000;
	f->conf->policy = CONF_POLICY_SKIP;
	while (member->behind == NULL)
		say_when_read(f, talker, number++);
	snprintf(line, sizeof(line), "%*s\n", LINE_BYTES - 1, "told");
	fanout_tell(member, line, LINE_BYTES);
	/* But for what comes after a replay, which may be long. */
	member->replay_end = conn_output_bytes(member->conn);
	snprintf(line, sizeof(line), "%*s\n", LINE_BYTES - 1, "after it");
	fanout_tell(member, line, LINE_BYTES);
	while (number < 20000)
		say_when_read(f, talker, number++);
	assert_true(member->skipped > 0);
	while (expected < number) {
		if (read(stopped, line, LINE_BYTES) != LINE_BYTES) {
			turn(f);
			continue;
		}
		assert_int_equal(line[LINE_BYTES - 1], '\n');
		assert_null(strstr(line, "after it"));
		if (strstr(line, "told\n") != NULL) {
			count++;
			continue;
		}
		assert_true(strtoul(line, NULL, 10) >= expected);
		expected = (unsigned)strtoul(line, NULL, 10) + 1;
	}
	assert_int_equal(count, 1);
	close(stopped);
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

/* Each of its lines ends a run of those of the others. */
static void
test_short_runs_cost_what_they_are_long(void **state)
{
	enum { LINES = 2000 };
	struct fixture *f = *state;
	int talker = join(f), leaver = join(f), i;
	struct conn *conn = f->room->members[1]->conn;
	size_t before;

	f->conf->backlog_bytes = 16 * LINES * LINE_BYTES;
	for (i = 0; f->room->members[1]->behind == NULL; i++)
		say(f, talker, (unsigned)i);
	for (i = 0; i < LINES; i++) {
		say(f, talker, (unsigned)i);
		say(f, leaver, (unsigned)i);
	}
	before = mallinfo2().uordblks;
	shutdown(leaver, SHUT_WR);
	turn(f);
	assert_true(conn_queued_bytes(conn) >= LINES * LINE_BYTES);
	assert_in_range(
	    mallinfo2().uordblks, 0, before + 3 * LINES * LINE_BYTES);
	close(talker);
	close(leaver);
}

static void
move(struct member *member, struct room *room)
{
	room_leave(member->room, member);
	backlog_leave(member, true);
	member->room = room;
	room_join(room, member);
}

/* Who goes from room to room would hold up one after the other. */
static void
test_a_move_brings_no_new_grace(void **state)
{
	struct fixture *f = *state;
	struct room *room = f->room, *other = rooms_get(f->rooms, "other");
	int talker = join(f), stopped = join(f), answers;
	struct member *member = room->members[1];
	unsigned number = 0;

	f->conf->backlog_bytes = 100000;
	while (member->hold.used_ms < BRAKE_GRACE_MS)
		say_when_read(f, talker, number++);
	assert_false(backlog_is_full(member));
	move(member, other);
	assert_int_equal(room->brake.behind_count, 0);
	f->room = other;
	answers = join(f);
	while (f->stats.closed[CONN_TOO_SLOW] == 0) {
		assert_int_equal(other->brake.holder_count, 0);
		say(f, answers, number++);
	}
	close(answers);
	close(stopped);
	close(talker);
	turn(f);
	f->room = room;
}

static void
test_who_has_read_all_has_its_grace_again(void **state)
{
	struct fixture *f = *state;
	int talker = join(f), reader = join(f);
	struct member *member = f->room->members[1];
	unsigned number = 0;

	f->conf->backlog_bytes = 100000;
	while (member->hold.used_ms < BRAKE_GRACE_MS)
		say_when_read(f, talker, number++);
	assert_int_equal(hear(f, reader, 0), number);
	while (member->behind == NULL)
		say(f, talker, number++);
	assert_int_equal(member->hold.used_ms, 0);
	close(reader);
	close(talker);
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
	unsigned number = 0, heard = 0, i;
	struct batch *owed;

	while (f->room->members[1]->behind == NULL) {
		say(f, talker, number++);
		heard = hear(f, listener, heard);
	}
	owed = f->room->members[1]->behind;
	/* Of less it would have a copy. */
	for (i = 0; i < 20; i++)
		say(f, talker, number++);
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

/* Others may keep much, who are not among those that are drained. */
static void
test_drains_are_limited_by_what_they_keep_themselves(void **state)
{
	struct fixture *f = *state;
	int talker = join(f), leaver = join(f), other = join(f);
	unsigned number = 0;

	while (behind_count(f->room) < 2)
		say(f, talker, number++);
	shutdown(leaver, SHUT_WR);
	turn(f);
	shutdown(other, SHUT_WR);
	turn(f);
	conn_set_limit_drains(f->conns, ROOMS_PINNED_BYTES);
	assert_int_equal(f->stats.closed[CONN_NOT_DRAINED], 0);
	conn_set_limit_drains(f->conns, 2 * BATCH_BYTES);
	assert_int_equal(f->stats.closed[CONN_NOT_DRAINED], 1);
	conn_set_limit_drains(f->conns, 2 * BATCH_BYTES);
	assert_int_equal(f->stats.closed[CONN_NOT_DRAINED], 1);
	assert_int_equal(hear(f, other, 0), number);
	close(talker);
	close(leaver);
	close(other);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_many_stalled_members_hold_one_copy),
		FIXTURE_TEST(
		    test_a_stopped_member_is_closed_and_the_others_go_on),
		FIXTURE_TEST(test_skipping_members_hold_nothing_old),
		FIXTURE_TEST(test_the_rest_of_a_long_line_is_copied_once),
		FIXTURE_TEST(
		    test_skipping_leaves_out_nothing_that_one_was_told),
		FIXTURE_TEST(test_a_stopped_member_that_talks_keeps_no_more),
		FIXTURE_TEST(test_short_runs_cost_what_they_are_long),
		FIXTURE_TEST(test_a_move_brings_no_new_grace),
		FIXTURE_TEST(test_who_has_read_all_has_its_grace_again),
		FIXTURE_TEST(test_one_who_leaves_and_resets_is_freed),
		FIXTURE_TEST(
		    test_one_who_leaves_does_not_keep_what_comes_after),
		FIXTURE_TEST(test_one_who_leaves_still_gets_its_backlog),
		FIXTURE_TEST(
		    test_drains_are_limited_by_what_they_keep_themselves),
		FIXTURE_TEST(test_the_last_words_of_one_who_leaves_arrive),
	};

	fixture_begin();
	return cmocka_run_group_tests_name("backlog", tests, NULL, NULL);
}
