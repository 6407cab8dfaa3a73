/* SPDX-License-Identifier: ISC */
/*
 * A clock that a fuzz target moves: in a program that links this file, the
 * monotonic time of libevent and of the daemon stands still until it is told to
 * go on, so that what happens depends on the input only, and an hour takes no
 * time.
 */
#ifndef VIRTUAL_CLOCK_H
#define VIRTUAL_CLOCK_H

/* It never goes back. */
void virtual_clock_advance_ms(unsigned ms);

#endif
