/* SPDX-License-Identifier: ISC */
/*
 * The client at a pseudo-terminal: a terminal that is left without echo by a
 * signal or a crash, a process that outlives its terminal, lines that are kept
 * where others can read them, control characters that get through, keys that
 * overtake each other, make the client deaf, or make it crash.
 */
#include "config.h"

#include "fake.h"
#include "harness.h"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define BRACKETED_PASTE_OFF "\033[?2004l"

/* A client at a terminal, and the relay's end of its connection. */
struct place {
	char home[64], address[64];
	int server, peer;
	int person; /* the terminal, on the side of the person, */
	int tty;    /* and on that of the client */
	struct termios before;
	pid_t client;
};

static void
open_place(struct place *place)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };

	memset(place, 0, sizeof(*place));
	strcpy(place->home, "/tmp/tcprelay-e2e.XXXXXX");
	assert_non_null(mkdtemp(place->home));
	setenv("HOME", place->home, 1);
	setenv("XDG_STATE_HOME", place->home, 1);
	setenv("TERM", "xterm", 1);
	unsetenv("XDG_CONFIG_HOME");
	place->server = fake_relay(place->address, sizeof(place->address), 1);
	assert_int_equal(
	    openpty(&place->person, &place->tty, NULL, NULL, &size), 0);
	fcntl(place->person, F_SETFD, FD_CLOEXEC);
	fcntl(place->tty, F_SETFD, FD_CLOEXEC);
	tcgetattr(place->tty, &place->before);
}

static void
start(struct place *place, int input, int output)
{
	const char *argv[] = { client_program(), place->address, NULL };

	place->client = start_program(argv, input, output, place->tty);
	place->peer = fake_accept(place->server);
}

/* Where no connection is left. */
static void
close_terminal(struct place *place)
{
	close(place->server);
	close(place->person);
	close(place->tty);
	remove_directory(place->home);
}

static void
close_place(struct place *place)
{
	close(place->peer);
	close_terminal(place);
}

/* Reads what is shown until it ends with a text; good until the next call. */
static const char *
await_shown(const struct place *place, const char *text)
{
	static char shown[65536];
	size_t length = 0, wanted = strlen(text);

	while (length < wanted ||
	    memcmp(shown + length - wanted, text, wanted) != 0) {
		assert_in_range(length, 0, sizeof(shown) - 2);
		assert_int_equal(read(place->person, shown + length, 1), 1);
		length++;
	}
	shown[length] = '\0';
	return shown;
}

static void
assert_restored(const struct place *place)
{
	struct termios after;

	assert_int_equal(tcgetattr(place->tty, &after), 0);
	assert_int_equal(after.c_lflag, place->before.c_lflag);
	assert_int_equal(after.c_iflag, place->before.c_iflag);
	assert_int_equal(after.c_oflag, place->before.c_oflag);
	assert_memory_equal(after.c_cc, place->before.c_cc, sizeof(after.c_cc));
}

static void
end_by_signal(int number, bool is_crash)
{
	struct termios during;
	struct place place;
	int status;

	open_place(&place);
	start(&place, place.tty, place.tty);
	await_shown(&place, "> ");
	assert_int_equal(tcgetattr(place.tty, &during), 0);
	assert_false(during.c_lflag & ECHO);
	send_text(place.person, "half of a line");
	await_shown(&place, "line");
	kill(place.client, number);
	status = await_exit(place.client);
	/* A sanitizer has an end of its own for a crash. */
	if (is_crash)
		assert_int_not_equal(status, 0);
	else
		assert_int_equal(status, 128 + number);
	await_shown(&place, BRACKETED_PASTE_OFF);
	assert_restored(&place);
	close_place(&place);
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
	open_place(&place);
	start(&place, place.tty, place.tty);
	await_shown(&place, "> ");
	send_text(place.person, "\004");
	expect_end(place.peer);
	close(place.peer);
	assert_int_equal(await_exit(place.client), 0);
	assert_restored(&place);
	start(&place, place.tty, place.tty);
	await_shown(&place, "> ");
	close(place.peer);
	assert_int_equal(await_exit(place.client), 1);
	assert_restored(&place);
	close_place(&place);
}

/* Nobody could let it go on: there is no shell, and the kernel does not stop
 * it. */
