/* SPDX-License-Identifier: ISC */
/*
 * Readers that are too slow: that they cost the others lines or time, that
 * lines are left out in pieces or uncounted, that "pause" loses one, and that a
 * crowd of stopped ones, or of those who leave, costs more than one does.
 */
#include "config.h"

#include "harness.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINES	   40000
#define LINE_BYTES 900 /* besides the number */

/* A room in which much is said, and one reads all of it. */
struct talk {
	struct relay *relay;
	char input[128], output[128];
	pid_t reader, writer;
};

static void
write_input(const char *path)
{
	char line[LINE_BYTES + 1] = "";
	FILE *file = fopen(path, "we");
	int i;

	assert_non_null(file);
	memset(line, 'y', LINE_BYTES);
	for (i = 0; i < LINES; i++)
		fprintf(file, "%d %s\n", i, line);
	assert_int_equal(fclose(file), 0);
}

static void
talk_start(struct talk *talk, const char *conf)
{
	talk->relay = relay_start(conf, 1);
	strcpy(talk->input, relay_path(talk->relay, "input"));
	strcpy(talk->output, relay_path(talk->relay, "output"));
	write_input(talk->input);
	talk->reader = start_reader(talk->relay, talk->output);
}

/* One whose kernel takes little. */
static int
connect_small(struct relay *relay)
{
	int fd = relay_connect(relay), small = 4096;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	return fd;
}

static void
talk_begin(struct talk *talk)
{
	static const char *const send_only[] = { "-s", NULL };
	int fd = open(talk->input, O_RDONLY | O_CLOEXEC);

	assert_int_not_equal(fd, -1);
	talk->writer =
	    start_client(talk->relay, send_only, fd, -1, STDERR_FILENO);
	close(fd);
}

static void
expect_same_files(const char *path, const char *other)
{
	size_t length, other_length;
	char *bytes = read_whole_file(path, &length);
	char *others = read_whole_file(other, &other_length);

	assert_int_equal(length, other_length);
	assert_true(memcmp(bytes, others, length) == 0);
	free(bytes);
	free(others);
}

/* All was said, and the one who reads got all of it. */
static void
talk_end(struct talk *talk)
{
	assert_int_equal(await_exit(talk->writer), 0);
	kill(talk->relay->pid, SIGTERM);
	assert_int_equal(await_exit(talk->reader), 0);
	expect_same_files(talk->input, talk->output);
	relay_await_stop(talk->relay);
}

static void
test_a_stopped_reader_costs_the_others_nothing(void **state)
{
	struct talk talk;
	int stopped;

	(void)state;
	talk_start(&talk,
	    "listen = \"127.0.0.1:0\";"
	    "slow_client = { backlog_bytes = 100000; };");
	stopped = connect_small(talk.relay);
	talk_begin(&talk);
	assert_non_null(strstr(
	    relay_await_log(talk.relay, "closed"), "reason=\"too slow\""));
	talk_end(&talk);
	close(stopped);
}

/*
 * Reads lines up to the last one that is said. Each has to be whole, and later
 * than the one before it. Returns how many they are.
 */
static int
read_lines(int fd)
{
	FILE *file = fdopen(fd, "r");
	char line[LINE_BYTES + 64], *rest;
	int count = 0, number, last = -1;

	while (last < LINES - 1 && fgets(line, sizeof(line), file) != NULL) {
		number = (int)strtol(line, &rest, 10);
		assert_true(number > last);
		assert_int_equal(strlen(rest), 1 + LINE_BYTES + 1);
		assert_int_equal(rest[LINE_BYTES + 1], '\n');
		last = number;
		count++;
	}
	fclose(file);
	return count;
}

static int
skipped_lines(const char *log_line)
{
	return atoi(strstr(log_line, " skipped=") + strlen(" skipped="));
}

static void
test_skip_leaves_out_whole_lines_and_says_how_many(void **state)
{
	struct talk talk;
	int stopped, heard, skipped;

	(void)state;
	talk_start(&talk,
	    "listen = \"127.0.0.1:0\"; slow_client = { policy = \"skip\"; "
	    "backlog_bytes = 100000; };");
	stopped = relay_connect(talk.relay);
	talk_begin(&talk);
	assert_int_equal(await_exit(talk.writer), 0);
	relay_await_log(talk.relay, "lines_in=40000");
	/* It reads on, and the last line is one that it gets. */
	heard = read_lines(stopped);
	/* It had gone on before, maybe, and fallen behind again. */
	skipped = 0;
	while (heard + skipped < LINES)
		skipped +=
		    skipped_lines(relay_await_log(talk.relay, " skipped="));
	assert_true(skipped > 0);
	assert_int_equal(heard + skipped, LINES);
	kill(talk.relay->pid, SIGTERM);
	assert_int_equal(await_exit(talk.reader), 0);
	expect_same_files(talk.input, talk.output);
	relay_await_stop(talk.relay);
}

