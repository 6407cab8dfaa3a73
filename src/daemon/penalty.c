/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/penalty.h"

#include "common/xmalloc.h"
#include "daemon/peer.h"

#include <stdbool.h>
#include <stdlib.h>

struct penalty {
	union peer host;
	uint64_t failed_ms; /* when it failed last; 0: the entry is free */
	uint64_t delay_ms;
};

struct penalties {
	struct penalty hosts[PENALTY_HOSTS_MAX];
};

static bool
is_known(const struct penalty *penalty, uint64_t now_ms)
{
	return penalty->failed_ms != 0 &&
	    now_ms - penalty->failed_ms < PENALTY_FORGET_MS;
}

/* The entry of that host, or NULL. */
static const struct penalty *
find(const struct penalties *penalties, const union peer *peer, uint64_t now_ms)
{
	size_t i;

	for (i = 0; i < PENALTY_HOSTS_MAX; i++) {
		const struct penalty *penalty = &penalties->hosts[i];

		if (is_known(penalty, now_ms) &&
		    peer_is_same_host(&penalty->host, peer))
			return penalty;
	}
	return NULL;
}

static size_t
oldest(const struct penalties *penalties)
{
	size_t i, found = 0;

	for (i = 1; i < PENALTY_HOSTS_MAX; i++)
		if (penalties->hosts[i].failed_ms <
		    penalties->hosts[found].failed_ms)
			found = i;
	return found;
}

void
penalties_add(
    struct penalties *penalties, const union peer *peer, uint64_t now_ms)
{
	const struct penalty *known = find(penalties, peer, now_ms);
	size_t at = known == NULL ? oldest(penalties)
				  : (size_t)(known - penalties->hosts);
	struct penalty *penalty = &penalties->hosts[at];
	uint64_t delay_ms =
	    known == NULL ? PENALTY_MS_MIN : penalty->delay_ms * 2;

	if (delay_ms > PENALTY_MS_MAX)
		delay_ms = PENALTY_MS_MAX;
	*penalty = (struct penalty){ *peer, now_ms, delay_ms };
}

uint64_t
penalties_wait_ms(
    const struct penalties *penalties, const union peer *peer, uint64_t now_ms)
{
	const struct penalty *penalty = find(penalties, peer, now_ms);
	uint64_t passed_ms;

	if (penalty == NULL)
		return 0;
	passed_ms = now_ms - penalty->failed_ms;
	return passed_ms < penalty->delay_ms ? penalty->delay_ms - passed_ms
					     : 0;
}

struct penalties *
penalties_new(void)
{
	return xcalloc(1, sizeof(struct penalties));
}

void
penalties_free(struct penalties *penalties)
{
	free(penalties);
}
