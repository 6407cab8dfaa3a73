/* SPDX-License-Identifier: ISC */
/*
 * What is left to a daemon that runs: root that stays, or could come back; a
 * reload or an end that needs what was given up, without a word.
 */
#include "config.h"

#include "harness.h"
#include "secret.h"

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_SIZE 8192

/* The value of a line "NAME:\tVALUE" of /proc/PID/status. */
static const char *
proc_value(const struct relay *relay, const char *name)
{
	static char line[512];
	size_t length = strlen(name);
	char path[64];
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)relay->pid);
	stream = fopen(path, "re");
	assert_non_null(stream);
	while (fgets(line, sizeof(line), stream) != NULL)
		if (strncmp(line, name, length) == 0)
			break;
	fclose(stream);
	line[strcspn(line, "\n")] = '\0';
	return line + length + 1 + strspn(line + length + 1, " \t");
}

static void
expect_proc(const struct relay *relay, const char *name, const char *value)
{
	assert_string_equal(proc_value(relay, name), value);
}

static void
expect_user(const struct relay *relay, uid_t user, gid_t group)
{
	char four[64];

	snprintf(four, sizeof(four), "%u\t%u\t%u\t%u", user, user, user, user);
	expect_proc(relay, "Uid", four);
	snprintf(
	    four, sizeof(four), "%u\t%u\t%u\t%u", group, group, group, group);
	expect_proc(relay, "Gid", four);
	expect_proc(relay, "NoNewPrivs", "1");
}

/* Not even the capabilities that root can hand down. */
static void
test_root_becomes_a_user_and_has_nothing_left(void **state)
{
	static const char *const capabilities[] = { "CapInh", "CapPrm",
		"CapEff", "CapAmb" };
	const struct passwd *user = getpwnam("daemon");
	struct relay *relay;
	char groups[32];
	uid_t uid;
	gid_t gid;
	size_t i;
	int fd;

	(void)state;
	if (geteuid() != 0 || user == NULL ||
	    getenv("TCPRELAY_TEST_USER") != NULL)
		skip();
	uid = user->pw_uid;
	gid = user->pw_gid;
	relay = relay_start("listen = \"127.0.0.1:0\"; user = \"daemon\";", 1);
	assert_non_null(strstr(relay->log, "switched user user=daemon"));
	expect_user(relay, uid, gid);
	snprintf(groups, sizeof(groups), "%u ", gid);
	expect_proc(relay, "Groups", groups);
	for (i = 0; i < COUNT_OF(capabilities); i++)
		expect_proc(relay, capabilities[i], "0000000000000000");
	fd = relay_connect(relay);
	close(fd);
	relay_stop(relay);
}

static void
test_root_that_is_told_nothing_becomes_a_user_too(void **state)
{
	struct relay *relay;

	(void)state;
	if (geteuid() != 0 || getenv("TCPRELAY_TEST_USER") != NULL)
		skip();
	relay = relay_start(NULL, 1);
	assert_non_null(strstr(relay->log, "switched user"));
	assert_int_not_equal(strtoul(proc_value(relay, "Uid"), NULL, 10), 0);
	relay_stop(relay);
}

static void
test_root_stays_root_only_when_told(void **state)
{
	struct relay *relay;

	(void)state;
	if (geteuid() != 0)
		skip();
	relay = relay_start("listen = \"127.0.0.1:0\"; user = \"root\";", 1);
	assert_non_null(strstr(relay->log, "running as root"));
	expect_user(relay, 0, 0);
	relay_stop(relay);
}

static void
test_who_is_not_root_cannot_become_another(void **state)
{
	char path[] = "/tmp/tcprelay-conf.XXXXXX", output[OUTPUT_SIZE];
	char expected[OUTPUT_SIZE];
	static const char conf[] = "listen = \"127.0.0.1:0\"; user = \"root\";";
	const char *as_root[] = { "setpriv", "--reuid=65534", "--clear-groups",
		daemon_program(), "-c", path, NULL };
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(fchmod(fd, 0644), 0);
	close(fd);
	write_file(path, conf, strlen(conf));
	assert_int_equal(run_program(geteuid() == 0 ? as_root : as_root + 3,
			     output, sizeof(output)),
	    2);
	snprintf(expected, sizeof(expected),
	    "%s: user: only root can switch to another user; allowed: who "
	    "starts it\n",
	    path);
	assert_string_equal(output, expected);
	unlink(path);
}

