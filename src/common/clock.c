/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/clock.h"

#include <time.h>

uint64_t
clock_nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t
clock_milliseconds(void)
{
	return clock_nanoseconds() / 1000000;
}

uint32_t
clock_coarse_ticks(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint32_t)now.tv_sec * CLOCK_TICKS +
	    (uint32_t)(now.tv_nsec / (1000000000 / CLOCK_TICKS));
}
