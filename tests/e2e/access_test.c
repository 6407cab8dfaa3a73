/* SPDX-License-Identifier: ISC */
/*
 * Who may come in: a newcomer that hears or says something before it may, a
 * guesser that is not slowed, one that keeps others out, a configuration that
 * protects less than it seems to.
 */
#include "config.h"

#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pty.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUTPUT_SIZE 8192
#define CONF_SIZE   1024

/* A file with the secret, of the mode, in a directory of the test. */
struct secret {
	char directory[64], path[96], conf[CONF_SIZE];
};

/* conf has %s for the path of the file. */
static struct secret
make_secret(const char *content, mode_t mode, const char *conf)
{
	struct secret secret;

	strcpy(secret.directory, "/tmp/tcprelay-access.XXXXXX");
	assert_non_null(mkdtemp(secret.directory));
	assert_int_equal(chmod(secret.directory, 0755), 0);
	snprintf(
	    secret.path, sizeof(secret.path), "%s/secret", secret.directory);
	write_file(secret.path, content, strlen(content));
	assert_int_equal(chmod(secret.path, mode), 0);
	give_to_daemon(secret.path);
	snprintf(secret.conf, sizeof(secret.conf),
	    "listen = \"127.0.0.1:0\";\n"
	    "access = { secret_file = \"%s\"; };\n%s",
	    secret.path, conf);
	return secret;
}

static void
remove_secret(const struct secret *secret)
{
	unlink(secret->path);
	rmdir(secret->directory);
}

static struct relay *
start_with_secret(const char *conf)
{
	struct secret secret = make_secret("sesame\n", 0600, conf);
	struct relay *relay = relay_start(secret.conf, 1);

	remove_secret(&secret);
	return relay;
}

static double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int
connect_unix(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(un.sun_path, path);
	assert_int_equal(connect(fd, (const void *)&un, sizeof(un)), 0);
	return fd;
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
	struct relay *relay = start_with_secret("");
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

static void
test_a_secret_may_come_byte_by_byte(void **state)
{
	struct relay *relay = start_with_secret("");
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
	struct relay *relay = start_with_secret("");
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
	struct relay *relay = start_with_secret("");
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
	struct relay *relay = start_with_secret("");
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
	close(one);
	close(two);
	close(inside);
	close(good);
	relay_stop(relay);
}

static void
test_who_shows_nothing_is_closed_in_time(void **state)
{
	struct relay *relay =
	    start_with_secret("limits = { handshake_seconds = 1; };");
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

#define FLOOD 1100

/* A thousand silent ones keep nobody out, and are bounded. */
static void
test_a_flood_of_silent_newcomers_keeps_nobody_out(void **state)
{
	struct relay *relay = start_with_secret("limits = { clients = 2; };");
	struct rlimit limit;
	int fds[FLOOD], alice, bob, i;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (i = 0; i < FLOOD; i++)
		fds[i] = relay_connect(relay);
	alice = relay_connect(relay);
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
	struct relay *relay = start_with_secret("limits = { clients = 1; };");
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
	struct secret secret = make_secret("old\n", 0600, "");
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
	remove_secret(&secret);
	relay_stop(relay);
}

/* A connection to the first TCP listener from an address of this machine. */
static int
connect_from(struct relay *relay, const char *from)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, from, &in.sin_addr);
	assert_int_equal(bind(fd, (const void *)&in, sizeof(in)), 0);
	in.sin_port = htons((in_port_t)relay->port);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (const void *)&in, sizeof(in)), 0);
	return fd;
}

static void
expect_denied(struct relay *relay, int fd, const char *peer)
{
	char name[128];

	snprintf(name, sizeof(name), "denied peer=%s", peer);
	relay_await_log(relay, name);
	expect_end(fd);
	close(fd);
}

