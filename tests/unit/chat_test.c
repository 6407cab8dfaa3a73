/* SPDX-License-Identifier: ISC */
/*
 * Guards against names that two people have, people who are told the wrong
 * reason or are told too much, and people whose questions cost the others, or
 * memory, without bound.
 */
#include "config.h"

#include "party.h"

#include <event2/buffer.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
test_a_name_is_free_when_its_owner_has_left(void **state)
{
	struct party *party = *state;

	party_say(party, party->fds[0], "/nick alice\n");
	party_say(party, party->fds[1], "/nick ALICE\n");
	party_expect(party->fds[1],
	    "*** guest1 is now known as alice\n"
	    "*** somebody is called ALICE, or what looks the same\n");
	party_say(party, party->fds[0], "/nick bob\n");
	party_say(party, party->fds[1], "/nick ALICE\n");
	party_expect(party->fds[1],
	    "*** alice is now known as bob\n*** you are now known as ALICE\n");
	party_say(party, party->fds[1], "/quit\n");
	party_say(party, party->fds[0], "/nick alice\n");
	assert_non_null(people_find(party->people, "alice"));
	assert_null(people_find(party->people, "bob"));
}

static void
test_names_are_unique_over_all_rooms(void **state)
{
	struct party *party = *state;
	int fd;

	party_say(party, party->fds[0], "/join tea\n/nick guest4\n");
	party_say(party, party->fds[1], "/nick guest4\n");
	party_expect(party->fds[1],
	    "*** guest1 left (went to tea)\n"
	    "*** somebody is called guest4, or what looks the same\n");
	fd = party_arrive(party, "main", NULL);
	party_expect(fd, "*** you are guest5 in main" PARTY_HINT);
	close(fd);
}

static void
test_a_vouched_name(void **state)
{
	struct party *party = *state;
	int first = party_arrive(party, "main", "root"), second;

	party_expect(first, "*** you are root in main" PARTY_HINT);
	/* The same account once more; then as somebody else, and back. */
	second = party_arrive(party, "main", "root");
	party_expect(second, "*** you are root2 in main" PARTY_HINT);
	party_say(party, party->fds[0], "/nick Root\n/who\n");
	party_expect(party->fds[0],
	    "*** root joined\n*** root2 joined\n"
	    "*** Root is an account of this machine, and not known to be "
	    "yours\n"
	    "*** in main: guest1, guest2, guest3, root (vouched for), root2\n");
	party_say(party, first, "/nick zoe\n/who\n");
	party_expect(first,
	    "*** root2 joined\n*** you are now known as zoe\n"
	    "*** in main: guest1, guest2, guest3, zoe, root2\n");
	party_say(party, second, "/nick root\n");
	party_say(party, first, "/nick ROOT\n/nick root2\n");
	party_expect(first,
	    "*** root2 is now known as root\n"
	    "*** somebody is called ROOT, or what looks the same\n"
	    "*** you are now known as root2\n");
	close(first);
	close(second);
}

static unsigned lookups;

/* Instead of the C library's: what is not in /etc/passwd is nowhere. */
struct passwd *
getpwnam(const char *name)
{
	(void)name;
	lookups++;
	return NULL;
}

/* A look-up may be a question to another machine, and all wait for it. */
static void
test_many_of_one_account_are_looked_up_once_each(void **state)
{
	struct party *party = *state;
	int fds[100], i;

	for (i = 0; i < 100; i++) {
		lookups = 0;
		fds[i] = party_arrive(party, "main", "root");
		assert_in_range(lookups, 0, 1);
	}
	assert_non_null(people_find(party->people, "root99"));
	assert_non_null(people_find(party->people, "guest4"));
	for (i = 0; i < 100; i++)
		close(fds[i]);
}

