/* SPDX-License-Identifier: ISC */
/*
 * Guards against a log in which a client writes lines of its own, or that does
 * something at the terminal of whoever reads it; and against levels that the
 * journal does not see.
 */
#include "config.h"

#include "unit.h"

#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char output[16384];
static int own_stderr, ends[2];

static int
set_up(void **state)
{
	(void)state;
	assert_int_equal(pipe(ends), 0);
	own_stderr = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	return 0;
}

/* All that was logged since set_up(). */
static const char *
logged(void)
{
	ssize_t length;

	dup2(own_stderr, STDERR_FILENO);
	close(own_stderr);
	length = read(ends[0], output, sizeof(output) - 1);
	assert_true(length >= 0);
	output[length] = '\0';
	close(ends[0]);
	return output;
}

static void
test_what_a_client_chose_cannot_write_lines_of_its_own(void **state)
{
	const char *text;

	(void)state;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
	log_warn("x name=\"%s\"",
	    "a\n2026-11-22T00:00:00.000Z info: b\r\x1b[2J\xff");
	text = logged();
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_non_null(strstr(text,
	    "Z warn: x name=\"a2026-11-22T00:00:00.000Z info: b[2J"
	    "\xef\xbf\xbd\"\n"));
}

static void
test_a_line_of_any_length_is_one_line(void **state)
{
	char *huge = malloc(10000);
	const char *text;

	(void)state;
	memset(huge, 0xff, 10000);
	huge[9999] = '\0';
	log_warn("x name=\"%s\"", huge);
	text = logged();
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(huge);
}

static void
test_the_journal_is_told_the_level_and_no_time(void **state)
{
	char stream[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_DEBUG);
	log_error("a");
	log_warn("b");
	log_info("c");
	log_debug("d");
	assert_string_equal(logged(), "<3>a\n<4>b\n<6>c\n<7>d\n");
}

/* A configuration can have a line end in a value. */
static void
test_an_error_before_the_log_is_one_line_too(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	log_bare_error("f:1: mode: \"a\nf:2: \x1b[2J\" is not known");
	assert_string_equal(
	    logged(), "f:1: mode: \"af:2: [2J\" is not known\n");
}

/* Standard error was sent elsewhere, but the variable is inherited. */
static void
test_a_journal_that_is_somewhere_else_is_none(void **state)
{
	(void)state;
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
	log_info("a");
	log_debug("b");
	assert_non_null(strstr(logged(), "Z info: a\n"));
	assert_null(strstr(output, "b"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    test_what_a_client_chose_cannot_write_lines_of_its_own,
		    set_up),
		cmocka_unit_test_setup(
		    test_a_line_of_any_length_is_one_line, set_up),
		cmocka_unit_test_setup(
		    test_the_journal_is_told_the_level_and_no_time, set_up),
		cmocka_unit_test_setup(
		    test_an_error_before_the_log_is_one_line_too, set_up),
		cmocka_unit_test_setup(
		    test_a_journal_that_is_somewhere_else_is_none, set_up),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
