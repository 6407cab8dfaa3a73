/* SPDX-License-Identifier: ISC */
/*
 * Starting, and what is left at the end: a daemon that starts although it
 * should not, one that leaves things behind or does not say what it does.
 */
#include "config.h"

#include "harness.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_SIZE 8192

static int
run_with_conf(const char *conf, const char *option, char *output)
{
	char path[] = "/tmp/tcprelay-conf.XXXXXX";
	const char *argv[] = { daemon_program(), "-c", path, option, NULL };
	int fd = mkstemp(path), status;

	assert_int_not_equal(fd, -1);
	close(fd);
	write_file(path, conf, strlen(conf));
	status = run_program(argv, output, OUTPUT_SIZE);
	unlink(path);
	return status;
}

static void
test_a_wrong_configuration_exits_with_2_and_names_every_error(void **state)
{
	char output[OUTPUT_SIZE];

	(void)state;
	assert_int_equal(run_with_conf("listen = \"127.0.0.1:0\";\n"
				       "limits = { line_bytes = 0; };\n"
				       "colour = \"blue\";\n",
			     NULL, output),
	    2);
	assert_non_null(strstr(
	    output, ":2: limits.line_bytes: 0 is out of range; allowed: 1 to"));
	assert_non_null(strstr(output, ":3: colour: there is no such key"));
	assert_null(strstr(output, "listening"));
}

static void
test_the_check_of_a_configuration_does_not_start(void **state)
{
	char output[OUTPUT_SIZE];

	(void)state;
	assert_int_equal(
	    run_with_conf("listen = \"127.0.0.1:0\";", "-t", output), 0);
	assert_string_equal(output, "tcprelayd: the configuration is valid\n");
	assert_int_equal(run_with_conf("mode = 1;", "--test", output), 2);
	assert_non_null(strstr(output, ":1: mode: not a string"));
}

static void
test_wrong_usage_exits_with_2(void **state)
{
	static const char *const wrong[][3] = {
		{ "--wrong", NULL, NULL },
		{ "extra", NULL, NULL },
		{ "-l", "nowhere", NULL },
		{ "-c", "/no/such/file", NULL },
		{ "-c", "/", NULL },
	};
	char output[OUTPUT_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(wrong); i++) {
		const char *argv[] = { daemon_program(), wrong[i][0],
			wrong[i][1], NULL };

		assert_int_equal(run_program(argv, output, sizeof(output)), 2);
		assert_string_not_equal(output, "");
	}
}

static void
test_only_the_installed_file_may_be_missing_and_only_with_l(void **state)
{
	const char *argv[] = { daemon_program(), "-t", "-l", "127.0.0.1:0",
		NULL };
	const char *file[] = { daemon_program(), "-t", "-l", "127.0.0.1:0",
		"-c", "/no/such/file", NULL };
	char output[OUTPUT_SIZE];

	(void)state;
	if (access(TCPRELAY_CONF, F_OK) == 0)
		skip();
	assert_int_equal(run_program(argv, output, sizeof(output)), 0);
	assert_int_equal(run_program(file, output, sizeof(output)), 2);
	argv[2] = NULL;
	assert_int_equal(run_program(argv, output, sizeof(output)), 2);
}

static void
test_help_and_version(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	const char *help[] = { daemon_program(), "--help", NULL };
	const char *version[] = { daemon_program(), "-V", NULL };
	char output[OUTPUT_SIZE];

	(void)state;
	assert_int_equal(run_program(help, output, sizeof(output)), 0);
	assert_non_null(strstr(output, TCPRELAY_CONF));
	/* A script that keeps it has kept nothing. */
	assert_int_equal(await_exit(start_program(help, -1, full, -1)), 1);
	assert_int_equal(await_exit(start_program(version, -1, full, -1)), 1);
	close(full);
	assert_int_equal(run_program(version, output, sizeof(output)), 0);
	assert_string_equal(output, "tcprelayd " PACKAGE_VERSION "\n");
}

