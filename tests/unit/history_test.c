/* SPDX-License-Identifier: ISC */
/*
 * Guards against a history that has a gap, keeps more than its bounds, or is
 * freed while it is still being sent to a newcomer; and against a start that a
 * bad disk ends.
 */
#include "config.h"

#include "unit.h"

#include "common/stamp.h"
#include "daemon/conf.h"
#include "daemon/history.h"
#include "daemon/stats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

struct fixture {
	struct conf *conf;
	struct stats stats;
	struct history *history;
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->conf = conf_new();
	f->conf->history_lines = 10;
	f->history = history_new(f->conf, "room", &f->stats);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	if (f->history != NULL)
		history_free(f->history);
	conf_free(f->conf);
	free(f);
	return 0;
}

static void
add(struct fixture *f, const char *lines)
{
	history_add(f->history, lines, strlen(lines));
}

/* All that is shown, as a string. */
struct shown {
	char *text;
	size_t length, pieces;
};

static void
on_piece(
    struct history_chunk *chunk, const char *bytes, size_t length, void *arg)
{
	struct shown *shown = arg;

	assert_non_null(chunk);
	assert_true(length > 0 && bytes[length - 1] == '\n');
	shown->text = realloc(shown->text, shown->length + length + 1);
	memcpy(shown->text + shown->length, bytes, length);
	shown->length += length;
	shown->text[shown->length] = '\0';
	shown->pieces++;
}

static struct shown
show(const struct fixture *f, size_t most)
{
	struct shown shown = { .text = calloc(1, 1) };

	history_each_piece(f->history, most, on_piece, &shown);
	return shown;
}

static void
assert_shown(const struct fixture *f, size_t most, const char *wanted)
{
	struct shown shown = show(f, most);

	assert_string_equal(shown.text, wanted);
	free(shown.text);
}

static void
test_the_last_lines_in_their_order(void **state)
{
	struct fixture *f = *state;

	f->conf->history_lines = 3;
	assert_shown(f, SIZE_MAX, "");
	add(f, "1\n");
	add(f, "2\n");
	assert_shown(f, SIZE_MAX, "1\n2\n");
	add(f, "3\n4\n");
	assert_shown(f, SIZE_MAX, "2\n3\n4\n");
	add(f, "5\n\n7\n8\n9\n");
	assert_shown(f, SIZE_MAX, "7\n8\n9\n");
	assert_shown(f, 2, "8\n9\n");
	assert_shown(f, 0, "");
}

static void
test_nothing_is_kept_where_history_is_off(void **state)
{
	struct fixture *f = *state;

	f->conf->history_lines = 0;
	add(f, "1\n2\n");
	assert_shown(f, SIZE_MAX, "");
	/* As a reload can set it: from then on. */
	f->conf->history_lines = 10;
	add(f, "3\n");
	assert_shown(f, SIZE_MAX, "3\n");
	f->conf->history_lines = 0;
	assert_shown(f, SIZE_MAX, "");
}

/* Lines and batches of all sizes, over many chunks, against a plain model. */
static void
test_numbered_lines_have_no_gap(void **state)
{
	enum { LINES = 20000, LONGEST = 3000 };
	struct fixture *f = *state;
	char *text = malloc(200 * (LONGEST + 16));
	struct shown shown;
	unsigned number = 0, seed = 1, i;
	char *at;

	f->conf->history_lines = 300;
	while (number < LINES) {
		size_t length = 0;

		seed = seed * 1103515245u + 12345u;
		for (i = 0; i <= (seed >> 16) % 200; i++, number++) {
			unsigned most = number % 5 == 0 ? LONGEST : 90;
			int spaces = (int)(number * 7919 % most);

			length += (size_t)sprintf(
			    text + length, "%u%*s\n", number, spaces, "");
		}
		history_add(f->history, text, length);
	}
	shown = show(f, SIZE_MAX);
	assert_true(shown.pieces > 2);
	at = shown.text;
	for (i = number - 300; i < number; i++) {
		assert_int_equal(strtoul(at, NULL, 10), i);
		at = strchr(at, '\n') + 1;
	}
	assert_int_equal(*at, '\0');
	free(shown.text);
	free(text);
}

