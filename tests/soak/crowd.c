/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "crowd.h"

#include "journal.h"
#include "talk.h"
#include "verdict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define TICK_MS	      2
#define TICKS_DUE_MAX 50
#define EVENTS_MAX    4096

/* What a slow reader takes at a time, and in how many ticks of a hundred. */
#define SLOW_BYTES   3000
#define SLOW_PERCENT 10

/* Less of them where a room waits for each that has stopped. */
#define STOPPED_READERS_PERCENT 4
#define SLOW_READERS_PERCENT	8
#define PAUSE_DIVISOR		4

void
crowd_watch(struct crowd *crowd, struct client *client)
{
	bool wanted =
	    client->reading == READS_ALWAYS && client->ahead_since_ms == 0;
	struct epoll_event event = {
		.events = wanted ? EPOLLIN : 0,
		.data.ptr = client,
	};

	if (client->watched && wanted == client->watched_for_input)
		return;
	if (epoll_ctl(crowd->epoll,
		client->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
		client->wire.fd, &event) == -1)
		cannot("epoll_ctl: %s", strerror(errno));
	client->watched = true;
	client->watched_for_input = wanted;
}

static enum leaving
draw_leaving(struct crowd *crowd)
{
	static const enum leaving ways[] = { STAYS, STAYS, LEAVES_WITH_FIN,
		LEAVES_WITH_FIN, LEAVES_WITH_FIN, LEAVES_MID_LINE,
		LEAVES_BY_CLOSE, LEAVES_BY_CLOSE, LEAVES_BY_RESET,
		LEAVES_BY_RESET, LEAVES_BY_BABBLE };

	enum leaving way =
	    ways[chance_below(&crowd->chance, sizeof(ways) / sizeof(ways[0]))];

	/* A line that is too long ends nobody in mode chat. */
	if (way == LEAVES_BY_BABBLE && crowd->is_chat)
		return LEAVES_BY_QUIT;
	return way;
}

static enum talking
draw_talking(struct chance *chance)
{
	static const enum talking moods[] = { SAYS_NOTHING, SAYS_NOTHING,
		SAYS_NOTHING, SAYS_LITTLE, SAYS_LITTLE, SAYS_LITTLE,
		SAYS_LITTLE, SAYS_MUCH, DRIBBLES, DRIBBLES };

	return moods[chance_below(chance, sizeof(moods) / sizeof(moods[0]))];
}

static enum reading
draw_reading(struct crowd *crowd)
{
	uint64_t draw = chance_below(&crowd->chance, 100);

	if (crowd->policy == POLICY_PAUSE)
		draw *= PAUSE_DIVISOR;
	if (draw < STOPPED_READERS_PERCENT)
		return READS_NOT;
	draw -= STOPPED_READERS_PERCENT;
	return draw < SLOW_READERS_PERCENT ? READS_SLOWLY : READS_ALWAYS;
}

static void
come(struct crowd *crowd)
{
	struct client_plan plan = {
		.door =
		    (int)chance_below(&crowd->chance, crowd->relay.door_count),
		.talking = draw_talking(&crowd->chance),
		.leaving = draw_leaving(crowd),
		.reading = draw_reading(crowd),
	};
	int room = plan.door == DOOR_SIDE ? ROOM_SIDE : ROOM_MAIN;
	struct client *client = client_new(crowd, &crowd->ledgers[room], &plan);

	client->go_ms = client->leaving == STAYS ? UINT64_MAX
						 : crowd->now_ms +
		chance_between(&crowd->chance, 1,
		    chance_between(&crowd->chance, 10, 5000));
	crowd_watch(crowd, client);
	crowd->clients[crowd->count++] = client;
}

static void
tick_client(struct crowd *crowd, struct client *client)
{
	if (client->reading == READS_SLOWLY &&
	    chance_percent(&crowd->chance, SLOW_PERCENT))
		client_read(crowd, client,
		    crowd->ticks_due *
			chance_between(&crowd->chance, 1, SLOW_BYTES));
	if (!client->over && !client->goes)
		talk(crowd, client);
	if (!client->over && crowd->now_ms >= client->go_ms)
		client_leave(crowd, client);
	if (!client->over)
		crowd_watch(crowd, client);
}

static void
remove_those_over(struct crowd *crowd)
{
	unsigned i = 0;

	while (i < crowd->count) {
		if (!crowd->clients[i]->over) {
			i++;
			continue;
		}
		client_free(crowd->clients[i]);
		crowd->clients[i] = crowd->clients[--crowd->count];
	}
}

static void
tick(struct crowd *crowd)
{
	unsigned i, newcomers = 0;

	if (crowd->now_ms < crowd->tick_ms)
		return;
	/* Where the machine is busy a tick comes late, and stands for some. */
	crowd->ticks_due = 1 + (crowd->now_ms - crowd->tick_ms) / TICK_MS;
	if (crowd->ticks_due > TICKS_DUE_MAX)
		crowd->ticks_due = TICKS_DUE_MAX;
	crowd->tick_ms = crowd->now_ms + TICK_MS;
	for (i = 0; i < ROOMS; i++)
		if (crowd->bell[i] != NULL && !crowd->bell[i]->over)
			talk_flush(crowd, crowd->bell[i]);
	for (i = 0; i < crowd->count; i++)
		tick_client(crowd, crowd->clients[i]);
	if (crowd->settling)
		return;
	while (crowd->count < crowd->target && newcomers++ < 5)
		come(crowd);
	if (crowd->now_ms < crowd->hangup_ms)
		return;
	relay_reload(&crowd->relay,
	    (enum conf_variant)chance_below(&crowd->chance, CONF_VARIANTS));
	crowd->totals.reloads++;
	crowd->hangup_ms =
	    crowd->now_ms + chance_between(&crowd->chance, 100, 1500);
}

