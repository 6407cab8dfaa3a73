/* SPDX-License-Identifier: ISC */
/*
 * The client as a person sees it: lines that arrive and destroy what is being
 * typed, a paste that is cut, a window that is resized and shows ruins, lines
 * that a lost connection swallows, control characters that a stranger sends.
 */
#include "config.h"

#include "fake.h"
#include "harness.h"
#include "screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A client at a terminal, and the relay's end of its connection. */
struct talk {
	char address[64];
	int server, peer;
	struct screen *screen;
};

static void
start(struct talk *talk, int columns, int rows, const char *options)
{
	memset(talk, 0, sizeof(*talk));
	talk->server = fake_relay(talk->address, sizeof(talk->address), 1);
	talk->screen =
	    screen_start_client(columns, rows, talk->address, options);
	talk->peer = fake_accept(talk->server);
}

/* Leaves, and looks whether that goes well. */
static void
finish(struct talk *talk)
{
	screen_press(talk->screen, "C-d");
	expect_end(talk->peer);
	close(talk->peer);
	screen_await(talk->screen, "exit 0");
	screen_stop(talk->screen);
	close(talk->server);
}

static void
send_lines(int peer, int first, int last)
{
	char line[32];

	for (; first <= last; first++) {
		snprintf(line, sizeof(line), "line %d\n", first);
		send_text(peer, line);
	}
}

#define TWO_ROWS "a line that is longer than a row of this screen"

static void
test_what_arrives_goes_above_what_is_typed(void **state)
{
	struct talk talk;

	(void)state;
	start(&talk, 40, 8, "");
	screen_type(talk.screen, TWO_ROWS);
	screen_expect(
	    talk.screen, "> a line that is longer than a row of th\nis screen");
	/* The cursor in the first row, then at its very beginning. */
	screen_press(talk.screen, "C-a");
	send_lines(talk.peer, 1, 100);
	screen_type(talk.screen, "now ");
	send_lines(talk.peer, 101, 200);
	screen_await(talk.screen, "line 200");
	screen_expect(talk.screen,
	    "line 195\nline 196\nline 197\nline 198\nline 199\nline 200\n"
	    "> now a line that is longer than a row o\nf this screen");
	screen_press(talk.screen, "Enter");
	expect_text(talk.peer, "now " TWO_ROWS "\n");
	screen_expect(talk.screen,
	    "line 196\nline 197\nline 198\nline 199\nline 200\n"
	    "> now a line that is longer than a row o\nf this screen\n>");
	finish(&talk);
}

/* A row that is just full: the cursor is in the next one, or is not. */
static void
test_a_row_that_is_just_full(void **state)
{
	struct talk talk;

	(void)state;
	start(&talk, 20, 6, "");
	screen_type(talk.screen, "123456789012345678");
	screen_expect(talk.screen, "> 123456789012345678");
	send_lines(talk.peer, 1, 2);
	screen_expect(talk.screen, "line 1\nline 2\n> 123456789012345678");
	screen_type(talk.screen, "9");
	send_lines(talk.peer, 3, 3);
	screen_expect(
	    talk.screen, "line 1\nline 2\nline 3\n> 123456789012345678\n9");
	screen_press(talk.screen, "BSpace");
	send_lines(talk.peer, 4, 4);
	screen_expect(talk.screen,
	    "line 1\nline 2\nline 3\nline 4\n> 123456789012345678");
	screen_press(talk.screen, "C-c");
	finish(&talk);
}

