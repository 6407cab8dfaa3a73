/* SPDX-License-Identifier: ISC */
/*
 * Much at a time: a file that is not the same for all its readers, writers
 * whose lines do not stand in one order for everybody.
 */
#include "config.h"

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void
test_200000_lines_arrive_byte_for_byte(void **state)
{
	enum { LINES = 200000, READERS = 3 };
	static const char *const send_only[] = { "-s", NULL };
	struct relay *relay = relay_start(NULL, 1);
	char *sent, *got, path[READERS][128], input[128];
	size_t length = 0, got_length;
	pid_t readers[READERS], client;
	unsigned seed = 1;
	int fd, i;

	(void)state;
	sent = malloc((size_t)LINES * 160);
	for (i = 0; i < LINES; i++)
		length += (size_t)sprintf(
		    sent + length, "%d %0*d\n", i, 1 + rand_r(&seed) % 120, i);
	strcpy(input, relay_path(relay, "input"));
	write_file(input, sent, length);
	for (i = 0; i < READERS; i++) {
		snprintf(
		    path[i], sizeof(path[i]), "%s/out%d", relay->directory, i);
		readers[i] = start_reader(relay, path[i]);
	}
	fd = open(input, O_RDONLY | O_CLOEXEC);
	client = start_client(relay, send_only, fd, -1, STDERR_FILENO);
	close(fd);
	assert_int_equal(await_exit(client), 0);
	kill(relay->pid, SIGTERM);
	for (i = 0; i < READERS; i++) {
		assert_int_equal(await_exit(readers[i]), 0);
		got = read_whole_file(path[i], &got_length);
		assert_int_equal(got_length, length);
		assert_true(memcmp(sent, got, length) == 0);
		free(got);
	}
	free(sent);
	relay_await_stop(relay);
}

#define WRITERS	     8
#define WRITER_LINES 4000

/* Line number of a writer: "w3 17 xxxxx\n". Returns its length. */
static size_t
make_line(char *line, int writer, int number, unsigned *seed)
{
	int padding = rand_r(seed) % 200;
	size_t length = (size_t)sprintf(line, "w%d %d ", writer, number);

	memset(line + length, 'x', (size_t)padding);
	line[length + (size_t)padding] = '\n';
	return length + (size_t)padding + 1;
}

/*
 * A process that says its lines in pieces cut at random and notes what it
 * hears meanwhile, to its end.
 */
static pid_t
start_writer(struct relay *relay, int writer, const char *path)
{
	int fd = relay_connect(relay), number = 0;
	unsigned seed = (unsigned)writer + 1;
	char line[256], bytes[65536];
	size_t length = 0, at = 0;
	pid_t pid = fork();
	ssize_t got = 1;
	FILE *file;

	assert_int_not_equal(pid, -1);
	if (pid > 0) {
		close(fd);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	file = fopen(path, "we");
	while (got != 0) {
		bool done = at == length && number == WRITER_LINES;
		struct pollfd poller = {
			.fd = fd,
			.events = (short)(done ? POLLIN : POLLIN | POLLOUT),
		};
		size_t piece;

		poll(&poller, 1, -1);
		if (poller.revents & POLLIN) {
			got = read(fd, bytes, sizeof(bytes));
			if (got == -1)
				_exit(1);
			fwrite(bytes, 1, (size_t)got, file);
		}
		if (done || !(poller.revents & POLLOUT))
			continue;
		if (at == length) {
			length = make_line(line, writer, number++, &seed);
			at = 0;
		}
		piece = 1 + (size_t)rand_r(&seed) % (length - at);
		send_bytes(fd, line + at, piece);
		at += piece;
		if (at == length && number == WRITER_LINES)
			shutdown(fd, SHUT_WR);
	}
	_exit(fclose(file) == 0 ? 0 : 1);
}

/* Every line is what its writer said, and each writer's lines are in order. */
static void
check_lines(const char *text, size_t length, int counts[WRITERS])
{
	unsigned seeds[WRITERS];
	char expected[256];
	int writer;

	for (writer = 0; writer < WRITERS; writer++) {
		seeds[writer] = (unsigned)writer + 1;
		counts[writer] = 0;
	}
	while (length > 0) {
		size_t line;

		assert_int_equal(text[0], 'w');
		writer = text[1] - '0';
		assert_in_range(writer, 0, WRITERS - 1);
		line = make_line(
		    expected, writer, counts[writer]++, &seeds[writer]);
		/* The writer drew its cuts from the same numbers. */
		for (size_t at = 0; at < line;)
			at += 1 + (size_t)rand_r(&seeds[writer]) % (line - at);
		assert_in_range(line, 1, length);
		assert_memory_equal(text, expected, line);
		text += line;
		length -= line;
	}
}

/*
 * What a writer heard is a part of what all heard, from when it came to when it
 * left, without its own lines.
 */
static void
check_writer(const char *all, const char *heard, size_t length, int writer)
{
	size_t line = strcspn(heard, "\n") + 1;

	while (length > 0 && strncmp(all, heard, line) != 0)
		all += strcspn(all, "\n") + 1;
	while (length > 0) {
		line = strcspn(all, "\n") + 1;
		if (all[1] - '0' != writer) {
			assert_in_range(line, 1, length);
			assert_memory_equal(all, heard, line);
			heard += line;
			length -= line;
		}
		all += line;
	}
}

static void
test_many_writers_are_heard_in_one_order_by_all(void **state)
{
	enum { READERS = 3 };
	struct relay *relay = relay_start(NULL, 1);
	char path[READERS + WRITERS][128], *all = NULL, *heard;
	pid_t pids[READERS + WRITERS];
	size_t all_length = 0, length;
	int counts[WRITERS], i;

	(void)state;
	for (i = 0; i < READERS + WRITERS; i++)
		snprintf(path[i], sizeof(path[i]), "%s/heard%d",
		    relay->directory, i);
	for (i = 0; i < READERS; i++)
		pids[i] = start_reader(relay, path[i]);
	for (i = 0; i < WRITERS; i++)
		pids[READERS + i] = start_writer(relay, i, path[READERS + i]);
	for (i = 0; i < WRITERS; i++)
		assert_int_equal(await_exit(pids[READERS + i]), 0);
	kill(relay->pid, SIGTERM);
	for (i = 0; i < READERS; i++) {
		assert_int_equal(await_exit(pids[i]), 0);
		heard = read_whole_file(path[i], &length);
		if (i == 0) {
			all = heard;
			all_length = length;
			continue;
		}
		assert_int_equal(length, all_length);
		assert_true(memcmp(heard, all, length) == 0);
		free(heard);
	}
	check_lines(all, all_length, counts);
	for (i = 0; i < WRITERS; i++) {
		assert_int_equal(counts[i], WRITER_LINES);
		heard = read_whole_file(path[READERS + i], &length);
		check_writer(all, heard, length, i);
		free(heard);
	}
	free(all);
	relay_await_stop(relay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_200000_lines_arrive_byte_for_byte),
		E2E_TEST(test_many_writers_are_heard_in_one_order_by_all),
	};

	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
