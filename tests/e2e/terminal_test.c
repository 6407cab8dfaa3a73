/* SPDX-License-Identifier: ISC */
/*
 * The client at a pseudo-terminal: a terminal that is left without echo by a
 * signal or a crash, a process that outlives its terminal, lines that are kept
 * where others can read them, control characters that get through.
 */
#include "config.h"

#include "fake.h"
#include "harness.h"
#include "place.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define BRACKETED_PASTE_OFF "\033[?2004l"

static void
end_by_signal(int number, bool is_crash)
{
	struct termios during;
	struct place place;
	int status;

	place_open(&place);
	place_start(&place, place.tty, place.tty);
	place_await_shown(&place, "> ");
	assert_int_equal(tcgetattr(place.tty, &during), 0);
	assert_false(during.c_lflag & ECHO);
	send_text(place.person, "half of a line");
	place_await_shown(&place, "line");
	kill(place.client, number);
	status = await_exit(place.client);
	/* A sanitizer has an end of its own for a crash. */
	if (is_crash)
		assert_int_not_equal(status, 0);
	else
		assert_int_equal(status, 128 + number);
	place_await_shown(&place, BRACKETED_PASTE_OFF);
	place_expect_restored(&place);
	place_close(&place);
}

static void
test_a_signal_leaves_the_terminal_as_it_was(void **state)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGQUIT };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(signals); i++)
		end_by_signal(signals[i], false);
}

static void
test_a_crash_leaves_the_terminal_as_it_was(void **state)
{
	static const int signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE };
	/* valgrind loses the others when they come from outside. */
	size_t count =
	    getenv("TCPRELAY_TEST_WRAPPER") == NULL ? COUNT_OF(signals) : 1;
	size_t i;

	(void)state;
	for (i = 0; i < count; i++)
		end_by_signal(signals[i], true);
}

static void
test_the_other_ways_out_do_so_too(void **state)
{
	struct place place;

	(void)state;
	place_open(&place);
	place_start(&place, place.tty, place.tty);
	place_await_shown(&place, "> ");
	send_text(place.person, "\004");
	expect_end(place.peer);
	close(place.peer);
	assert_int_equal(await_exit(place.client), 0);
	place_expect_restored(&place);
	place_start(&place, place.tty, place.tty);
	place_await_shown(&place, "> ");
	close(place.peer);
	assert_int_equal(await_exit(place.client), 1);
	place_expect_restored(&place);
	place_close_terminal(&place);
}

/* Nobody could let it go on: there is no shell, and the kernel does not stop
 * it. */
static void
test_ctrl_z_without_a_shell_changes_nothing(void **state)
{
	struct termios during;
	struct place place;

	(void)state;
	place_open(&place);
	place_start(&place, place.tty, place.tty);
	place_await_shown(&place, "> ");
	send_text(place.person, "half of");
	place_await_shown(&place, "half of");
	send_text(place.person, "\032");
	/* It is shown again when it is connected, too. */
	place_await_shown(&place, BRACKETED_PASTE_OFF);
	place_await_shown(&place, "> half of");
	assert_int_equal(tcgetattr(place.tty, &during), 0);
	assert_false(during.c_lflag & (ECHO | ICANON));
	send_text(place.person, " a line\r");
	expect_text(place.peer, "half of a line\n");
	send_text(place.person, "\004");
	expect_end(place.peer);
	close(place.peer);
	assert_int_equal(await_exit(place.client), 0);
	place_expect_restored(&place);
	place_close_terminal(&place);
}

/* The first limit leaves no descriptor for the look-up, the second no socket.
 */
static void
test_no_descriptors_leave_the_terminal_as_it_was(void **state)
{
	static const unsigned limits[] = { 5, 6 };
	struct place place;
	size_t i;

	(void)state;
	place_open(&place);
	for (i = 0; i < COUNT_OF(limits); i++) {
		const char *argv[] = { client_program(), place.address, NULL };
		pid_t client = start_program_with_files(
		    argv, place.tty, place.tty, place.tty, limits[i]);

		place_await_shown(&place, "cannot connect to ");
		assert_int_equal(await_exit(client), 1);
		place_expect_restored(&place);
	}
	place_close_terminal(&place);
}

/* It shows what it does not know. */
static void
test_a_dumb_terminal_is_told_of_no_pastes(void **state)
{
	struct place place;

	(void)state;
	place_open(&place);
	setenv("TERM", "dumb", 1);
	place_start(&place, place.tty, place.tty);
	assert_null(strchr(place_await_shown(&place, "> "), '\033'));
	send_text(place.person, "\004");
	expect_end(place.peer);
	close(place.peer);
	assert_int_equal(await_exit(place.client), 0);
	send_text(place.tty, "the end");
	assert_null(strchr(place_await_shown(&place, "the end"), '\033'));
	place_close_terminal(&place);
}

