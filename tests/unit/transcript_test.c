/* SPDX-License-Identifier: ISC */
/*
 * Guards against transcripts with half lines in them, lines that are glued
 * together after a crash or a full disk, a start that reads a whole large file,
 * and a room whose name leads out of the directory.
 */
#include "config.h"

#include "unit.h"

#include "common/count.h"
#include "common/stamp.h"
#include "daemon/conf.h"
#include "daemon/history.h"
#include "daemon/stats.h"
#include "daemon/transcript.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define T "2026-11-22T09:11:20Z "

struct fixture {
	char directory[32], path[64];
	struct conf *conf;
	struct stats stats;
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->directory, "/tmp/transcript.XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/room.log", f->directory);
	f->conf = conf_new();
	f->conf->history_lines = 10;
	f->conf->history_directory = strdup(f->directory);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	assert_int_equal(rmdir(f->directory), 0);
	conf_free(f->conf);
	free(f);
	return 0;
}

static void
write_file(const struct fixture *f, const char *bytes, size_t length)
{
	int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, bytes, length), length);
	close(fd);
}

static void
assert_file(const struct fixture *f, const char *bytes, size_t length)
{
	int fd = open(f->path, O_RDONLY);
	char *got = malloc(length + 1);

	assert_int_equal(read(fd, got, length + 1), length);
	assert_memory_equal(got, bytes, length);
	free(got);
	close(fd);
}

static void
add(struct history *history, const char *lines)
{
	history_add(history, lines, strlen(lines));
}

static void
on_piece(
    struct history_chunk *chunk, const char *bytes, size_t length, void *arg)
{
	char *text = arg;

	(void)chunk;
	strncat(text, bytes, length);
}

static void
assert_shown(const struct history *history, const char *wanted)
{
	char text[4096] = "";

	history_each_piece(history, SIZE_MAX, on_piece, text);
	assert_string_equal(text, wanted);
}

static struct history *
open_history(struct fixture *f)
{
	return history_new(f->conf, "room", &f->stats);
}

static void
test_history_comes_back_as_it_was(void **state)
{
	struct fixture *f = *state;
	struct history *history = open_history(f);
	char text[4096];

	assert_shown(history, "");
	add(history, "one\ntwo \x1b[1m\r\n\n");
	add(history,
	    "gr\xc3\xbc\xc3\x9f"
	    "e\n");
	history_free(history);
	history = open_history(f);
	assert_shown(history,
	    "one\ntwo \x1b[1m\r\n\ngr\xc3\xbc\xc3\x9f"
	    "e\n");
	f->conf->history_lines = 2;
	add(history, "three\n");
	assert_shown(history,
	    "gr\xc3\xbc\xc3\x9f"
	    "e\nthree\n");
	history_free(history);
	/* In chat the times come with it. */
	f->conf->mode = CONF_MODE_CHAT;
	history = open_history(f);
	text[0] = '\0';
	history_each_piece(history, SIZE_MAX, on_piece, text);
	assert_true(stamp_is_on(text, strlen(text)));
	assert_string_equal(strchr(text, '\n') + 1 + STAMP_BYTES, "three\n");
	history_free(history);
}

/* The file was written in mode relay, where a line is any bytes. */
static void
test_in_chat_what_comes_back_is_safe_and_no_notice(void **state)
{
	struct fixture *f = *state;
	static const char lines[] =
	    T "\x1b[2J\x1b]0;owned\x07 boo\r\n" T "*** root joined\n" T
	      "\x1b*** root joined\n" T "<alice> gr\xc3\xbc\xc3\x9f"
	      "e\t\xff\n";
	struct history *history;

	write_file(f, lines, strlen(lines));
	f->conf->mode = CONF_MODE_CHAT;
	history = open_history(f);
	assert_shown(history,
	    T "[2J]0;owned boo\n" T "<alice> gr\xc3\xbc\xc3\x9f"
	      "e\t\xef\xbf\xbd\n");
	history_free(history);
	assert_file(f, lines, strlen(lines));
}

