/* SPDX-License-Identifier: ISC */
/*
 * All clients of a room's life, who come and go as chance has it, and the loop
 * that drives them. A crowd owns its clients; rounds begin and end in round.c.
 */
#ifndef CROWD_H
#define CROWD_H

#include "chance.h"
#include "client.h"
#include "ledger.h"
#include "misses.h"
#include "relay.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum policy { POLICY_DISCONNECT, POLICY_SKIP, POLICY_PAUSE };

enum { ROOM_MAIN, ROOM_SIDE, ROOMS };

/* What a run did, for its last line. */
struct totals {
	uint64_t clients, said, delivered, delivered_bytes, dropped, missed;
	uint64_t reloads, rounds, names, moves, leavings[LEAVINGS];
};

struct crowd {
	struct chance chance;
	struct relay relay;
	enum policy policy;
	bool is_chat; /* the mode; or relay */
	struct speakers speakers;
	struct ledger ledgers[ROOMS];
	struct client *witness[ROOMS], *bell[ROOMS];
	struct client **clients;
	unsigned count, target;
	struct misses misses;
	struct totals totals;
	int epoll;
	bool settling; /* nothing new is begun */
	bool stopping; /* the daemon was told to end */
	uint64_t now_ms, patience_ms;
	uint64_t moved_ms[ROOMS]; /* when a witness heard something last */
	size_t moved_to[ROOMS];
	uint64_t tick_ms, hangup_ms; /* when the next one is */
	uint64_t ticks_due;
};

/* Has this client's input waited for as it reads. */
void crowd_watch(struct crowd *crowd, struct client *client);

/* One pass over all that is ready, and what is due. */
void crowd_turn(struct crowd *crowd);

/* Of those who still have something to do, for a verdict. */
void crowd_describe(const struct crowd *crowd);

#endif