static void
test_an_address_that_cannot_be_had_exits_with_1_and_says_which(void **state)
{
	struct relay *relay = relay_start(NULL, 1);
	char output[OUTPUT_SIZE], conf[256];

	(void)state;
	snprintf(conf, sizeof(conf), "listen = \"127.0.0.1:%u\";", relay->port);
	assert_int_equal(run_with_conf(conf, NULL, output), 1);
	snprintf(conf, sizeof(conf),
	    "cannot listen address=127.0.0.1:%u error=\"Address already in "
	    "use\"",
	    relay->port);
	assert_non_null(strstr(output, conf));
	relay_stop(relay);

	assert_int_equal(
	    run_with_conf("listen = \"no.such.host.invalid:1\";", NULL, output),
	    1);
	assert_non_null(strstr(
	    output, "cannot listen address=no.such.host.invalid:1 error="));
	assert_int_equal(
	    run_with_conf("listen = \"unix:/no/such/dir/sock\";", NULL, output),
	    1);
	assert_non_null(strstr(output, "error=\"No such file or directory\""));
	/* TEST-NET-1: an address that is never ours. */
	assert_int_equal(
	    run_with_conf("listen = \"192.0.2.1:0\";", NULL, output), 1);
	assert_non_null(
	    strstr(output, "error=\"Cannot assign requested address\""));
}

static void
test_one_listener_that_fails_leaves_nothing_of_the_others(void **state)
{
	char directory[] = "/tmp/tcprelay-half.XXXXXX";
	char output[OUTPUT_SIZE], conf[256], path[64];
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/sock", directory);
	snprintf(conf, sizeof(conf),
	    "listen = [ \"unix:%s\", \"192.0.2.1:1\" ];", path);
	assert_int_equal(run_with_conf(conf, NULL, output), 1);
	assert_null(strstr(output, "listening"));
	assert_int_equal(stat(path, &st), -1);
	assert_int_equal(rmdir(directory), 0);
}

