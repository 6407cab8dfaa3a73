/* SPDX-License-Identifier: ISC */
/*
 * SIGHUP: a reload that disconnects somebody, that loses a line, that takes
 * half of a wrong file, or that leaves something behind each time.
 */
#include "config.h"

#include "harness.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RELOADS 1000

static bool
exists(const struct relay *relay, const char *name)
{
	struct stat st;

	return stat(relay_path(relay, name), &st) == 0;
}

static void
test_listeners_come_and_go_and_clients_stay(void **state)
{
	struct relay *relay =
	    relay_start("listen = [ \"127.0.0.1:0\", \"unix:%s/old\" ];", 2);
	int alice = relay_connect(relay);
	int bob = relay_connect_unix(relay, "old"), carol, dave;

	(void)state;
	relay_reload(relay, "listen = [ \"unix:%s/new\", \"127.0.0.1:0\" ];");
	assert_false(exists(relay, "old"));
	carol = relay_connect(relay);
	dave = relay_connect_unix(relay, "new");
	send_text(bob, "still here\n");
	expect_text(alice, "still here\n");
	expect_text(carol, "still here\n");
	expect_text(dave, "still here\n");
	close(alice);
	close(bob);
	close(carol);
	close(dave);
	relay_stop(relay);
}

static void
test_a_listener_that_stays_takes_new_settings_for_newcomers(void **state)
{
	struct relay *relay = relay_start(
	    "listen = ( { address = \"127.0.0.1:0\"; },"
	    " { address = \"unix:%s/s\"; permissions = \"0600\"; } );",
	    2);
	int alice = relay_connect(relay), bob, carol;
	char listening[128];
	struct stat st;

	(void)state;
	relay_configure(relay,
	    "listen = ( { address = \"127.0.0.1:0\"; room = \"ops\"; },"
	    " { address = \"unix:%s/s\"; permissions = \"0666\"; } );"
	    "limits: { line_bytes = 9; };");
	kill(relay->pid, SIGHUP);
	/* Not as it is written: who wants to connect needs the port. */
	snprintf(listening, sizeof(listening), "listening address=%s room=ops",
	    relay->address);
	relay_await_log(relay, listening);
	relay_await_log(relay, "reloaded");
	assert_int_equal(stat(relay_path(relay, "s"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	bob = relay_connect(relay);
	carol = relay_connect_unix(relay, "s");
	send_text(alice, "in main\n");
	send_text(bob, "in ops\n");
	expect_text(carol, "in main\n");
	send_text(alice, "0123456789\n");
	relay_await_log(relay, "reason=\"line too long\"");
	close(alice);
	close(bob);
	close(carol);
	relay_stop(relay);
}

static void
expect_no_reload(struct relay *relay, const char *conf, const char *error)
{
	relay_configure(relay, conf);
	kill(relay->pid, SIGHUP);
	relay_await_log(relay, error);
	relay_await_log(relay, "not reloaded");
}

static void
test_a_reload_that_fails_changes_nothing_and_says_why(void **state)
{
	struct relay *relay =
	    relay_start("listen = [ \"127.0.0.1:0\", \"unix:%s/old\" ];", 2);
	int alice = relay_connect(relay), bob;

	(void)state;
	expect_no_reload(relay, "limits: { line_bytes = 9; };\ncolour = 1;",
	    "tcprelay.conf:2: colour: there is no such key");
	expect_no_reload(relay, "listen = ", "tcprelay.conf:1: syntax error");
	expect_no_reload(relay,
	    "limits: { line_bytes = 9; };"
	    "listen = [ \"unix:%s/none/s\", \"unix:%s/new\", "
	    "\"unix:%s/none/t\" ];",
	    "/none/t error=");
	assert_false(exists(relay, "new"));
	bob = relay_connect_unix(relay, "old");
	send_text(alice, "longer than nine\n");
	expect_text(bob, "longer than nine\n");
	close(alice);
	close(bob);
	relay_stop(relay);
}

/* A daemon that is started with it ends, as one that is reloaded must not. */
static void
test_a_directory_that_cannot_be_written_to_replaces_none(void **state)
{
	const char *user = getenv("TCPRELAY_TEST_USER");
	struct relay *relay;

	(void)state;
	if (user != NULL && strcmp(user, "root") == 0)
		skip();
	relay = relay_start(NULL, 1);
	assert_int_equal(mkdir(relay_path(relay, "closed"), 0), 0);
	expect_no_reload(relay,
	    "listen = \"127.0.0.1:0\";"
	    "history = { directory = \"%s/closed\"; };",
	    "no transcripts can be written path=");
	assert_int_equal(rmdir(relay_path(relay, "closed")), 0);
	relay_stop(relay);
}

/* Something that tidies up has removed the file. */
static void
test_a_unix_socket_that_is_gone_is_made_anew(void **state)
{
	struct relay *relay = relay_start(
	    "listen = ( \"127.0.0.1:0\", { address = \"unix:%s/a b\"; "
	    "permissions = \"0666\"; } );",
	    2);
	int alice = relay_connect_unix(relay, "a b"), bob;
	struct stat st;

	(void)state;
	assert_int_equal(unlink(relay_path(relay, "a b")), 0);
	kill(relay->pid, SIGHUP);
	/* A value with a space in it is in quotes. */
	relay_await_log(relay, "listening address=\"unix:/tmp/tcprelay-e2e");
	relay_await_log(relay, "reloaded");
	assert_int_equal(stat(relay_path(relay, "a b"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	bob = relay_connect_unix(relay, "a b");
	send_text(bob, "here again\n");
	expect_text(alice, "here again\n");
	relay_configure(relay, "listen = \"127.0.0.1:0\";");
	kill(relay->pid, SIGHUP);
	relay_await_log(relay, "given up address=\"unix:/tmp/tcprelay-e2e");
	relay_await_log(relay, "reloaded");
	assert_false(exists(relay, "a b"));
	close(alice);
	close(bob);
	relay_stop(relay);
}

/* To open it waits for somebody who writes, and everybody with it. */
static void
test_a_configuration_that_became_a_pipe_holds_nobody_up(void **state)
{
	struct relay *relay = relay_start(NULL, 1);
	int alice = relay_connect(relay), bob = relay_connect(relay);
	const char *path = relay_path(relay, "tcprelay.conf");

	(void)state;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
	kill(relay->pid, SIGHUP);
	relay_await_log(relay, "tcprelay.conf: it is not a regular file");
	relay_await_log(relay, "not reloaded");
	send_text(alice, "here\n");
	expect_text(bob, "here\n");
	close(alice);
	close(bob);
	relay_stop(relay);
}

static void
test_what_needs_a_restart_is_said(void **state)
{
	struct relay *relay = relay_start(NULL, 1);

	(void)state;
	relay_configure(
	    relay, "listen = \"127.0.0.1:0\"; log: { target = \"syslog\"; };");
	kill(relay->pid, SIGHUP);
	relay_await_log(relay, "log.target: it changes with a restart only");
	relay_await_log(relay, "reloaded");
	relay_stop(relay);
}

/* Each would hold its batch, its history and its transcript for ever. */
static void
test_rooms_that_nobody_can_come_into_are_gone(void **state)
{
	static const char format[] =
	    "listen = ( { address = \"127.0.0.1:0\"; room = \"%c\"; } );"
	    "history = { directory = \"%%s\"; };";
	char conf[256];
	struct relay *relay;
	int alice, bob, room;

	(void)state;
	snprintf(conf, sizeof(conf), format, 'a');
	relay = relay_start(conf, 1);
	alice = relay_connect(relay);
	for (room = 'b'; room < 'e'; room++) {
		snprintf(conf, sizeof(conf), format, room);
		relay_reload(relay, conf);
		bob = relay_connect(relay);
		close(bob);
		relay_await_log(relay, "closed peer=");
	}
	kill(relay->pid, SIGUSR1);
	relay_await_log(relay, " rooms=2 ");
	close(alice);
	relay_await_log(relay, "closed peer=");
	kill(relay->pid, SIGUSR1);
	relay_await_log(relay, " rooms=1 ");
	relay_stop(relay);
}

static size_t
count_descriptors(const struct relay *relay)
{
	char path[64];
	size_t count = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)relay->pid);
	directory = opendir(path);
	assert_non_null(directory);
	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}

/* Talks until it is told to end, in a process of its own. */
static pid_t
start_writer(struct relay *relay, const char *path)
{
	int fd = relay_connect(relay);
	pid_t pid = fork();
	unsigned number = 0;
	FILE *file;

	assert_int_not_equal(pid, -1);
	if (pid > 0) {
		close(fd);
		return pid;
	}
	alarm(E2E_SECONDS);
	file = fopen(path, "we");
	while (file != NULL && access(relay_path(relay, "enough"), F_OK) != 0) {
		char line[64];

		snprintf(line, sizeof(line), "line %u\n", number++);
		send_text(fd, line);
		fputs(line, file);
	}
	_exit(file != NULL && fclose(file) == 0 ? 0 : 1);
}

/*
 * The load is not bounded by the reader, so the brake holds the writer back:
 * a reload must not lose that either.
 */
static void
test_a_thousand_reloads_under_load_lose_and_leave_nothing(void **state)
{
	static const char *const confs[] = {
		"listen = [ \"127.0.0.1:0\", \"unix:%s/a\" ];",
		"listen = [ \"unix:%s/b\", \"127.0.0.1:0\" ];",
	};
	struct relay *relay = relay_start(confs[0], 2);
	size_t descriptors, said_length, heard_length;
	char said[128], heard[128], *said_text, *heard_text;
	pid_t reader, writer;
	int i;

	(void)state;
	strcpy(said, relay_path(relay, "said"));
	strcpy(heard, relay_path(relay, "heard"));
	reader = start_reader(relay, heard);
	writer = start_writer(relay, said);
	relay_reload(relay, confs[1]);
	descriptors = count_descriptors(relay);
	for (i = 0; i < RELOADS; i++)
		relay_reload(relay, confs[i % 2]);
	assert_int_equal(count_descriptors(relay), descriptors);
	write_file(relay_path(relay, "enough"), "", 0);
	assert_int_equal(await_exit(writer), 0);
	relay_await_log(relay, "closed");
	kill(relay->pid, SIGTERM);
	assert_int_equal(await_exit(reader), 0);
	said_text = read_whole_file(said, &said_length);
	heard_text = read_whole_file(heard, &heard_length);
	assert_true(said_length > 0);
	assert_int_equal(heard_length, said_length);
	assert_memory_equal(heard_text, said_text, said_length);
	free(said_text);
	free(heard_text);
	relay_await_stop(relay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_listeners_come_and_go_and_clients_stay),
		E2E_TEST(
		    test_a_listener_that_stays_takes_new_settings_for_newcomers),
		E2E_TEST(test_a_reload_that_fails_changes_nothing_and_says_why),
		E2E_TEST(
		    test_a_configuration_that_became_a_pipe_holds_nobody_up),
		E2E_TEST(
		    test_a_directory_that_cannot_be_written_to_replaces_none),
		E2E_TEST(test_a_unix_socket_that_is_gone_is_made_anew),
		E2E_TEST(test_what_needs_a_restart_is_said),
		E2E_TEST(test_rooms_that_nobody_can_come_into_are_gone),
		E2E_TEST(
		    test_a_thousand_reloads_under_load_lose_and_leave_nothing),
	};

	return cmocka_run_group_tests_name("reload", tests, NULL, NULL);
}
