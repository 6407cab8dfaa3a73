/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "latency.h"

#include <stddef.h>

#define BUCKETS ((size_t)LATENCY_POWERS * LATENCY_STEPS)

/*
 * The first LATENCY_STEPS buckets are a nanosecond wide each; after them every
 * power of two has LATENCY_STEPS / 2 more, twice as wide as those before.
 */
static size_t
bucket_of(uint64_t ns)
{
	unsigned shift = 0;
	size_t bucket;

	while ((ns >> shift) >= LATENCY_STEPS)
		shift++;
	bucket = shift * (LATENCY_STEPS / 2) + (size_t)(ns >> shift);
	return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static uint64_t
top_of(size_t bucket)
{
	unsigned shift = 0;

	if (bucket >= LATENCY_STEPS) {
		shift = (unsigned)(bucket / (LATENCY_STEPS / 2)) - 1;
		bucket -= (size_t)shift * (LATENCY_STEPS / 2);
	}
	return ((bucket + 1) << shift) - 1;
}

void
latency_add(struct latency *latency, uint64_t ns)
{
	latency->samples++;
	latency->buckets[bucket_of(ns)]++;
	if (ns > latency->max_ns)
		latency->max_ns = ns;
}

uint64_t
latency_quantile_ns(const struct latency *latency, double share)
{
	double wanted = share * (double)latency->samples;
	uint64_t seen = 0;
	size_t i;

	if (latency->samples == 0)
		return 0;
	for (i = 0; i < BUCKETS; i++) {
		seen += latency->buckets[i];
		if (seen > 0 && (double)seen >= wanted)
			break;
	}
	return i < BUCKETS && top_of(i) < latency->max_ns ? top_of(i)
							  : latency->max_ns;
}
