/* SPDX-License-Identifier: ISC */
/*
 * What a newcomer is shown: a line that it gets twice or never, where history
 * ends and new lines begin; lines that people have seen and that are gone after
 * a kill -9; a transcript that loses its end to logrotate or to a full disk.
 */
#include "config.h"

#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LISTEN "listen = \"127.0.0.1:0\";"
#define DISK   "history = { lines = 100; directory = \"%s\"; };"

/* Of the time that is in front of a line in a transcript. */
#define STAMP_BYTES 21

static void
test_a_newcomer_gets_the_last_lines_and_then_what_is_new(void **state)
{
	struct relay *relay =
	    relay_start("listen = ( \"127.0.0.1:0\","
			" { address = \"unix:%s/other\"; room = \"other\"; } );"
			"history = { lines = 3; };",
		2);
	int talker = relay_connect(relay), witness = relay_connect(relay);
	int newcomer, other;

	(void)state;
	send_text(talker, "1\n2\n3\n4\n5\nhalf");
	expect_text(witness, "1\n2\n3\n4\n5\n");
	newcomer = relay_connect(relay);
	expect_text(newcomer, "3\n4\n5\n");
	send_text(newcomer, "6\n");
	expect_text(talker, "6\n");
	send_text(talker, " a line\n");
	expect_text(newcomer, "half a line\n");
	/* A room's history is its own. */
	other = relay_connect_unix(relay, "other");
	send_text(other, "elsewhere\n");
	close(newcomer);
	newcomer = relay_connect(relay);
	expect_text(newcomer, "5\n6\nhalf a line\n");
	close(newcomer);
	close(witness);
	close(other);
	close(talker);
	relay_stop(relay);
}

/* Writes numbered lines until it is killed. */
static pid_t
start_writer(struct relay *relay)
{
	int fd = relay_connect(relay);
	unsigned number = 0, i;
	char text[8192];
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid > 0) {
		close(fd);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		size_t length = 0;

		/* Rounds of several sizes. */
		for (i = 0; i <= number % 300; i++)
			length +=
			    (size_t)sprintf(text + length, "%u\n", number++);
		if (write(fd, text, length) != (ssize_t)length)
			_exit(0);
	}
}

/* Reads so many lines, each a number one higher than the one before. */
static void
expect_consecutive(int fd, unsigned lines)
{
	FILE *stream = fdopen(dup(fd), "r");
	unsigned long number, first = 0;
	char line[64];
	unsigned i;

	for (i = 0; i < lines; i++) {
		assert_non_null(fgets(line, sizeof(line), stream));
		assert_non_null(strchr(line, '\n'));
		number = strtoul(line, NULL, 10);
		if (i == 0)
			first = number;
		assert_int_equal(number, first + i);
	}
	fclose(stream);
}

static void
test_no_gap_and_no_double_for_newcomers_under_load(void **state)
{
	enum { NEWCOMERS = 30, LINES = 5000 };
	struct relay *relay =
	    relay_start(LISTEN "history = { lines = 1000; };", 1);
	pid_t writer = start_writer(relay);
	int i;

	(void)state;
	for (i = 0; i < NEWCOMERS; i++) {
		int newcomer = relay_connect(relay);

		expect_consecutive(newcomer, LINES);
		close(newcomer);
	}
	kill(writer, SIGKILL);
	await_exit(writer);
	relay_stop(relay);
}

static void
test_what_was_seen_is_there_after_kill_9(void **state)
{
	struct relay *relay = relay_start(LISTEN DISK, 1);
	int talker = relay_connect(relay), reader = relay_connect(relay);

	(void)state;
	send_text(talker, "one\ntwo\n");
	expect_text(reader, "one\ntwo\n");
	relay_kill_and_restart(relay, 1);
	close(talker);
	close(reader);
	talker = relay_connect(relay);
	expect_text(talker, "one\ntwo\n");
	reader = relay_connect(relay);
	expect_text(reader, "one\ntwo\n");
	send_text(talker, "three\n");
	expect_text(reader, "three\n");
	close(talker);
	close(reader);
	relay_stop(relay);
}

/* Reads a line, and checks it after the time in front of it. */
static void
expect_timed(int fd, const char *wanted)
{
	char stamp[STAMP_BYTES];

	assert_int_equal(
	    recv(fd, stamp, sizeof(stamp), MSG_WAITALL), sizeof(stamp));
	assert_memory_equal(stamp, "20", 2);
	assert_memory_equal(stamp + STAMP_BYTES - 2, "Z ", 2);
	expect_text(fd, wanted);
}

static void
expect_greeting(int fd, const char *name, const char *room)
{
	char text[128];

	snprintf(text, sizeof(text),
	    "*** you are %s in %s; /help lists the commands\n", name, room);
	expect_text(fd, text);
}

/*
 * In a room that was made and gone; what was only told to some is no history.
 */
