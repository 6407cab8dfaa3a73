/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "virtual_clock.h"

#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Since the year 2001, as a process has one clock. */
static uint64_t virtual_ms = 1000000000;

void
virtual_clock_advance_ms(unsigned ms)
{
	virtual_ms += ms;
}

/* In place of that of the C library, for the shared libraries too. */
int
clock_gettime(clockid_t clock, struct timespec *time)
{
	if (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE)
		return (int)syscall(SYS_clock_gettime, clock, time);
	time->tv_sec = (time_t)(virtual_ms / 1000);
	time->tv_nsec = (long)(virtual_ms % 1000) * 1000000;
	return 0;
}
