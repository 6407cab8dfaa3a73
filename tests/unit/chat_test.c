/* SPDX-License-Identifier: ISC */
/*
 * Guards, command by command, against answers that go to the wrong people, are
 * missing, or come in the wrong order; against names that two people have; and
 * against people whose questions cost the others, or memory, without bound.
 *
 * Real connections over socketpairs; the test is the loop.
 */
#include "config.h"

#include "unit.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "daemon/conf.h"
#include "daemon/conn.h"
#include "daemon/people.h"
#include "daemon/person.h"
#include "daemon/room.h"
#include "daemon/stats.h"

#include <errno.h>
#include <event2/buffer.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEOPLE 3
#define HINT   "; /help lists the commands\n"

struct fixture {
	struct event_base *base;
	struct conf *conf;
	struct stats stats;
	struct conn_set *conns;
	struct rooms *rooms;
	struct people *people;
	int fds[PEOPLE]; /* of guest1, guest2, ... */
};

static void
turn(struct fixture *f)
{
	event_base_loop(f->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	rooms_fan_out(f->rooms);
	people_end_turn(f->people);
	conn_set_reap(f->conns);
}

static void
turns(struct fixture *f, int count)
{
	while (count-- > 0)
		turn(f);
}

/* A newcomer; returns the client's end of its socket. */
static int
arrive(struct fixture *f, const char *room, const char *vouched)
{
	struct sockaddr peer = { .sa_family = AF_UNIX };
	int ends[2], flags = SOCK_STREAM | SOCK_NONBLOCK;

	assert_int_equal(socketpair(AF_UNIX, flags, 0, ends), 0);
	person_new(f->people,
	    conn_new(f->conns, ends[0], &peer, sizeof(peer), "room=main"),
	    rooms_get(f->rooms, room), vouched);
	return ends[1];
}

/* All that has come, and nothing else. */
static void
expect(int fd, const char *wanted)
{
	char got[16384];
	ssize_t length = read(fd, got, sizeof(got) - 1);

	got[length > 0 ? length : 0] = '\0';
	assert_string_equal(got, wanted);
}

static void
say(struct fixture *f, int fd, const char *text)
{
	size_t length = strlen(text);

	assert_int_equal(write(fd, text, length), length);
	turns(f, 4);
}

static int
set_up_empty(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->base = event_base_new();
	f->conf = conf_new();
	f->conf->mode = CONF_MODE_CHAT;
	f->conns = conn_set_new(f->base, f->conf, &f->stats);
	f->rooms = rooms_new(f->base, f->conf, &f->stats);
	f->people = people_new(f->rooms);
	memset(f->fds, -1, sizeof(f->fds));
	*state = f;
	return 0;
}

/* Three guests in a room, who have read all that there was. */
static int
set_up(void **state)
{
	struct fixture *f;
	char text[1024];
	int i;

	set_up_empty(state);
	f = *state;
	for (i = 0; i < PEOPLE; i++) {
		f->fds[i] = arrive(f, "main", NULL);
		turn(f);
	}
	for (i = 0; i < PEOPLE; i++)
		assert_true(read(f->fds[i], text, sizeof(text)) > 0);
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;
	int i;

	conn_set_free(f->conns);
	people_free(f->people);
	rooms_free(f->rooms);
	event_base_free(f->base);
	conf_free(f->conf);
	for (i = 0; i < PEOPLE; i++)
		if (f->fds[i] != -1)
			close(f->fds[i]);
	free(f);
	return 0;
}

/* What guest1 sends, and what the three see then. */
static const struct {
	const char *sends, *one, *two, *three;
} dialogues[] = {
	{ "hello\n", "", "<guest1> hello\n", "<guest1> hello\n" },
	{ "a\r\n\r\n \n\033\n", "", "<guest1> a\n<guest1>  \n",
	    "<guest1> a\n<guest1>  \n" },
	{ "\033[31mred\xff\n", "", "<guest1> [31mred\xef\xbf\xbd\n",
	    "<guest1> [31mred\xef\xbf\xbd\n" },
	{ "\xff\xfb\x1fhi\xff\xf9\r\n", "", "<guest1> hi\n", "<guest1> hi\n" },
	{ "//me\n//\n", "", "<guest1> /me\n<guest1> /\n",
	    "<guest1> /me\n<guest1> /\n" },
	{ "/\n", "*** there is no /; /help lists the commands\n", "", "" },
	{ "/what now\n", "*** there is no /what; /help lists the commands\n",
	    "", "" },
	{ "/me waves  to all \n", "", "* guest1 waves  to all\n",
	    "* guest1 waves  to all\n" },
	{ "/me\n", "*** usage: /me TEXT\n", "", "" },
	{ "/who all\n", "*** usage: /who\n", "", "" },
	{ "/nick  Alice \n", "*** you are now known as Alice\n",
	    "*** guest1 is now known as Alice\n",
	    "*** guest1 is now known as Alice\n" },
	{ "/nick guest1\n", "*** you are now known as guest1\n", "", "" },
	{ "/NICK GUEST2\n",
	    "*** somebody is called GUEST2, or what looks the same\n", "", "" },
	{ "/nick root\n",
	    "*** root is an account of this machine, and not known to be "
	    "yours\n",
	    "", "" },
	{ "/nick a b\n", "*** not a name; a name is " NAME_FORM "\n", "", "" },
	{ "/nick\n", "*** usage: /nick NAME\n", "", "" },
	{ "/msg guest3 psst, you\n", "[to guest3] psst, you\n", "",
	    "[guest1] psst, you\n" },
	{ "/msg GUEST1 me\n", "[guest1] me\n[to guest1] me\n", "", "" },
	{ "/msg bob hi\n", "*** not sent: nobody here is called bob\n", "",
	    "" },
	{ "/msg guest3\n", "*** usage: /msg NAME TEXT\n", "", "" },
	{ "/who\n", "*** in main: guest1, guest2, guest3\n", "", "" },
	{ "/rooms\n", "*** main: 3 people\n", "", "" },
	{ "/join main\n", "*** you are in main already\n", "", "" },
	{ "/join MAIN\n", "*** you are in main already\n", "", "" },
	{ "/join a/b\n", "*** not a name; a name is " NAME_FORM "\n", "", "" },
	{ "/join tea\nhi\n/rooms\n",
	    "*** you are guest1 in tea\n*** main: 2 people\n"
	    "*** tea: 1 person\n",
	    "*** guest1 left (went to tea)\n",
	    "*** guest1 left (went to tea)\n" },
	{ "/history\n", "*** nothing is kept here\n", "", "" },
	{ "/help msg\n", "*** /msg NAME TEXT: say it to that person alone\n",
	    "", "" },
	{ "/help /msg\n", "*** /msg NAME TEXT: say it to that person alone\n",
	    "", "" },
	{ "/help no\n", "*** there is no /no; /help lists the commands\n", "",
	    "" },
	{ "/quit\n", "", "*** guest1 left (left)\n",
	    "*** guest1 left (left)\n" },
	{ "one\n/quit see you \nnever\n", "",
	    "<guest1> one\n*** guest1 left (see you)\n",
	    "<guest1> one\n*** guest1 left (see you)\n" },
};

static void
test_dialogues(void **state)
{
	size_t i;

	for (i = 0; i < COUNT_OF(dialogues); i++) {
		struct fixture *f;

		set_up(state);
		f = *state;
		say(f, f->fds[0], dialogues[i].sends);
		expect(f->fds[0], dialogues[i].one);
		expect(f->fds[1], dialogues[i].two);
		expect(f->fds[2], dialogues[i].three);
		tear_down(state);
	}
}

static void
test_a_newcomer_is_greeted_and_told_of(void **state)
{
	struct fixture *f = *state;

	f->fds[0] = arrive(f, "main", NULL);
	turn(f);
	expect(f->fds[0], "*** you are guest1 in main" HINT);
	f->fds[1] = arrive(f, "main", NULL);
	turn(f);
	expect(f->fds[0], "*** guest2 joined\n");
	expect(f->fds[1], "*** you are guest2 in main" HINT);
	f->fds[2] = arrive(f, "ops", NULL);
	turn(f);
	expect(f->fds[2], "*** you are guest3 in ops" HINT);
	expect(f->fds[0], "");
}

static void
test_help_has_every_command(void **state)
{
	static const char *const names[] = { "nick NAME", "me TEXT",
		"msg NAME TEXT", "who", "join ROOM", "rooms", "history [N]",
		"help [COMMAND]", "quit [TEXT]" };
	struct fixture *f = *state;
	char text[4096], line[64];
	ssize_t length;
	size_t i;

	say(f, f->fds[0], "/help\n");
	length = read(f->fds[0], text, sizeof(text) - 1);
	assert_true(length > 0);
	text[length] = '\0';
	for (i = 0; i < COUNT_OF(names); i++) {
		snprintf(line, sizeof(line), "*** /%s: ", names[i]);
		assert_non_null(strstr(text, line));
	}
}

static void
test_a_name_is_free_when_its_owner_has_left(void **state)
{
	struct fixture *f = *state;

	say(f, f->fds[0], "/nick alice\n");
	say(f, f->fds[1], "/nick ALICE\n");
	expect(f->fds[1],
	    "*** guest1 is now known as alice\n"
	    "*** somebody is called ALICE, or what looks the same\n");
	say(f, f->fds[0], "/nick bob\n");
	say(f, f->fds[1], "/nick ALICE\n");
	expect(f->fds[1],
	    "*** alice is now known as bob\n*** you are now known as ALICE\n");
	say(f, f->fds[1], "/quit\n");
	say(f, f->fds[0], "/nick alice\n");
	assert_non_null(people_find(f->people, "alice"));
	assert_null(people_find(f->people, "bob"));
}

/* Over all rooms; and guests are never called as somebody is. */
static void
test_names_are_unique_over_all_rooms(void **state)
{
	struct fixture *f = *state;
	int fd;

	say(f, f->fds[0], "/join tea\n/nick guest4\n");
	say(f, f->fds[1], "/nick guest4\n");
	expect(f->fds[1],
	    "*** guest1 left (went to tea)\n"
	    "*** somebody is called guest4, or what looks the same\n");
	fd = arrive(f, "main", NULL);
	expect(fd, "*** you are guest5 in main" HINT);
	close(fd);
}

static void
test_a_vouched_name(void **state)
{
	struct fixture *f = *state;
	int first = arrive(f, "main", "root"), second;

	expect(first, "*** you are root in main" HINT);
	/* The same account once more; then as somebody else, and back. */
	second = arrive(f, "main", "root");
	expect(second, "*** you are root2 in main" HINT);
	say(f, f->fds[0], "/nick Root\n/who\n");
	expect(f->fds[0],
	    "*** root joined\n*** root2 joined\n"
	    "*** Root is an account of this machine, and not known to be "
	    "yours\n"
	    "*** in main: guest1, guest2, guest3, root (vouched for), root2\n");
	say(f, first, "/nick zoe\n/who\n");
	expect(first,
	    "*** root2 joined\n*** you are now known as zoe\n"
	    "*** in main: guest1, guest2, guest3, zoe, root2\n");
	say(f, second, "/nick root\n");
	say(f, first, "/nick ROOT\n/nick root2\n");
	expect(first,
	    "*** root2 is now known as root\n"
	    "*** somebody is called ROOT, or what looks the same\n"
	    "*** you are now known as root2\n");
	close(first);
	close(second);
}

/* A guest may be called as an account is, or as a certificate will say. */
static void
test_a_vouched_name_is_left_to_its_owner(void **state)
{
	struct fixture *f = *state;
	int owner;

	say(f, f->fds[0], "/nick Carol\n");
	owner = arrive(f, "main", "carol");
	expect(owner, "*** you are carol in main" HINT);
	turn(f);
	expect(f->fds[0],
	    "*** you are now known as Carol\n*** you are now known as "
	    "guest4\n*** carol joined\n");
	expect(f->fds[1],
	    "*** guest1 is now known as Carol\n*** Carol is now known as "
	    "guest4\n*** carol joined\n");
	say(f, owner, "/nick eve\n");
	say(f, f->fds[1], "/nick carol\n");
	say(f, owner, "/nick carol\n");
	expect(owner,
	    "*** you are now known as eve\n*** guest2 is now known as "
	    "carol\n*** carol is now known as guest5\n"
	    "*** you are now known as carol\n");
	close(owner);
}

/* A Cyrillic name that could be a Latin one. */
static void
test_look_alikes_are_taken(void **state)
{
	struct fixture *f = *state;

	say(f, f->fds[0], "/nick caxap\n");
	say(f, f->fds[1], "/nick \xd1\x81\xd0\xb0\xd1\x85\xd0\xb0\xd1\x80\n");
	expect(f->fds[1],
	    "*** guest1 is now known as caxap\n*** somebody is called "
	    "\xd1\x81\xd0\xb0\xd1\x85\xd0\xb0\xd1\x80, or what looks the "
	    "same\n");
}

static void
test_rooms_come_and_go(void **state)
{
	struct fixture *f = *state;

	f->conf->rooms = 2;
	say(f, f->fds[0], "/join tea\n");
	say(f, f->fds[1], "/join ops\n/rooms\n");
	expect(f->fds[1],
	    "*** guest1 left (went to tea)\n"
	    "*** there are 2 rooms already, as many as there may be\n"
	    "*** main: 2 people\n*** tea: 1 person\n");
	say(f, f->fds[1], "/join TEA\nhi\n");
	expect(f->fds[0],
	    "*** you are guest1 in tea\n*** guest2 joined\n<guest2> hi\n");
	expect(f->fds[2],
	    "*** guest1 left (went to tea)\n*** guest2 left (went to tea)\n");
	say(f, f->fds[0], "/join main\n");
	say(f, f->fds[1], "/quit\n");
	say(f, f->fds[0], "/rooms\n");
	expect(f->fds[0], "*** you are guest1 in main\n*** main: 2 people\n");
	/* A listener's room stays when it is empty. */
	say(f, f->fds[2], "/join tea\n");
	say(f, f->fds[0], "/join tea\n/rooms\n");
	expect(f->fds[0],
	    "*** guest3 left (went to tea)\n*** you are guest1 in tea\n"
	    "*** main: 0 people\n*** tea: 2 people\n");
}

static void
test_the_reason_of_a_leave(void **state)
{
	struct fixture *f = *state;
	struct linger none = { .l_onoff = 1 };

	shutdown(f->fds[0], SHUT_WR);
	turns(f, 2);
	expect(f->fds[2], "*** guest1 left (left)\n");
	/* A Unix socket that is closed with input unread is a reset. */
	say(f, f->fds[2], "hello\n");
	setsockopt(f->fds[1], SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(f->fds[1]);
	f->fds[1] = -1;
	turns(f, 2);
	expect(f->fds[2], "*** guest2 left (connection lost)\n");
}

static void
test_a_large_room_is_quiet(void **state)
{
	struct fixture *f = *state;
	int fd;

	f->conf->quiet_above = 3;
	fd = arrive(f, "main", NULL);
	say(f, f->fds[0], "hi\n");
	expect(f->fds[1], "<guest1> hi\n");
	close(fd);
	turns(f, 2);
	say(f, f->fds[0], "/quit\n");
	expect(f->fds[1], "*** guest1 left (left)\n");
}

static void
test_a_line_that_is_too_long_is_left_out(void **state)
{
	struct fixture *f = *state;

	f->conf->line_bytes = 10;
	say(f, f->fds[0], "0123456789\n01234567890\nok\n/who\n0123456");
	say(f, f->fds[0], "7890123\nlast\n");
	expect(f->fds[0],
	    "*** not said: a line is at most 10 bytes\n"
	    "*** in main: guest1, guest2, guest3\n"
	    "*** not said: a line is at most 10 bytes\n");
	expect(f->fds[1], "<guest1> 0123456789\n<guest1> ok\n<guest1> last\n");
}

static void
test_who_sends_too_much_is_told_once(void **state)
{
	static const char said[] = "<guest1> 1\n<guest1> 2\n<guest1> 3\n"
				   "<guest1> 4\n<guest1> 5\n<guest1> 6\n";
	struct fixture *f = *state;
	char text[sizeof(said)] = "";
	size_t length = 22;
	ssize_t got;

	f->conf->lines_per_second = 50;
	f->conf->burst_lines = 2;
	say(f, f->fds[0], "1\n2\n3\n4\n5\n6\n");
	expect(f->fds[0],
	    "*** you send too many lines: they are taken, but later\n");
	assert_int_equal(read(f->fds[1], text, sizeof(text)), length);
	while (length < sizeof(said) - 1) {
		event_base_loop(f->base, EVLOOP_ONCE);
		turns(f, 2);
		got = read(f->fds[1], text + length, sizeof(text) - length);
		length += got > 0 ? (size_t)got : 0;
	}
	assert_string_equal(text, said);
	expect(f->fds[0], "");
}

static void
test_a_last_line_without_an_end_is_said(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    write(f->fds[0], "/join tea\n/join main\nbye", 24), 24);
	shutdown(f->fds[0], SHUT_WR);
	turns(f, 6);
	expect(f->fds[1],
	    "*** guest1 left (went to tea)\n*** guest1 joined\n<guest1> bye\n"
	    "*** guest1 left (left)\n");
}

/* What came with a command that has to wait is heard, later and in order. */
static void
test_what_follows_a_move_goes_to_the_other_room(void **state)
{
	struct fixture *f = *state;

	say(f, f->fds[1], "/join tea\n");
	say(f, f->fds[0], "a\n/join tea\nb\n/join main\nc\n/join tea\nd\n");
	turns(f, 10);
	expect(f->fds[1],
	    "*** you are guest2 in tea\n*** guest1 joined\n<guest1> b\n"
	    "*** guest1 left (went to main)\n*** guest1 joined\n"
	    "<guest1> d\n");
	expect(f->fds[2],
	    "*** guest2 left (went to tea)\n<guest1> a\n"
	    "*** guest1 left (went to tea)\n*** guest1 joined\n<guest1> c\n"
	    "*** guest1 left (went to tea)\n");
}

static uint64_t
fan_outs(const struct fixture *f)
{
	uint64_t count = 0;
	int i;

	for (i = 0; i <= STATS_BOUNDS; i++)
		count += f->stats.batch_lines.counts[i];
	return count;
}

/*
 * An answer has its place after what was gathered; to fan out for each would
 * cost a thousand sends for every few bytes that one person sends.
 */
static void
test_questions_cost_no_fan_outs(void **state)
{
	struct fixture *f = *state;
	uint64_t before = fan_outs(f);
	char text[9 * 100 + 1] = "";
	int i;

	for (i = 0; i < 100; i++)
		strcat(text, "hi\n/who\n\n");
	say(f, f->fds[0], text);
	assert_int_equal(fan_outs(f) - before, 1);
}

/* Reads all there is, and adds it to the text. */
static void
gather(int fd, struct evbuffer *text)
{
	while (evbuffer_read(text, fd, -1) > 0)
		continue;
}

/* It is neither closed nor does it cost memory without bound. */
static void
test_who_asks_and_does_not_read_is_held(void **state)
{
	enum { QUESTIONS = 3000 };
	struct fixture *f = *state;
	struct evbuffer *text = evbuffer_new();
	struct person *person = people_find(f->people, "guest1");
	size_t most = 0, unread, lines = 0;
	struct evbuffer_ptr at;
	int i, asked = 0;

	for (i = 0; i < QUESTIONS; i++) {
		asked += write(f->fds[0], "/help\n", 6) == 6;
		turn(f);
		unread = conn_queued_bytes(person->member.conn);
		most = unread > most ? unread : most;
	}
	assert_int_equal(conn_set_count(f->conns), PEOPLE);
	assert_in_range(most, 1, 2 * PERSON_UNREAD_BYTES);
	/* The others are not disturbed; a message is refused at once. */
	say(f, f->fds[1], "hi\n/msg guest1 hello\n");
	expect(
	    f->fds[1], "*** not sent: guest1 does not read what it is sent\n");
	expect(f->fds[2], "<guest2> hi\n");
	/* When it reads, it gets all its answers. */
	for (i = 0; i < 2000; i++) {
		gather(f->fds[0], text);
		turn(f);
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

/* Its connection breaks while it is held: that has to be noticed. */
static void
test_who_is_held_and_lost_is_freed(void **state)
{
	struct fixture *f = *state;
	int i;

	for (i = 0; i < 3000; i++) {
		if (write(f->fds[0], "/help\n/help\n", 12) != 12)
			break;
		turn(f);
	}
	close(f->fds[0]);
	f->fds[0] = -1;
	turns(f, 5);
	assert_int_equal(conn_set_count(f->conns), PEOPLE - 1);
	expect(f->fds[1], "*** guest1 left (connection lost)\n");
}

/* Replaces each time at the beginning of a line by TIME. */
static void
expect_history(int fd, const char *wanted)
{
	char got[1024], plain[1024] = "", *line, *rest = got;
	ssize_t length = read(fd, got, sizeof(got) - 1);

	got[length > 0 ? length : 0] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		bool timed = strlen(line) > 20 && line[10] == 'T' &&
		    line[19] == 'Z' && line[20] == ' ';

		strcat(plain, timed ? "TIME" : "");
		strcat(plain, timed ? line + 20 : line);
		strcat(plain, "\n");
	}
	assert_string_equal(plain, wanted);
}

/* With its time, before anything new, and nothing that was not said. */
static void
test_history(void **state)
{
	struct fixture *f = *state;
	char text[1024];

	f->conf->history_lines = 2;
	say(f, f->fds[2], "/join tea\n");
	say(f, f->fds[0], "one\ntwo\n/me three\n/nick bob\n");
	assert_true(read(f->fds[2], text, sizeof(text)) > 0);
	say(f, f->fds[2], "/join main\n");
	expect_history(f->fds[2],
	    "*** you are guest3 in main\nTIME <guest1> two\n"
	    "TIME * guest1 three\n");
	say(f, f->fds[2], "/history 1\n/history 0\n/history x\n");
	expect_history(f->fds[2],
	    "TIME * guest1 three\n"
	    "*** N is a number of lines, 1 or more\n"
	    "*** N is a number of lines, 1 or more\n");
	say(f, f->fds[2], "mine\n/history\n");
	expect_history(f->fds[2], "TIME * guest1 three\nTIME <guest3> mine\n");
}

int
main(void)
{
#define CHAT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define EMPTY_TEST(test)                                                       \
	cmocka_unit_test_setup_teardown(test, set_up_empty, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogues),
		EMPTY_TEST(test_a_newcomer_is_greeted_and_told_of),
		CHAT_TEST(test_help_has_every_command),
		CHAT_TEST(test_a_name_is_free_when_its_owner_has_left),
		CHAT_TEST(test_names_are_unique_over_all_rooms),
		CHAT_TEST(test_a_vouched_name),
		CHAT_TEST(test_a_vouched_name_is_left_to_its_owner),
		CHAT_TEST(test_look_alikes_are_taken),
		CHAT_TEST(test_rooms_come_and_go),
		CHAT_TEST(test_the_reason_of_a_leave),
		CHAT_TEST(test_a_large_room_is_quiet),
		CHAT_TEST(test_a_line_that_is_too_long_is_left_out),
		CHAT_TEST(test_who_sends_too_much_is_told_once),
		CHAT_TEST(test_a_last_line_without_an_end_is_said),
		CHAT_TEST(test_what_follows_a_move_goes_to_the_other_room),
		CHAT_TEST(test_questions_cost_no_fan_outs),
		CHAT_TEST(test_who_asks_and_does_not_read_is_held),
		CHAT_TEST(test_who_is_held_and_lost_is_freed),
		CHAT_TEST(test_history),
	};

	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("chat", tests, NULL, NULL);
}
