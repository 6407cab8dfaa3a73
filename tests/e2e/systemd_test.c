/* SPDX-License-Identifier: ISC */
/*
 * Under systemd: a manager that waits for a word that does not come, a
 * watchdog that nobody feeds, sockets that were passed and are not used, are
 * lost over a reload, or go with the daemon.
 */
#include "config.h"

#include "harness.h"
#include "secret.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

struct manager {
	int fd;
	char directory[32], path[64];
};

/* What NOTIFY_SOCKET leads to, for the next program that is started. */
static struct manager
start_manager(void)
{
	struct manager manager = { .directory = "/tmp/tcprelay-sd.XXXXXX" };
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	assert_non_null(mkdtemp(manager.directory));
	snprintf(
	    manager.path, sizeof(manager.path), "%s/notify", manager.directory);
	strcpy(un.sun_path, manager.path);
	manager.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(manager.fd, (const void *)&un, sizeof(un)), 0);
	give_to_daemon(manager.directory);
	give_to_daemon(manager.path);
	setenv("NOTIFY_SOCKET", manager.path, 1);
	return manager;
}

static void
stop_manager(struct manager *manager)
{
	unsetenv("NOTIFY_SOCKET");
	close(manager->fd);
	unlink(manager->path);
	rmdir(manager->directory);
}

/* The next message; good until the next call. */
static const char *
hear(const struct manager *manager)
{
	static char text[512];
	ssize_t length = recv(manager->fd, text, sizeof(text) - 1, 0);

	assert_true(length > 0);
	text[length] = '\0';
	return text;
}

/* The next message, but for the others, is this. */
static void
await(const struct manager *manager, const char *wanted)
{
	while (strcmp(hear(manager), wanted) != 0)
		continue;
}

static void
test_the_manager_is_told_of_every_state(void **state)
{
	struct manager manager = start_manager();
	struct relay *relay = relay_start(NULL, 1);
	const char *text;

	(void)state;
	assert_string_equal(hear(&manager), "READY=1");
	assert_string_equal(hear(&manager), "STATUS=clients=0 lines_in=0");
	relay_reload(relay, "listen = \"127.0.0.1:0\"; limits = {};");
	assert_string_equal(hear(&manager), "WATCHDOG=1");
	text = hear(&manager);
	assert_memory_equal(text, "RELOADING=1\nMONOTONIC_USEC=", 27);
	assert_true(strtoull(text + 27, NULL, 10) > 0);
	assert_string_equal(hear(&manager), "READY=1");
	relay_configure(relay, "colour = 1;");
	kill(relay->pid, SIGHUP);
	relay_await_log(relay, "not reloaded");
	assert_string_equal(hear(&manager), "WATCHDOG=1");
	assert_memory_equal(hear(&manager), "RELOADING=1\n", 12);
	assert_string_equal(hear(&manager), "READY=1");
	kill(relay->pid, SIGTERM);
	assert_string_equal(
	    hear(&manager), "STOPPING=1\nEXTEND_TIMEOUT_USEC=10000000");
	relay_await_stop(relay);
	stop_manager(&manager);
}

/* While nothing happens, and when a client has come. */
static void
test_the_watchdog_is_fed_and_the_status_follows(void **state)
{
	struct manager manager = start_manager();
	struct relay *relay;
	int client;

	(void)state;
	setenv("WATCHDOG_USEC", "60000", 1);
	relay = relay_start(NULL, 1);
	unsetenv("WATCHDOG_USEC");
	await(&manager, "WATCHDOG=1");
	await(&manager, "WATCHDOG=1");
	await(&manager, "WATCHDOG=1");
	client = relay_connect(relay);
	send_text(client, "hello\n");
	await(&manager, "STATUS=clients=1 lines_in=1");
	await(&manager, "WATCHDOG=1");
	await(&manager, "WATCHDOG=1");
	close(client);
	await(&manager, "STATUS=clients=0 lines_in=1");
	relay_stop(relay);
	stop_manager(&manager);
}

/* A socket that listens on a free port of the address. */
static int
listen_tcp(in_addr_t address, unsigned *port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(address),
	};
	socklen_t length = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (const void *)&in, sizeof(in)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (void *)&in, &length), 0);
	*port = ntohs(in.sin_port);
	return fd;
}

