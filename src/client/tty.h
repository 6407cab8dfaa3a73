/* SPDX-License-Identifier: ISC */
/*
 * The settings of the terminal at standard input, and that they are as they
 * were when the process ends, however it does: a fatal signal is caught, the
 * settings are put back, and the signal does what it does.
 *
 * A process has one terminal, and a signal handler has no argument, so what
 * is saved is this module's own state.
 */
#ifndef TTY_H
#define TTY_H

/*
 * Stops this job, where a shell can let it go on, until the terminal, any
 * descriptor of it, is its.
 */
void tty_await(int fd);

/*
 * Remembers the settings and guards them. mode_off is written to standard
 * output as well when they are put back; it is not copied.
 */
void tty_guard(const char *mode_off);

/*
 * From now on keys that are no text are read as others are: the one that
 * interrupts, Ctrl-C, instead of being a signal, and those that hold the
 * output, Ctrl-S and Ctrl-Q. Returns the former, or -1 when the terminal has
 * none.
 */
int tty_take_keys(void);

/* Puts the settings back; they are guarded no more. */
void tty_release(void);

#endif