static char *
long_line(char letter, size_t length)
{
	char *line = malloc(length + 1);

	memset(line, letter, length - 1);
	strcpy(line + length - 1, "\n");
	return line;
}

static void
test_its_bytes_have_a_bound(void **state)
{
	struct fixture *f = *state;
	char *third = long_line('x', HISTORY_BYTES / 3);
	struct shown shown;
	char letter;

	for (letter = 'a'; letter < 'k'; letter++) {
		third[0] = letter;
		add(f, third);
	}
	shown = show(f, SIZE_MAX);
	assert_int_equal(shown.length, HISTORY_BYTES / 3 * 3);
	assert_int_equal(shown.text[0], 'h');
	free(shown.text);
	free(third);
}

/* Nobody can tell that a line is missing in the middle. */
static void
test_what_comes_before_a_line_over_the_bound_goes_with_it(void **state)
{
	struct fixture *f = *state;
	char *line = long_line('x', HISTORY_BYTES + 1), *text;

	add(f, "before\n");
	add(f, line);
	assert_shown(f, SIZE_MAX, "");
	assert_int_not_equal(
	    asprintf(&text, "before\n%safter\nlast\n", line), -1);
	add(f, text);
	assert_shown(f, SIZE_MAX, "after\nlast\n");
	free(text);
	free(line);
}

static void
test_a_line_as_large_as_the_bound_is_kept_alone(void **state)
{
	struct fixture *f = *state;
	char *line = long_line('x', HISTORY_BYTES);

	add(f, "before\n");
	add(f, line);
	assert_shown(f, SIZE_MAX, line);
	free(line);
}

struct pinned {
	struct history_chunk *chunk;
	const char *bytes;
};

static void
pin(struct history_chunk *chunk, const char *bytes, size_t length, void *arg)
{
	struct pinned *pinned = arg;

	(void)length;
	pinned->chunk = history_pin(chunk);
	pinned->bytes = bytes;
}

static void
test_what_is_being_sent_outlives_the_history(void **state)
{
	struct fixture *f = *state;
	struct pinned pinned;
	int i;

	add(f, "said\n");
	history_each_piece(f->history, SIZE_MAX, pin, &pinned);
	for (i = 0; i < 20; i++)
		add(f, "later\n");
	assert_memory_equal(pinned.bytes, "said\n", 5);
	assert_int_equal(f->stats.pinned_bytes, 0);
	history_free(f->history);
	f->history = NULL;
	assert_memory_equal(pinned.bytes, "said\n", 5);
	assert_in_range(f->stats.pinned_bytes, 5, HISTORY_BYTES);
	history_unpin(pinned.chunk);
	assert_int_equal(f->stats.pinned_bytes, 0);
}

static void
test_in_chat_each_line_has_its_time_and_notices_are_left_out(void **state)
{
	struct fixture *f = *state;
	struct shown shown;
	const char *second;

	history_free(f->history);
	f->conf->mode = CONF_MODE_CHAT;
	f->history = history_new(f->conf, "room", &f->stats);
	add(f, "<alice> hi\n*** bob joined\n*** \n* bob waves\n");
	shown = show(f, SIZE_MAX);
	assert_int_equal(shown.length,
	    2 * STAMP_BYTES + strlen("<alice> hi\n* bob waves\n"));
	assert_true(stamp_is_on(shown.text, shown.length));
	assert_memory_equal(shown.text + STAMP_BYTES, "<alice> hi\n", 11);
	second = shown.text + STAMP_BYTES + 11;
	assert_true(stamp_is_on(second, STAMP_BYTES + 12));
	assert_string_equal(second + STAMP_BYTES, "* bob waves\n");
	free(shown.text);
}

