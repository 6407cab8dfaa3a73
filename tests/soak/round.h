/* SPDX-License-Identifier: ISC */
/*
 * A round begins without a client, mixes them for some time, lets everybody
 * catch up, and ends when all have left. Then every line is accounted for, and
 * the daemon holds what it held before.
 */
#ifndef ROUND_H
#define ROUND_H

#include "crowd.h"

#include <stdint.h>

/* A round in which clients come and go for so long. */
void round_run(struct crowd *crowd, uint64_t length_ms);

/* One in which the daemon is told to stop, while all are there. */
void round_run_last(struct crowd *crowd, uint64_t length_ms);

#endif
