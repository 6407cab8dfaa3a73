/* SPDX-License-Identifier: ISC */
/*
 * limits: a client that gets more than its share, one that is punished for a
 * paste, and newcomers that are turned away without a word.
 */
#include "config.h"

#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* That the daemon may have open. */
#define FILES 40

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* 100 lines with 20 at once and 100 a second take 0.8 s, and all come. */
static void
test_a_flood_is_read_later_and_nothing_of_it_is_lost(void **state)
{
	struct relay *relay = relay_start(
	    "listen = \"127.0.0.1:0\";"
	    "limits: { lines_per_second = 100; burst_lines = 20; };",
	    1);
	int flooder = relay_connect(relay), reader = relay_connect(relay);
	int other = relay_connect(relay);
	char lines[2048] = "";
	double begin = now();
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		sprintf(lines + strlen(lines), "line %d\n", i);
	send_text(flooder, lines);
	expect_text(reader, "line 0\n");
	send_text(other, "not held up\n");
	for (i = 0; i < 20; i++) {
		char line[32];

		sprintf(line, "line %d\n", i);
		expect_text(other, line);
	}
	/* The end of input comes after the lines, when they are read. */
	shutdown(flooder, SHUT_WR);
	expect_text(flooder, "not held up\n");
	expect_end(flooder);
	assert_true(now() - begin > 0.7);
	relay_await_log(relay, "lines_in=100");
	close(flooder);
	close(reader);
	close(other);
	relay_stop(relay);
}