static void
test_addresses_are_denied_first_and_then_allowed(void **state)
{
	/* As one IPv6 socket it sees IPv4 addresses in their mapped form. */
	struct relay *relay =
	    relay_start("listen = ( { address = \":0\";"
			"allow = [ \"127.0.0.0/8\", \"2001:db8::/32\" ];"
			"deny = \"127.0.0.2\"; } );",
		1);
	int alice = connect_from(relay, "127.0.0.1");
	int bob = connect_from(relay, "127.255.255.254");

	(void)state;
	relay_await_log(relay, "accepted peer=127.0.0.1:");
	relay_await_log(relay, "accepted peer=127.255.255.254:");
	expect_denied(relay, connect_from(relay, "127.0.0.2"), "127.0.0.2:");
	send_text(alice, "hello\n");
	expect_text(bob, "hello\n");
	relay_reload(relay,
	    "listen = ( { address = \":0\"; deny = \"127.0.0.0/31\"; } );");
	expect_denied(relay, connect_from(relay, "127.0.0.1"), "127.0.0.1:");
	/* Nobody who is in is put out. */
	send_text(bob, "still here\n");
	expect_text(alice, "still here\n");
	close(connect_from(relay, "127.0.0.2"));
	relay_await_log(relay, "accepted peer=127.0.0.2:");
	kill(relay->pid, SIGUSR1);
	relay_await_log(relay, "reason=\"denied\" closed=2");
	close(alice);
	close(bob);
	relay_stop(relay);
}

static void
test_only_allowed_users_connect_to_a_unix_socket(void **state)
{
	char conf[CONF_SIZE];
	struct relay *relay;
	int fd;

	(void)state;
	snprintf(conf, sizeof(conf),
	    "listen = ( \"127.0.0.1:0\", { address = \"unix:%%s/u\";"
	    "permissions = \"0666\"; allow_users = [ \"%u\" ]; },"
	    "{ address = \"unix:%%s/g\"; permissions = \"0666\";"
	    "allow_groups = \"%u\"; },"
	    "{ address = \"unix:%%s/no\"; permissions = \"0666\";"
	    "allow_users = \"4711\"; allow_groups = \"4711\"; } );",
	    (unsigned)geteuid(), (unsigned)getegid());
	relay = relay_start(conf, 4);
	close(relay_connect_unix(relay, "u"));
	close(relay_connect_unix(relay, "g"));
	fd = connect_unix(relay_path(relay, "no"));
	expect_denied(relay, fd, "unix:uid=");
	relay_stop(relay);
}

/* The kernel tells of one group in one place, and of the others in another. */
static void
test_any_of_a_users_groups_will_do(void **state)
{
	static const gid_t groups[] = { 4712, 4711 };
	struct relay *relay;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	relay = relay_start("listen = ( { address = \"unix:%s/s\";"
			    "permissions = \"0666\"; group = \"4713\";"
			    "allow_groups = \"4711\"; } );",
	    1);
	assert_int_equal(chmod(relay->directory, 0755), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		if (setgroups(COUNT_OF(groups), groups) == -1 ||
		    setgid(4714) == -1 || setuid(4715) == -1)
			_exit(1);
		connect_unix(relay_path(relay, "s"));
		_exit(0);
	}
	assert_int_equal(await_exit(pid), 0);
	relay_await_log(relay, "accepted peer=unix:uid=4715");
	relay_stop(relay);
}

static void
test_a_unix_socket_has_its_group(void **state)
{
	struct relay *relay;
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip();
	relay = relay_start("listen = ( { address = \"unix:%s/s\";"
			    "permissions = \"0660\"; group = \"4711\"; } );",
	    1);
	assert_int_equal(stat(relay_path(relay, "s"), &st), 0);
	assert_int_equal(st.st_gid, 4711);
	assert_int_equal(st.st_mode & 0777, 0660);
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

/* The value of a line "NAME:\tVALUE" of /proc/PID/FILE. */
static const char *
proc_value(const struct relay *relay, const char *file, const char *name)
{
	static char line[512];
	size_t length = strlen(name);
	char path[64];
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)relay->pid, file);
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
	assert_string_equal(proc_value(relay, "status", name), value);
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
	assert_int_not_equal(
	    strtoul(proc_value(relay, "status", "Uid"), NULL, 10), 0);
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
	assert_string_equal(
	    output, "tcprelayd: user: only root can switch to another user\n");
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
	struct secret secret;
	struct relay *relay;

	(void)state;
	if (geteuid() != 0 || getenv("TCPRELAY_TEST_USER") != NULL)
		skip();
	secret = make_secret("sesame\n", 0600, "");
	assert_int_equal(chown(secret.path, 0, 0), 0);
	relay = relay_start(secret.conf, 1);
	assert_non_null(
	    strstr(relay->log, "SIGHUP will find this unreadable path="));
	kill(relay->pid, SIGHUP);
	relay_await_log(relay, "Permission denied");
	relay_await_log(relay, "not reloaded");
	remove_secret(&secret);
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