/* Its window was closed. */
static void
test_it_ends_with_its_terminal(void **state)
{
	struct place place;

	(void)state;
	place_open(&place);
	place_start(&place, place.tty, place.tty);
	place_await_shown(&place, "> ");
	close(place.tty);
	close(place.person);
	close(place.peer);
	/* By SIGHUP, or the end of input was first. */
	await_exit(place.client);
	close(place.server);
	remove_directory(place.home);
}

static void
test_the_history_is_kept_for_nobody_else(void **state)
{
	char path[128], *history;
	struct place place;
	struct stat st;
	size_t length;

	(void)state;
	umask(0);
	place_open(&place);
	place_type(
	    &place, "one\r private\rtwo\rtwo\r", "one\n private\ntwo\ntwo\n");
	snprintf(path, sizeof(path), "%s/tcprelay/history", place.home);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	history = read_whole_file(path, &length);
	assert_string_equal(history, "one\ntwo\n");
	free(history);
	/* Somebody has opened it to all; two lines up is the first. */
	chmod(path, 0644);
	place_type(&place, "\033[A\033[A!\r", "one!\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	history = read_whole_file(path, &length);
	assert_string_equal(history, "one\ntwo\none!\n");
	free(history);
	snprintf(path, sizeof(path), "%s/tcprelay", place.home);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	place_close_terminal(&place);
}

/* What is not ours stays as it is: all that is there once was made nobody's. */
static void
test_a_history_that_is_a_link(void **state)
{
	char path[128], target[128] = "/dev/null";
	struct place place;
	struct stat st;

	(void)state;
	place_open(&place);
	if (geteuid() == 0) {
		snprintf(target, sizeof(target), "%s/other", place.home);
		write_file(target, "", 0);
		assert_int_equal(chown(target, 65534, 65534), 0);
		assert_int_equal(chmod(target, 0644), 0);
	}
	snprintf(path, sizeof(path), "%s/tcprelay", place.home);
	assert_int_equal(mkdir(path, 0700), 0);
	strcat(path, "/history");
	assert_int_equal(symlink(target, path), 0);
	place_start(&place, place.tty, place.tty);
	assert_null(strstr(place_await_shown(&place, "> "), "history"));
	send_text(place.person, "said\r");
	expect_text(place.peer, "said\n");
	send_text(place.person, "\004");
	expect_end(place.peer);
	close(place.peer);
	assert_int_equal(await_exit(place.client), 0);
	assert_int_equal(stat(target, &st), 0);
	assert_int_not_equal(st.st_mode & 0777, 0600);
	place_close_terminal(&place);
}

#define HARMFUL "\033[2J\a\xff\n"

static void
test_only_a_terminal_gets_lines_made_harmless(void **state)
{
	struct place place;
	int ends[2];

	(void)state;
	/* Input is a terminal, output is none. */
	place_open(&place);
	make_pipe(ends);
	place_start(&place, place.tty, ends[1]);
	close(ends[1]);
	send_text(place.peer, HARMFUL);
	expect_text(ends[0], HARMFUL);
	close(ends[0]);
	assert_int_equal(await_exit(place.client), 128 + SIGPIPE);
	place_close(&place);
	/* The other way around. */
	place_open(&place);
	make_pipe(ends);
	place_start(&place, ends[0], place.tty);
	close(ends[0]);
	send_text(place.peer, HARMFUL);
	place_await_shown(&place, "^[[2J^GM-^?\r\n");
	close(ends[1]);
	expect_end(place.peer);
	close(place.peer);
	assert_int_equal(await_exit(place.client), 0);
	place_close_terminal(&place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_a_signal_leaves_the_terminal_as_it_was),
		E2E_TEST(test_a_crash_leaves_the_terminal_as_it_was),
		E2E_TEST(test_the_other_ways_out_do_so_too),
		E2E_TEST(test_ctrl_z_without_a_shell_changes_nothing),
		E2E_TEST(test_no_descriptors_leave_the_terminal_as_it_was),
		E2E_TEST(test_a_dumb_terminal_is_told_of_no_pastes),
		E2E_TEST(test_it_ends_with_its_terminal),
		E2E_TEST(test_the_history_is_kept_for_nobody_else),
		E2E_TEST(test_a_history_that_is_a_link),
		E2E_TEST(test_only_a_terminal_gets_lines_made_harmless),
	};
	struct rlimit none = { 0 };

	/* Crashes are made on purpose here. */
	setrlimit(RLIMIT_CORE, &none);
	return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