static void
test_a_transcript_is_utf8_and_has_a_time_in_every_line(void **state)
{
	struct fixture *f = *state;
	struct history *history;
	char text[256] = "";
	struct stat st;
	int fd;

	write_file(f, "somebody else's\n", 16);
	/* Without lines to show it is written all the same. */
	f->conf->history_lines = 0;
	history = open_history(f);
	add(history, "latin \xfc\n\n");
	history_free(history);
	fd = open(f->path, O_RDONLY);
	assert_int_equal(read(fd, text, sizeof(text)),
	    16 + STAMP_BYTES + 10 + STAMP_BYTES + 1);
	close(fd);
	assert_memory_equal(text, "somebody else's\n", 16);
	assert_true(stamp_is_on(text + 16, STAMP_BYTES + 10));
	assert_memory_equal(
	    text + 16 + STAMP_BYTES, "latin \xef\xbf\xbd\n", 10);
	unlink(f->path);
	/* Rooms come and go; one where nothing was said leaves nothing. */
	history = open_history(f);
	history_reopen(history);
	assert_int_equal(stat(f->path, &st), -1);
	add(history, "said\n");
	history_free(history);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640 & ~umask(022));
}

/* What a loss of power or a kill -9 may leave, and what becomes of it. */
static const struct {
	const char *content, *mended, *shown;
} torn[] = {
	{ "", "", "" },
	{ T "a\n", T "a\n", "a\n" },
	{ T "a\n" T "b\n" T "hal", T "a\n" T "b\n", "a\nb\n" },
	{ T "a\n" T, T "a\n", "a\n" },
	{ T "a\n2026-11-2", T "a\n", "a\n" },
	{ "2026", "", "" },
	{ T "never ended", "", "" },
	/* A line that is no transcript's is left where it is. */
	{ T "a\nrubbish\n" T "b\n", T "a\nrubbish\n" T "b\n", "a\nb\n" },
	{ "\n\n", "\n\n", "" },
};

static void
test_half_a_line_is_cut_off_and_not_shown(void **state)
{
	struct fixture *f = *state;
	char shown[64];
	size_t i;

	for (i = 0; i < COUNT_OF(torn); i++) {
		struct history *history;

		write_file(f, torn[i].content, strlen(torn[i].content));
		history = open_history(f);
		assert_shown(history, torn[i].shown);
		assert_file(f, torn[i].mended, strlen(torn[i].mended));
		add(history, "new\n");
		history_free(history);
		history = open_history(f);
		snprintf(shown, sizeof(shown), "%snew\n", torn[i].shown);
		assert_shown(history, shown);
		history_free(history);
	}
}

/* A file system may give the file its size and not its bytes. */
static void
test_a_long_run_of_nuls_is_cut_off(void **state)
{
	struct fixture *f = *state;
	struct history *history;

	write_file(f, T "a\n", STAMP_BYTES + 2);
	assert_int_equal(truncate(f->path, 300000), 0);
	history = open_history(f);
	assert_shown(history, "a\n");
	assert_file(f, T "a\n", STAMP_BYTES + 2);
	history_free(history);
}

static void
test_a_file_without_any_line_end_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct history *history;
	struct stat st;
	off_t size = (off_t)1 << 30;

	write_file(f, "x", 1);
	assert_int_equal(truncate(f->path, size), 0);
	history = open_history(f);
	add(history, "said\n");
	assert_shown(history, "said\n");
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_size, size);
	assert_int_equal(f->stats.transcript_lines_lost, 1);
	history_free(history);
}

/* Bytes that this process has asked the kernel for since its start. */
static uint64_t
bytes_read(void)
{
	FILE *file = fopen("/proc/self/io", "r");
	uint64_t bytes;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "rchar: %" SCNu64, &bytes), 1);
	fclose(file);
	return bytes;
}

