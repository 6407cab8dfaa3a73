/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/tty.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Those that end a process and that nothing else here catches. */
static const int fatal[] = { SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGQUIT,
	SIGSEGV, SIGSYS, SIGTRAP, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ };
#define FATAL_COUNT (sizeof(fatal) / sizeof(fatal[0]))

static struct {
	struct termios settings;
	struct sigaction actions[FATAL_COUNT]; /* that were there before */
	const char *mode_off;
	volatile sig_atomic_t guarded;
} state;

/* Async-signal-safe, signal-safety(7). */
static void
restore(void)
{
	ssize_t written;

	tcsetattr(STDIN_FILENO, TCSANOW, &state.settings);
	written = write(STDOUT_FILENO, state.mode_off, strlen(state.mode_off));
	(void)written;
}

/* What was there before, a sanitizer's for one, gets the signal again. */
static void
on_fatal(int number)
{
	size_t i;

	if (state.guarded)
		restore();
	state.guarded = false;
	for (i = 0; i < FATAL_COUNT; i++)
		if (fatal[i] == number)
			sigaction(number, &state.actions[i], NULL);
	raise(number);
}

/*
 * By SIGTTOU, which the kernel sends to a job in the background that wants to
 * be in the foreground, before it looks again whether it is there. Where nobody
 * could let the job go on this fails instead; a loop around SIGTTIN would not
 * end there.
 */
void
tty_await(int fd)
{
	if (tcgetpgrp(fd) != getpgrp())
		(void)tcsetpgrp(fd, getpgrp());
}

void
tty_guard(const char *mode_off)
{
	struct sigaction action = { .sa_handler = on_fatal };
	size_t i;

	if (tcgetattr(STDIN_FILENO, &state.settings) == -1)
		return;
	state.mode_off = mode_off;
	state.guarded = true;
	for (i = 0; i < FATAL_COUNT; i++)
		sigaction(fatal[i], &action, &state.actions[i]);
}

/* Who writes while the output is held waits, and hears of no signal. */
int
tty_take_keys(void)
{
	struct termios settings;
	cc_t key;

	if (tcgetattr(STDIN_FILENO, &settings) == -1)
		return -1;
	key = settings.c_cc[VINTR];
	settings.c_cc[VINTR] = _POSIX_VDISABLE;
	settings.c_iflag &= ~(tcflag_t)IXON;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &settings) == -1)
		return -1;
	return key == _POSIX_VDISABLE ? -1 : key;
}

void
tty_release(void)
{
	size_t i;

	if (!state.guarded)
		return;
	restore();
	state.guarded = false;
	for (i = 0; i < FATAL_COUNT; i++)
		sigaction(fatal[i], &state.actions[i], NULL);
}
