/* SPDX-License-Identifier: ISC */
/*
 * Guards, command by command, against answers that go to the wrong people, are
 * missing, or come in the wrong order; and against a line that becomes
 * something else on its way.
 */
#include "config.h"

#include "party.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
	/* Ctrl-C at telnet, which then waits for an answer. */
	{ "\xff\xf4\xff\xfd\x06/who\r\n",
	    "\xff\xfb\x06*** in main: guest1, guest2, guest3\n", "", "" },
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
	{ "/join main\n", "*** already in main\n", "", "" },
	{ "/join MAIN\n", "*** already in main\n", "", "" },
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
		struct party *party;

		party_set_up(state);
		party = *state;
		party_say(party, party->fds[0], dialogues[i].sends);
		party_expect(party->fds[0], dialogues[i].one);
		party_expect(party->fds[1], dialogues[i].two);
		party_expect(party->fds[2], dialogues[i].three);
		party_tear_down(state);
	}
}

static void
test_a_newcomer_is_greeted_and_told_of(void **state)
{
	struct party *party = *state;

	party->fds[0] = party_arrive(party, "main", NULL);
	party_turn(party, 1);
	party_expect(party->fds[0], "*** you are guest1 in main" PARTY_HINT);
	party->fds[1] = party_arrive(party, "main", NULL);
	party_turn(party, 1);
	party_expect(party->fds[0], "*** guest2 joined\n");
	party_expect(party->fds[1], "*** you are guest2 in main" PARTY_HINT);
	party->fds[2] = party_arrive(party, "ops", NULL);
	party_turn(party, 1);
	party_expect(party->fds[2], "*** you are guest3 in ops" PARTY_HINT);
	party_expect(party->fds[0], "");
}

static void
test_help_has_every_command(void **state)
{
	static const char *const names[] = { "nick NAME", "me TEXT",
		"msg NAME TEXT", "who", "join ROOM", "rooms", "history [N]",
		"help [COMMAND]", "quit [TEXT]" };
	struct party *party = *state;
	char text[4096], line[64];
	ssize_t length;
	size_t i;

	party_say(party, party->fds[0], "/help\n");
	length = read(party->fds[0], text, sizeof(text) - 1);
	assert_true(length > 0);
	text[length] = '\0';
	for (i = 0; i < COUNT_OF(names); i++) {
		snprintf(line, sizeof(line), "*** /%s: ", names[i]);
		assert_non_null(strstr(text, line));
	}
}

/* Over all rooms; and guests are never called as somebody is. */
/* A guest may be called as an account is, or as a certificate will say. */
/* A Cyrillic name that could be a Latin one. */
/* What came with a command that has to wait is heard, later and in order. */
/*
 * An answer has its place after what was gathered; to fan out for each would
 * cost a thousand sends for every few bytes that one person sends.
 */
/* Reads all there is, and adds it to the text. */
/* It is neither closed nor does it cost memory without bound. */
/* Its connection breaks while it is held: that has to be noticed. */
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
	struct party *party = *state;
	char text[1024];

	party->conf->history_lines = 2;
	party_say(party, party->fds[2], "/history\n");
	party_expect(party->fds[2], "*** nothing is kept here yet\n");
	party_say(party, party->fds[2], "/join tea\n");
	party_say(party, party->fds[0], "one\ntwo\n/me three\n/nick bob\n");
	assert_true(read(party->fds[2], text, sizeof(text)) > 0);
	party_say(party, party->fds[2], "/join main\n");
	expect_history(party->fds[2],
	    "*** you are guest3 in main\nTIME <guest1> two\n"
	    "TIME * guest1 three\n");
	party_say(party, party->fds[2], "/history 1\n/history 0\n/history x\n");
	expect_history(party->fds[2],
	    "TIME * guest1 three\n"
	    "*** N is a number of lines, 1 or more\n"
	    "*** N is a number of lines, 1 or more\n");
	party_say(party, party->fds[2], "mine\n/history\n");
	expect_history(
	    party->fds[2], "TIME * guest1 three\nTIME <guest3> mine\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogues),
		EMPTY_PARTY_TEST(test_a_newcomer_is_greeted_and_told_of),
		PARTY_TEST(test_help_has_every_command),
		PARTY_TEST(test_history),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