static void
test_wide_characters_before_the_cursor(void **state)
{
	struct talk talk;

	(void)state;
	start(&talk, 30, 8, "");
	/* Two columns each; an emoji; e and a combining accent. */
	screen_type(
	    talk.screen, "中文 🙂 e\xcc\x81 中文中文中文中文中");
	send_lines(talk.peer, 1, 2);
	screen_expect(talk.screen,
	    "line 1\nline 2\n"
	    "> 中文 🙂 e\xcc\x81 中文中文中文中文中");
	screen_press(talk.screen, "Left");
	screen_press(talk.screen, "Left");
	screen_type(talk.screen, "字");
	send_lines(talk.peer, 3, 3);
	screen_expect(talk.screen,
	    "line 1\nline 2\nline 3\n"
	    "> 中文 🙂 e\xcc\x81 中文中文中文中字文\n中");
	/* And where half of one would be left at the end of a row. */
	screen_press(talk.screen, "C-a");
	screen_type(talk.screen, "x");
	send_lines(talk.peer, 4, 4);
	screen_expect(talk.screen,
	    "line 1\nline 2\nline 3\nline 4\n"
	    "> x中文 🙂 e\xcc\x81 中文中文中文中字\n文中");
	screen_press(talk.screen, "Enter");
	expect_text(talk.peer,
	    "x中文 🙂 e\xcc\x81 中文中文中文中字文中\n");
	finish(&talk);
}

static void
test_a_resize_in_the_middle_of_a_line(void **state)
{
	struct talk talk;

	(void)state;
	start(&talk, 40, 8, "");
	/* So that the line is at the bottom, as it mostly is. */
	send_lines(talk.peer, 1, 7);
	screen_type(talk.screen, TWO_ROWS " and even of two");
	screen_await(talk.screen, "even of two");
	screen_resize(talk.screen, 20, 8);
	screen_type(talk.screen, "!");
	screen_expect(talk.screen,
	    "line 4\nline 5\nline 6\nline 7\n> a line that is lon\n"
	    "ger than a row of th\nis screen and even o\nf two!");
	/* With the cursor before the end. */
	screen_press(talk.screen, "C-a");
	screen_type(talk.screen, "W");
	/* Before tmux wraps it anew, of which it tells us later. */
	screen_await(talk.screen, "> Wa line that is lo\n");
	screen_resize(talk.screen, 60, 8);
	screen_type(talk.screen, "ell, ");
	send_lines(talk.peer, 8, 8);
	screen_expect(talk.screen,
	    "line 3\nline 4\nline 5\nline 6\nline 7\nline 8\n"
	    "> Well, a line that is longer than a row of this screen and\n"
	    "even of two!");
	screen_press(talk.screen, "Enter");
	expect_text(talk.peer, "Well, " TWO_ROWS " and even of two!\n");
	finish(&talk);
}

static void
test_a_paste_is_sent_whole_and_in_order(void **state)
{
	enum { LINES = 300 };
	char text[LINES * 16], *at = text;
	struct talk talk;
	int i;

	(void)state;
	start(&talk, 40, 8, "");
	screen_await(talk.screen, ">");
	for (i = 0; i < LINES; i++)
		at += sprintf(at, "\tpasted %d\n", i);
	screen_type(talk.screen, "first: ");
	strcpy(at, "the rest");
	screen_paste(talk.screen, text);
	expect_text(talk.peer, "first: ");
	*at = '\0';
	expect_text(talk.peer, text);
	/* What has no line end waits for one. */
	screen_await(talk.screen, "\n> the rest");
	screen_type(talk.screen, " of it");
	screen_press(talk.screen, "Enter");
	expect_text(talk.peer, "the rest of it\n");
	finish(&talk);
}

