/* SPDX-License-Identifier: ISC */
/*
 * The secret: a newcomer that hears or says something before it may, a guesser
 * that is not slowed, one that keeps others out, a configuration that protects
 * less than it seems to.
 */
#include "config.h"

#include "harness.h"
#include "secret.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUTPUT_SIZE 8192
#define FLOOD	    1100
#define AT_A_TIME   100 /* of the flood */

static double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
expect_reset(int fd)
{
	char byte;

	assert_int_equal(read(fd, &byte, 1), -1);
	assert_int_equal(errno, ECONNRESET);
}

static void
test_only_who_knows_the_secret_is_heard_and_hears(void **state)
{
	struct relay *relay = secret_start("");
	int alice = relay_connect(relay), bob = relay_connect(relay);
	int silent = relay_connect(relay);

	(void)state;
	send_text(alice, "sesame\n");
	relay_await_log(relay, "admitted peer=127.0.0.1:");
	send_text(alice, "before bob\n");
	/* What comes in the same packet is said. */
	send_text(bob, "sesame\r\nhello\nhalf");
	expect_text(alice, "hello\n");
	send_text(bob, "way\n");
	expect_text(alice, "halfway\n");
	send_text(alice, "welcome\n");
	expect_text(bob, "welcome\n");
	send_text(silent, "sesame\n");
	relay_await_log(relay, "admitted");
	relay_await_log(relay, "admitted");
	send_text(alice, "last\n");
	expect_text(silent, "last\n");
	close(alice);
	close(bob);
	close(silent);
	relay_stop(relay);
}

/* Each would have the line of the one before sent to all. */
static void
test_a_crowd_with_the_secret_lets_others_speak(void **state)
{
	enum { CROWD = 100 };
	struct relay *relay = secret_start("");
	int talker = relay_connect(relay), crowd[CROWD], i;
	siginfo_t info;

	(void)state;
	send_text(talker, "sesame\n");
	relay_await_log(relay, "admitted");
	for (i = 0; i < CROWD; i++)
		crowd[i] = relay_connect(relay);
	kill(relay->pid, SIGSTOP);
	assert_int_equal(waitid(P_PID, (id_t)relay->pid, &info, WSTOPPED), 0);
	for (i = 0; i < CROWD; i++)
		send_text(crowd[i], "sesame\n");
	send_text(talker, "to those who are in\n");
	kill(relay->pid, SIGCONT);
	for (i = 0; i < CROWD; i++)
		relay_await_log(relay, "admitted");
	send_text(talker, "to all\n");
	expect_text(crowd[0], "to those who are in\nto all\n");
	expect_text(crowd[CROWD - 1], "to all\n");
	for (i = 0; i < CROWD; i++)
		close(crowd[i]);
	close(talker);
	relay_stop(relay);
}

static void
test_a_secret_may_come_byte_by_byte(void **state)
{
	struct relay *relay = secret_start("");
	int alice = relay_connect(relay), bob = relay_connect(relay);
	const char *byte;

	(void)state;
	send_text(bob, "sesame\n");
	relay_await_log(relay, "admitted");
	for (byte = "sesame\nhi\n"; *byte != '\0'; byte++)
		send_bytes(alice, byte, 1);
	expect_text(bob, "hi\n");
	close(alice);
	close(bob);
	relay_stop(relay);
}

static void
test_a_wrong_secret_is_told_and_not_repeated(void **state)
{
	struct relay *relay = secret_start("");
	int alice = relay_connect(relay), bob = relay_connect(relay);
	const char *line;

	(void)state;
	send_text(alice, "sesame\n");
	relay_await_log(relay, "admitted");
	send_text(bob, "open-says-me\nhello\n");
	shutdown(bob, SHUT_WR);
	expect_text(bob, "tcprelayd: wrong secret\n");
	/* A FIN would tell a client that its lines were relayed. */
	expect_reset(bob);
	line = relay_await_log(relay, "wrong secret");
	assert_non_null(strstr(line, "peer=127.0.0.1:"));
	relay_await_log(relay, "reason=\"wrong secret\"");
	send_text(alice, "x\n");
	close(bob);
	close(alice);
	line = relay_await_log(relay, "reason=\"end of input\"");
	assert_non_null(strstr(line, "lines_out=0"));
	assert_null(strstr(relay->log, "open-says-me"));
	assert_null(strstr(relay->log, "sesame"));
	relay_stop(relay);
}

static void
test_an_endless_secret_is_wrong(void **state)
{
	struct relay *relay = secret_start("");
	int fd = relay_connect(relay);
	char bytes[1026];

	(void)state;
	memset(bytes, 's', sizeof(bytes));
	send_bytes(fd, bytes, sizeof(bytes));
	expect_text(fd, "tcprelayd: wrong secret\n");
	close(fd);
	relay_stop(relay);
}