static void
test_a_vouched_name_is_left_to_its_owner(void **state)
{
	struct party *party = *state;
	int owner;

	party_say(party, party->fds[0], "/nick Carol\n");
	owner = party_arrive(party, "main", "carol");
	party_expect(owner, "*** you are carol in main" PARTY_HINT);
	party_turn(party, 1);
	party_expect(party->fds[0],
	    "*** you are now known as Carol\n*** you are now known as "
	    "guest4\n*** carol joined\n");
	party_expect(party->fds[1],
	    "*** guest1 is now known as Carol\n*** Carol is now known as "
	    "guest4\n*** carol joined\n");
	party_say(party, owner, "/nick eve\n");
	party_say(party, party->fds[1], "/nick carol\n");
	party_say(party, owner, "/nick carol\n");
	party_expect(owner,
	    "*** you are now known as eve\n*** guest2 is now known as "
	    "carol\n*** carol is now known as guest5\n"
	    "*** you are now known as carol\n");
	close(owner);
}

static void
test_look_alikes_are_taken(void **state)
{
	struct party *party = *state;

	party_say(party, party->fds[0], "/nick caxap\n");
	party_say(party, party->fds[1],
	    "/nick \xd1\x81\xd0\xb0\xd1\x85\xd0\xb0\xd1\x80\n");
	party_expect(party->fds[1],
	    "*** guest1 is now known as caxap\n*** somebody is called "
	    "\xd1\x81\xd0\xb0\xd1\x85\xd0\xb0\xd1\x80, or what looks the "
	    "same\n");
}

static void
test_rooms_come_and_go(void **state)
{
	struct party *party = *state;

	party->conf->rooms = 2;
	party_say(party, party->fds[0], "/join tea\n");
	party_say(party, party->fds[1], "/join ops\n/rooms\n");
	party_expect(party->fds[1],
	    "*** guest1 left (went to tea)\n"
	    "*** there are 2 rooms already, as many as there may be\n"
	    "*** main: 2 people\n*** tea: 1 person\n");
	party_say(party, party->fds[1], "/join TEA\nhi\n");
	party_expect(party->fds[0],
	    "*** you are guest1 in tea\n*** guest2 joined\n<guest2> hi\n");
	party_expect(party->fds[2],
	    "*** guest1 left (went to tea)\n*** guest2 left (went to tea)\n");
	party_say(party, party->fds[0], "/join main\n");
	party_say(party, party->fds[1], "/quit\n");
	party_say(party, party->fds[0], "/rooms\n");
	party_expect(
	    party->fds[0], "*** you are guest1 in main\n*** main: 2 people\n");
	/* A listener's room stays when it is empty. */
	party_say(party, party->fds[2], "/join tea\n");
	party_say(party, party->fds[0], "/join tea\n/rooms\n");
	party_expect(party->fds[0],
	    "*** guest3 left (went to tea)\n*** you are guest1 in tea\n"
	    "*** main: 0 people\n*** tea: 2 people\n");
}

/* Whoever comes first, from a listener or by a command. */
static void
test_rooms_that_differ_in_case_are_one(void **state)
{
	struct party *party = *state;
	int fd;

	free(party->conf->listen[0].room);
	party->conf->listen[0].room = strdup("ops");
	party_say(party, party->fds[0], "/join OPS\n");
	fd = party_arrive(party, "ops", NULL);
	party_turn(party, 1);
	party_expect(fd, "*** you are guest4 in OPS" PARTY_HINT);
	party_expect(
	    party->fds[0], "*** you are guest1 in OPS\n*** guest4 joined\n");
	party_say(party, fd, "/join ops\n/rooms\n");
	party_expect(fd,
	    "*** already in OPS\n"
	    "*** main: 2 people\n*** OPS: 2 people\n");
	party_say(party, party->fds[0], "/quit\n");
	party_say(party, fd, "/quit\n");
	assert_int_equal(party->rooms->count, 2);
	close(fd);
}