static void
test_keys_that_clear_recall_and_leave(void **state)
{
	struct talk talk;

	(void)state;
	start(&talk, 40, 8, "");
	screen_type(talk.screen, "said");
	screen_press(talk.screen, "Enter");
	expect_text(talk.peer, "said\n");
	screen_type(talk.screen, "not said");
	screen_await(talk.screen, "> not said");
	screen_press(talk.screen, "C-c");
	screen_expect(talk.screen, "> said\n>");
	screen_press(talk.screen, "Up");
	screen_expect(talk.screen, "> said\n> said");
	/* Changed, thrown away, and still there as it was. */
	screen_type(talk.screen, "!!!");
	screen_press(talk.screen, "C-c");
	screen_press(talk.screen, "Up");
	screen_type(talk.screen, " again");
	screen_press(talk.screen, "Enter");
	expect_text(talk.peer, "said again\n");
	/* Within a search in the history, too. */
	screen_press(talk.screen, "C-r");
	screen_type(talk.screen, "sa");
	screen_await(talk.screen, "`sa': said again");
	send_lines(talk.peer, 1, 1);
	screen_await(talk.screen, "line 1\n(reverse-i-search)`sa': said again");
	screen_press(talk.screen, "C-c");
	screen_expect(talk.screen, "> said\n> said again\nline 1\n>");
	finish(&talk);
}

static void
test_what_arrives_does_nothing_to_the_terminal(void **state)
{
	static const char bytes[] = "a\033[2Jb\007c\rd\x7f\xff\xc2\x9b"
				    "2Je\tf g\n";
	struct talk talk;

	(void)state;
	start(&talk, 40, 8, "--bell --timestamps=%% --color=always");
	send_text(talk.peer, bytes);
	screen_expect_colors(
	    talk.screen, "a^[[2Jb^Gc^Md^?M-^?M-BM-^[2Je   f g\n>");
	screen_type(talk.screen, "own");
	screen_press(talk.screen, "Enter");
	screen_expect_colors(
	    talk.screen, "a^[[2Jb^Gc^Md^?M-^?M-BM-^[2Je   f g\n> own\n>");
	expect_text(talk.peer, "own\n");
	finish(&talk);
}

static void
test_a_connection_that_is_lost_while_typing(void **state)
{
	struct talk talk;

	(void)state;
	start(&talk, 60, 10, "-R -n anna");
	fake_greet(talk.peer, "guest1");
	expect_text(talk.peer, "/nick anna\n");
	send_text(talk.peer, "*** you are now known as anna\n");
	screen_await(talk.screen, "known as anna");
	screen_type(talk.screen, "half of");
	screen_await(talk.screen, "> half of");
	close(talk.server);
	close(talk.peer);
	/* The line is still there, and what is typed now is not lost. */
	screen_await(talk.screen, "] > half of");
	screen_type(talk.screen, " a line");
	screen_press(talk.screen, "Enter");
	screen_type(talk.screen, "another one");
	screen_press(talk.screen, "Enter");
	screen_type(talk.screen, "a third");
	screen_await(talk.screen, "> half of a line\n> another one\n[");
	talk.server = fake_relay(talk.address, sizeof(talk.address), 1);
	talk.peer = fake_accept(talk.server);
	fake_greet(talk.peer, "guest1");
	expect_text(talk.peer, "/nick anna\nhalf of a line\nanother one\n");
	screen_press(talk.screen, "Enter");
	expect_text(talk.peer, "a third\n");
	screen_await(talk.screen,
	    ": connected\n*** you are guest1 in main; /help lists the "
	    "commands\n> a third\n>");
	finish(&talk);
}

static void
test_a_connection_that_is_lost_for_good(void **state)
{
	struct talk talk;

	(void)state;
	start(&talk, 70, 10, "");
	screen_type(talk.screen, "one");
	screen_press(talk.screen, "Enter");
	expect_text(talk.peer, "one\n");
	screen_type(talk.screen, "half of");
	screen_await(talk.screen, "> half of");
	close(talk.peer);
	screen_await(talk.screen, "\n> half of\nexit 1");
	assert_non_null(strstr(screen_text(talk.screen),
	    "closed by the relay before the end of input"));
	screen_stop(talk.screen);
	close(talk.server);
}

