/* SPDX-License-Identifier: ISC */
/*
 * The counters over HTTP: numbers that are not those of the relay, a page that
 * Prometheus cannot read, a client that fills the daemon with connections.
 */
#include "config.h"

#include "harness.h"

#include "common/clock.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPLY_SIZE 65536

/* More than metrics.c takes, and how long it takes them for. */
#define CONNECTIONS	 40
#define LIFETIME_SECONDS 5
#define BILLION		 UINT64_C(1000000000)

#define FEW_FILES 40

#define CONF                                                                   \
	"listen = \"127.0.0.1:0\"; metrics = { listen = \"127.0.0.1:0\"; };"   \
	"slow_client = { backlog_bytes = 100000000; };"

static unsigned
metrics_port(const struct relay *relay)
{
	const char *line = strstr(relay->log, "serving metrics address=");

	assert_non_null(line);
	return (unsigned)strtoul(strstr(line, "127.0.0.1:") + 10, NULL, 10);
}

/* Starts with CONF; *port is where the metrics are. */
static struct relay *
start(unsigned *port)
{
	struct relay *relay = relay_start(CONF, 1);

	*port = metrics_port(relay);
	return relay;
}

static int
connect_to(unsigned port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons((in_port_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const void *)&in, sizeof(in)), 0);
	return fd;
}

/* Sends a request and returns all that comes back. */
static const char *
exchange(int fd, const char *request)
{
	static char reply[REPLY_SIZE];
	size_t length = 0;
	ssize_t got;

	send_text(fd, request);
	while ((got = read(fd, reply + length, sizeof(reply) - 1 - length)) > 0)
		length += (size_t)got;
	assert_int_equal(got, 0);
	reply[length] = '\0';
	close(fd);
	return reply;
}

static const char *
get(unsigned port, const char *path)
{
	char request[128];

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n",
	    path);
	return exchange(connect_to(port), request);
}

static void
expect(const char *reply, const char *wanted)
{
	if (strstr(reply, wanted) == NULL)
		fail_msg("there is no \"%s\" in\n%s", wanted, reply);
}

static void
test_the_numbers_are_those_of_the_relay(void **state)
{
	unsigned port;
	struct relay *relay = start(&port);
	int talker = relay_connect(relay), reader = relay_connect(relay);
	const char *reply;

	(void)state;
	send_text(talker, "a\nbb\n");
	expect_text(reader, "a\nbb\n");
	reply = get(port, "/metrics");
	expect(reply, "HTTP/1.1 200 OK\r\n");
	expect(reply, "\r\nContent-Type: text/plain; version=0.0.4;");
	expect(reply, "\ntcprelayd_clients 2\n");
	expect(reply, "\ntcprelayd_rooms 1\n");
	expect(reply, "\ntcprelayd_lines_in_total 2\n");
	expect(reply, "\ntcprelayd_bytes_out_total 5\n");
	expect(reply, "\ntcprelayd_batch_lines_sum 2\n");
	expect(reply, "\ntcprelayd_closed_total{reason=\"reset\"} 0\n");
	close(talker);
	close(reader);
	relay_stop(relay);
}

/* promtool is of the Debian package prometheus. */
static void
test_promtool_finds_no_fault(void **state)
{
	static const char *const argv[] = { "/bin/sh", "-c",
		"exec promtool check metrics", NULL };
	char output[8192];
	unsigned port;
	struct relay *relay;
	const char *body;
	int ends[2], said[2];
	ssize_t got;
	pid_t pid;

	(void)state;
	if (!is_installed("promtool"))
		skip();
	relay = start(&port);
	body = strstr(get(port, "/metrics"), "\r\n\r\n") + 4;
	make_pipe(ends);
	make_pipe(said);
	pid = start_program(argv, ends[0], said[1], said[1]);
	close(said[1]);
	send_text(ends[1], body);
	close(ends[1]);
	got = read(said[0], output, sizeof(output) - 1);
	assert_true(got >= 0);
	output[got] = '\0';
	assert_string_equal(output, "");
	assert_int_equal(await_exit(pid), 0);
	close(ends[0]);
	close(said[0]);
	relay_stop(relay);
}

/* A client that keeps to the protocol takes a body for another reply. */
static void
test_head_is_answered_without_a_body(void **state)
{
	unsigned port;
	struct relay *relay = start(&port);
	const char *reply = exchange(
	    connect_to(port), "HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n");

	(void)state;
	expect(reply, "HTTP/1.1 200 OK\r\n");
	assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
	relay_stop(relay);
}

