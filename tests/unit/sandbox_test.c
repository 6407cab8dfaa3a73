/* SPDX-License-Identifier: ISC */
/*
 * Guards against a filter that filters nothing, and against one that keeps the
 * daemon from what it has to do. Each try is a process of its own.
 */
#include "config.h"

#include "unit.h"

#include "daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool
is_off(void)
{
	const char *wish = getenv(SANDBOX_VARIABLE);

	return !HAVE_SECCOMP || (wish != NULL && strcmp(wish, "off") == 0);
}

/* In the sandbox; returns what waitpid() says of it. */
static int
try(int (*call)(void))
{
	pid_t pid = fork();
	int status;

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		sandbox_enter();
		_exit(call());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int
start_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return 0;
}

static int
start_by_descriptor(void)
{
	char *none[] = { NULL };

	fexecve(open("/bin/true", O_RDONLY), none, none);
	return 0;
}

static int
trace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void
test_what_no_code_of_ours_does_is_the_end(void **state)
{
	static int (*const calls[])(
	    void) = { start_program, start_by_descriptor, trace };
	size_t i;

	(void)state;
	if (is_off())
		skip();
	for (i = 0; i < COUNT_OF(calls); i++) {
		int status = try(calls[i]);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
	}
}

static int
do_what_has_no_use(void)
{
	char letter = 'x';

	if (fork() != -1 || errno != ENOSYS)
		return 1;
	if (socket(AF_PACKET, SOCK_RAW, 0) != -1 || errno != ENOSYS)
		return 2;
	if (ioctl(0, TIOCSTI, &letter) != -1 || errno != ENOSYS)
		return 3;
	if (setuid(0) != -1 || errno != ENOSYS)
		return 4;
	if (kill(getppid(), 0) != -1 || errno != ENOSYS)
		return 5;
	if (unshare(CLONE_NEWUSER) != -1 || errno != ENOSYS)
		return 6;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != -1 || errno != ENOSYS)
		return 7;
	if (chroot("/") != -1 || errno != ENOSYS)
		return 8;
	if (symlink("/", "/tmp/tcprelay-sandbox") != -1 || errno != ENOSYS)
		return 9;
	return 0;
}

static void
test_what_has_no_use_is_not_there(void **state)
{
	int status;

	(void)state;
	if (is_off())
		skip();
	status = try(do_what_has_no_use);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* An address of one link comes with the name of its interface, both ways. */
static int
name_an_interface(void)
{
	static const char wanted[] = "fe80::1%lo";
	struct addrinfo numeric = { .ai_flags = AI_NUMERICHOST }, *found;
	char name[NI_MAXHOST] = "";

	if (getaddrinfo(wanted, "1", &numeric, &found) != 0)
		return -1;
	getnameinfo(found->ai_addr, found->ai_addrlen, name, sizeof(name), NULL,
	    0, NI_NUMERICHOST);
	freeaddrinfo(found);
	return strcmp(name, wanted) == 0 ? 0 : -1;
}

/* What a reload may need for the first time, names included. */
static int
do_what_is_needed(void)
{
	struct addrinfo *found;
	struct stat st;

	if (getpwuid(0) == NULL)
		return 1;
	if (getaddrinfo("localhost", "1", NULL, &found) != 0)
		return 2;
	freeaddrinfo(found);
	if (socket(AF_INET6, SOCK_STREAM, 0) == -1 && errno == ENOSYS)
		return 3;
	if (stat("/", &st) == -1 || open("/dev/null", O_RDWR) == -1)
		return 4;
	if (name_an_interface() == -1)
		return 5;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : 6;
}

static void
test_what_is_needed_is_there(void **state)
{
	int status;

	(void)state;
	status = try(do_what_is_needed);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int
call_abort(void)
{
	signal(SIGABRT, SIG_DFL);
	abort();
}

static void
test_a_failure_still_says_how_it_ended(void **state)
{
	int status;

	(void)state;
	status = try(call_abort);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_no_code_of_ours_does_is_the_end),
		cmocka_unit_test(test_what_has_no_use_is_not_there),
		cmocka_unit_test(test_what_is_needed_is_there),
		cmocka_unit_test(test_a_failure_still_says_how_it_ended),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
