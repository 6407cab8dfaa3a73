/* SPDX-License-Identifier: ISC */
/*
 * A histogram of latencies, exact to less than one per cent. It is a plain
 * value, zero when it is empty, and owns nothing.
 */
#ifndef LATENCY_H
#define LATENCY_H

#include <stdint.h>

/* Buckets to a power of two, and powers: up to 2^40 ns, about 18 minutes. */
#define LATENCY_STEPS  128
#define LATENCY_POWERS 34

struct latency {
	uint64_t samples, max_ns;
	uint32_t buckets[LATENCY_POWERS * LATENCY_STEPS];
};

void latency_add(struct latency *latency, uint64_t ns);

/* What share (0 to 1) of the samples is not above, in ns; 0 without any. */
uint64_t latency_quantile_ns(const struct latency *latency, double share);

#endif
