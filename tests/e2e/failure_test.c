/* SPDX-License-Identifier: ISC */
/*
 * What machines and networks do to a daemon: memory that is gone, and a daemon
 * that goes on in some undefined way; a peer whose cable was pulled, and that
 * stays for ever.
 */
#include "config.h"

#include "harness.h"

#include "common/clock.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Enough to start, but not for a line as it comes and as it is kept. */
#define MEMORY_BYTES (32 * 1024 * 1024)
#define LINE_BYTES   (16 * 1024 * 1024)

/* Sanitizers and valgrind need more address space than can be limited. */
static bool
can_limit_memory(void)
{
#ifdef __SANITIZE_ADDRESS__
	return false;
#endif
#ifdef __has_feature
#if __has_feature(address_sanitizer)
	return false;
#endif
#endif
	return getenv("TCPRELAY_TEST_WRAPPER") == NULL;
}

static struct relay *
start_with_little_memory(const char *conf)
{
	struct rlimit before, little;
	struct relay *relay;

	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	little = before;
	little.rlim_cur = MEMORY_BYTES;
	assert_int_equal(setrlimit(RLIMIT_AS, &little), 0);
	relay = relay_start(conf, 1);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	return relay;
}

/* A line that is allowed, but too long for the memory that there is. */
static void
test_out_of_memory_is_said_and_ends_the_daemon(void **state)
{
	struct relay *relay;
	char *line;
	int fd;

	(void)state;
	if (!can_limit_memory())
		skip();
	relay = start_with_little_memory(
	    "listen = \"127.0.0.1:0\"; limits: { line_bytes = 16777216; };");
	fd = relay_connect(relay);
	line = calloc(LINE_BYTES, 1);
	assert_non_null(line);
	line[LINE_BYTES - 1] = '\n';
	/* It fails when the daemon is gone. */
	while (send(fd, line, LINE_BYTES, MSG_NOSIGNAL) > 0)
		continue;
	free(line);
	relay_await_log(relay, "out of memory");
	relay_await_death(relay, SIGABRT);
	close(fd);
}

/*
 * Goes into a network of its own, and has a process hold the one at the other
 * end of the cable; returns it, or -1 where that is not permitted.
 */
static pid_t
enter_network(void)
{
	uid_t user = geteuid();
	char map[64], byte;
	bool ready;
	int ends[2];
	pid_t pid;

	if (unshare(CLONE_NEWNET | (user == 0 ? 0 : CLONE_NEWUSER)) == -1)
		return -1;
	snprintf(map, sizeof(map), "0 %u 1\n", user);
	if (user != 0) {
		write_file("/proc/self/uid_map", map, strlen(map));
		/* There is no other one for the daemon to become. */
		setenv("TCPRELAY_TEST_USER", "root", 1);
	}
	make_pipe(ends);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) == 0 && write(ends[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ends[1]);
	ready = read(ends[0], &byte, 1) == 1;
	close(ends[0]);
	return ready ? pid : -1;
}

/* Here are 10.0.0.1 and 10.0.0.3, at the other end of the cable is 10.0.0.2. */
static bool
lay_cable(pid_t other)
{
	char command[512];

	if (other == -1)
		return false;
	snprintf(command, sizeof(command),
	    "{ ip link add here type veth peer name there netns %d &&"
	    " ip address add 10.0.0.1/24 dev here &&"
	    " ip address add 10.0.0.3/24 dev here && ip link set here up &&"
	    " nsenter -t %d -n sh -c 'ip address add 10.0.0.2/24 dev there &&"
	    " ip link set there up'; } 2>/dev/null",
	    (int)other, (int)other);
	return system(command) == 0;
}

/* What that end sends is dropped, since no packet is as short as a byte. */
static bool
pull_cable(pid_t other)
{
	char command[128];

	snprintf(command, sizeof(command),
	    "nsenter -t %d -n tc qdisc replace dev there root bfifo limit 1 "
	    "2>/dev/null",
	    (int)other);
	return system(command) == 0;
}

/* Tries it in a process that it is nothing to. */
static bool
can_pull_cable(void)
{
	pid_t pid = fork(), other;

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		other = enter_network();
		_exit(lay_cable(other) && pull_cable(other) ? 0 : 1);
	}
	return await_exit(pid) == 0;
}

/* A socket of the other end. */
static int
open_there(pid_t other)
{
	char path[64];
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there, fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)other);
	there = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(setns(there, CLONE_NEWNET), 0);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(setns(here, CLONE_NEWNET), 0);
	close(here);
	close(there);
	return fd;
}

/* From there to the listener at this address, "10.0.0.1". */
static int
connect_there(struct relay *relay, pid_t other, const char *address)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = open_there(other);
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "listening address=%s:", address);
	at = strstr(relay->log, key);
	assert_non_null(at);
	in.sin_port = htons((in_port_t)strtoul(at + strlen(key), NULL, 10));
	inet_pton(AF_INET, address, &in.sin_addr);
	assert_int_equal(connect(fd, (const void *)&in, sizeof(in)), 0);
	relay_await_log(relay, "accepted");
	return fd;
}

/*
 * One peer is idle, and one has something to get. With keepalive_seconds = 2
 * both are gone after about 4; the kernel's timers come later than they were
 * asked to.
 */
static void
test_a_peer_whose_cable_was_pulled_is_closed_in_time(void **state)
{
	struct relay *relay;
	int idle, busy, talker, i;
	uint64_t begin;
	pid_t other;

	(void)state;
	if (!can_pull_cable())
		skip();
	other = enter_network();
	assert_true(lay_cable(other));
	relay =
	    relay_start("listen = ( \"10.0.0.1:0\", \"unix:%s/sock\","
			" { address = \"10.0.0.3:0\"; room = \"quiet\"; } );"
			"keepalive_seconds = 2;",
		3);
	idle = connect_there(relay, other, "10.0.0.3");
	busy = connect_there(relay, other, "10.0.0.1");
	talker = relay_connect_unix(relay, "sock");
	assert_true(pull_cable(other));
	begin = clock_nanoseconds();
	send_text(talker, "are you there?\n");
	for (i = 0; i < 2; i++)
		assert_non_null(strstr(
		    relay_await_log(relay, "closed"), "reason=\"timed out\""));
	assert_in_range(clock_nanoseconds() - begin, 1000000000, 8000000000);
	close(idle);
	close(busy);
	close(talker);
	relay_stop(relay);
	kill(other, SIGKILL);
	await_exit(other);
}

/* The last one changes the network of this process. */
int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_out_of_memory_is_said_and_ends_the_daemon),
		E2E_TEST(test_a_peer_whose_cable_was_pulled_is_closed_in_time),
	};

	return cmocka_run_group_tests_name("failure", tests, NULL, NULL);
}