static void
test_ctrl_z_without_a_shell_changes_nothing(void **state)
{
	struct termios during;
	struct place place;

	(void)state;
	open_place(&place);
	start(&place, place.tty, place.tty);
	await_shown(&place, "> ");
	send_text(place.person, "half of");
	await_shown(&place, "half of");
	send_text(place.person, "\032");
	/* It is shown again when it is connected, too. */
	await_shown(&place, BRACKETED_PASTE_OFF);
	await_shown(&place, "> half of");
	assert_int_equal(tcgetattr(place.tty, &during), 0);
	assert_false(during.c_lflag & (ECHO | ICANON));
	send_text(place.person, " a line\r");
	expect_text(place.peer, "half of a line\n");
	send_text(place.person, "\004");
	expect_end(place.peer);
	close(place.peer);
	assert_int_equal(await_exit(place.client), 0);
	assert_restored(&place);
	close_place(&place);
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
	open_place(&place);
	for (i = 0; i < COUNT_OF(limits); i++) {
		const char *argv[] = { client_program(), place.address, NULL };
		pid_t client = start_program_with_files(
		    argv, place.tty, place.tty, place.tty, limits[i]);

		await_shown(&place, "cannot connect to ");
		assert_int_equal(await_exit(client), 1);
		assert_restored(&place);
	}
	close_terminal(&place);
}

/* It shows what it does not know. */
static void
test_a_dumb_terminal_is_told_of_no_pastes(void **state)
{
	struct place place;

	(void)state;
	open_place(&place);
	setenv("TERM", "dumb", 1);
	start(&place, place.tty, place.tty);
	assert_null(strchr(await_shown(&place, "> "), '\033'));
	send_text(place.person, "\004");
	expect_end(place.peer);
	close(place.peer);
	assert_int_equal(await_exit(place.client), 0);
	send_text(place.tty, "the end");
	assert_null(strchr(await_shown(&place, "the end"), '\033'));
	close_place(&place);
}

/* Its window was closed. */
static void
test_it_ends_with_its_terminal(void **state)
{
	struct place place;

	(void)state;
	open_place(&place);
	start(&place, place.tty, place.tty);
	await_shown(&place, "> ");
	close(place.tty);
	close(place.person);
	close(place.peer);
	/* By SIGHUP, or the end of input was first. */
	await_exit(place.client);
	close(place.server);
	remove_directory(place.home);
}