/* However many connections the guesses come over. */
static void
test_guesses_are_slowed_for_their_host(void **state)
{
	struct relay *relay = secret_start("");
	int one = relay_connect(relay), two = relay_connect(relay);
	int inside = relay_connect(relay), good = relay_connect(relay);
	double begin;

	(void)state;
	send_text(inside, "sesame\n");
	relay_await_log(relay, "admitted");
	begin = seconds_now();
	send_text(one, "a\n");
	expect_text(one, "tcprelayd: wrong secret\n");
	send_text(two, "b\n");
	expect_text(two, "tcprelayd: wrong secret\n");
	assert_true(seconds_now() - begin >= 0.99);
	/* Who knows it gets in, a little later, with all that was said. */
	send_text(good, "sesame\nhello\n");
	relay_await_log(relay, "admitted");
	assert_true(seconds_now() - begin >= 2.98);
	expect_text(inside, "hello\n");
	/* All that it sent was read, and still was of no use. */
	expect_reset(one);
	close(one);
	close(two);
	close(inside);
	close(good);
	relay_stop(relay);
}

/* Which is no reason to turn them away as too late. */
static void
test_the_time_of_the_slowed_is_not_their_own(void **state)
{
	struct relay *relay =
	    secret_start("limits = { handshake_seconds = 1; };");
	int bad = relay_connect(relay), good = relay_connect(relay);

	(void)state;
	send_text(bad, "a\n");
	expect_text(bad, "tcprelayd: wrong secret\n");
	send_text(good, "sesame\n");
	relay_await_log(relay, "admitted peer=");
	close(bad);
	close(good);
	relay_stop(relay);
}

static void
test_who_shows_nothing_is_closed_in_time(void **state)
{
	struct relay *relay =
	    secret_start("limits = { handshake_seconds = 1; };");
	int silent = relay_connect(relay), slow = relay_connect(relay);
	double begin = seconds_now();

	(void)state;
	send_text(slow, "sesam");
	relay_await_log(relay, "reason=\"not admitted in time\"");
	relay_await_log(relay, "reason=\"not admitted in time\"");
	assert_true(seconds_now() - begin >= 0.9);
	expect_reset(silent);
	close(silent);
	close(slow);
	relay_stop(relay);
}

static void
await_accepted(struct relay *relay)
{
	int i;

	kill(relay->pid, SIGCONT);
	for (i = 0; i < AT_A_TIME; i++)
		relay_await_log(relay, "accepted");
}