static void
test_times_are_rfc_3339_and_lines_become_utf8(void **state)
{
	static const char lines[] = "plain\n\nlatin \xfc\n";
	size_t length;
	char *text;

	(void)state;
	text = stamp_lines(lines, 7, 1795338680, &length);
	assert_int_equal(length, 2 * STAMP_BYTES + 7);
	assert_memory_equal(text,
	    "2026-11-22T09:11:20Z plain\n2026-11-22T09:11:20Z \n", length);
	free(text);
	text = stamp_lines(lines + 7, 8, 0, &length);
	assert_int_equal(length, STAMP_BYTES + 10);
	assert_memory_equal(
	    text, "1970-01-01T00:00:00Z latin \xef\xbf\xbd\n", length);
	free(text);
}

static void
test_what_is_no_time_is_seen(void **state)
{
	static const char *const wrong[] = {
		"2026-11-22T09:11:20Z",
		"2026-11-22T09:11:20Zx\n",
		"2026-11-22 09:11:20Z x\n",
		"2026-11-22T09:11:2xZ x\n",
		"hello, this line has no time\n",
		"\n",
	};
	size_t i;

	(void)state;
	assert_true(stamp_is_on("2026-11-22T09:11:20Z \n", STAMP_BYTES + 1));
	for (i = 0; i < COUNT_OF(wrong); i++)
		assert_false(stamp_is_on(wrong[i], strlen(wrong[i])));
}

/* From here on the disk can be read. */
static off_t good_from;

/* In place of that of the C library. */
ssize_t
pread(int fd, void *bytes, size_t size, off_t offset)
{
	struct iovec piece = { .iov_base = bytes, .iov_len = size };

	if (offset >= good_from)
		return preadv(fd, &piece, 1, offset);
	errno = EIO;
	return -1;
}

/* What was read of it before is not taken for what was read in the end. */
static void
test_a_disk_that_fails_half_way_costs_the_history_alone(void **state)
{
	struct fixture *f = *state;
	char directory[] = "/tmp/history.XXXXXX", path[64];
	FILE *file;
	int i;

	history_free(f->history);
	assert_non_null(mkdtemp(directory));
	f->conf->history_directory = strdup(directory);
	snprintf(path, sizeof(path), "%s/room.log", directory);
	file = fopen(path, "we");
	assert_non_null(file);
	/* So long that the second look at the file sees more lines. */
	for (i = 0; i < 10; i++)
		fprintf(file, "2026-11-22T09:11:20Z %020000d\n", i);
	good_from = ftell(file) - 100000;
	assert_int_equal(fclose(file), 0);
	f->history = history_new(f->conf, "room", &f->stats);
	assert_true(history_is_empty(f->history));
	good_from = 0;
	unlink(path);
	rmdir(directory);
}

int
main(void)
{
#define HISTORY_TEST(test)                                                     \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		HISTORY_TEST(test_the_last_lines_in_their_order),
		HISTORY_TEST(test_nothing_is_kept_where_history_is_off),
		HISTORY_TEST(test_numbered_lines_have_no_gap),
		HISTORY_TEST(test_its_bytes_have_a_bound),
		HISTORY_TEST(
		    test_what_comes_before_a_line_over_the_bound_goes_with_it),
		HISTORY_TEST(test_a_line_as_large_as_the_bound_is_kept_alone),
		HISTORY_TEST(test_what_is_being_sent_outlives_the_history),
		HISTORY_TEST(
		    test_in_chat_each_line_has_its_time_and_notices_are_left_out),
		HISTORY_TEST(test_times_are_rfc_3339_and_lines_become_utf8),
		HISTORY_TEST(test_what_is_no_time_is_seen),
		HISTORY_TEST(
		    test_a_disk_that_fails_half_way_costs_the_history_alone),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
