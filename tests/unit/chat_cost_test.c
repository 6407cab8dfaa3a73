/* SPDX-License-Identifier: ISC */
/*
 * Guards against people whose questions cost the others, or memory, without
 * bound, and against others who suffer from that bound.
 */
#include "config.h"

#include "party.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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
	char text[13 * 50 + 1] = "";
	int i;

	for (i = 0; i < 50; i++)
		strcat(text, "hi\n/help me\n\n");
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
	static const char heard[] = "<guest1> hi\n[to guest1] psst ";
	struct party *party = *state;
	char text[54 * 300 + 1] = "", got[1 << 16];
	int i;

	for (i = 0; i < 300; i++)
		strcat(text,
		    "/msg guest1 psst psst psst psst psst psst psst psst\n");
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

/* Each makes a line for every room there is. */
static void
test_the_rooms_are_listed_for_a_few_in_a_turn(void **state)
{
	enum { CROWD = 2 * PEOPLE_COSTLY_MAX };
	struct party *party = *state;
	int fds[CROWD], i, answers = 0;
	char got[4096];

	party->conf->quiet_above = 0;
	for (i = 0; i < CROWD; i++)
		fds[i] = party_arrive(party, "main", NULL);
	party_turn(party, 2);
	for (i = 0; i < CROWD; i++) {
		assert_true(read(fds[i], got, sizeof(got)) > 0);
		assert_int_equal(write(fds[i], "/rooms\n", 7), 7);
	}
	party_turn(party, 1);
	for (i = 0; i < CROWD; i++)
		answers += read(fds[i], got, sizeof(got)) > 0;
	assert_int_equal(answers, PEOPLE_COSTLY_MAX);
	party_turn(party, 1);
	for (i = 0; i < CROWD; i++) {
		answers += read(fds[i], got, sizeof(got)) > 0;
		close(fds[i]);
	}
	assert_int_equal(answers, CROWD);
}

/* Fills the socket with one text after another. */
static void
flood(int fd, const char *text)
{
	static char texts[65536];
	size_t length = strlen(text), size = 0;

	for (; size + length <= sizeof(texts); size += length)
		memcpy(texts + size, text, length);
	while (write(fd, texts, size) == (ssize_t)size)
		continue;
}

/* Lines that say nothing fill no batch, which would end the pass. */
static void
test_a_few_lines_are_heard_in_a_turn(void **state)
{
	struct party *party = *state;
	static const char *const texts[] = { "\n", "/me x\n" };
	uint64_t before;
	size_t i;

	for (i = 0; i < 2; i++) {
		flood(party->fds[i], texts[i]);
		before = party->stats.lines_in;
		party_turn(party, 1);
		assert_in_range(
		    party->stats.lines_in - before, 1, 2 * PERSON_TURN_LINES);
		party_turn(party, 2);
		before = party->stats.lines_in;
		party_turn(party, 1);
		assert_in_range(
		    party->stats.lines_in - before, 1, 2 * PERSON_TURN_LINES);
	}
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
	party_turn(party, 20);
	assert_int_equal(conn_set_count(party->conns), PARTY_PEOPLE - 1);
	party_expect(party->fds[1], "*** guest1 left (connection lost)\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PARTY_TEST(test_one_transcript_is_read_in_a_turn),
		PARTY_TEST(test_questions_cost_no_fan_outs),
		PARTY_TEST(test_a_few_questions_are_answered_in_a_turn),
		PARTY_TEST(test_the_rooms_are_listed_for_a_few_in_a_turn),
		PARTY_TEST(test_a_few_lines_are_heard_in_a_turn),
		PARTY_TEST(test_who_is_told_much_by_others_is_heard),
		PARTY_TEST(test_what_costs_much_is_taken_once_in_a_turn),
		PARTY_TEST(test_what_costs_much_is_taken_of_a_few_in_a_turn),
		PARTY_TEST(test_who_asks_and_does_not_read_is_held),
		PARTY_TEST(test_who_is_too_far_behind_reads_before_it_moves),
		PARTY_TEST(test_who_is_behind_does_not_move_while_much_is_kept),
		PARTY_TEST(test_who_is_too_far_behind_and_lost_is_freed),
		PARTY_TEST(test_who_is_held_and_lost_is_freed),
	};

	return cmocka_run_group_tests_name("chat_cost", tests, NULL, NULL);
}
