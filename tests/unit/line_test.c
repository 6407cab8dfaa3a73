/* SPDX-License-Identifier: ISC */
/*
 * Guards against lines that depend on how TCP cut them up, against bytes that
 * are taken for more than bytes, and against the search for LF starting anew
 * with every byte that dribbles in.
 */
#include "config.h"

#include "unit.h"

#include "common/count.h"
#include "daemon/line.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct sink {
	char bytes[4096];
	size_t length, calls;
	bool unterminated;
};

static void
collect(const char *bytes, size_t length, void *arg)
{
	struct sink *sink = arg;

	assert_in_range(length, 1, sizeof(sink->bytes) - sink->length);
	memcpy(sink->bytes + sink->length, bytes, length);
	sink->length += length;
	sink->calls++;
	if (bytes[length - 1] != '\n')
		sink->unterminated = true;
}

/* NUL, CR, high bytes, an empty line, and a last line without LF. */
static const char stream[] = "one\ntwo\r\n\n\0zero\0\n\xff\xfe\nlonger "
			     "line here\nlast";
#define STREAM_LENGTH (sizeof(stream) - 1)
#define WHOLE_LENGTH  (STREAM_LENGTH - strlen("last"))

static void
feed_cut(struct sink *sink, size_t first, size_t second)
{
	struct line_framer framer = { 0 };
	size_t cuts[] = { 0, first, second, STREAM_LENGTH }, i;

	for (i = 0; i < 3; i++)
		assert_int_equal(line_feed(&framer, stream + cuts[i],
				     cuts[i + 1] - cuts[i], 100, collect, sink),
		    0);
	assert_int_equal(sink->length, WHOLE_LENGTH);
	line_finish(&framer, collect, sink);
	line_clear(&framer);
}

static void
test_every_split_gives_the_same_lines(void **state)
{
	size_t first, second;

	(void)state;
	for (first = 0; first <= STREAM_LENGTH; first++)
		for (second = first; second <= STREAM_LENGTH; second++) {
			struct sink sink = { .length = 0 };

			feed_cut(&sink, first, second);
			assert_false(sink.unterminated);
			assert_int_equal(sink.length, STREAM_LENGTH + 1);
			assert_memory_equal(sink.bytes, stream, STREAM_LENGTH);
			assert_int_equal(sink.bytes[STREAM_LENGTH], '\n');
		}
}

static void
test_byte_by_byte_gives_the_same_lines(void **state)
{
	struct line_framer framer = { 0 };
	struct sink sink = { .length = 0 };
	size_t i;

	(void)state;
	for (i = 0; i < STREAM_LENGTH; i++)
		assert_int_equal(
		    line_feed(&framer, stream + i, 1, 100, collect, &sink), 0);
	assert_memory_equal(sink.bytes, stream, WHOLE_LENGTH);
	assert_int_equal(sink.calls, count_lines(stream, STREAM_LENGTH));
	line_clear(&framer);
}

static void
test_the_end_without_a_partial_line_adds_nothing(void **state)
{
	struct line_framer framer = { 0 };
	struct sink sink = { .length = 0 };

	(void)state;
	line_feed(&framer, "a\n", 2, 10, collect, &sink);
	line_finish(&framer, collect, &sink);
	assert_int_equal(sink.length, 2);
	line_clear(&framer);
}

/* Feeds "ok", a line of length bytes, and "after", cut into pieces. */
static int
feed_long_line(struct sink *sink, size_t length, size_t piece)
{
	struct line_framer framer = { 0 };
	char bytes[200];
	size_t total, at;
	int result = 0;

	memcpy(bytes, "ok\n", 3);
	memset(bytes + 3, 'x', length);
	memcpy(bytes + 3 + length, "\nafter\n", 7);
	total = 3 + length + 7;
	for (at = 0; at < total && result == 0; at += piece)
		result = line_feed(&framer, bytes + at,
		    piece < total - at ? piece : total - at, 32, collect, sink);
	line_clear(&framer);
	return result;
}

static void
test_a_line_at_the_limit_passes_and_one_above_does_not(void **state)
{
	size_t piece;

	(void)state;
	for (piece = 1; piece < 120; piece++) {
		struct sink below = { .length = 0 }, at = { .length = 0 },
			    above = { .length = 0 };

		assert_int_equal(feed_long_line(&below, 31, piece), 0);
		assert_int_equal(below.length, 3 + 32 + 6);
		assert_int_equal(feed_long_line(&at, 32, piece), 0);
		assert_int_equal(at.length, 3 + 33 + 6);
		assert_int_equal(feed_long_line(&above, 33, piece), -1);
		assert_int_equal(above.length, 3);
		assert_memory_equal(above.bytes, "ok\n", 3);
	}
}

/* In one piece and in many: what follows the long one goes on. */
static void
test_long_lines_can_be_left_out(void **state)
{
	static const char lines[] = "ok\n0123456789\n01234567890\nafter\n"
				    "012345678901234567890123\nlast";
	const size_t length = sizeof(lines) - 1;
	size_t piece, at;

	(void)state;
	for (piece = 1; piece <= length; piece++) {
		struct line_framer framer = { 0 };
		struct sink sink = { .length = 0 };
		bool skipping = false;
		unsigned skipped = 0;

		for (at = 0; at < length; at += piece)
			skipped +=
			    line_feed_skipping(&framer, &skipping, lines + at,
				piece < length - at ? piece : length - at, 10,
				collect, &sink);
		line_finish(&framer, collect, &sink);
		assert_int_equal(skipped, 2);
		assert_int_equal(sink.length, 25);
		assert_memory_equal(
		    sink.bytes, "ok\n0123456789\nafter\nlast\n", 25);
		line_clear(&framer);
	}
}

static void
test_a_line_that_never_ends_is_not_kept(void **state)
{
	struct line_framer framer = { 0 };
	struct sink sink = { .length = 0 };
	char bytes[1000];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(
	    line_feed(&framer, bytes, 1000, 1000, collect, &sink), 0);
	assert_int_equal(
	    line_feed(&framer, bytes, 1, 1000, collect, &sink), -1);
	assert_int_equal(framer.length, 1000);
	assert_int_equal(sink.calls, 0);
	line_clear(&framer);
}

/*
 * Two megabytes in single bytes. Searching from the start each time would look
 * at two million million bytes, which the time limit of the tests would show.
 */
static void
test_dribbled_bytes_cost_linear_time(void **state)
{
	enum { LENGTH = 2 * 1024 * 1024 };
	struct line_framer framer = { 0 };
	struct sink sink = { .length = 0 };
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH; i++)
		assert_int_equal(
		    line_feed(&framer, "x", 1, LENGTH, collect, &sink), 0);
	assert_int_equal(framer.length, LENGTH);
	line_clear(&framer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_split_gives_the_same_lines),
		cmocka_unit_test(test_byte_by_byte_gives_the_same_lines),
		cmocka_unit_test(
		    test_the_end_without_a_partial_line_adds_nothing),
		cmocka_unit_test(
		    test_a_line_at_the_limit_passes_and_one_above_does_not),
		cmocka_unit_test(test_long_lines_can_be_left_out),
		cmocka_unit_test(test_a_line_that_never_ends_is_not_kept),
		cmocka_unit_test(test_dribbled_bytes_cost_linear_time),
	};

	return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