static void
test_a_chat_goes_on_after_kill_9(void **state)
{
	struct relay *relay = relay_start("mode = \"chat\";" LISTEN DISK, 1);
	int alice = relay_connect(relay), bob, i;

	(void)state;
	expect_greeting(alice, "guest1", "main");
	send_text(alice, "in main\n/nick alice\n/join Tea\n");
	expect_text(alice,
	    "*** you are now known as alice\n*** you are alice in Tea\n");
	bob = relay_connect(relay);
	expect_greeting(bob, "guest2", "main");
	expect_timed(bob, "<guest1> in main\n");
	send_text(bob, "/join Tea\n");
	expect_text(bob, "*** you are guest2 in Tea\n");
	expect_text(alice, "*** guest2 joined\n");
	send_text(alice, "with \xff milk?\n/msg guest2 psst\n");
	expect_text(bob, "<alice> with \xef\xbf\xbd milk?\n");
	for (i = 0; i < 2; i++) {
		relay_kill_and_restart(relay, 1);
		close(alice);
		alice = relay_connect(relay);
		expect_greeting(alice, "guest1", "main");
		expect_timed(alice, "<guest1> in main\n");
		send_text(alice, "/join tea\n");
		expect_text(alice, "*** you are guest1 in tea\n");
		expect_timed(alice, "<alice> with \xef\xbf\xbd milk?\n");
	}
	close(alice);
	close(bob);
	relay_stop(relay);
}

/* Killed in the middle of writing, again and again, at any place. */
static void
test_kill_9_under_load_leaves_whole_lines(void **state)
{
	struct relay *relay = relay_start(LISTEN DISK, 1);
	char *text, *line, *end;
	size_t length;
	int i, reader;

	(void)state;
	for (i = 0; i < 5; i++) {
		pid_t writer = start_writer(relay);

		reader = relay_connect(relay);
		expect_consecutive(reader, i == 0 ? 3000 : 1);
		relay_kill_and_restart(relay, 1);
		kill(writer, SIGKILL);
		await_exit(writer);
		close(reader);
	}
	reader = relay_connect(relay);
	expect_consecutive(reader, 1);
	close(reader);
	text = read_whole_file(relay_path(relay, "main.log"), &length);
	assert_true(length > 0 && text[length - 1] == '\n');
	for (line = text; line < text + length; line = end + 1) {
		end = strchr(line, '\n');
		assert_true(end - line > STAMP_BYTES);
		assert_int_equal(line[STAMP_BYTES - 1], ' ');
		assert_int_equal(strspn(line + STAMP_BYTES, "0123456789"),
		    end - line - STAMP_BYTES);
	}
	free(text);
	relay_stop(relay);
}

/* The lines of a file in the relay's directory, without their times. */
static void
assert_transcript(
    const struct relay *relay, const char *name, const char *wanted)
{
	char path[128], got[4096] = "", *text, *line;
	size_t length;

	strcpy(path, relay_path(relay, name));
	text = read_whole_file(path, &length);
	for (line = text; *line != '\0'; line = strchr(line, '\n') + 1)
		strncat(got, line + STAMP_BYTES,
		    strcspn(line + STAMP_BYTES, "\n") + 1);
	assert_string_equal(got, wanted);
	free(text);
}

static void
move_transcript(const struct relay *relay)
{
	char from[128], to[128];

	strcpy(from, relay_path(relay, "main.log"));
	strcpy(to, relay_path(relay, "main.log.1"));
	assert_int_equal(rename(from, to), 0);
}

/* logrotate(8): what comes after SIGHUP goes to a new file, all of it. */
static void
test_sighup_begins_a_new_file(void **state)
{
	struct relay *relay = relay_start(LISTEN DISK, 1);
	int talker = relay_connect(relay), reader = relay_connect(relay);
	int newcomer;

	(void)state;
	send_text(talker, "one\n");
	expect_text(reader, "one\n");
	move_transcript(relay);
	send_text(talker, "two\n");
	expect_text(reader, "two\n");
	kill(relay->pid, SIGHUP);
	relay_await_log(relay, "reloaded");
	send_text(talker, "three\n");
	expect_text(reader, "three\n");
	assert_transcript(relay, "main.log.1", "one\ntwo\n");
	assert_transcript(relay, "main.log", "three\n");
	/* A configuration that is wrong now is no reason to keep the file. */
	move_transcript(relay);
	relay_configure(relay, "wrong");
	kill(relay->pid, SIGHUP);
	relay_await_log(relay, "not reloaded");
	send_text(talker, "four\n");
	expect_text(reader, "four\n");
	assert_transcript(relay, "main.log", "four\n");
	newcomer = relay_connect(relay);
	expect_text(newcomer, "one\ntwo\nthree\nfour\n");
	close(newcomer);
	close(talker);
	close(reader);
	relay_stop(relay);
}