static void
test_the_reason_of_a_leave(void **state)
{
	struct party *party = *state;
	struct linger none = { .l_onoff = 1 };

	shutdown(party->fds[0], SHUT_WR);
	party_turn(party, 2);
	party_expect(party->fds[2], "*** guest1 left (left)\n");
	/* A Unix socket that is closed with input unread is a reset. */
	party_say(party, party->fds[2], "hello\n");
	setsockopt(party->fds[1], SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(party->fds[1]);
	party->fds[1] = -1;
	party_turn(party, 2);
	party_expect(party->fds[2], "*** guest2 left (connection lost)\n");
}

static void
test_a_large_room_is_quiet(void **state)
{
	struct party *party = *state;
	int fd;

	party->conf->quiet_above = 3;
	fd = party_arrive(party, "main", NULL);
	party_say(party, party->fds[0], "hi\n");
	party_expect(party->fds[1], "<guest1> hi\n");
	close(fd);
	party_turn(party, 2);
	party_say(party, party->fds[0], "/quit\n");
	party_expect(party->fds[1], "*** guest1 left (left)\n");
}

static void
test_a_line_that_is_too_long_is_left_out(void **state)
{
	struct party *party = *state;

	party->conf->line_bytes = 10;
	party_say(
	    party, party->fds[0], "0123456789\n01234567890\nok\n/who\n0123456");
	party_say(party, party->fds[0], "7890123\nlast\n");
	party_expect(party->fds[0],
	    "*** not said: a line is at most 10 bytes\n"
	    "*** in main: guest1, guest2, guest3\n"
	    "*** not said: a line is at most 10 bytes\n");
	party_expect(
	    party->fds[1], "<guest1> 0123456789\n<guest1> ok\n<guest1> last\n");
}

static void
test_who_sends_too_much_is_told_once(void **state)
{
	static const char said[] = "<guest1> 1\n<guest1> 2\n<guest1> 3\n"
				   "<guest1> 4\n<guest1> 5\n<guest1> 6\n";
	struct party *party = *state;
	char text[sizeof(said)] = "";
	size_t length = 22;
	ssize_t got;

	party->conf->lines_per_second = 50;
	party->conf->burst_lines = 2;
	party_say(party, party->fds[0], "1\n2\n3\n4\n5\n6\n");
	party_expect(party->fds[0],
	    "*** you send too many lines: they are taken, but later\n");
	assert_int_equal(read(party->fds[1], text, sizeof(text)), length);
	while (length < sizeof(said) - 1) {
		event_base_loop(party->base, EVLOOP_ONCE);
		party_turn(party, 2);
		got = read(party->fds[1], text + length, sizeof(text) - length);
		length += got > 0 ? (size_t)got : 0;
	}
	assert_string_equal(text, said);
	party_expect(party->fds[0], "");
}

static void
test_a_last_line_without_an_end_is_said(void **state)
{
	struct party *party = *state;

	assert_int_equal(
	    write(party->fds[0], "/join tea\n/join main\nbye", 24), 24);
	shutdown(party->fds[0], SHUT_WR);
	party_turn(party, 6);
	party_expect(party->fds[1],
	    "*** guest1 left (went to tea)\n*** guest1 joined\n<guest1> bye\n"
	    "*** guest1 left (left)\n");
}

static void
test_what_follows_a_move_goes_to_the_other_room(void **state)
{
	struct party *party = *state;

	party_say(party, party->fds[1], "/join tea\n");
	party_say(party, party->fds[0],
	    "a\n/join tea\nb\n/join main\nc\n/join tea\nd\n");
	party_turn(party, 10);
	party_expect(party->fds[1],
	    "*** you are guest2 in tea\n*** guest1 joined\n<guest1> b\n"
	    "*** guest1 left (went to main)\n*** guest1 joined\n"
	    "<guest1> d\n");
	party_expect(party->fds[2],
	    "*** guest2 left (went to tea)\n<guest1> a\n"
	    "*** guest1 left (went to tea)\n*** guest1 joined\n<guest1> c\n"
	    "*** guest1 left (went to tea)\n");
}

static uint64_t
fan_outs(const struct party *party)
{
	uint64_t count = 0;
	int i;

	for (i = 0; i <= STATS_BOUNDS; i++)
		count += party->stats.batch_lines.counts[i];
	return count;
}

/* Each would read a megabyte, while everybody waits. */
static void
test_one_transcript_is_read_in_a_turn(void **state)
{
	struct party *party = *state;
	char directory[] = "/tmp/chat.XXXXXX", text[32];
	int i;

	assert_non_null(mkdtemp(directory));
	party->conf->history_directory = strdup(directory);
	for (i = 0; i < PARTY_PEOPLE; i++) {
		snprintf(text, sizeof(text), "/join r%d\nhello\n", i);
		assert_int_equal(
		    write(party->fds[i], text, strlen(text)), strlen(text));
	}
	/* Nobody is heard where it does not want to be any more. */
	for (i = 0; i < PARTY_PEOPLE; i++) {
		party_turn(party, 1);
		assert_int_equal(party->rooms->count, 2 + i);
	}
	party_turn(party, 3);
	assert_int_equal(party->rooms->count, 1 + PARTY_PEOPLE);
	party_expect(party->fds[0], "*** you are guest1 in r0\n");
	party_expect(party->fds[1],
	    "*** guest1 left (went to r0)\n*** you are guest2 in r1\n");
	party_expect(party->fds[2],
	    "*** guest1 left (went to r0)\n*** guest2 left (went to r1)\n"
	    "*** you are guest3 in r2\n");
	for (i = 0; i < PARTY_PEOPLE; i++) {
		snprintf(text, sizeof(text), "%s/r%d.log", directory, i);
		assert_int_equal(unlink(text), 0);
	}
	assert_int_equal(rmdir(directory), 0);
}

static void
test_questions_cost_no_fan_outs(void **state)
{
	struct party *party = *state;
	uint64_t before = fan_outs(party);
	char text[11 * 100 + 1] = "";
	int i;

	for (i = 0; i < 100; i++)
		strcat(text, "hi\n/rooms\n\n");
	party_say(party, party->fds[0], text);
	assert_int_equal(fan_outs(party) - before, 1);
}

/* Of a crowd that asks, each would have as much made for it in a turn. */
static void
test_a_few_questions_are_answered_in_a_turn(void **state)
{
	enum { QUESTIONS = 200 };
	struct party *party = *state;
	char text[6 * QUESTIONS + 1] = "", got[1 << 16];
	ssize_t length;
	int i, answers = 0;

	for (i = 0; i < QUESTIONS; i++)
		strcat(text, "/help\n");
	assert_int_equal(
	    write(party->fds[0], text, strlen(text)), strlen(text));
	for (i = 0; i < QUESTIONS; i++) {
		party_turn(party, 1);
		length = read(party->fds[0], got, sizeof(got) - 1);
		if (length <= 0)
			continue;
		assert_in_range(length, 1, 2 * PERSON_TURN_BYTES);
		for (got[length] = '\0'; length > 0; length--)
			answers += strncmp(got + length, "*** /help", 9) == 0;
	}
	assert_int_equal(answers, QUESTIONS);
}

/* They could keep it from saying anything. */
static void
test_who_is_told_much_by_others_is_heard(void **state)
{
	static const char heard[] = "<guest1> hi\n[to guest1] psst\n";
	struct party *party = *state;
	char text[18 * 300 + 1] = "", got[1 << 16];
	int i;

	for (i = 0; i < 300; i++)
		strcat(text, "/msg guest1 psst\n");
	for (i = 1; i < PARTY_PEOPLE; i++)
		assert_int_equal(
		    write(party->fds[i], text, strlen(text)), strlen(text));
	assert_int_equal(write(party->fds[0], "hi\n", 3), 3);
	party_turn(party, 1);
	assert_in_range(read(party->fds[0], got, sizeof(got)),
	    PERSON_TURN_BYTES, sizeof(got));
	assert_true(read(party->fds[1], got, sizeof(got)) > 0);
	assert_memory_equal(got, heard, sizeof(heard) - 1);
}

/* Each looks up an account, or fans out: a write of them is no long stop. */
static void
test_what_costs_much_is_taken_once_in_a_turn(void **state)
{
	struct party *party = *state;
	static const char text[] = "/nick a\n/join main\n/nick b\nhi\n";

	assert_int_equal(
	    write(party->fds[0], text, sizeof(text) - 1), sizeof(text) - 1);
	party_turn(party, 1);
	party_expect(party->fds[0], "*** you are now known as a\n");
	party_turn(party, 1);
	party_expect(party->fds[0], "*** already in main\n");
	party_turn(party, 1);
	party_expect(party->fds[0], "*** you are now known as b\n");
	party_turn(party, 1);
	party_expect(party->fds[1],
	    "*** guest1 is now known as a\n*** a is now known as b\n"
	    "<b> hi\n");
}

/* Of n people who do that, each has the lines of another sent to all n. */
static void
test_what_costs_much_is_taken_of_a_few_in_a_turn(void **state)
{
	enum { CROWD = 100, TURNS = 30 };
	struct party *party = *state;
	static const char text[] = "hi\n/history 1\n";
	char got[1 << 16];
	int fds[CROWD], i;

	party->conf->history_lines = CROWD;
	for (i = 0; i < CROWD; i++)
		fds[i] = party_arrive(party, "main", NULL);
	party_turn(party, 2);
	for (i = 0; i < CROWD; i++) {
		assert_int_equal(
		    write(fds[i], text, sizeof(text) - 1), sizeof(text) - 1);
		shutdown(fds[i], SHUT_WR);
	}
	for (i = 0; i < TURNS; i++) {
		uint64_t before = fan_outs(party);

		party_turn(party, 1);
		assert_in_range(fan_outs(party) - before, 0, 20);
	}
	/* Everybody had an answer, a line with its time, and was heard. */
	for (i = 0; i < CROWD; i++) {
		ssize_t length = read(fds[i], got, sizeof(got) - 1);

		assert_true(length > 0);
		got[length] = '\0';
		assert_non_null(strstr(got, "Z <guest"));
		close(fds[i]);
	}
}

/* Reads all there is, and adds it to the text. */
static void
gather(int fd, struct evbuffer *text)
{
	while (evbuffer_read(text, fd, -1) > 0)
		continue;
}

static void
test_who_asks_and_does_not_read_is_held(void **state)
{
	enum { QUESTIONS = 3000 };
	struct party *party = *state;
	struct evbuffer *text = evbuffer_new();
	struct person *person = people_find(party->people, "guest1");
	size_t most = 0, unread, lines = 0;
	struct evbuffer_ptr at;
	int i, asked = 0;

	for (i = 0; i < QUESTIONS; i++) {
		asked += write(party->fds[0], "/help\n", 6) == 6;
		party_turn(party, 1);
		unread = conn_queued_bytes(person->member.conn);
		most = unread > most ? unread : most;
	}
	assert_int_equal(conn_set_count(party->conns), PARTY_PEOPLE);
	assert_in_range(most, 1, 2 * PERSON_UNREAD_BYTES);
	/* The others are not disturbed; a message is refused at once. */
	party_say(party, party->fds[1], "hi\n/msg guest1 hello\n");
	party_expect(party->fds[1],
	    "*** not sent: guest1 does not read what it is sent\n");
	party_expect(party->fds[2], "<guest2> hi\n");
	/* When it reads, it gets all its answers. */
	for (i = 0; i < 2000; i++) {
		gather(party->fds[0], text);
		party_turn(party, 1);
	}
	at = evbuffer_search(text, "*** /help [", 11, NULL);
	while (at.pos != -1) {
		lines++;
		evbuffer_ptr_set(text, &at, 1, EVBUFFER_PTR_ADD);
		at = evbuffer_search(text, "*** /help [", 11, &at);
	}
	assert_int_equal(lines, asked);
	evbuffer_free(text);
}

/* It does not read what another one says. */
static void
fall_behind(struct party *party, const struct person *person)
{
	while (!conn_is_queued(person->member.conn))
		party_say(party, party->fds[1], "hello, everybody\n");
}

static void
catch_up(struct party *party, int fd)
{
	struct evbuffer *text = evbuffer_new();
	int i;

	for (i = 0; i < 100; i++) {
		gather(fd, text);
		party_turn(party, 1);
	}
	evbuffer_free(text);
}

/* It would take what waits for it along, out of every limit. */
static void
test_who_is_too_far_behind_reads_before_it_moves(void **state)
{
	struct party *party = *state;
	struct person *person = people_find(party->people, "guest1");

	fall_behind(party, person);
	party->conf->backlog_bytes = 10;
	party_say(party, party->fds[0], "/join tea\n/join pub\n");
	assert_string_equal(person->member.room->name, "main");
	catch_up(party, party->fds[0]);
	assert_string_equal(person->member.room->name, "pub");
}

/* What it takes along would be kept for it alone. */
static void
test_who_is_behind_does_not_move_while_much_is_kept(void **state)
{
	struct party *party = *state;
	struct person *person = people_find(party->people, "guest1");

	fall_behind(party, person);
	party->stats.pinned_bytes += ROOMS_PINNED_BYTES + 1;
	party_say(party, party->fds[0], "/join tea\n");
	assert_string_equal(person->member.room->name, "main");
	party_say(party, party->fds[1], "/join pub\n");
	assert_non_null(rooms_find(party->rooms, "pub"));
	catch_up(party, party->fds[0]);
	assert_string_equal(person->member.room->name, "tea");
}

/* It is not waited for any more. */
static void
test_who_is_too_far_behind_and_lost_is_freed(void **state)
{
	struct party *party = *state;
	struct person *person = people_find(party->people, "guest1");

	party_say(party, party->fds[2], "/join tea\n");
	fall_behind(party, person);
	party->conf->backlog_bytes = 10;
	party_say(party, party->fds[0], "/join tea\n");
	assert_string_equal(person->member.room->name, "main");
	assert_int_equal(write(party->fds[0], "last words\n", 11), 11);
	close(party->fds[0]);
	party->fds[0] = -1;
	party_turn(party, 5);
	assert_int_equal(conn_set_count(party->conns), PARTY_PEOPLE - 1);
	assert_null(people_find(party->people, "guest1"));
}

static void
test_who_is_held_and_lost_is_freed(void **state)
{
	struct party *party = *state;
	int i;

	for (i = 0; i < 3000; i++) {
		if (write(party->fds[0], "/help\n/help\n", 12) != 12)
			break;
		party_turn(party, 1);
	}
	close(party->fds[0]);
	party->fds[0] = -1;
	party_turn(party, 5);
	assert_int_equal(conn_set_count(party->conns), PARTY_PEOPLE - 1);
	party_expect(party->fds[1], "*** guest1 left (connection lost)\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PARTY_TEST(test_a_name_is_free_when_its_owner_has_left),
		PARTY_TEST(test_names_are_unique_over_all_rooms),
		PARTY_TEST(test_a_vouched_name),
		PARTY_TEST(test_many_of_one_account_are_looked_up_once_each),
		PARTY_TEST(test_a_vouched_name_is_left_to_its_owner),
		PARTY_TEST(test_look_alikes_are_taken),
		PARTY_TEST(test_rooms_come_and_go),
		PARTY_TEST(test_rooms_that_differ_in_case_are_one),
		PARTY_TEST(test_the_reason_of_a_leave),
		PARTY_TEST(test_a_large_room_is_quiet),
		PARTY_TEST(test_a_line_that_is_too_long_is_left_out),
		PARTY_TEST(test_who_sends_too_much_is_told_once),
		PARTY_TEST(test_a_last_line_without_an_end_is_said),
		PARTY_TEST(test_what_follows_a_move_goes_to_the_other_room),
		PARTY_TEST(test_one_transcript_is_read_in_a_turn),
		PARTY_TEST(test_questions_cost_no_fan_outs),
		PARTY_TEST(test_a_few_questions_are_answered_in_a_turn),
		PARTY_TEST(test_who_is_told_much_by_others_is_heard),
		PARTY_TEST(test_what_costs_much_is_taken_once_in_a_turn),
		PARTY_TEST(test_what_costs_much_is_taken_of_a_few_in_a_turn),
		PARTY_TEST(test_who_asks_and_does_not_read_is_held),
		PARTY_TEST(test_who_is_too_far_behind_reads_before_it_moves),
		PARTY_TEST(test_who_is_behind_does_not_move_while_much_is_kept),
		PARTY_TEST(test_who_is_too_far_behind_and_lost_is_freed),
		PARTY_TEST(test_who_is_held_and_lost_is_freed),
	};

	return cmocka_run_group_tests_name("chat", tests, NULL, NULL);
}
