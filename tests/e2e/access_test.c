/* SPDX-License-Identifier: ISC */
/*
 * Who may connect: an address in one of its forms that gets past a list, a user
 * who is let in for a group that the kernel does not vouch for.
 */
#include "config.h"

#include "harness.h"

#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONF_SIZE 1024

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
	    relay_start("listen = ( { address = \"[::]:0\";"
			"allow = [ \"127.0.0.0/8\", \"2001:db8::/32\" ];"
			"deny = \"127.0.0.2\"; } );",
		1);
	int alice = relay_dial_from(relay, "127.0.0.1");
	int bob = relay_dial_from(relay, "127.255.255.254");

	(void)state;
	relay_await_log(relay, "accepted peer=127.0.0.1:");
	relay_await_log(relay, "accepted peer=127.255.255.254:");
	expect_denied(relay, relay_dial_from(relay, "127.0.0.2"), "127.0.0.2:");
	send_text(alice, "hello\n");
	expect_text(bob, "hello\n");
	relay_reload(relay,
	    "listen = ( { address = \"[::]:0\"; deny = \"127.0.0.0/31\"; } );");
	expect_denied(relay, relay_dial_from(relay, "127.0.0.1"), "127.0.0.1:");
	/* Nobody who is in is put out. */
	send_text(bob, "still here\n");
	expect_text(alice, "still here\n");
	close(relay_dial_from(relay, "127.0.0.2"));
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_addresses_are_denied_first_and_then_allowed),
		E2E_TEST(test_only_allowed_users_connect_to_a_unix_socket),
		E2E_TEST(test_any_of_a_users_groups_will_do),
		E2E_TEST(test_a_unix_socket_has_its_group),
	};

	return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
