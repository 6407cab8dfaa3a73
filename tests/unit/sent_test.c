/* SPDX-License-Identifier: ISC */
/*
 * Guards against a line that is sent again in part, against lines that are
 * said to be lost when they are not, and against keeping more than is needed.
 */
#include "config.h"

#include "unit.h"

#include "client/sent.h"

#include <string.h>

#define PIECE_BYTES (1 << 20)

static void
add(struct sent *sent, const char *text)
{
	sent_add(sent, text, strlen(text));
}

static void
expect_taken(struct sent *sent, const char *text)
{
	struct evbuffer *taken = evbuffer_new();
	size_t length = strlen(text);

	sent_take(sent, taken);
	assert_int_equal(evbuffer_get_length(taken), length);
	assert_memory_equal(evbuffer_pullup(taken, -1), text, length);
	evbuffer_free(taken);
}

static void
test_lines_are_kept_until_all_of_them_has_arrived(void **state)
{
	struct sent sent;

	(void)state;
	sent_init(&sent);
	sent.line_bytes_max = SENT_LINE_BYTES_MAX;
	add(&sent, "one\ntwo\nthree\nfo");
	/* Up to "tw". */
	sent_forget(&sent, 10);
	assert_int_equal(sent_unknown_lines(&sent), 2);
	assert_int_equal(sent.lines, 3);
	assert_int_equal(sent.bytes, 16);
	/* More is not known than what there is: a secret was sent, too. */
	sent_forget(&sent, 1000);
	assert_int_equal(sent_unknown_lines(&sent), 2);
	sent_forget(&sent, 5);
	expect_taken(&sent, "three\nfo");
	sent_clear(&sent);
}

static void
expect_cut(const struct sent *sent, bool cut, bool first)
{
	bool is_first;

	assert_int_equal(sent_is_cut(sent, &is_first), cut);
	assert_int_equal(is_first, first);
}

/* What a relay does not take is told from what is on its way. */
static void
test_a_line_that_was_cut_in_two(void **state)
{
	static char piece[PIECE_BYTES];
	struct sent sent;

	(void)state;
	sent_init(&sent);
	sent.line_bytes_max = SENT_LINE_BYTES_MAX;
	add(&sent, "one\ntwo\nth");
	expect_cut(&sent, false, true);
	/* Up to "o". */
	sent_forget(&sent, 9);
	expect_cut(&sent, true, true);
	/* Up to "t". */
	sent_forget(&sent, 5);
	expect_cut(&sent, true, false);
	/* The rest of "th" was not sent. */
	sent_forget(&sent, 0);
	expect_cut(&sent, false, false);
	sent_add(&sent, piece, sizeof(piece));
	sent_forget(&sent, 0);
	expect_cut(&sent, true, false);
	sent_clear(&sent);
}

/* 64 MiB without an LF, in pieces, half of each on its way. */
static size_t
kept_of_a_long_line(size_t line_bytes_max)
{
	static char piece[PIECE_BYTES];
	struct sent sent;
	size_t most = 0;
	int i;

	sent_init(&sent);
	sent.line_bytes_max = line_bytes_max;
	for (i = 0; i < 64; i++) {
		sent_add(&sent, piece, sizeof(piece));
		if (evbuffer_get_length(sent.copy) > most)
			most = evbuffer_get_length(sent.copy);
		sent_forget(&sent, PIECE_BYTES / 2);
	}
	sent_clear(&sent);
	return most;
}

static void
test_a_line_without_an_end_is_not_kept(void **state)
{
	(void)state;
	assert_in_range(kept_of_a_long_line(0), 0, 2 * PIECE_BYTES);
	assert_in_range(kept_of_a_long_line(SENT_LINE_BYTES_MAX),
	    SENT_LINE_BYTES_MAX, SENT_LINE_BYTES_MAX + 2 * PIECE_BYTES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_lines_are_kept_until_all_of_them_has_arrived),
		cmocka_unit_test(test_a_line_that_was_cut_in_two),
		cmocka_unit_test(test_a_line_without_an_end_is_not_kept),
	};

	return cmocka_run_group_tests_name("sent", tests, NULL, NULL);
}