static void
read_witnesses(struct crowd *crowd)
{
	int room;

	for (room = 0; room < ROOMS; room++)
		if (crowd->witness[room] != NULL && !crowd->witness[room]->over)
			client_read(crowd, crowd->witness[room], SIZE_MAX);
}

/*
 * What the kernel has of a connection, the daemon's end and ours, tx_queue and
 * rx_queue as they stand in proc_net_tcp(5): bytes that the daemon has not read
 * are its own fault, others may not be.
 */
static void
describe_queues(const char *peer)
{
	FILE *file = fopen("/proc/net/tcp", "re");
	const char *colon = strrchr(peer, ':');
	char line[256], local[32], remote[32], queues[32], port[8];

	if (file == NULL || colon == NULL)
		cannot("the queues of %s", peer);
	snprintf(port, sizeof(port), ":%04X", (unsigned)atoi(colon + 1));
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "%*s %31s %31s %*s %31s", local, remote,
			queues) == 3 &&
		    (strstr(local, port) != NULL ||
			strstr(remote, port) != NULL))
			printf("# from %s to %s: tx:rx %s\n", local, remote,
			    queues);
	fclose(file);
}

void
crowd_describe(const struct crowd *crowd)
{
	unsigned i;

	for (i = 0; i < crowd->count; i++) {
		const struct client *client = crowd->clients[i];
		size_t waiting =
		    crowd->speakers.list[client->reader.self].waiting_bytes;

		if (client->goes || client->out_length > 0 ||
		    client->ahead_since_ms != 0 || waiting > 0) {
			printf("# client %u at %s: reading %d, leaving %d, "
			       "%zu bytes to send, %zu to be heard, fin %d, "
			       "ahead %d\n",
			    client->reader.self, client->peer, client->reading,
			    client->leaving,
			    client->out_length - client->out_at, waiting,
			    client->has_fin, client->ahead_since_ms != 0);
			if (!client->local)
				describe_queues(client->peer);
		}
	}
}

/*
 * What those who read have said. One who does not read may not be heard either:
 * its kernel drops, with what it has no room for, the acknowledgements of what
 * it sends, and tries that again ever more seldom.
 */
static size_t
bytes_to_hear(const struct crowd *crowd, const struct ledger *ledger)
{
	size_t bytes = 0;
	unsigned i;

	for (i = 0; i < crowd->count; i++) {
		const struct client *client = crowd->clients[i];

		if (client->ledger == ledger && client->reading != READS_NOT)
			bytes += crowd->speakers.list[client->reader.self]
				     .waiting_bytes;
	}
	return bytes;
}

/*
 * Some wait for others, with the policy, but not for long; and with none of
 * them for one that has stopped.
 */
static void
check_movement(struct crowd *crowd)
{
	uint64_t limit_ms =
	    crowd->patience_ms / (crowd->policy == POLICY_PAUSE ? 2 : 5);
	int room;

	for (room = 0; room < ROOMS; room++) {
		const struct ledger *ledger = &crowd->ledgers[room];

		if (bytes_to_hear(crowd, ledger) == 0 ||
		    ledger->count != crowd->moved_to[room]) {
			crowd->moved_to[room] = ledger->count;
			crowd->moved_ms[room] = crowd->now_ms;
		} else if (crowd->now_ms - crowd->moved_ms[room] > limit_ms) {
			crowd_describe(crowd);
			broken("nothing is heard in room %s, where %zu bytes "
			       "were said",
			    ledger->room, ledger->waiting_bytes);
		}
	}
}

/* Those that were ahead of their witness hear what they have again. */
static void
read_those_ahead(struct crowd *crowd)
{
	unsigned i;

	for (i = 0; i < crowd->count; i++) {
		struct client *client = crowd->clients[i];

		/* TLS may hold what no event tells of. */
		if (client->ahead_since_ms != 0)
			client_read(crowd, client,
			    client->reading == READS_ALWAYS ? SIZE_MAX : 1);
	}
}

void
crowd_turn(struct crowd *crowd)
{
	struct epoll_event events[EVENTS_MAX];
	int i, count = epoll_wait(crowd->epoll, events, EVENTS_MAX, TICK_MS);

	crowd->now_ms = now_ms();
	read_witnesses(crowd);
	check_movement(crowd);
	relay_read_log(&crowd->relay, journal_line, crowd);
	for (i = 0; i < count; i++) {
		struct client *client = events[i].data.ptr;

		if (client != NULL && !client->over)
			client_read(crowd, client, SIZE_MAX);
	}
	read_those_ahead(crowd);
	tick(crowd);
	remove_those_over(crowd);
}
