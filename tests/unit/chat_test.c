/* SPDX-License-Identifier: ISC */
/*
 * Guards against names that two people have, and people who are told the wrong
 * reason or are told too much.
 */
#include "config.h"

#include "party.h"

#include <pwd.h>
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
	};

	return cmocka_run_group_tests_name("chat", tests, NULL, NULL);
}