static int
connect_tcp(unsigned port)
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

/* The next program that is started gets these, as systemd passes them. */
static void
pass_sockets(const int *fds, int count, const char *names)
{
	char text[16];
	int i;

	for (i = 0; i < count; i++) {
		assert_true(fds[i] >= FIRST_FD + i);
		if (fds[i] == FIRST_FD + i)
			continue;
		dup2(fds[i], FIRST_FD + i);
		close(fds[i]);
	}
	snprintf(text, sizeof(text), "%d", count);
	setenv("LISTEN_FDS", text, 1);
	setenv("LISTEN_FDNAMES", names, 1);
}

static void
forget_sockets(int count)
{
	int i;

	for (i = 0; i < count; i++)
		close(FIRST_FD + i);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

/* Starts with a listener at the port, which these settings are for too. */
static struct relay *
start_at(unsigned port, const char *settings, unsigned listeners)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "listen = ( { address = \"127.0.0.1:%u\"; %s } );", port, settings);
	return relay_start(text, listeners);
}

static void
test_who_connected_before_the_start_loses_nothing(void **state)
{
	unsigned port;
	int fd = listen_tcp(INADDR_LOOPBACK, &port), anna = connect_tcp(port);
	int ben = connect_tcp(port);
	struct relay *relay;

	(void)state;
	send_text(anna, "first\n");
	pass_sockets(&fd, 1, "tcprelayd.socket");
	relay = start_at(port, "", 1);
	forget_sockets(1);
	expect_text(ben, "first\n");
	send_text(ben, "second\n");
	expect_text(anna, "second\n");
	close(anna);
	close(ben);
	relay_stop(relay);
}

static void
test_sockets_are_found_by_their_name(void **state)
{
	unsigned ports[3];
	int fds[3] = { listen_tcp(INADDR_LOOPBACK, &ports[0]),
		listen_tcp(INADDR_LOOPBACK, &ports[1]),
		listen_tcp(INADDR_LOOPBACK, &ports[2]) };
	struct relay *relay;
	int anna, ben;

	(void)state;
	pass_sockets(fds, 3, "ops:main:ops");
	relay = relay_start("listen = ("
			    " { address = \"127.0.0.1:0\";"
			    "   socket_name = \"main\"; },"
			    " { address = \"127.0.0.1:0\"; room = \"ops\";"
			    "   socket_name = \"ops\"; } );",
	    3);
	forget_sockets(3);
	anna = connect_tcp(ports[0]);
	assert_non_null(strstr(relay_await_log(relay, "accepted"), "room=ops"));
	ben = connect_tcp(ports[2]);
	relay_await_log(relay, "accepted");
	send_text(anna, "by name\n");
	expect_text(ben, "by name\n");
	close(anna);
	anna = connect_tcp(ports[1]);
	assert_non_null(
	    strstr(relay_await_log(relay, "accepted"), "room=main"));
	close(anna);
	close(ben);
	relay_stop(relay);
}

/* Who waits where nobody accepts must not keep the daemon busy. */
static void
expect_no_work(const struct relay *relay, int waiting)
{
	struct pollfd wait = { .fd = waiting, .events = POLLIN };
	double before = relay_cpu_seconds(relay);

	assert_int_equal(poll(&wait, 1, 300), 0);
	assert_true(relay_cpu_seconds(relay) - before < 0.1);
}

/* The address that a reload takes away still belongs to systemd. */
static void
test_a_reload_gives_a_socket_back_and_takes_it_again(void **state)
{
	unsigned port;
	int fd = listen_tcp(INADDR_LOOPBACK, &port), early;
	struct relay *relay;
	char conf[128];

	(void)state;
	pass_sockets(&fd, 1, "tcprelayd.socket");
	relay = start_at(port, "", 1);
	forget_sockets(1);
	relay_configure(relay, "listen = \"127.0.0.1:0\";");
	kill(relay->pid, SIGHUP);
	relay_await_log(relay, "a socket of systemd is nowhere in listen");
	relay_await_log(relay, "reloaded");
	early = connect_tcp(port);
	expect_no_work(relay, early);
	snprintf(conf, sizeof(conf), "listen = \"127.0.0.1:%u\";", port);
	relay_configure(relay, conf);
	kill(relay->pid, SIGHUP);
	relay_await_log(relay, "reloaded");
	relay_await_log(relay, "accepted");
	close(early);
	relay_stop(relay);
}