static void
test_a_reload_turns_transcripts_on_and_off(void **state)
{
	struct relay *relay = relay_start(LISTEN, 1);
	int talker = relay_connect(relay), reader = relay_connect(relay);

	(void)state;
	send_text(talker, "one\n");
	expect_text(reader, "one\n");
	relay_reload(relay, LISTEN DISK);
	send_text(talker, "two\n");
	expect_text(reader, "two\n");
	relay_reload(relay, LISTEN);
	send_text(talker, "three\n");
	expect_text(reader, "three\n");
	assert_transcript(relay, "main.log", "two\n");
	close(talker);
	close(reader);
	relay_stop(relay);
}

/* A limit on the size of files, which the daemon inherits. */
static void
limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static size_t
count_in_log(const struct relay *relay, const char *text)
{
	const char *at = relay->log;
	size_t count = 0;

	while ((at = strstr(at, text)) != NULL) {
		count++;
		at += strlen(text);
	}
	return count;
}

/* What stands for a full disk is the limit: no test fills a file system. */
/* As the daemon's user, for whom it needs no privilege. */
static void
lift_limit(const struct relay *relay)
{
	struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	struct stat st;
	pid_t pid;

	assert_int_equal(stat(relay->directory, &st), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		if (setresgid(st.st_gid, st.st_gid, st.st_gid) == -1 ||
		    setresuid(st.st_uid, st.st_uid, st.st_uid) == -1)
			_exit(1);
		_exit(prlimit(relay->pid, RLIMIT_FSIZE, &none, NULL) == 0 ? 0
									  : 1);
	}
	assert_int_equal(await_exit(pid), 0);
}

static void
test_a_full_disk_is_logged_once_and_the_relay_goes_on(void **state)
{
	enum { LIMIT = 1 << 20 };
	struct relay *relay;
	char *filler = malloc(LIMIT), text[32], path[128], *transcript;
	struct stat st;
	int talker, reader, i;
	size_t length;

	(void)state;
	limit_files(LIMIT);
	relay = relay_start(LISTEN DISK, 1);
	limit_files(RLIM_INFINITY);
	memset(filler, '\n', LIMIT);
	strcpy(path, relay_path(relay, "main.log"));
	write_file(path, filler, LIMIT - 50);
	give_to_daemon(path);
	talker = relay_connect(relay);
	reader = relay_connect(relay);
	for (i = 0; i < 10; i++) {
		sprintf(text, "line %d\n", i);
		send_text(talker, text);
		expect_text(reader, text);
	}
	assert_non_null(strstr(
	    relay_await_log(relay, "transcript not written"), "main.log"));
	lift_limit(relay);
	/* Lines go on, and the next try, within a second, works. */
	do {
		send_text(talker, "more\n");
		expect_text(reader, "more\n");
		assert_int_equal(stat(path, &st), 0);
	} while (st.st_size == LIMIT - 50 + STAMP_BYTES + 7);
	relay_await_log(relay, "transcript written again");
	assert_int_equal(count_in_log(relay, "transcript not written"), 1);
	transcript = read_whole_file(path, &length);
	assert_memory_equal(
	    transcript + LIMIT - 50 + STAMP_BYTES, "line 0\n", 7);
	assert_string_equal(
	    transcript + LIMIT - 50 + STAMP_BYTES + 7 + STAMP_BYTES, "more\n");
	free(transcript);
	free(filler);
	close(talker);
	close(reader);
	relay_stop(relay);
}

/* Better than to find out when somebody comes; root may write anywhere. */
static void
test_a_directory_that_cannot_be_written_to_is_said_at_the_start(void **state)
{
	char directory[] = "/tmp/tcprelay-readonly.XXXXXX", path[64], conf[256];
	char output[4096];
	const char *argv[] = { daemon_program(), "-c", path, NULL };

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/conf", directory);
	snprintf(conf, sizeof(conf),
	    LISTEN "%s history = { directory = \"%s\"; };",
	    geteuid() == 0 ? "user = \"nobody\";" : "", directory);
	write_file(path, conf, strlen(conf));
	assert_int_equal(chmod(directory, 0500), 0);
	assert_int_equal(run_program(argv, output, sizeof(output)), 1);
	assert_non_null(strstr(output, "no transcripts can be written path="));
	assert_int_equal(chmod(directory, 0700), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(
		    test_a_newcomer_gets_the_last_lines_and_then_what_is_new),
		E2E_TEST(test_no_gap_and_no_double_for_newcomers_under_load),
		E2E_TEST(test_what_was_seen_is_there_after_kill_9),
		E2E_TEST(test_a_chat_goes_on_after_kill_9),
		E2E_TEST(test_kill_9_under_load_leaves_whole_lines),
		E2E_TEST(test_sighup_begins_a_new_file),
		E2E_TEST(test_a_reload_turns_transcripts_on_and_off),
		E2E_TEST(test_a_full_disk_is_logged_once_and_the_relay_goes_on),
		E2E_TEST(
		    test_a_directory_that_cannot_be_written_to_is_said_at_the_start),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