static void
test_a_chat_in_colors_with_the_time(void **state)
{
	struct talk talk;

	(void)state;
	start(&talk, 60, 10, "--timestamps=@ --color=always");
	fake_greet(talk.peer, "anna");
	send_text(talk.peer,
	    "2026-11-22T09:11:20Z <ben> before\n<ben> hi\n* ben waves\n");
	screen_await(talk.screen, "@ * ben waves");
	screen_type(talk.screen, "hello");
	screen_press(talk.screen, "Enter");
	screen_await(talk.screen, "@ > hello");
	screen_expect(talk.screen,
	    "@ *** you are anna in main; /help lists the commands\n"
	    "@ <ben> before\n@ <ben> hi\n@ * ben waves\n@ > hello\n>");
	expect_text(talk.peer, "hello\n");
	finish(&talk);
}

static void
test_tab_completes_commands_and_names(void **state)
{
	struct talk talk;

	(void)state;
	start(&talk, 60, 10, "");
	fake_greet(talk.peer, "anna");
	send_text(talk.peer, "*** Benjamin joined\n<carla> hi\n");
	screen_await(talk.screen, "<carla> hi\n>");
	screen_type(talk.screen, "/ms\tbe\thi");
	screen_press(talk.screen, "Enter");
	expect_text(talk.peer, "/msg Benjamin hi\n");
	screen_type(talk.screen, "/quit");
	screen_press(talk.screen, "Enter");
	expect_text(talk.peer, "/quit\n");
	expect_end(talk.peer);
	close(talk.peer);
	screen_await(talk.screen, "exit 0");
	screen_stop(talk.screen);
	close(talk.server);
}

/* Ctrl-Z and fg, in a shell with job control. */
static void
test_it_stops_and_goes_on(void **state)
{
	char address[64] = "", command[256];
	int server = fake_relay(address, sizeof(address), 1), peer;
	struct screen *screen =
	    screen_start(60, 10, "PS1='$ ' exec bash --norc --noprofile");

	(void)state;
	screen_await(screen, "$");
	snprintf(command, sizeof(command), "clear; %s %s\n", client_program(),
	    address);
	screen_type(screen, command);
	peer = fake_accept(server);
	screen_await(screen, ">");
	screen_type(screen, "half of");
	screen_await(screen, "> half of");
	screen_press(screen, "C-z");
	screen_await(screen, "Stopped");
	send_text(peer, "while it was stopped\n");
	/* A terminal as a shell wants it: what is typed is echoed. */
	screen_type(screen, "echo a'b'c; fg\n");
	screen_await(screen, "\nabc\n");
	screen_await(screen, "while it was stopped\n> half of");
	screen_type(screen, " a line\n");
	expect_text(peer, "half of a line\n");
	screen_press(screen, "C-d");
	expect_end(peer);
	close(peer);
	screen_await(screen, "\n$");
	screen_stop(screen);
	close(server);
}

/* A line that somebody says, when what was said before has come. */
static void
say(struct screen *screen, const char *line)
{
	screen_type(screen, line);
	screen_press(screen, "Enter");
}

static struct screen *
join(struct relay *relay, const char *name)
{
	char options[32], joined[64];
	struct screen *screen;

	snprintf(options, sizeof(options), "-n %s", name);
	snprintf(joined, sizeof(joined), "you are now known as %s\n>", name);
	screen = screen_start_client(60, 16, relay->address, options);
	screen_await(screen, joined);
	return screen;
}

/* README shows it, with these four columns before each row. */
static void
expect_in_readme(const char *text)
{
	char *readme, indented[4096], *to = indented;
	size_t length;

	to += sprintf(to, "    ");
	for (; *text != '\0'; text++) {
		*to++ = *text;
		if (*text == '\n')
			to += sprintf(to, "    ");
	}
	*to = '\0';
	readme = read_whole_file(getenv("TCPRELAY_README"), &length);
	if (strstr(readme, indented) == NULL)
		fail_msg("README does not show\n%s", indented);
	free(readme);
}