static void
type_lines(struct place *place, const char *keys, const char *arrives)
{
	start(place, place->tty, place->tty);
	await_shown(place, "> ");
	send_text(place->person, keys);
	expect_text(place->peer, arrives);
	send_text(place->person, "\004");
	expect_end(place->peer);
	close(place->peer);
	assert_int_equal(await_exit(place->client), 0);
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
	open_place(&place);
	type_lines(
	    &place, "one\r private\rtwo\rtwo\r", "one\n private\ntwo\ntwo\n");
	snprintf(path, sizeof(path), "%s/tcprelay/history", place.home);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	history = read_whole_file(path, &length);
	assert_string_equal(history, "one\ntwo\n");
	free(history);
	/* Somebody has opened it to all; two lines up is the first. */
	chmod(path, 0644);
	type_lines(&place, "\033[A\033[A!\r", "one!\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	history = read_whole_file(path, &length);
	assert_string_equal(history, "one\ntwo\none!\n");
	free(history);
	snprintf(path, sizeof(path), "%s/tcprelay", place.home);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	close_terminal(&place);
}

/* As a signal, Ctrl-C would take what is typed just before or behind it. */
static void
test_ctrl_c_throws_away_only_the_line_that_it_ends(void **state)
{
	struct place place;

	(void)state;
	open_place(&place);
	type_lines(
	    &place, "one\rnot said\003two\r\003three\r", "one\ntwo\nthree\n");
	/* Whatever key it is. */
	place.before.c_cc[VINTR] = '\030';
	assert_int_equal(tcsetattr(place.tty, TCSANOW, &place.before), 0);
	type_lines(&place, "not said\030two\r", "two\n");
	assert_restored(&place);
	close_terminal(&place);
}

/* Who waits for Ctrl-Q to write is deaf to signals. */
static void
test_ctrl_s_holds_nothing_up(void **state)
{
	struct place place;

	(void)state;
	open_place(&place);
	/* Back to two, turn, and forward to three. */
	type_lines(
	    &place, "two\rthree\r\022t\022\023\023\r", "two\nthree\nthree\n");
	start(&place, place.tty, place.tty);
	await_shown(&place, "> ");
	send_text(place.person, "\023");
	kill(place.client, SIGTERM);
	assert_int_equal(await_exit(place.client), 128 + SIGTERM);
	assert_restored(&place);
	close_place(&place);
}

/* readline 8.2 crashes where it has to read on within a search. */
static void
test_a_key_that_begins_another_ends_a_search(void **state)
{
	struct place place;

	(void)state;
	open_place(&place);
	type_lines(&place, "hello\r\022hel\030q\r", "hello\nqhello\n");
	close_terminal(&place);
}

/* It could be the beginning of a character, and at Latin-1 it is an e. */
static void
test_a_search_for_half_a_character_holds_nothing_up(void **state)
{
	struct place place;

	(void)state;
	open_place(&place);
	start(&place, place.tty, place.tty);
	await_shown(&place, "> ");
	send_text(place.person, "\022\351");
	await_shown(&place, "`': ");
	send_text(place.peer, "news\n");
	await_shown(&place, "news\r\n");
	/* The other way it is whole in the end. */
	send_text(place.person, "a\003\303");
	send_text(place.person, "\251\r");
	expect_text(place.peer, "\303\251\n");
	kill(place.client, SIGTERM);
	assert_int_equal(await_exit(place.client), 128 + SIGTERM);
	close_place(&place);
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
	open_place(&place);
	for (i = 0; i < COUNT_OF(windows); i++) {
		struct winsize size = { .ws_row = 2,
			.ws_col = windows[i].columns };

		setenv("TERM", windows[i].terminal, 1);
		assert_int_equal(ioctl(place.tty, TIOCSWINSZ, &size), 0);
		type_lines(&place, "hello\001\r", "hello\n");
	}
	close_terminal(&place);
}

static void
test_keys_that_are_text(void **state)
{
	static const char paste[] = "\033[200~a\0b\033[201~c\r";
	struct place place;

	(void)state;
	open_place(&place);
	/* Tab, where there is nothing to complete. */
	type_lines(&place, "/m\tn\r", "/m\tn\n");
	/* A line cannot have a NUL in it. */
	start(&place, place.tty, place.tty);
	await_shown(&place, "> ");
	send_bytes(place.person, paste, sizeof(paste) - 1);
	expect_text(place.peer, "abc\n");
	close(place.peer);
	assert_int_equal(await_exit(place.client), 1);
	/* The end of a paste can get lost; Ctrl-C helps. */
	type_lines(&place, "\033[200~one\rnot said\003two\r", "one\ntwo\n");
	type_lines(
	    &place, "\033[200~not said\003one\033[201~two\r", "onetwo\n");
	type_lines(&place, "\033[200~\033[20\033[201~!\r", "\033[20!\n");
	close_terminal(&place);
}

/* What is not ours stays as it is: all that is there once was made nobody's. */
static void
test_a_history_that_is_a_link(void **state)
{
	char path[128], target[128] = "/dev/null";
	struct place place;
	struct stat st;

	(void)state;
	open_place(&place);
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
	start(&place, place.tty, place.tty);
	assert_null(strstr(await_shown(&place, "> "), "history"));
	send_text(place.person, "said\r");
	expect_text(place.peer, "said\n");
	send_text(place.person, "\004");
	expect_end(place.peer);
	close(place.peer);
	assert_int_equal(await_exit(place.client), 0);
	assert_int_equal(stat(target, &st), 0);
	assert_int_not_equal(st.st_mode & 0777, 0600);
	close_place(&place);
}

#define HARMFUL "\033[2J\a\xff\n"

static void
test_only_a_terminal_gets_lines_made_harmless(void **state)
{
	struct place place;
	int ends[2];

	(void)state;
	/* Input is a terminal, output is none. */
	open_place(&place);
	make_pipe(ends);
	start(&place, place.tty, ends[1]);
	close(ends[1]);
	send_text(place.peer, HARMFUL);
	expect_text(ends[0], HARMFUL);
	close(ends[0]);
	assert_int_equal(await_exit(place.client), 128 + SIGPIPE);
	close_place(&place);
	/* The other way around. */
	open_place(&place);
	make_pipe(ends);
	start(&place, ends[0], place.tty);
	close(ends[0]);
	send_text(place.peer, HARMFUL);
	await_shown(&place, "^[[2J^GM-^?\r\n");
	close(ends[1]);
	expect_end(place.peer);
	close(place.peer);
	assert_int_equal(await_exit(place.client), 0);
	close_place(&place);
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
		E2E_TEST(test_ctrl_c_throws_away_only_the_line_that_it_ends),
		E2E_TEST(test_ctrl_s_holds_nothing_up),
		E2E_TEST(test_a_key_that_begins_another_ends_a_search),
		E2E_TEST(test_a_search_for_half_a_character_holds_nothing_up),
		E2E_TEST(test_a_window_that_has_hardly_a_column),
		E2E_TEST(test_keys_that_are_text),
		E2E_TEST(test_a_history_that_is_a_link),
		E2E_TEST(test_only_a_terminal_gets_lines_made_harmless),
	};
	struct rlimit none = { 0 };

	/* Crashes are made on purpose here. */
	setrlimit(RLIMIT_CORE, &none);
	return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
