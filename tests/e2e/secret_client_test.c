/* SPDX-License-Identifier: ISC */
/*
 * The client and the secret: one that is said in a room, shown on a screen, or
 * thought to be right when it was not.
 */
#include "config.h"

#include "harness.h"
#include "secret.h"

#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Reads a terminal until it has shown the text; all of it up to there. */
static void
read_terminal(int terminal, char *shown, size_t size, const char *text)
{
	size_t length = strlen(shown);

	while (strstr(shown, text) == NULL) {
		ssize_t got = read(terminal, shown + length, size - 1 - length);

		if (got <= 0)
			fail_msg("\"%s\" without \"%s\"", shown, text);
		length += (size_t)got;
		shown[length] = '\0';
	}
}

static void
test_the_client_shows_the_secret_and_then_sends_lines(void **state)
{
	struct secret_file secret = secret_make("sesame\n", 0600, "");
	struct relay *relay = relay_start(secret.conf, 1);
	const char *options[] = { "--secret-file", secret.path, NULL };
	int reader = relay_connect(relay), input[2];
	pid_t client;

	(void)state;
	assert_int_equal(chown(secret.path, geteuid(), getegid()), 0);
	send_text(reader, "sesame\n");
	relay_await_log(relay, "admitted");
	make_pipe(input);
	send_text(input[1], "hello\nlast");
	close(input[1]);
	client = start_client(relay, options, input[0], -1, -1);
	expect_text(reader, "hello\nlast\n");
	assert_int_equal(await_exit(client), 0);
	/* Another line than the daemon expects is a failure and says so. */
	write_file(secret.path, "wrong\n", 6);
	assert_int_equal(
	    await_exit(start_client(relay, options, -1, -1, -1)), 1);
	relay_await_log(relay, "wrong secret");
	assert_int_equal(chmod(secret.path, 0644), 0);
	assert_int_equal(
	    await_exit(start_client(relay, options, -1, -1, -1)), 2);
	close(input[0]);
	close(reader);
	secret_remove(&secret);
	relay_stop(relay);
}

/* A client that connects again must not say it as one of its lines. */
static void
test_a_secret_is_shown_again_after_a_break_and_never_said(void **state)
{
	struct secret_file secret = secret_make("sesame\n", 0600, "");
	char conf[SECRET_CONF_SIZE], address[96];
	const char *argv[] = { client_program(), "-R", "--secret-file",
		secret.path, address, NULL };
	struct relay *relay;
	int reader, input[2];
	pid_t client;

	(void)state;
	snprintf(conf, sizeof(conf),
	    "listen = [ \"127.0.0.1:0\", \"unix:%%s/s\" ];"
	    "access = { secret_file = \"%s\"; };",
	    secret.path);
	relay = relay_start(conf, 2);
	snprintf(address, sizeof(address), "unix:%s/s", relay->directory);
	assert_int_equal(chown(secret.path, geteuid(), getegid()), 0);
	make_pipe(input);
	client = start_program(argv, input[0], -1, -1);
	relay_await_log(relay, "admitted peer=unix:");
	relay_kill_and_restart(relay, 2);
	reader = relay_connect(relay);
	send_text(reader, "sesame\n");
	relay_await_log(relay, "admitted peer=127.0.0.1:");
	send_text(input[1], "hello\n");
	expect_text(reader, "hello\n");
	close(input[1]);
	assert_int_equal(await_exit(client), 0);
	close(input[0]);
	close(reader);
	secret_remove(&secret);
	relay_stop(relay);
}

/* It is wrong the next time, too, and each time it takes lines with it. */
static void
test_a_wrong_secret_is_not_tried_again(void **state)
{
	struct secret_file secret = secret_make("sesame\n", 0600, "");
	struct relay *relay = relay_start(secret.conf, 1);
	const char *argv[] = { client_program(), "-R", "--secret-file",
		secret.path, relay->address, NULL };
	char said[1024] = "";
	int input[2], error[2];
	size_t length = 0;
	ssize_t got;
	pid_t client;

	(void)state;
	write_file(secret.path, "wrong\n", 6);
	assert_int_equal(chown(secret.path, geteuid(), getegid()), 0);
	make_pipe(input);
	make_pipe(error);
	client = start_program(argv, input[0], -1, error[1]);
	close(input[0]);
	close(error[1]);
	send_text(input[1], "important\n");
	assert_int_equal(await_exit(client), 1);
	while ((got = read(
		    error[0], said + length, sizeof(said) - 1 - length)) > 0)
		length += (size_t)got;
	assert_non_null(strstr(said, "not trying again: wrong secret"));
	close(input[1]);
	close(error[0]);
	secret_remove(&secret);
	relay_stop(relay);
}

/* Starts a client at a terminal of its own; returns our side of that. */
static int
start_at_terminal(const char *const argv[], pid_t *pid)
{
	int terminal;

	*pid = forkpty(&terminal, NULL, NULL, NULL);
	assert_int_not_equal(*pid, -1);
	if (*pid == 0) {
		setenv("TERM", "dumb", 1);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	return terminal;
}

static void
test_a_secret_that_is_typed_is_not_shown(void **state)
{
	struct relay *relay = secret_start("");
	const char *argv[] = { client_program(), "-v", "--secret-file", "-",
		relay->address, NULL };
	char shown[8192] = "";
	int terminal, status;
	pid_t pid;

	(void)state;
	terminal = start_at_terminal(argv, &pid);
	read_terminal(terminal, shown, sizeof(shown), "Secret: ");
	send_text(terminal, "sesame\r");
	relay_await_log(relay, "admitted");
	read_terminal(terminal, shown, sizeof(shown), "connected");
	assert_null(strstr(shown, "sesame"));
	close(terminal);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	relay_stop(relay);
}

/* It would wait for Ctrl-Q, without an echo. */
static void
test_ctrl_s_at_the_question_does_not_hold_up_its_end(void **state)
{
	const char *argv[] = { client_program(), "--secret-file", "-", NULL };
	char shown[128] = "";
	int terminal, status;
	pid_t pid;

	(void)state;
	terminal = start_at_terminal(argv, &pid);
	read_terminal(terminal, shown, sizeof(shown), "Secret: ");
	send_text(terminal, "ses\023");
	kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	close(terminal);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_the_client_shows_the_secret_and_then_sends_lines),
		E2E_TEST(
		    test_a_secret_is_shown_again_after_a_break_and_never_said),
		E2E_TEST(test_a_wrong_secret_is_not_tried_again),
		E2E_TEST(test_a_secret_that_is_typed_is_not_shown),
		E2E_TEST(test_ctrl_s_at_the_question_does_not_hold_up_its_end),
	};

	return cmocka_run_group_tests_name("secret client", tests, NULL, NULL);
}