/* What anna sees, in the middle of a line of two rows. */
#define HALF_TYPED                                                             \
	"*** you are guest1 in main; /help lists the commands\n"               \
	"*** you are now known as anna\n"                                      \
	"*** guest2 joined\n"                                                  \
	"*** guest2 is now known as ben\n"                                     \
	"*** guest3 joined\n"                                                  \
	"*** guest3 is now known as carla\n"                                   \
	"<ben> good morning\n"                                                 \
	"> morning! did the backup run?\n"                                     \
	"<carla> it did, at 3:12\n"                                            \
	"* carla makes coffee\n"                                               \
	"<ben> thanks, carla! anna, one for you, too?\n"                       \
	"> fine, so we can try the restore at noon, if nobody minds t\n"       \
	"he"

static void
test_a_conversation_of_three(void **state)
{
	struct relay *relay =
	    relay_start("listen = \"127.0.0.1:0\"; mode = \"chat\";", 1);
	struct screen *anna = join(relay, "anna"), *ben, *carla;

	(void)state;
	ben = join(relay, "ben");
	screen_await(anna, "known as ben");
	carla = join(relay, "carla");
	screen_await(anna, "known as carla");
	screen_await(ben, "known as carla");
	say(ben, "good morning");
	screen_await(anna, "morning\n>");
	say(anna, "morning! did the backup run?");
	screen_await(carla, "run?\n>");
	say(carla, "it did, at 3:12");
	screen_await(anna, "3:12\n>");
	screen_type(anna,
	    "fine, so we can try the restore at noon, if nobody minds the");
	screen_await(anna, "s the");
	say(carla, "/me makes coffee");
	screen_await(ben, "coffee\n>");
	say(ben, "thanks, carla! anna, one for you, too?");
	screen_expect(anna, HALF_TYPED);
	expect_in_readme(HALF_TYPED);
	say(anna, " noise");
	screen_expect(ben,
	    "*** you are guest2 in main; /help lists the commands\n"
	    "*** you are now known as ben\n"
	    "*** guest3 joined\n"
	    "*** guest3 is now known as carla\n"
	    "> good morning\n"
	    "<anna> morning! did the backup run?\n"
	    "<carla> it did, at 3:12\n"
	    "* carla makes coffee\n"
	    "> thanks, carla! anna, one for you, too?\n"
	    "<anna> fine, so we can try the restore at noon, if nobody mi\n"
	    "nds the noise\n>");
	screen_expect(carla,
	    "*** you are guest3 in main; /help lists the commands\n"
	    "*** you are now known as carla\n"
	    "<ben> good morning\n"
	    "<anna> morning! did the backup run?\n"
	    "> it did, at 3:12\n"
	    "> /me makes coffee\n"
	    "<ben> thanks, carla! anna, one for you, too?\n"
	    "<anna> fine, so we can try the restore at noon, if nobody mi\n"
	    "nds the noise\n>");
	screen_stop(anna);
	screen_stop(ben);
	screen_stop(carla);
	relay_stop(relay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_what_arrives_goes_above_what_is_typed),
		E2E_TEST(test_a_row_that_is_just_full),
		E2E_TEST(test_wide_characters_before_the_cursor),
		E2E_TEST(test_a_resize_in_the_middle_of_a_line),
		E2E_TEST(test_a_paste_is_sent_whole_and_in_order),
		E2E_TEST(test_keys_that_clear_recall_and_leave),
		E2E_TEST(test_what_arrives_does_nothing_to_the_terminal),
		E2E_TEST(test_a_connection_that_is_lost_while_typing),
		E2E_TEST(test_a_connection_that_is_lost_for_good),
		E2E_TEST(test_a_chat_in_colors_with_the_time),
		E2E_TEST(test_tab_completes_commands_and_names),
		E2E_TEST(test_it_stops_and_goes_on),
		E2E_TEST(test_a_conversation_of_three),
	};

	if (!screen_is_there())
		return 0;
	return cmocka_run_group_tests_name("screen", tests, NULL, NULL);
}