static void
test_a_large_file_is_read_from_its_end(void **state)
{
	struct fixture *f = *state;
	struct history *history;
	uint64_t before;
	FILE *file;
	char *shown;
	int i;

	write_file(f, T "first\n", STAMP_BYTES + 6);
	assert_int_equal(truncate(f->path, (off_t)1 << 30), 0);
	file = fopen(f->path, "a");
	fprintf(file, "\n");
	for (i = 0; i < 100000; i++)
		fprintf(file, T "%d\n", i);
	fprintf(file, T "torn");
	fclose(file);
	f->conf->history_lines = 3;
	before = bytes_read();
	history = open_history(f);
	assert_in_range(bytes_read() - before, 1, 200000);
	assert_shown(history, "99997\n99998\n99999\n");
	history_free(history);
	/* Only what is needed, and no more than is kept. */
	f->conf->history_lines = 10000;
	before = bytes_read();
	history = open_history(f);
	assert_in_range(bytes_read() - before, 200000, 2 * HISTORY_BYTES);
	shown = calloc(1, HISTORY_BYTES);
	history_each_piece(history, SIZE_MAX, on_piece, shown);
	assert_int_equal(count_lines(shown, strlen(shown)), 10000);
	assert_memory_equal(shown, "90000\n", 6);
	free(shown);
	history_free(history);
}

/*
 * Where the part that is read begins in the middle of a line, or just at one.
 */
static void
test_the_part_that_is_read_begins_with_a_whole_line(void **state)
{
	struct fixture *f = *state;
	static const char lines[] = T "1\n" T "22\n" T "333\n";
	size_t length = sizeof(lines) - 1, most, got;
	struct transcript *transcript;

	write_file(f, lines, length);
	transcript = transcript_new(f->directory, "room", &f->stats);
	for (most = 0; most < length + 5; most++) {
		char *text = transcript_read_end(transcript, 10, most, &got);
		size_t wanted = most >= length	  ? length
		    : most >= 2 * STAMP_BYTES + 7 ? 2 * STAMP_BYTES + 7
		    : most >= STAMP_BYTES + 4	  ? STAMP_BYTES + 4
						  : 0;

		assert_int_equal(got, wanted);
		assert_memory_equal(text, lines + length - got, got);
		free(text);
	}
	transcript_free(transcript);
}

static void
test_no_name_leads_out_of_the_directory(void **state)
{
	static const char *const names[][2] = {
		{ "room", "room.log" },
		{ "A-b_9", "A-b_9.log" },
		{ "..", "%2E%2E.log" },
		{ "../x", "%2E%2E%2Fx.log" },
		{ "a b\n%", "a%20b%0A%25.log" },
		{ "k\xc3\xbc"
		  "che",
		    "k\xc3\xbc"
		    "che.log" },
	};
	struct fixture *f = *state;
	struct history *history;
	char path[256];
	size_t i;

	for (i = 0; i < COUNT_OF(names); i++) {
		history = history_new(f->conf, names[i][0], &f->stats);
		add(history, "said\n");
		history_free(history);
		snprintf(
		    path, sizeof(path), "%s/%s", f->directory, names[i][1]);
		assert_int_equal(unlink(path), 0);
	}
}

/* As they are called by those who come first, today and tomorrow. */
static void
test_in_chat_a_name_in_another_case_is_the_same_room(void **state)
{
	struct fixture *f = *state;
	struct history *history;
	char text[256] = "";

	f->conf->mode = CONF_MODE_CHAT;
	history = history_new(f->conf, "Room", &f->stats);
	add(history, "<alice> hi\n");
	history_free(history);
	history = history_new(f->conf, "rOOM", &f->stats);
	history_each_piece(history, SIZE_MAX, on_piece, text);
	assert_string_equal(text + STAMP_BYTES, "<alice> hi\n");
	history_free(history);
}

