/* SPDX-License-Identifier: ISC */
/* The time that goes on evenly, CLOCK_MONOTONIC of clock_gettime(2). */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

uint64_t clock_nanoseconds(void);
/* Some milliseconds late, and cheap: CLOCK_MONOTONIC_COARSE. */
uint32_t clock_coarse_seconds(void);

#endif
