/* SPDX-License-Identifier: ISC */
/*
 * The client as a person sees it: lines that arrive and destroy what is being
 * typed, a paste that is cut, a window that is resized and shows ruins, lines
 * that a lost connection swallows, control characters that a stranger sends.
 */
#include "config.h"

#include "fake.h"
#include "harness.h"
#include "talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	talk_start(&talk, 40, 8, "");
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
	talk_finish(&talk);
}

/* A row that is just full: the cursor is in the next one, or is not. */
static void
test_a_row_that_is_just_full(void **state)
{
	struct talk talk;

	(void)state;
	talk_start(&talk, 20, 6, "");
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
	talk_finish(&talk);
}

static void
test_wide_characters_before_the_cursor(void **state)
{
	struct talk talk;

	(void)state;
	talk_start(&talk, 30, 8, "");
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
	talk_finish(&talk);
}

/* In a locale without UTF-8: keys that are taken for others. */
static void
test_text_in_the_plainest_locale(void **state)
{
	struct talk talk;

	(void)state;
	setenv("LC_ALL", "C", 1);
	talk_start(&talk, 30, 8, "");
	screen_type(talk.screen, "中文é!");
	screen_press(talk.screen, "Left");
	screen_press(talk.screen, "BSpace");
	send_lines(talk.peer, 1, 1);
	screen_expect(talk.screen, "line 1\n> 中文!");
	screen_press(talk.screen, "Enter");
	expect_text(talk.peer, "中文!\n");
	talk_finish(&talk);
}

static void
test_a_resize_in_the_middle_of_a_line(void **state)
{
	struct talk talk;

	(void)state;
	talk_start(&talk, 40, 8, "");
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
	talk_finish(&talk);
}

/* Then a terminal may leave the cursor in it, where readline would not. */
static void
test_a_resize_that_makes_a_row_just_full(void **state)
{
	struct talk talk;

	(void)state;
	talk_start(&talk, 20, 8, "");
	send_lines(talk.peer, 1, 7);
	screen_type(talk.screen, "1234567890123456789012345678");
	screen_await(talk.screen, "line 7\n> 123456789012345678\n9012345678");
	screen_resize(talk.screen, 30, 8);
	send_lines(talk.peer, 8, 8);
	screen_await(
	    talk.screen, "line 7\nline 8\n> 1234567890123456789012345678");
	screen_press(talk.screen, "C-c");
	talk_finish(&talk);
}

/* As an inputrc may have it: the line has one row, however long it is. */
static void
test_a_resize_when_the_line_scrolls(void **state)
{
	static const char setting[] = "set horizontal-scroll-mode on\n";
	char path[] = "/tmp/tcprelay-e2e.XXXXXX";
	struct talk talk;
	int fd = mkstemp(path);

	(void)state;
	assert_int_not_equal(fd, -1);
	close(fd);
	write_file(path, setting, strlen(setting));
	setenv("INPUTRC", path, 1);
	talk_start(&talk, 30, 8, "");
	send_lines(talk.peer, 1, 3);
	screen_type(talk.screen, TWO_ROWS);
	screen_await(talk.screen, "of this screen");
	screen_resize(talk.screen, 25, 8);
	send_lines(talk.peer, 4, 4);
	screen_await(talk.screen, "line 4\n");
	screen_await(talk.screen, "line 1\nline 2\nline 3\n");
	screen_press(talk.screen, "C-c");
	talk_finish(&talk);
	unlink(path);
}

/* What readline asks wraps, too. */
static void
test_a_resize_in_a_search(void **state)
{
	struct talk talk;

	(void)state;
	talk_start(&talk, 50, 8, "");
	screen_type(talk.screen, "one");
	screen_press(talk.screen, "Enter");
	expect_text(talk.peer, "one\n");
	screen_press(talk.screen, "C-r");
	screen_type(talk.screen, "o");
	screen_await(talk.screen, "(reverse-i-search)`o': one");
	screen_resize(talk.screen, 20, 8);
	send_lines(talk.peer, 1, 2);
	screen_await(
	    talk.screen, "line 1\nline 2\n(reverse-i-search)`o\n': one");
	screen_press(talk.screen, "C-c");
	talk_finish(&talk);
}