static void
test_pause_loses_nothing_for_anybody(void **state)
{
	struct talk talk;
	int stopped;

	(void)state;
	talk_start(&talk,
	    "listen = \"127.0.0.1:0\"; slow_client = { policy = \"pause\"; "
	    "backlog_bytes = 100000; };");
	stopped = relay_connect(talk.relay);
	talk_begin(&talk);
	relay_await_log(talk.relay, "senders wait");
	assert_int_equal(read_lines(stopped), LINES);
	talk_end(&talk);
}

static void
test_pause_does_not_wait_for_ever(void **state)
{
	struct talk talk;
	int stopped;

	(void)state;
	talk_start(&talk,
	    "listen = \"127.0.0.1:0\"; limits: { stall_seconds = 1; };"
	    "slow_client = { policy = \"pause\"; backlog_bytes = 100000; };");
	stopped = connect_small(talk.relay);
	talk_begin(&talk);
	assert_non_null(strstr(
	    relay_await_log(talk.relay, "closed"), "reason=\"stalled\""));
	talk_end(&talk);
	close(stopped);
}

/* Says lines until nobody reads them any more. */
static void
talk_until_paused(struct relay *relay, int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLOUT };
	char line[LINE_BYTES];

	memset(line, 'y', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	while (poll(&poller, 1, 200) == 1)
		assert_int_not_equal(
		    send(fd, line, sizeof(line), MSG_DONTWAIT | MSG_NOSIGNAL),
		    -1);
	relay_await_log(relay, "senders wait");
}

/*
 * Its last words are read after the write that waits for it has failed. They
 * make it a sender, which has to wait as well: for itself.
 */
static void
test_pause_does_not_wait_for_one_who_is_gone(void **state)
{
	struct relay *relay = relay_start(
	    "listen = [ \"127.0.0.1:0\", \"unix:%s/sock\" ];"
	    "limits: { stall_seconds = 3600; };"
	    "slow_client = { policy = \"pause\"; backlog_bytes = 100000; };",
	    2);
	int stopped = relay_connect_unix(relay, "sock");
	int talker = relay_connect(relay);

	(void)state;
	talk_until_paused(relay, talker);
	send_text(stopped, "last words\n");
	close(stopped);
	expect_text(talker, "last words\n");
	assert_non_null(strstr(relay_await_log(relay, "closed"), "peer=unix"));
	close(talker);
	relay_stop(relay);
}

/*
 * Each leaves with what was current then, and takes its time to read it. The
 * last one to leave is not disturbed by those before.
 */
static void
test_those_who_leave_keep_no_more_than_those_who_stay(void **state)
{
	enum { LEAVERS = 16, TOLD = 500, LENGTH = 4000 };
	struct relay *relay =
	    relay_start("listen = \"127.0.0.1:0\"; shutdown_seconds = 3600;"
			"slow_client = { backlog_bytes = 8000000; };",
		1);
	int talker = relay_connect(relay), listener = relay_connect(relay);
	int leavers[LEAVERS], i, j;
	char *line = calloc(1, LENGTH + 1);

	(void)state;
	memset(line, 'y', LENGTH - 1);
	line[LENGTH - 1] = '\n';
	for (i = 0; i < LEAVERS; i++) {
		leavers[i] = relay_connect(relay);
		for (j = 0; j < TOLD; j++) {
			send_text(talker, line);
			expect_text(listener, line);
		}
		shutdown(leavers[i], SHUT_WR);
		relay_await_log(relay, "end of input");
	}
	assert_non_null(
	    strstr(relay_await_log(relay, "closed"), "reason=\"not drained\""));
	for (j = 0; j < TOLD; j++)
		expect_text(leavers[LEAVERS - 1], line);
	expect_end(leavers[LEAVERS - 1]);
	for (i = 0; i < LEAVERS; i++)
		close(leavers[i]);
	close(talker);
	close(listener);
	free(line);
	relay_stop(relay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_a_stopped_reader_costs_the_others_nothing),
		E2E_TEST(test_skip_leaves_out_whole_lines_and_says_how_many),
		E2E_TEST(test_pause_loses_nothing_for_anybody),
		E2E_TEST(test_pause_does_not_wait_for_ever),
		E2E_TEST(test_pause_does_not_wait_for_one_who_is_gone),
		E2E_TEST(test_those_who_leave_keep_no_more_than_those_who_stay),
	};

	return cmocka_run_group_tests_name("slow", tests, NULL, NULL);
}