static void
test_the_file_of_a_unix_socket_stays(void **state)
{
	char directory[] = "/tmp/tcprelay-sd.XXXXXX", conf[256];
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct relay *relay;
	struct stat st;
	siginfo_t info;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(un.sun_path, sizeof(un.sun_path), "%s/socket", directory);
	assert_int_equal(bind(fd, (const void *)&un, sizeof(un)), 0);
	give_to_daemon(directory);
	assert_int_equal(chmod(un.sun_path, 0600), 0);
	assert_int_equal(listen(fd, 8), 0);
	pass_sockets(&fd, 1, "x");
	snprintf(conf, sizeof(conf),
	    "listen = ( { address = \"unix:%s\"; permissions = \"0666\"; } );",
	    un.sun_path);
	relay = relay_start(conf, 1);
	forget_sockets(1);
	kill(relay->pid, SIGTERM);
	assert_int_equal(
	    waitid(P_PID, (id_t)relay->pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(stat(un.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	relay_await_stop(relay);
	unlink(un.sun_path);
	rmdir(directory);
}

/* What the settings call 127.0.0.1 can be another address by its name. */
static void
test_a_secret_stays_off_the_network_whoever_has_bound_it(void **state)
{
	static const char listen[] = "listen = ( { address = \"127.0.0.1:0\";"
				     " socket_name = \"x\"; } );";
	struct secret_file secret = secret_make("sesame\n", 0600, "");
	struct relay *relay;
	char conf[256];
	unsigned port;
	int fd = listen_tcp(INADDR_ANY, &port);

	(void)state;
	pass_sockets(&fd, 1, "x");
	relay = relay_start(listen, 1);
	forget_sockets(1);
	snprintf(conf, sizeof(conf), "%s access: { secret_file = \"%s\"; };",
	    listen, secret.path);
	relay_configure(relay, conf);
	kill(relay->pid, SIGHUP);
	snprintf(conf, sizeof(conf),
	    "0.0.0.0:%u would take the secret in plain text", port);
	relay_await_log(relay, conf);
	relay_await_log(relay, "not reloaded");
	relay_stop(relay);
	secret_remove(&secret);
}

/* Clients would wait there for ever. */
static void
test_a_socket_that_is_nowhere_in_the_settings_is_an_error(void **state)
{
	const char *argv[] = { daemon_program(), "-c", "/dev/null", "-l",
		"127.0.0.1:0", NULL };
	char output[4096];
	unsigned port;
	int fd = listen_tcp(INADDR_LOOPBACK, &port);

	(void)state;
	pass_sockets(&fd, 1, "x");
	assert_int_equal(run_program(argv, output, sizeof(output)), 1);
	forget_sockets(1);
	assert_non_null(strstr(output, "nowhere in listen address=127.0.0.1:"));
}

static void
test_a_descriptor_that_does_not_listen_is_an_error(void **state)
{
	const char *argv[] = { daemon_program(), "-c", "/dev/null", "-l",
		"127.0.0.1:0", NULL };
	char output[4096];
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	pass_sockets(&fd, 1, "x");
	assert_int_equal(run_program(argv, output, sizeof(output)), 1);
	forget_sockets(1);
	assert_non_null(strstr(output, "no stream socket that listens name=x"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_the_manager_is_told_of_every_state),
		E2E_TEST(test_the_watchdog_is_fed_and_the_status_follows),
		E2E_TEST(test_who_connected_before_the_start_loses_nothing),
		E2E_TEST(test_sockets_are_found_by_their_name),
		E2E_TEST(test_a_reload_gives_a_socket_back_and_takes_it_again),
		E2E_TEST(test_the_file_of_a_unix_socket_stays),
		E2E_TEST(
		    test_a_secret_stays_off_the_network_whoever_has_bound_it),
		E2E_TEST(
		    test_a_socket_that_is_nowhere_in_the_settings_is_an_error),
		E2E_TEST(test_a_descriptor_that_does_not_listen_is_an_error),
	};

	return cmocka_run_group_tests_name("systemd", tests, NULL, NULL);
}
