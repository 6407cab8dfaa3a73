/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "programs.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX   64
#define STARTED_MAX 256

/* What was started and not yet waited for. */
static pid_t started[STARTED_MAX];

/*
 * Whatever becomes of the test, nothing is left running. PR_SET_PDEATHSIG does
 * not do for a daemon that has switched to another user.
 */
static void
kill_started(void)
{
	size_t i;

	for (i = 0; i < STARTED_MAX; i++)
		if (started[i] != 0)
			kill(started[i], SIGKILL);
}

static void
on_alarm(int number)
{
	kill_started();
	signal(number, SIG_DFL);
	raise(number);
}

/* Replaces one process by another; 0 is none. */
static void
note_started(pid_t old, pid_t new)
{
	size_t i = 0;

	while (i < STARTED_MAX && started[i] != old)
		i++;
	if (i < STARTED_MAX)
		started[i] = new;
}

/* What is the user's own is no part of a test, nor is a manager's. */
static void
make_plain(void)
{
	static const char *const own[] = { "BASH_ENV", "LANGUAGE",
		"LISTEN_FDNAMES", "LISTEN_FDS", "NOTIFY_SOCKET", "NO_COLOR",
		"TCPRELAY", "WATCHDOG_USEC" };
	size_t i;

	for (i = 0; i < COUNT_OF(own); i++)
		unsetenv(own[i]);
	/* What shells and kernels say is compared, and keys have meanings. */
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("INPUTRC", "/dev/null", 1);
	/* Names that are nowhere are asked for, maybe of nobody. */
	setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);
}

int
e2e_set_up(void **state)
{
	static bool again;

	(void)state;
	if (!again)
		atexit(kill_started);
	again = true;
	signal(SIGALRM, on_alarm);
	signal(SIGPIPE, SIG_IGN);
	make_plain();
	alarm(getenv("TCPRELAY_TEST_WRAPPER") == NULL ? E2E_SECONDS
						      : 10 * E2E_SECONDS);
	return 0;
}

static const char *
program(const char *variable)
{
	const char *path = getenv(variable);

	if (path == NULL)
		fail_msg("%s is not set", variable);
	return path;
}

const char *
daemon_program(void)
{
	return program("TCPRELAYD");
}

const char *
client_program(void)
{
	return program("TCPRELAY_CLIENT");
}

void
make_pipe(int ends[2])
{
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
}

/* The words of the wrapper, then those of argv. */
static void
wrap(const char *const argv[], char *wrapper, char *words[WORDS_MAX])
{
	size_t count = 0;
	char *word;

	for (word = strtok(wrapper, " \t"); word != NULL;
	     word = strtok(NULL, " \t")) {
		assert_in_range(count, 0, WORDS_MAX / 2);
		words[count++] = word;
	}
	for (; *argv != NULL; argv++) {
		assert_in_range(count, 0, WORDS_MAX - 2);
		words[count++] = (char *)*argv;
	}
	words[count] = NULL;
}

static void
redirect(int from, int to)
{
	if (from == -1)
		from = open("/dev/null", O_RDWR);
	dup2(from, to);
}

/* A test that runs in the background of a script has some of them ignored. */
static void
reset_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE,
		SIGTERM };
	size_t i;

	for (i = 0; i < COUNT_OF(numbers); i++)
		signal(numbers[i], SIG_DFL);
}

/* Who gets sockets as systemd passes them is told that they are for it. */
static void
tell_pid(void)
{
	char pid[16];

	if (getenv("LISTEN_FDS") == NULL)
		return;
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
}

/* Or its keys would send signals to nobody. */
static void
own_terminal(void)
{
	if (!isatty(STDIN_FILENO))
		return;
	setsid();
	ioctl(STDIN_FILENO, TIOCSCTTY, 0);
}

bool
can_open_files(unsigned files)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_max < files)
		return false;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static void
limit_files(unsigned files)
{
	struct rlimit limit = { .rlim_cur = files, .rlim_max = files };

	if (files != 0)
		setrlimit(RLIMIT_NOFILE, &limit);
}

pid_t
start_program(
    const char *const argv[], int standard_input, int output, int error)
{
	return start_program_with_files(argv, standard_input, output, error, 0);
}

/*
 * What is not ours may have leaks of its own; and valgrind would take some of a
 * few files for itself.
 */
static const char *
find_wrapper(const char *name, unsigned files)
{
	if (files != 0 ||
	    (strcmp(name, daemon_program()) != 0 &&
		strcmp(name, client_program()) != 0))
		return NULL;
	return getenv("TCPRELAY_TEST_WRAPPER");
}

pid_t
start_program_with_files(const char *const argv[], int standard_input,
    int output, int error, unsigned files)
{
	const char *variable = find_wrapper(argv[0], files);
	char wrapper[256], *words[WORDS_MAX];
	pid_t pid;

	snprintf(
	    wrapper, sizeof(wrapper), "%s", variable == NULL ? "" : variable);
	wrap(argv, wrapper, words);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid > 0) {
		note_started(0, pid);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	reset_signals();
	alarm(0);
	tell_pid();
	/* valgrind makes system calls of its own in the program's process. */
	if (variable != NULL)
		setenv("TCPRELAYD_SANDBOX", "off", 1);
	redirect(standard_input, STDIN_FILENO);
	redirect(output, STDOUT_FILENO);
	redirect(error, STDERR_FILENO);
	own_terminal();
	limit_files(files);
	execvp(words[0], words);
	_exit(127);
}

int
await_exit(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	note_started(pid, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int
run_program(const char *const argv[], char *output, size_t size)
{
	size_t length = 0;
	ssize_t got;
	int ends[2];
	pid_t pid;

	make_pipe(ends);
	pid = start_program(argv, -1, ends[1], ends[1]);
	close(ends[1]);
	while ((got = read(ends[0], output + length, size - 1 - length)) > 0)
		length += (size_t)got;
	output[length] = '\0';
	close(ends[0]);
	return await_exit(pid);
}

bool
is_installed(const char *name)
{
	char command[64];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", name);
	if (system(command) == 0)
		return true;
	print_message("# not tested: %s is not installed\n", name);
	return false;
}

void
write_file(const char *path, const char *bytes, size_t length)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

char *
read_whole_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "re");
	char *bytes;
	long size;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	rewind(file);
	bytes = calloc(1, (size_t)size + 1);
	*length = fread(bytes, 1, (size_t)size, file);
	assert_int_equal(*length, size);
	fclose(file);
	return bytes;
}

static int
remove_entry(
    const char *path, const struct stat *st, int type, struct FTW *place)
{
	(void)st;
	(void)type;
	(void)place;
	return remove(path);
}

void
remove_directory(const char *path)
{
	nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}