/* In a directory that is root's, as /run is. */
static void
test_a_socket_that_cannot_be_removed_is_left(void **state)
{
	struct relay *relay;
	siginfo_t info;
	struct stat st;

	(void)state;
	if (geteuid() != 0 || getenv("TCPRELAY_TEST_USER") != NULL)
		skip();
	relay = relay_start("listen = \"unix:%s/s\";", 1);
	assert_non_null(strstr(relay->log, "switched user"));
	assert_int_equal(stat(relay_path(relay, "s"), &st), 0);
	assert_int_not_equal(st.st_uid, 0);
	assert_int_equal(chown(relay->directory, 0, 0), 0);
	assert_int_equal(chmod(relay->directory, 0755), 0);
	kill(relay->pid, SIGTERM);
	relay_await_log(relay, "left the socket to the next start");
	assert_int_equal(
	    waitid(P_PID, (id_t)relay->pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(stat(relay_path(relay, "s"), &st), 0);
	relay_await_stop(relay);
}

/* As in a directory of mktemp(1), where the new user cannot look around. */
static void
test_a_configuration_that_only_root_can_open_is_reloaded(void **state)
{
	struct relay *relay;

	(void)state;
	if (geteuid() != 0 || getenv("TCPRELAY_TEST_USER") != NULL)
		skip();
	relay = relay_start(NULL, 1);
	assert_int_equal(chown(relay->directory, 0, 0), 0);
	assert_int_equal(chmod(relay->directory, 0700), 0);
	relay_reload(
	    relay, "listen = \"127.0.0.1:0\"; limits: { clients = 5; };");
	assert_int_equal(unlink(relay_path(relay, "tcprelay.conf")), 0);
	kill(relay->pid, SIGHUP);
	relay_await_log(relay, "Permission denied");
	relay_await_log(relay, "not reloaded");
	relay_stop(relay);
}

static void
test_root_becomes_the_owner_of_the_transcripts(void **state)
{
	static const char conf[] = "listen = \"127.0.0.1:0\";"
				   "history: { directory = \"%s\"; };";
	struct relay *relay;

	(void)state;
	if (geteuid() != 0 || getenv("TCPRELAY_TEST_USER") != NULL)
		skip();
	relay = relay_start(conf, 1);
	assert_non_null(strstr(relay->log, "switched user"));
	assert_int_equal(chown(relay->directory, 0, 0), 0);
	relay_kill_and_restart(relay, 1);
	assert_non_null(strstr(relay->log, "running as root"));
	relay_stop(relay);
}

static void
test_what_a_reload_will_not_be_able_to_read_is_said_at_the_start(void **state)
{
	struct secret_file secret;
	struct relay *relay;

	(void)state;
	if (geteuid() != 0 || getenv("TCPRELAY_TEST_USER") != NULL)
		skip();
	secret = secret_make("sesame\n", 0600, "");
	assert_int_equal(chown(secret.path, 0, 0), 0);
	relay = relay_start(secret.conf, 1);
	assert_non_null(
	    strstr(relay->log, "SIGHUP will find this unreadable path="));
	kill(relay->pid, SIGHUP);
	relay_await_log(relay, "Permission denied");
	relay_await_log(relay, "not reloaded");
	secret_remove(&secret);
	relay_stop(relay);
}

static void
test_a_port_that_needs_root_says_so_in_a_reload(void **state)
{
	struct relay *relay;
	int first = 1024;
	FILE *file =
	    fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");

	(void)state;
	if (file != NULL) {
		assert_int_equal(fscanf(file, "%d", &first), 1);
		fclose(file);
	}
	if (geteuid() == 0 && getenv("TCPRELAY_TEST_USER") != NULL)
		first = 0;
	if (first < 2)
		skip();
	relay = relay_start(NULL, 1);
	relay_configure(relay, "listen = \"127.0.0.1:1\";");
	kill(relay->pid, SIGHUP);
	assert_non_null(strstr(relay_await_log(relay, "cannot listen"),
	    "Permission denied; only root can bind this port, at the start"));
	relay_await_log(relay, "not reloaded");
	relay_stop(relay);
}

/* 2: by a list; unless a tool or the build says that there is none. */
static void
test_the_running_daemon_is_filtered(void **state)
{
	struct relay *relay;

	(void)state;
	if (!HAVE_SECCOMP || getenv("TCPRELAY_TEST_WRAPPER") != NULL)
		skip();
	relay = relay_start("listen = \"127.0.0.1:0\"; log = { level = "
			    "\"debug\"; };",
	    1);
	assert_non_null(strstr(relay->log, "system calls are filtered"));
	expect_proc(relay, "Seccomp", "2");
	relay_stop(relay);
}

/* The soft limit is 0 in many places anyway. */
static void
expect_no_dumps(const struct relay *relay)
{
	assert_int_equal(relay_limit(relay, "Max core file size").hard, 0);
}

/* Not in a file that anybody finds later, nor for a debugger. */
static void
test_a_secret_is_in_no_core_dump(void **state)
{
	struct secret_file secret = secret_make("sesame\n", 0600, "");
	struct relay *relay = relay_start(secret.conf, 1);

	(void)state;
	expect_no_dumps(relay);
	relay_stop(relay);
	relay = relay_start(NULL, 1);
	relay_reload(relay, secret.conf);
	expect_no_dumps(relay);
	relay_stop(relay);
	secret_remove(&secret);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_root_becomes_a_user_and_has_nothing_left),
		E2E_TEST(test_root_that_is_told_nothing_becomes_a_user_too),
		E2E_TEST(test_root_stays_root_only_when_told),
		E2E_TEST(test_who_is_not_root_cannot_become_another),
		E2E_TEST(test_a_socket_that_cannot_be_removed_is_left),
		E2E_TEST(
		    test_a_configuration_that_only_root_can_open_is_reloaded),
		E2E_TEST(test_root_becomes_the_owner_of_the_transcripts),
		E2E_TEST(
		    test_what_a_reload_will_not_be_able_to_read_is_said_at_the_start),
		E2E_TEST(test_a_port_that_needs_root_says_so_in_a_reload),
		E2E_TEST(test_the_running_daemon_is_filtered),
		E2E_TEST(test_a_secret_is_in_no_core_dump),
	};

	return cmocka_run_group_tests_name("privileges", tests, NULL, NULL);
}