static void
test_what_is_not_a_request_for_it_is_refused(void **state)
{
	unsigned port;
	struct relay *relay = start(&port);
	char *long_request = malloc(20000);

	(void)state;
	expect(get(port, "/"), "HTTP/1.1 404 ");
	expect(exchange(connect_to(port),
		   "POST /metrics HTTP/1.1\r\nHost: a\r\n"
		   "Content-Length: 1\r\n\r\nx"),
	    " 501 ");
	expect(exchange(connect_to(port), "what?\r\n\r\n"), " 400 ");
	memset(long_request, 'x', 20000);
	memcpy(long_request, "GET /", 5);
	long_request[19999] = '\0';
	expect(exchange(connect_to(port), long_request), " 400 ");
	free(long_request);
	relay_stop(relay);
}

/* Those that say nothing make way for one that asks. */
static void
test_silent_connections_keep_nobody_waiting(void **state)
{
	unsigned port;
	struct relay *relay = start(&port);
	uint64_t began = clock_nanoseconds();
	int silent[CONNECTIONS], i;

	(void)state;
	for (i = 0; i < CONNECTIONS; i++)
		silent[i] = connect_to(port);
	expect(get(port, "/healthz"), "HTTP/1.1 200 OK\r\n");
	expect_end(silent[0]);
	assert_in_range(
	    clock_nanoseconds() - began, 0, LIFETIME_SECONDS * BILLION);
	for (i = 0; i < CONNECTIONS; i++) {
		expect_end(silent[i]);
		close(silent[i]);
	}
	relay_stop(relay);
}

/* A connection that nobody can accept, and a loop that tries all the time. */
static void
test_no_descriptor_for_it_is_a_pause(void **state)
{
	struct relay *relay = relay_start_with_files(CONF, 1, FEW_FILES);
	unsigned port = metrics_port(relay), fd_count = 0;
	int clients[FEW_FILES], waiting;
	const char *lines;

	(void)state;
	while (fd_count < FEW_FILES)
		clients[fd_count++] = relay_dial(relay);
	relay_await_log(relay, "accepting paused");
	waiting = connect_to(port);
	relay_await_log(relay, "serving metrics paused error=\"Too many open");
	lines = relay->log + relay->log_length;
	relay_await_log(relay, "serving metrics paused");
	relay_await_log(relay, "serving metrics paused");
	assert_null(strstr(lines, "libevent"));
	while (fd_count > 0)
		close(clients[--fd_count]);
	send_text(waiting, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	expect_text(waiting, "HTTP/1.1 200 OK\r\n");
	close(waiting);
	relay_stop(relay);
}

static void
test_a_draining_daemon_says_so(void **state)
{
	unsigned port;
	struct relay *relay = start(&port);
	int talker = relay_connect(relay), stopped = relay_connect(relay);
	char line[1000];
	int i;

	(void)state;
	expect(get(port, "/healthz"), "\r\n\r\nready\n");
	memset(line, 'z', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (i = 0; i < 10000; i++)
		send_bytes(talker, line, sizeof(line));
	/* It has been read: the talker's end is seen after it. */
	close(talker);
	relay_await_log(relay, "closed peer=");
	kill(relay->pid, SIGTERM);
	relay_await_log(relay, "stopping");
	expect(get(port, "/healthz"), "HTTP/1.1 503 ");
	expect(get(port, "/healthz"), "\r\n\r\ndraining\n");
	kill(relay->pid, SIGTERM);
	close(stopped);
	relay_await_stop(relay);
}

static void
test_a_unix_socket_with_permissions(void **state)
{
	struct relay *relay = relay_start("listen = \"127.0.0.1:0\"; metrics = "
					  "{ listen = \"unix:%s/metrics\"; "
					  "permissions = \"0600\"; };",
	    1);
	char path[128];
	struct stat st;
	siginfo_t info;

	(void)state;
	strcpy(path, relay_path(relay, "metrics"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	kill(relay->pid, SIGTERM);
	assert_int_equal(
	    waitid(P_PID, (id_t)relay->pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(stat(path, &st), -1);
	relay_await_stop(relay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_the_numbers_are_those_of_the_relay),
		E2E_TEST(test_promtool_finds_no_fault),
		E2E_TEST(test_head_is_answered_without_a_body),
		E2E_TEST(test_what_is_not_a_request_for_it_is_refused),
		E2E_TEST(test_silent_connections_keep_nobody_waiting),
		E2E_TEST(test_no_descriptor_for_it_is_a_pause),
		E2E_TEST(test_a_draining_daemon_says_so),
		E2E_TEST(test_a_unix_socket_with_permissions),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