static void
test_a_unix_socket_has_its_permissions_and_goes_at_the_end(void **state)
{
	struct relay *relay = relay_start(
	    "listen = ( { address = \"unix:%s/sock\"; permissions = \"0640\"; "
	    "} );",
	    1);
	char path[128];
	struct stat st;
	siginfo_t info;

	(void)state;
	strcpy(path, relay_path(relay, "sock"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	kill(relay->pid, SIGTERM);
	relay_await_log(relay, "stopping");
	assert_int_equal(
	    waitid(P_PID, (id_t)relay->pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(stat(path, &st), -1);
	relay_await_stop(relay);
}

static void
test_a_socket_file_of_somebody_else_is_left_alone(void **state)
{
	struct relay *relay = relay_start("listen = \"unix:%s/sock\";", 1);
	char path[128];
	siginfo_t info;
	struct stat st;

	(void)state;
	strcpy(path, relay_path(relay, "sock"));
	assert_int_equal(rename(path, relay_path(relay, "moved")), 0);
	write_file(path, "", 0);
	kill(relay->pid, SIGTERM);
	assert_int_equal(
	    waitid(P_PID, (id_t)relay->pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(stat(path, &st), 0);
	relay_await_stop(relay);
}

/* What a kill -9 leaves is replaced; what a living daemon uses is not. */
static void
test_a_stale_socket_file_is_replaced_and_a_living_one_is_not(void **state)
{
	static const char conf[] = "listen = \"unix:%s/sock\";";
	struct relay *relay = relay_start(conf, 1);
	char output[OUTPUT_SIZE], other[256];
	const char *argv[] = { daemon_program(), "-c", "/dev/null", "-l", other,
		NULL };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t pid;

	(void)state;
	snprintf(other, sizeof(other), "unix:%s/sock", relay->directory);
	assert_int_equal(run_program(argv, output, sizeof(output)), 1);
	assert_non_null(strstr(output, "error=\"Address already in use\""));
	kill(relay->pid, SIGKILL);
	assert_int_equal(await_exit(relay->pid), 128 + SIGKILL);
	relay->pid = pid = start_program(argv, -1, -1, -1);
	strcpy(un.sun_path, relay_path(relay, "sock"));
	while (connect(fd, (const void *)&un, sizeof(un)) == -1)
		assert_int_equal(kill(pid, 0), 0);
	close(fd);
	relay_stop(relay);
}

static void
test_the_command_line_replaces_where_to_listen(void **state)
{
	char output[OUTPUT_SIZE] = "";
	const char *argv[] = { daemon_program(), "-c", "/dev/null", "-l",
		"127.0.0.1:0", "--listen", "127.0.0.2:0", NULL };
	size_t length = 0;
	int ends[2];
	pid_t pid;

	(void)state;
	make_pipe(ends);
	pid = start_program(argv, -1, -1, ends[1]);
	close(ends[1]);
	while (strstr(output, "address=127.0.0.2:") == NULL) {
		ssize_t got =
		    read(ends[0], output + length, sizeof(output) - 1 - length);

		assert_true(got > 0);
		length += (size_t)got;
	}
	assert_non_null(strstr(output, "address=127.0.0.1:"));
	kill(pid, SIGINT);
	assert_int_equal(await_exit(pid), 0);
	close(ends[0]);
}

static void
test_sigusr1_logs_the_counters(void **state)
{
	struct relay *relay = relay_start(NULL, 1);
	int talker = relay_connect(relay), reader = relay_connect(relay);
	const char *line;

	(void)state;
	send_text(talker, "a\nbb\n");
	expect_text(reader, "a\nbb\n");
	kill(relay->pid, SIGUSR1);
	line = relay_await_log(relay, "counters");
	assert_non_null(strstr(line, " clients=2 "));
	assert_non_null(strstr(line,
	    " accepted=2 lines_in=2 bytes_in=5 lines_out=2 bytes_out=5 "));
	relay_await_log(relay, "counters reason=\"end of input\" closed=0");
	relay_await_log(relay, "counters histogram=batch_lines count=1 sum=2");
	close(talker);
	close(reader);
	relay_stop(relay);
}

static void
test_the_log_shows_a_connections_life(void **state)
{
	struct relay *relay = relay_start(NULL, 1);
	int talker = relay_connect(relay), reader = relay_connect(relay);
	char name[64];
	struct sockaddr_in in;
	socklen_t length = sizeof(in);

	(void)state;
	getsockname(talker, (void *)&in, &length);
	snprintf(name, sizeof(name), "peer=127.0.0.1:%u ", ntohs(in.sin_port));
	assert_non_null(strstr(relay->log, name));
	send_text(talker, "hi\n");
	expect_text(reader, "hi\n");
	shutdown(talker, SHUT_WR);
	expect_end(talker);
	assert_non_null(
	    strstr(relay_await_log(relay, "end of input"), "peer="));
	assert_non_null(strstr(relay_await_log(relay, "closed"),
	    "lines_in=1 bytes_in=3 lines_out=0 bytes_out=0"));
	close(talker);
	close(reader);
	relay_stop(relay);
}

static void
test_one_v_is_one_level(void **state)
{
	struct relay *relay = relay_start(
	    "listen = \"127.0.0.1:0\"; log = { level = \"warn\"; };", 1);

	(void)state;
	close(relay_connect(relay));
	relay_await_log(relay, "closed peer=");
	assert_null(strstr(relay->log, " debug: "));
	relay_stop(relay);
}

/* Who starts it by hand, or on a machine without syslog, has to see them. */
static void
test_what_ends_the_start_is_on_standard_error_too(void **state)
{
	char output[OUTPUT_SIZE];

	(void)state;
	assert_int_equal(run_with_conf("listen = \"unix:/no/such/socket\";"
				       "log = { target = \"syslog\"; };",
			     NULL, output),
	    1);
	assert_non_null(strstr(output, "cannot listen address=unix:/no/such"));
}

/* A daemon whose configuration is a FIFO stops there until it is written. */
struct held {
	char directory[32], conf[64];
	int fd; /* the configuration */
};

static void
make_fifo(struct held *held)
{
	strcpy(held->directory, "/tmp/tcprelay-e2e.XXXXXX");
	assert_non_null(mkdtemp(held->directory));
	give_to_daemon(held->directory);
	snprintf(held->conf, sizeof(held->conf), "%s/fifo", held->directory);
	assert_int_equal(mkfifo(held->conf, 0644), 0);
	give_to_daemon(held->conf);
}

/* A manager may tell it to reload as soon as it has started it. */
static void
test_signals_of_the_first_moment_wait_until_they_are_handled(void **state)
{
	struct relay *relay = calloc(1, sizeof(*relay));
	struct held held;
	const char *argv[] = { daemon_program(), "-c", held.conf, NULL };
	int ends[2];

	(void)state;
	make_fifo(&held);
	strcpy(relay->directory, held.directory);
	make_pipe(ends);
	relay->pid = start_program(argv, -1, -1, ends[1]);
	close(ends[1]);
	relay->log_fd = ends[0];
	held.fd = open(held.conf, O_WRONLY | O_CLOEXEC);
	kill(relay->pid, SIGHUP);
	kill(relay->pid, SIGUSR1);
	send_text(held.fd, "listen = \"127.0.0.1:0\";");
	close(held.fd);
	relay_await_log(relay, "listening");
	relay_await_log(relay, "it is not a regular file");
	relay_await_log(relay, "not reloaded");
	relay_await_log(relay, "counters");
	relay_stop(relay);
}

/* Sockets would be 0 to 2, and what is printed would go to a client. */
static void
test_standard_files_that_are_closed_are_dev_null(void **state)
{
	struct held held;
	const char *argv[] = { "/bin/sh", "-c",
		"exec \"$0\" -c \"$1\" <&- >&- 2>&-", daemon_program(),
		held.conf, NULL };
	char path[64], link[64];
	ssize_t length;
	int number;
	pid_t pid;

	(void)state;
	make_fifo(&held);
	pid = start_program(argv, -1, -1, -1);
	held.fd = open(held.conf, O_WRONLY | O_CLOEXEC);
	for (number = 0; number <= STDERR_FILENO; number++) {
		snprintf(
		    path, sizeof(path), "/proc/%d/fd/%d", (int)pid, number);
		length = readlink(path, link, sizeof(link) - 1);
		assert_int_not_equal(length, -1);
		link[length] = '\0';
		assert_string_equal(link, "/dev/null");
	}
	send_text(held.fd, "wrong");
	close(held.fd);
	assert_int_equal(await_exit(pid), 2);
	remove_directory(held.directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(
		    test_a_wrong_configuration_exits_with_2_and_names_every_error),
		E2E_TEST(test_the_check_of_a_configuration_does_not_start),
		E2E_TEST(test_wrong_usage_exits_with_2),
		E2E_TEST(
		    test_only_the_installed_file_may_be_missing_and_only_with_l),
		E2E_TEST(test_help_and_version),
		E2E_TEST(
		    test_an_address_that_cannot_be_had_exits_with_1_and_says_which),
		E2E_TEST(
		    test_one_listener_that_fails_leaves_nothing_of_the_others),
		E2E_TEST(
		    test_a_unix_socket_has_its_permissions_and_goes_at_the_end),
		E2E_TEST(test_a_socket_file_of_somebody_else_is_left_alone),
		E2E_TEST(
		    test_a_stale_socket_file_is_replaced_and_a_living_one_is_not),
		E2E_TEST(test_the_command_line_replaces_where_to_listen),
		E2E_TEST(test_sigusr1_logs_the_counters),
		E2E_TEST(test_one_v_is_one_level),
		E2E_TEST(test_what_ends_the_start_is_on_standard_error_too),
		E2E_TEST(
		    test_signals_of_the_first_moment_wait_until_they_are_handled),
		E2E_TEST(test_standard_files_that_are_closed_are_dev_null),
		E2E_TEST(test_the_log_shows_a_connections_life),
	};

	return cmocka_run_group_tests_name("daemon", tests, NULL, NULL);
}