/* Rows that have left the window cannot be taken away any more. */
static void
test_a_line_of_more_rows_than_the_window(void **state)
{
	static const char digits[] =
	    "012345678901234567890123456789012345678901234567890123456789";
	struct talk talk;

	(void)state;
	talk_start(&talk, 20, 3, "");
	screen_type(talk.screen, digits);
	screen_await(talk.screen, "<");
	send_lines(talk.peer, 1, 2);
	screen_press(talk.screen, "C-a");
	screen_expect(talk.screen, "line 1\nline 2\n> 01234567890123456>");
	screen_type(talk.screen, "x");
	screen_expect(talk.screen, "line 1\nline 2\n> x0123456789012345>");
	/* One that takes it all. */
	screen_resize(talk.screen, 40, 3);
	send_lines(talk.peer, 3, 3);
	screen_expect(talk.screen,
	    "line 3\n> x0123456789012345678901234567890123456\n"
	    "78901234567890123456789");
	screen_press(talk.screen, "Enter");
	expect_text(talk.peer, "x");
	expect_text(talk.peer, digits);
	expect_text(talk.peer, "\n");
	talk_finish(&talk);
}

static void
test_a_paste_is_sent_whole_and_in_order(void **state)
{
	enum { LINES = 300 };
	char text[LINES * 16], *at = text;
	struct talk talk;
	int i;

	(void)state;
	talk_start(&talk, 40, 8, "");
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
	talk_finish(&talk);
}

static void
test_keys_that_clear_recall_and_leave(void **state)
{
	struct talk talk;

	(void)state;
	talk_start(&talk, 40, 8, "");
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
	talk_finish(&talk);
}

static void
test_what_arrives_does_nothing_to_the_terminal(void **state)
{
	static const char bytes[] = "a\033[2Jb\007c\rd\x7f\xff\xc2\x9b"
				    "2Je\tf g\n";
	struct talk talk;

	(void)state;
	talk_start(&talk, 40, 8, "--bell --timestamps=%% --color=always");
	send_text(talk.peer, bytes);
	screen_expect_colors(
	    talk.screen, "a^[[2Jb^Gc^Md^?M-^?M-BM-^[2Je   f g\n>");
	screen_type(talk.screen, "own");
	screen_press(talk.screen, "Enter");
	screen_expect_colors(
	    talk.screen, "a^[[2Jb^Gc^Md^?M-^?M-BM-^[2Je   f g\n> own\n>");
	expect_text(talk.peer, "own\n");
	talk_finish(&talk);
}

static void
test_a_connection_that_is_lost_while_typing(void **state)
{
	struct talk talk;

	(void)state;
	talk_start(&talk, 60, 10, "-R -n anna");
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
	talk_finish(&talk);
}

static void
test_a_connection_that_is_lost_for_good(void **state)
{
	struct talk talk;

	(void)state;
	talk_start(&talk, 70, 10, "");
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_what_arrives_goes_above_what_is_typed),
		E2E_TEST(test_a_row_that_is_just_full),
		E2E_TEST(test_wide_characters_before_the_cursor),
		E2E_TEST(test_text_in_the_plainest_locale),
		E2E_TEST(test_a_resize_in_the_middle_of_a_line),
		E2E_TEST(test_a_resize_that_makes_a_row_just_full),
		E2E_TEST(test_a_resize_when_the_line_scrolls),
		E2E_TEST(test_a_resize_in_a_search),
		E2E_TEST(test_a_line_of_more_rows_than_the_window),
		E2E_TEST(test_a_paste_is_sent_whole_and_in_order),
		E2E_TEST(test_keys_that_clear_recall_and_leave),
		E2E_TEST(test_what_arrives_does_nothing_to_the_terminal),
		E2E_TEST(test_a_connection_that_is_lost_while_typing),
		E2E_TEST(test_a_connection_that_is_lost_for_good),
	};

	if (!screen_is_there())
		return 0;
	return cmocka_run_group_tests_name("screen", tests, NULL, NULL);
}