/* A FIN would tell it that all was relayed. */
static void
test_what_was_to_be_read_later_is_lost_with_a_reset(void **state)
{
	struct relay *relay =
	    relay_start("listen = \"127.0.0.1:0\";"
			"limits: { lines_per_second = 1; burst_lines = 1; };",
		1);
	int flooder = relay_connect(relay), reader = relay_connect(relay);
	char byte;
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		send_text(flooder, "line\n");
	expect_text(reader, "line\n");
	kill(relay->pid, SIGTERM);
	relay_await_stop(relay);
	assert_int_equal(read(flooder, &byte, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	close(flooder);
	close(reader);
}

static void
test_a_silent_client_is_closed_and_a_talking_one_is_not(void **state)
{
	struct relay *relay = relay_start(
	    "listen = \"127.0.0.1:0\"; limits: { idle_seconds = 2; };", 1);
	int silent = relay_connect(relay), talking = relay_connect(relay);
	struct pollfd wait = { .fd = silent };
	char heard[256];
	ssize_t got;
	int i;

	(void)state;
	wait.events = POLLRDHUP;
	/* Until the silent one is gone. */
	for (i = 0; poll(&wait, 1, 300) == 0; i++)
		send_text(talking, "me\n");
	assert_in_range(i, 3, 30);
	relay_await_log(relay, "reason=\"idle\"");
	while ((got = read(silent, heard, sizeof(heard))) > 0)
		continue;
	assert_int_equal(got, 0);
	shutdown(talking, SHUT_WR);
	relay_await_log(relay, "reason=\"end of input\"");
	close(silent);
	close(talking);
	relay_stop(relay);
}

static void
test_one_address_cannot_take_all_places(void **state)
{
	struct relay *relay =
	    relay_start("listen = [ \"127.0.0.1:0\", \"unix:%s/s\" ];"
			"limits: { clients_per_address = 2; };",
		2);
	int first = relay_connect(relay), second = relay_connect(relay);
	int third = relay_connect(relay), local;

	(void)state;
	expect_text(third, "tcprelayd: too many clients from your address\n");
	close(third);
	relay_await_log(relay, "reason=\"too many from this address\"");
	local = relay_connect_unix(relay, "s");
	close(second);
	relay_await_log(relay, "reason=\"end of input\"");
	third = relay_connect(relay);
	send_text(third, "in its place\n");
	expect_text(first, "in its place\n");
	expect_text(local, "in its place\n");
	close(first);
	close(third);
	close(local);
	relay_stop(relay);
}

/* As relay_dial(), from another address of this machine. */
static int
dial_from(const struct relay *relay, const char *address)
{
	struct sockaddr_in end = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 4096;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	inet_pton(AF_INET, address, &end.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&end, sizeof(end)), 0);
	inet_pton(AF_INET, "127.0.0.1", &end.sin_addr);
	end.sin_port = htons((uint16_t)relay->port);
	assert_int_equal(connect(fd, (struct sockaddr *)&end, sizeof(end)), 0);
	return fd;
}

/* More than are told why they may not come in. */
#define CROWD 80

static void
test_those_who_are_refused_keep_nobody_out(void **state)
{
	struct relay *relay = relay_start(
	    "listen = \"127.0.0.1:0\"; log = { level = \"debug\"; };"
	    "limits: { clients = 3; clients_per_address = 1; };",
	    1);
	int member = relay_connect(relay), crowd[CROWD], other, i;

	(void)state;
	for (i = 0; i < CROWD; i++)
		crowd[i] = dial_from(relay, "127.0.0.1");
	relay_await_log(relay, "closed unanswered");
	other = dial_from(relay, "127.0.0.2");
	relay_await_log(relay, "accepted peer=127.0.0.2");
	send_text(member, "come in\n");
	expect_text(other, "come in\n");
	for (i = 0; i < CROWD; i++)
		close(crowd[i]);
	close(member);
	close(other);
	relay_stop(relay);
}

/* They take the history, and leave, and read nothing. */
static void
test_those_who_leave_keep_nobody_out(void **state)
{
	struct relay *relay = relay_start(
	    "listen = \"127.0.0.1:0\"; log = { level = \"debug\"; };"
	    "limits: { clients = 3; }; history: { lines = 10000; };",
	    1);
	int member = relay_connect(relay), reader = relay_connect(relay);
	int crowd[CROWD], other, i;
	char line[1001];

	(void)state;
	memset(line, 'x', sizeof(line));
	strcpy(line + sizeof(line) - 2, "\n");
	for (i = 0; i < 1000; i++) {
		send_text(member, line);
		expect_text(reader, line);
	}
	for (i = 0; i < CROWD; i++) {
		crowd[i] = dial_from(relay, "127.0.0.1");
		shutdown(crowd[i], SHUT_WR);
		relay_await_log(relay, "from=closing");
	}
	other = dial_from(relay, "127.0.0.1");
	expect_text(other, line);
	for (i = 0; i < CROWD; i++)
		close(crowd[i]);
	close(member);
	close(reader);
	close(other);
	relay_stop(relay);
}

/* Dials until one is not accepted, last at begin; returns how many were. */
static size_t
fill(struct relay *relay, int fds[FILES], double *begin)
{
	size_t count = 0;

	for (;;) {
		*begin = now();
		fds[count] = relay_dial(relay);
		if (strstr(relay_await_log(relay, "accept"), "paused") != NULL)
			return count;
		count++;
	}
}

static void
expect_no_files(int fd)
{
	expect_text(fd, "tcprelayd: too many open files\n");
	close(fd);
}

#define THRONG 200

/*
 * Nobody else is heard while somebody is accepted, so that has to have an end,
 * however many wait.
 */
static void
test_a_crowd_at_the_door_lets_others_speak(void **state)
{
	struct relay *relay = relay_start(NULL, 1);
	int talker = relay_connect(relay), throng[THRONG], i;
	siginfo_t info;

	(void)state;
	kill(relay->pid, SIGSTOP);
	assert_int_equal(waitid(P_PID, (id_t)relay->pid, &info, WSTOPPED), 0);
	for (i = 0; i < THRONG; i++)
		throng[i] = relay_dial(relay);
	send_text(talker, "to those who are in\n");
	kill(relay->pid, SIGCONT);
	for (i = 0; i < THRONG; i++)
		relay_await_log(relay, "accepted");
	send_text(talker, "to all\n");
	expect_text(throng[THRONG - 1], "to all\n");
	for (i = 0; i < THRONG; i++)
		close(throng[i]);
	close(talker);
	relay_stop(relay);
}

/* Guards against a loop that asks for a connection that it cannot have. */
static void
test_without_descriptors_newcomers_are_told_and_others_go_on(void **state)
{
	struct relay *relay = relay_start_with_files(NULL, 1, FILES);
	int fds[FILES];
	double before, begin;
	size_t count;

	(void)state;
	assert_non_null(strstr(relay->log, "only 40 files open; needed: "));
	count = fill(relay, fds, &begin);
	assert_in_range(count, 2, FILES - 1);
	expect_no_files(fds[count]);
	/* Those who come now wait for the next try. */
	before = relay_cpu_seconds(relay);
	expect_no_files(relay_dial(relay));
	assert_true(now() - begin > 0.5);
	assert_true(relay_cpu_seconds(relay) - before < 0.2);
	send_text(fds[0], "still here\n");
	expect_text(fds[1], "still here\n");
	close(fds[--count]);
	relay_await_log(relay, "closed peer");
	fds[count++] = relay_connect(relay);
	send_text(fds[count - 1], "back\n");
	expect_text(fds[0], "back\n");
	while (count > 0)
		close(fds[--count]);
	relay_stop(relay);
}

static void
test_the_soft_limit_of_files_is_raised_for_so_many_clients(void **state)
{
	struct rlimit before, low;
	struct relay *relay;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	/* valgrind keeps a limit of its own, and the real one as it was. */
	if (before.rlim_max < 5000 || getenv("TCPRELAY_TEST_WRAPPER") != NULL)
		skip();
	low = before;
	low.rlim_cur = 100;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	relay = relay_start(NULL, 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_in_range(relay_limit(relay, "Max open files").soft, 1001, 3000);
	relay_reload(
	    relay, "listen = \"127.0.0.1:0\"; limits = { clients = 3000; };");
	assert_in_range(relay_limit(relay, "Max open files").soft, 3001, 5000);
	relay_stop(relay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_a_flood_is_read_later_and_nothing_of_it_is_lost),
		E2E_TEST(test_what_was_to_be_read_later_is_lost_with_a_reset),
		E2E_TEST(
		    test_a_silent_client_is_closed_and_a_talking_one_is_not),
		E2E_TEST(test_one_address_cannot_take_all_places),
		E2E_TEST(test_those_who_are_refused_keep_nobody_out),
		E2E_TEST(test_those_who_leave_keep_nobody_out),
		E2E_TEST(test_a_crowd_at_the_door_lets_others_speak),
		E2E_TEST(
		    test_without_descriptors_newcomers_are_told_and_others_go_on),
		E2E_TEST(
		    test_the_soft_limit_of_files_is_raised_for_so_many_clients),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