/* Not in a file that anybody finds later, nor for a debugger. */
static void
test_a_secret_is_in_no_core_dump(void **state)
{
	struct relay *relay = start_with_secret("");

	(void)state;
	assert_int_equal(
	    strtoul(
		proc_value(relay, "limits", "Max core file size"), NULL, 10),
	    0);
	relay_stop(relay);
}

static void
test_the_client_shows_the_secret_and_then_sends_lines(void **state)
{
	struct secret secret = make_secret("sesame\n", 0600, "");
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
	remove_secret(&secret);
	relay_stop(relay);
}

/* A client that connects again must not say it as one of its lines. */
static void
test_a_secret_is_shown_again_after_a_break_and_never_said(void **state)
{
	struct secret secret = make_secret("sesame\n", 0600, "");
	char conf[CONF_SIZE], address[96];
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
	remove_secret(&secret);
	relay_stop(relay);
}

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
test_a_secret_that_is_typed_is_not_shown(void **state)
{
	struct relay *relay = start_with_secret("");
	const char *argv[] = { client_program(), "-v", "--secret-file", "-",
		relay->address, NULL };
	char shown[8192] = "";
	int terminal, status;
	pid_t pid;

	(void)state;
	pid = forkpty(&terminal, NULL, NULL, NULL);
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		setenv("TERM", "dumb", 1);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	read_terminal(terminal, shown, sizeof(shown), "Secret: ");
	send_text(terminal, "sesame\r");
	relay_await_log(relay, "admitted");
	read_terminal(terminal, shown, sizeof(shown), "connected");
	assert_null(strstr(shown, "sesame"));
	close(terminal);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	relay_stop(relay);
}

static void
test_a_secret_that_is_none_is_an_error_of_the_configuration(void **state)
{
	struct secret secret = make_secret("sesame\n", 0640, "");

	(void)state;
	check_conf(
	    secret.conf, 2, ":2: access.secret_file: /tmp/tcprelay-access.");
	check_conf(secret.conf, 2,
	    "others than its owner may use it; it needs chmod 600\n");
	assert_int_equal(chmod(secret.path, 0400), 0);
	check_conf(secret.conf, 0, "valid");
	remove_secret(&secret);
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
	struct secret secret = make_secret("sesame\n", 0600, "");
	char conf[CONF_SIZE], output[OUTPUT_SIZE];
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
	remove_secret(&secret);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_only_who_knows_the_secret_is_heard_and_hears),
		E2E_TEST(test_a_secret_may_come_byte_by_byte),
		E2E_TEST(test_a_wrong_secret_is_told_and_not_repeated),
		E2E_TEST(test_an_endless_secret_is_wrong),
		E2E_TEST(test_guesses_are_slowed_for_their_host),
		E2E_TEST(test_who_shows_nothing_is_closed_in_time),
		E2E_TEST(test_a_flood_of_silent_newcomers_keeps_nobody_out),
		E2E_TEST(test_the_limit_of_clients_holds_for_those_who_know_it),
		E2E_TEST(test_a_reload_takes_the_new_secret_for_newcomers),
		E2E_TEST(test_addresses_are_denied_first_and_then_allowed),
		E2E_TEST(test_only_allowed_users_connect_to_a_unix_socket),
		E2E_TEST(test_any_of_a_users_groups_will_do),
		E2E_TEST(test_a_unix_socket_has_its_group),
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
		E2E_TEST(test_the_client_shows_the_secret_and_then_sends_lines),
		E2E_TEST(
		    test_a_secret_is_shown_again_after_a_break_and_never_said),
		E2E_TEST(test_a_secret_that_is_typed_is_not_shown),
		E2E_TEST(
		    test_a_secret_that_is_none_is_an_error_of_the_configuration),
		E2E_TEST(
		    test_a_secret_crosses_no_network_unless_that_is_allowed),
	};

	return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
