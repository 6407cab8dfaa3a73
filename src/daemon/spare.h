/* SPDX-License-Identifier: ISC */
/*
 * A descriptor that is kept for the time when there are no more: it is given
 * up to accept those who wait, tell them why, and close them. Without that they
 * would wait in the kernel's queue, and their connect(2) would have succeeded.
 */
#ifndef SPARE_H
#define SPARE_H

struct spare;

struct spare *spare_new(void);
/* NULL is allowed. */
void spare_free(struct spare *spare);

/*
 * Turns away those who wait at the listening socket, a bounded number of them.
 * Returns how many, or -1 when that could not be done and somebody may wait.
 */
int spare_turn_away(struct spare *spare, int listening);

#endif
