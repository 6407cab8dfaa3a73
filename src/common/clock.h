/* SPDX-License-Identifier: ISC */
/* The time that goes on evenly, CLOCK_MONOTONIC of clock_gettime(2). */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

uint64_t clock_nanoseconds(void);
uint64_t clock_milliseconds(void);
/* Some milliseconds late, and cheap: CLOCK_MONOTONIC_COARSE. So many ticks are
 * a second, and the number of them begins anew every two years. */
#define CLOCK_TICKS 64
uint32_t clock_coarse_ticks(void);

#endif
