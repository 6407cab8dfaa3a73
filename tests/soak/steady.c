/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "steady.h"

#include "verdict.h"

#include <stdio.h>

/*
 * What may be allocated more than after the first round: tables grow with the
 * most that they ever held.
 */
#define GROWTH_BYTES 65536

/* A sanitizer, or a tool like it, has its own malloc(3). */
static bool
is_memory_told(const struct relay *relay)
{
#ifdef __SANITIZE_ADDRESS__
	return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	return false;
#endif
#endif
	return !relay->wrapped;
}

/*
 * At the start there may have been one more for a moment: a stranger, say, who
 * tries again and again to reach a relay that had the same port before.
 */
static bool
is_all_closed(const struct crowd *crowd, const struct steady *steady)
{
	if (crowd->totals.rounds == 1)
		return steady->now.descriptors <= steady->before.descriptors;
	return steady->now.descriptors == steady->before.descriptors;
}

static bool
is_all_freed(const struct crowd *crowd, const struct steady *steady)
{
	return crowd->totals.rounds == 1 || !is_memory_told(&crowd->relay) ||
	    steady->now.heap_bytes <= steady->before.heap_bytes + GROWTH_BYTES;
}

static void
measure(struct steady *steady, struct crowd *crowd)
{
	uint64_t until_ms = now_ms() + crowd->patience_ms;

	crowd->relay.heap_told = false;
	relay_ask(&crowd->relay);
	while (!crowd->relay.heap_told) {
		crowd_turn(crowd);
		if (now_ms() > until_ms)
			broken("no counters for SIGUSR1");
	}
	relay_holdings(&crowd->relay, &steady->now);
}

void
steady_begin(struct steady *steady, const struct crowd *crowd)
{
	relay_holdings(&crowd->relay, &steady->before);
}

/* A daemon notices at its own pace that the last have gone. */
void
steady_check(struct steady *steady, struct crowd *crowd)
{
	uint64_t until_ms = now_ms() + crowd->patience_ms;

	do
		measure(steady, crowd);
	while (!(is_all_closed(crowd, steady) && is_all_freed(crowd, steady)) &&
	    now_ms() < until_ms);
	if (!is_all_closed(crowd, steady))
		broken("the daemon holds %u descriptors, without clients; it "
		       "held %u\n# now%s\n# before%s",
		    steady->now.descriptors, steady->before.descriptors,
		    steady->now.open, steady->before.open);
	if (!is_all_freed(crowd, steady))
		broken("the daemon holds %ju bytes, without clients; it held "
		       "%ju after the first round",
		    (uintmax_t)steady->now.heap_bytes,
		    (uintmax_t)steady->before.heap_bytes);
	if (crowd->totals.rounds == 1)
		steady->before = steady->now;
}

void
steady_report(const struct steady *steady)
{
	printf("# descriptors=%u,%u heap_bytes=%ju,%ju memory_kib=%ju,%ju\n",
	    steady->before.descriptors, steady->now.descriptors,
	    (uintmax_t)steady->before.heap_bytes,
	    (uintmax_t)steady->now.heap_bytes,
	    (uintmax_t)steady->before.memory_kib,
	    (uintmax_t)steady->now.memory_kib);
}