/* A thousand silent ones keep nobody out, and are bounded. */
static void
test_a_flood_of_silent_newcomers_keeps_nobody_out(void **state)
{
	struct relay *relay;
	int fds[FLOOD], alice, bob, i;

	(void)state;
	if (!can_open_files(FLOOD + 100))
		skip();
	relay = secret_start("limits = { clients = 2; };");
	/* The oldest, but not of that host. */
	alice = relay_dial_from(relay, "127.0.0.2");
	relay_await_log(relay, "accepted");
	/* Many at a time, so that they are accepted in one go. */
	for (i = 0; i < FLOOD; i++) {
		if (i % AT_A_TIME == 0)
			kill(relay->pid, SIGSTOP);
		fds[i] = relay_dial(relay);
		if (i % AT_A_TIME == AT_A_TIME - 1)
			await_accepted(relay);
	}
	bob = relay_connect(relay);
	send_text(alice, "sesame\n");
	send_text(bob, "sesame\nhello\n");
	expect_text(alice, "hello\n");
	/* The first had to make place; the last still has one. */
	expect_reset(fds[0]);
	assert_int_equal(
	    recv(fds[FLOOD - 1], &(char){ 0 }, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	for (i = 0; i < FLOOD; i++)
		close(fds[i]);
	close(alice);
	close(bob);
	relay_stop(relay);
}

static void
test_the_limit_of_clients_holds_for_those_who_know_it(void **state)
{
	struct relay *relay = secret_start("limits = { clients = 1; };");
	int alice = relay_connect(relay), bob = relay_connect(relay);

	(void)state;
	send_text(alice, "sesame\n");
	relay_await_log(relay, "admitted");
	send_text(bob, "sesame\n");
	expect_text(bob, "tcprelayd: too many clients\n");
	close(bob);
	relay_await_log(relay, "reason=\"server full\"");
	close(alice);
	relay_stop(relay);
}

static void
test_a_reload_takes_the_new_secret_for_newcomers(void **state)
{
	struct secret_file secret = secret_make("old\n", 0600, "");
	struct relay *relay = relay_start(secret.conf, 1);
	int alice = relay_connect(relay), bob;

	(void)state;
	send_text(alice, "old\n");
	relay_await_log(relay, "admitted");
	write_file(secret.path, "new\n", 4);
	relay_reload(relay, secret.conf);
	bob = relay_connect(relay);
	send_text(bob, "new\nhello\n");
	expect_text(alice, "hello\n");
	/* A bad one does not replace a good one. */
	assert_int_equal(chmod(secret.path, 0644), 0);
	kill(relay->pid, SIGHUP);
	relay_await_log(relay, "access.secret_file: ");
	relay_await_log(relay, "not reloaded");
	close(bob);
	bob = relay_connect(relay);
	send_text(bob, "new\nstill new\n");
	expect_text(alice, "still new\n");
	close(alice);
	close(bob);
	secret_remove(&secret);
	relay_stop(relay);
}

static void
check_conf(const char *conf, int status, const char *message)
{
	char path[] = "/tmp/tcprelay-conf.XXXXXX", output[OUTPUT_SIZE];
	const char *argv[] = { daemon_program(), "-t", "-c", path, NULL };
	int fd = mkstemp(path);

	assert_int_not_equal(fd, -1);
	close(fd);
	write_file(path, conf, strlen(conf));
	assert_int_equal(run_program(argv, output, sizeof(output)), status);
	if (strstr(output, message) == NULL)
		fail_msg("\"%s\" instead of \"%s\"", output, message);
	unlink(path);
}

static void
test_a_secret_that_is_none_is_an_error_of_the_configuration(void **state)
{
	struct secret_file secret = secret_make("sesame\n", 0640, "");

	(void)state;
	check_conf(
	    secret.conf, 2, ":2: access.secret_file: /tmp/tcprelay-access.");
	check_conf(secret.conf, 2,
	    "others than its owner may use it; it needs chmod 600; allowed: "
	    "the path of a file that only its owner may read\n");
	assert_int_equal(chmod(secret.path, 0400), 0);
	check_conf(secret.conf, 0, "valid");
	secret_remove(&secret);
	check_conf(secret.conf, 2, "No such file or directory");
}

static void
test_a_secret_crosses_no_network_unless_that_is_allowed(void **state)
{
	static const struct {
		const char *listen;
		int status;
	} cases[] = {
		{ "\"127.0.0.1:0\"", 0 },
		{ "\"127.9.9.9:0\"", 0 },
		{ "\"localhost:0\"", 0 },
		{ "\"[::1]:0\"", 0 },
		{ "\"unix:/tmp/s\"", 0 },
		{ "\":0\"", 2 },
		{ "\"0.0.0.0:0\"", 2 },
		{ "\"[::]:0\"", 2 },
		{ "\"192.0.2.1:0\"", 2 },
		{ "\"host.example:0\"", 2 },
		{ "[ \"127.0.0.1:0\",\n\":1\" ]", 2 },
		{ "( { address = \":1\"; } )", 2 },
	};
	struct secret_file secret = secret_make("sesame\n", 0600, "");
	char conf[SECRET_CONF_SIZE], output[OUTPUT_SIZE];
	const char *argv[] = { daemon_program(), "-t", "-c", NULL, "-l", ":0",
		NULL };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(cases); i++) {
		snprintf(conf, sizeof(conf),
		    "listen = %s;\naccess = { secret_file = \"%s\"; };",
		    cases[i].listen, secret.path);
		check_conf(conf, cases[i].status,
		    cases[i].status == 0
			? "valid"
			: " would take the secret in plain text; allowed: ");
		snprintf(conf, sizeof(conf),
		    "listen = %s;\naccess = { secret_file = \"%s\"; "
		    "allow_plain_secret = true; };",
		    cases[i].listen, secret.path);
		check_conf(conf, 0, "valid");
	}
	check_conf("listen = [ \"127.0.0.1:0\",\n\":1\" ];", 0, "valid");
	/* Nor is there a way around the file. */
	argv[3] = secret.conf;
	snprintf(conf, sizeof(conf), "%s/conf", secret.directory);
	write_file(conf, secret.conf, strlen(secret.conf));
	argv[3] = conf;
	assert_int_equal(run_program(argv, output, sizeof(output)), 2);
	assert_string_equal(output,
	    "tcprelayd: -l: :0 would take the secret in plain text; allowed: "
	    "a loopback address, a Unix socket, tls, or "
	    "access.allow_plain_secret "
	    "= true\n");
	unlink(conf);
	secret_remove(&secret);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_only_who_knows_the_secret_is_heard_and_hears),
		E2E_TEST(test_a_crowd_with_the_secret_lets_others_speak),
		E2E_TEST(test_a_secret_may_come_byte_by_byte),
		E2E_TEST(test_a_wrong_secret_is_told_and_not_repeated),
		E2E_TEST(test_an_endless_secret_is_wrong),
		E2E_TEST(test_guesses_are_slowed_for_their_host),
		E2E_TEST(test_the_time_of_the_slowed_is_not_their_own),
		E2E_TEST(test_who_shows_nothing_is_closed_in_time),
		E2E_TEST(test_a_flood_of_silent_newcomers_keeps_nobody_out),
		E2E_TEST(test_the_limit_of_clients_holds_for_those_who_know_it),
		E2E_TEST(test_a_reload_takes_the_new_secret_for_newcomers),
		E2E_TEST(
		    test_a_secret_that_is_none_is_an_error_of_the_configuration),
		E2E_TEST(
		    test_a_secret_crosses_no_network_unless_that_is_allowed),
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
