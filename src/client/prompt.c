/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/prompt.h"

#include "client/tty.h"
#include "common/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

/* With a line end, and one byte more, so that what is too long is seen. */
#define TEXT_SIZE (SECRET_BYTES_MAX + 2)

/* They wait until the terminal has its echo again. */
static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP };
#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))

/* Returns whether there is a line; if not, a signal waits. */
static bool
await_line(int tty, const sigset_t *awaited)
{
	struct pollfd pollers[] = {
		{ .fd = tty, .events = POLLIN },
		{ .fd = signalfd(-1, awaited, SFD_CLOEXEC), .events = POLLIN },
	};

	while (poll(pollers, 2, -1) == -1 && errno == EINTR)
		continue;
	close(pollers[1].fd);
	return !(pollers[1].revents & POLLIN);
}

/* As read(2); *answered is false when a signal came and we are still there. */
static ssize_t
ask(int tty, char *text, bool *answered)
{
	struct termios before, silent;
	sigset_t awaited, mask;
	ssize_t length = -1;
	size_t i;

	/* Before that it has the settings of a shell that reads a line. */
	tty_await(tty);
	sigemptyset(&awaited);
	for (i = 0; i < SIGNAL_COUNT; i++)
		sigaddset(&awaited, signals[i]);
	sigprocmask(SIG_BLOCK, &awaited, &mask);
	tcgetattr(tty, &before);
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	/* Ctrl-S would hold what is written here, and the signals with it. */
	silent.c_iflag &= ~(tcflag_t)IXON;
	tcsetattr(tty, TCSAFLUSH, &silent);
	dprintf(tty, "Secret: ");
	*answered = await_line(tty, &awaited);
	if (*answered)
		length = read(tty, text, TEXT_SIZE);
	dprintf(tty, "\n");
	tcsetattr(tty, TCSAFLUSH, &before);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return length;
}

/*
 * getpass(3) takes Ctrl-C for a part of the secret, and a signal in it leaves
 * the terminal without an echo; no library here has what it does.
 */
struct secret *
prompt_secret(const char **why)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	struct secret *secret = NULL;
	char text[TEXT_SIZE];
	bool answered = false;
	ssize_t length = -1;

	if (tty == -1) {
		*why = "there is no terminal to ask at";
		return NULL;
	}
	while (!answered)
		length = ask(tty, text, &answered);
	close(tty);
	*why = "it cannot be read from the terminal";
	if (length == -1)
		return NULL;
	secret = secret_new(text, (size_t)length, why);
	if (secret == NULL)
		*why = "it has to have 1 to 1024 bytes";
	explicit_bzero(text, sizeof(text));
	return secret;
}
