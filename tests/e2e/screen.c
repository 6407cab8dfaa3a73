/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "screen.h"

#include "harness.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_SIZE   65536
#define WORDS_MAX   32
#define WAIT_MS	    20000
#define PATH_SIZE   128
#define NUMBER_SIZE 16

bool
screen_is_there(void)
{
	if (system("tmux -V >/dev/null 2>&1") == 0)
		return true;
	printf("1..0 # SKIP tmux is missing (Debian package: tmux)\n");
	return false;
}

static const char *
path_of(const struct screen *screen, const char *name)
{
	static char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", screen->directory, name);
	return path;
}

/* Runs tmux with these words, and input; returns what it says. */
static const char *
tmux_with(
    const struct screen *screen, const char *input, const char *const words[])
{
	static char text[TEXT_SIZE];
	const char *argv[WORDS_MAX] = { "tmux", "-u", "-f", "/dev/null", "-S" };
	char socket[PATH_SIZE];
	size_t i, length = 0;
	ssize_t got;
	int in[2], out[2];
	pid_t pid;

	snprintf(socket, sizeof(socket), "%s", path_of(screen, "tmux"));
	argv[5] = socket;
	for (i = 0; words[i] != NULL; i++)
		argv[6 + i] = words[i];
	make_pipe(in);
	make_pipe(out);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		alarm(0);
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	send_text(in[1], input);
	close(in[1]);
	while ((got = read(out[0], text + length, TEXT_SIZE - 1 - length)) > 0)
		length += (size_t)got;
	text[length] = '\0';
	close(out[0]);
	if (await_exit(pid) != 0)
		fail_msg("tmux %s failed", words[0]);
	return text;
}

#define TMUX(screen, input, ...)                                               \
	tmux_with(screen, input, (const char *const[]){ __VA_ARGS__, NULL })

struct screen *
screen_start(int columns, int rows, const char *command)
{
	struct screen *screen = calloc(1, sizeof(*screen));
	char width[NUMBER_SIZE], height[NUMBER_SIZE], copy[2 * PATH_SIZE];

	strcpy(screen->directory, "/tmp/tcprelay-e2e.XXXXXX");
	assert_non_null(mkdtemp(screen->directory));
	setenv("HOME", screen->directory, 1);
	setenv("SHELL", "/bin/sh", 1);
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_CONFIG_HOME");
	snprintf(width, sizeof(width), "%d", columns);
	snprintf(height, sizeof(height), "%d", rows);
	assert_int_equal(mkfifo(path_of(screen, "changes"), 0600), 0);
	screen->changes =
	    open(path_of(screen, "changes"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
	snprintf(
	    copy, sizeof(copy), "exec cat >%s", path_of(screen, "changes"));
	/* First a window that stays empty, so that nothing is missed. */
	TMUX(screen, "", "new-session", "-d", "-x", width, "-y", height,
	    "exec sleep 100", ";", "set", "-g", "status", "off", ";", "set",
	    "-g", "window-size", "manual", ";", "pipe-pane", copy);
	TMUX(screen, "", "respawn-pane", "-k", command);
	return screen;
}

struct screen *
screen_start_client(
    int columns, int rows, const char *address, const char *options)
{
	const char *wrapper = getenv("TCPRELAY_TEST_WRAPPER");
	char command[1024];

	/*
	 * A Ctrl-C is for the client; then there is a process that ends in
	 * time if nobody ends it.
	 */
	snprintf(command, sizeof(command),
	    "trap : INT; %s %s %s %s; echo exit $?; exec sleep 100",
	    wrapper == NULL ? "" : wrapper, client_program(), options, address);
	return screen_start(columns, rows, command);
}

void
screen_stop(struct screen *screen)
{
	TMUX(screen, "", "kill-server");
	close(screen->changes);
	remove_directory(screen->directory);
	free(screen);
}

void
screen_type(struct screen *screen, const char *text)
{
	TMUX(screen, "", "send-keys", "-l", text);
}

void
screen_press(struct screen *screen, const char *key)
{
	TMUX(screen, "", "send-keys", key);
}

void
screen_paste(struct screen *screen, const char *text)
{
	TMUX(screen, text, "load-buffer", "-", ";", "paste-buffer", "-p");
}

/* Without spaces at the end of rows, and empty rows at the end. */
static const char *
trim(const char *text)
{
	static char trimmed[TEXT_SIZE];
	size_t length = 0;

	for (; *text != '\0'; text++) {
		while (
		    *text == '\n' && length > 0 && trimmed[length - 1] == ' ')
			length--;
		trimmed[length++] = *text;
	}
	while (length > 0 && trimmed[length - 1] == '\n')
		length--;
	trimmed[length] = '\0';
	return trimmed;
}

/* False when nothing was written for long. */
static bool
await_change(struct screen *screen)
{
	struct pollfd poller = { .fd = screen->changes, .events = POLLIN };
	char written[4096];

	if (poll(&poller, 1, WAIT_MS) != 1)
		return false;
	while (read(poller.fd, written, sizeof(written)) > 0)
		continue;
	return true;
}

const char *
screen_ask(struct screen *screen, const char *format)
{
	return trim(TMUX(screen, "", "display-message", "-p", format));
}

/* tmux tells the program up to a quarter of a second later. */
void
screen_resize(struct screen *screen, int columns, int rows)
{
	char width[NUMBER_SIZE], height[NUMBER_SIZE], *tty;
	struct winsize size = { 0 };
	int fd;

	snprintf(width, sizeof(width), "%d", columns);
	snprintf(height, sizeof(height), "%d", rows);
	tty = strdup(screen_ask(screen, "#{pane_tty}"));
	fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_int_not_equal(fd, -1);
	free(tty);
	TMUX(screen, "", "resize-window", "-x", width, "-y", height);
	do {
		assert_int_equal(ioctl(fd, TIOCGWINSZ, &size), 0);
	} while (size.ws_col != columns && await_change(screen));
	close(fd);
}

const char *
screen_text(struct screen *screen)
{
	return trim(TMUX(screen, "", "capture-pane", "-p"));
}

static const char *
screen_colors(struct screen *screen)
{
	return trim(TMUX(screen, "", "capture-pane", "-p", "-e"));
}

static bool
is_equal(const char *shown, const char *text)
{
	return strcmp(shown, text) == 0;
}

static bool
contains(const char *shown, const char *text)
{
	return strstr(shown, text) != NULL;
}

/* tmux writes to the pipe before it draws, and draws before it answers. */
static void
await(struct screen *screen, const char *text,
    const char *(*look)(struct screen *screen),
    bool (*is_good)(const char *shown, const char *text))
{
	while (!is_good(look(screen), text))
		if (!await_change(screen))
			fail_msg("the screen is\n%s\ninstead of\n%s",
			    look(screen), text);
}

void
screen_await(struct screen *screen, const char *text)
{
	await(screen, text, screen_text, contains);
}

void
screen_expect(struct screen *screen, const char *text)
{
	await(screen, text, screen_text, is_equal);
}

void
screen_expect_colors(struct screen *screen, const char *text)
{
	await(screen, text, screen_colors, is_equal);
}
