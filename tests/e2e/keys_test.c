/* SPDX-License-Identifier: ISC */
/*
 * Keys at a pseudo-terminal: those that overtake each other, make the client
 * deaf, or make it crash.
 */
#include "config.h"

#include "harness.h"
#include "place.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* As a signal, Ctrl-C would take what is typed just before or behind it. */
static void
test_ctrl_c_throws_away_only_the_line_that_it_ends(void **state)
{
	struct place place;

	(void)state;
	place_open(&place);
	place_type(
	    &place, "one\rnot said\003two\r\003three\r", "one\ntwo\nthree\n");
	/* Whatever key it is. */
	place.before.c_cc[VINTR] = '\030';
	assert_int_equal(tcsetattr(place.tty, TCSANOW, &place.before), 0);
	place_type(&place, "not said\030two\r", "two\n");
	place_expect_restored(&place);
	place_close_terminal(&place);
}

/* Who waits for Ctrl-Q to write is deaf to signals. */
static void
test_ctrl_s_holds_nothing_up(void **state)
{
	struct place place;

	(void)state;
	place_open(&place);
	/* Back to two, turn, and forward to three. */
	place_type(
	    &place, "two\rthree\r\022t\022\023\023\r", "two\nthree\nthree\n");
	place_start(&place, place.tty, place.tty);
	place_await_shown(&place, "> ");
	send_text(place.person, "\023");
	kill(place.client, SIGTERM);
	assert_int_equal(await_exit(place.client), 128 + SIGTERM);
	place_expect_restored(&place);
	place_close(&place);
}

/* readline 8.2 crashes where it has to read on within a search. */
static void
test_a_key_that_begins_another_ends_a_search(void **state)
{
	struct place place;

	(void)state;
	place_open(&place);
	place_type(&place, "hello\r\022hel\030q\r", "hello\nqhello\n");
	place_close_terminal(&place);
}

/* It could be the beginning of a character, and at Latin-1 it is an e. */
static void
test_a_search_for_half_a_character_holds_nothing_up(void **state)
{
	struct place place;

	(void)state;
	place_open(&place);
	place_start(&place, place.tty, place.tty);
	place_await_shown(&place, "> ");
	send_text(place.person, "\022\351");
	place_await_shown(&place, "`': ");
	send_text(place.peer, "news\n");
	place_await_shown(&place, "news\r\n");
	/* The other way it is whole in the end. */
	send_text(place.person, "a\003\303");
	send_text(place.person, "\251\r");
	expect_text(place.peer, "\303\251\n");
	kill(place.client, SIGTERM);
	assert_int_equal(await_exit(place.client), 128 + SIGTERM);
	place_close(&place);
}

/* readline 8.2 divides by a third of the columns; a dumb one has one less. */
static void
test_a_window_that_has_hardly_a_column(void **state)
{
	static const struct {
		const char *terminal;
		unsigned short columns;
	} windows[] = { { "xterm", 2 }, { "dumb", 3 } };
	struct place place;
	size_t i;

	(void)state;
	place_open(&place);
	for (i = 0; i < COUNT_OF(windows); i++) {
		struct winsize size = { .ws_row = 2,
			.ws_col = windows[i].columns };

		setenv("TERM", windows[i].terminal, 1);
		assert_int_equal(ioctl(place.tty, TIOCSWINSZ, &size), 0);
		place_type(&place, "hello\001\r", "hello\n");
	}
	place_close_terminal(&place);
}

static void
test_keys_that_are_text(void **state)
{
	static const char paste[] = "\033[200~a\0b\033[201~c\r";
	struct place place;

	(void)state;
	place_open(&place);
	/* Tab, where there is nothing to complete. */
	place_type(&place, "/m\tn\r", "/m\tn\n");
	/* A line cannot have a NUL in it. */
	place_start(&place, place.tty, place.tty);
	place_await_shown(&place, "> ");
	send_bytes(place.person, paste, sizeof(paste) - 1);
	expect_text(place.peer, "abc\n");
	close(place.peer);
	assert_int_equal(await_exit(place.client), 1);
	/* The end of a paste can get lost; Ctrl-C helps. */
	place_type(&place, "\033[200~one\rnot said\003two\r", "one\ntwo\n");
	place_type(
	    &place, "\033[200~not said\003one\033[201~two\r", "onetwo\n");
	place_type(&place, "\033[200~\033[20\033[201~!\r", "\033[20!\n");
	place_close_terminal(&place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_ctrl_c_throws_away_only_the_line_that_it_ends),
		E2E_TEST(test_ctrl_s_holds_nothing_up),
		E2E_TEST(test_a_key_that_begins_another_ends_a_search),
		E2E_TEST(test_a_search_for_half_a_character_holds_nothing_up),
		E2E_TEST(test_a_window_that_has_hardly_a_column),
		E2E_TEST(test_keys_that_are_text),
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
