/* SPDX-License-Identifier: ISC */
/*
 * Holds the daemon to this: when all have left, it holds what it held before,
 * descriptors and memory. What it has allocated is its own figure, for what
 * the kernel knows of it depends on how malloc(3) has cut it up.
 */
#ifndef STEADY_H
#define STEADY_H

#include "crowd.h"

struct steady {
	struct holdings before, now; /* the first round, or the last one */
};

/* Before anybody comes. */
void steady_begin(struct steady *steady, const struct crowd *crowd);

/* After each round; lets the daemon have the time that it needs. */
void steady_check(struct steady *steady, struct crowd *crowd);

/* As a comment of TAP. */
void steady_report(const struct steady *steady);

#endif