static void
limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A limit on the size of files stands for a disk that is full. */
static void
test_a_full_disk_leaves_whole_lines_and_no_gap_in_memory(void **state)
{
	struct fixture *f = *state;
	struct history *history = open_history(f);
	struct stat st;

	limit_files(2 * (STAMP_BYTES + 4) + 10);
	add(history, "one\n");
	add(history, "two\nhalf\n");
	add(history, "four\n");
	limit_files(RLIM_INFINITY);
	assert_int_equal(f->stats.transcript_lines_lost, 2);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_size, 2 * (STAMP_BYTES + 4));
	assert_shown(history, "one\ntwo\nhalf\nfour\n");
	/* Tried again after a while, by itself. */
	while (stat(f->path, &st) == 0 && st.st_size == 2 * (STAMP_BYTES + 4)) {
		add(history, "later\n");
		poll(NULL, 0, 20);
	}
	assert_int_equal(st.st_size, 3 * (STAMP_BYTES + 4) + 2);
	history_free(history);
	history = open_history(f);
	assert_shown(history, "one\ntwo\nlater\n");
	history_free(history);
}

static void
test_a_file_that_cannot_be_opened_costs_nobody_a_line(void **state)
{
	struct fixture *f = *state;
	struct history *history;

	assert_int_equal(mkdir(f->path, 0700), 0);
	history = open_history(f);
	add(history, "one\ntwo\n");
	assert_shown(history, "one\ntwo\n");
	assert_int_equal(f->stats.transcript_lines_lost, 2);
	assert_int_equal(rmdir(f->path), 0);
	history_reopen(history);
	add(history, "three\n");
	assert_int_equal(f->stats.transcript_lines_lost, 2);
	history_free(history);
	history = open_history(f);
	assert_shown(history, "three\n");
	history_free(history);
}

static void
test_reopening_goes_where_the_settings_say_now(void **state)
{
	struct fixture *f = *state;
	struct history *history = open_history(f);
	char *directory = f->conf->history_directory, moved[80];

	snprintf(moved, sizeof(moved), "%s.1", f->path);
	add(history, "one\n");
	assert_int_equal(rename(f->path, moved), 0);
	add(history, "two\n");
	history_reopen(history);
	add(history, "three\n");
	f->conf->history_directory = NULL;
	history_reopen(history);
	add(history, "four\n");
	f->conf->history_directory = directory;
	history_reopen(history);
	add(history, "five\n");
	assert_shown(history, "one\ntwo\nthree\nfour\nfive\n");
	history_free(history);
	history = open_history(f);
	assert_shown(history, "three\nfive\n");
	history_free(history);
	assert_int_equal(rename(moved, f->path), 0);
	history = open_history(f);
	assert_shown(history, "one\ntwo\n");
	history_free(history);
}

int
main(void)
{
#define TRANSCRIPT_TEST(test)                                                  \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TRANSCRIPT_TEST(test_history_comes_back_as_it_was),
		TRANSCRIPT_TEST(
		    test_in_chat_what_comes_back_is_safe_and_no_notice),
		TRANSCRIPT_TEST(
		    test_a_transcript_is_utf8_and_has_a_time_in_every_line),
		TRANSCRIPT_TEST(test_half_a_line_is_cut_off_and_not_shown),
		TRANSCRIPT_TEST(test_a_long_run_of_nuls_is_cut_off),
		TRANSCRIPT_TEST(test_a_file_without_any_line_end_is_left_alone),
		TRANSCRIPT_TEST(test_a_large_file_is_read_from_its_end),
		TRANSCRIPT_TEST(
		    test_the_part_that_is_read_begins_with_a_whole_line),
		TRANSCRIPT_TEST(test_no_name_leads_out_of_the_directory),
		TRANSCRIPT_TEST(
		    test_in_chat_a_name_in_another_case_is_the_same_room),
		TRANSCRIPT_TEST(
		    test_a_full_disk_leaves_whole_lines_and_no_gap_in_memory),
		TRANSCRIPT_TEST(
		    test_a_file_that_cannot_be_opened_costs_nobody_a_line),
		TRANSCRIPT_TEST(test_reopening_goes_where_the_settings_say_now),
	};

	signal(SIGXFSZ, SIG_IGN);
	alarm(60);
	return cmocka_run_group_tests_name("transcript", tests, NULL, NULL);
}
