/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "round.h"

#include "journal.h"
#include "talk.h"
#include "verdict.h"

#include <signal.h>
#include <stdlib.h>

#define BELL_MS 100

typedef bool condition(const struct crowd *crowd);

/* Turns until something is so, which has to be before patience ends. */
static void
await(struct crowd *crowd, condition *is_so, const char *what)
{
	uint64_t until_ms = now_ms() + crowd->patience_ms;

	while (!is_so(crowd)) {
		crowd_turn(crowd);
		if (crowd->now_ms <= until_ms)
			continue;
		/* That would be the cause. */
		speakers_clear(&crowd->speakers);
		crowd_describe(crowd);
		broken("waited in vain: %s", what);
	}
}

static struct client *
open_special(struct crowd *crowd, int room, bool witness)
{
	struct client_plan plan = {
		.door = room == ROOM_MAIN ? DOOR_MAIN : DOOR_SIDE,
		.witness = witness,
	};
	struct client *client = client_new(crowd, &crowd->ledgers[room], &plan);

	crowd_watch(crowd, client);
	return client;
}

static bool
is_begun(const struct crowd *crowd)
{
	return crowd->ledgers[ROOM_MAIN].count > 0 &&
	    crowd->ledgers[ROOM_SIDE].count > 0;
}

/* Connections are accepted in their order, so the bell comes second. */
static void
begin(struct crowd *crowd)
{
	int room;

	crowd->settling = true;
	for (room = 0; room < ROOMS; room++) {
		crowd->witness[room] = open_special(crowd, room, true);
		crowd->bell[room] = open_special(crowd, room, false);
		talk_say(crowd, crowd->bell[room], SPEECH_MIN);
		crowd->moved_ms[room] = now_ms();
	}
	await(crowd, is_begun, "the first line");
	crowd->settling = false;
}

static bool
is_quiet(const struct crowd *crowd)
{
	unsigned i;
	int room;

	for (room = 0; room < ROOMS; room++)
		if (crowd->ledgers[room].waiting_bytes > 0)
			return false;
	for (i = 0; i < crowd->count; i++) {
		const struct client *client = crowd->clients[i];

		if (client->out_length > 0 || client->goes)
			return false;
	}
	return true;
}

static bool
is_heard_by_all(const struct crowd *crowd)
{
	struct speech missing;
	unsigned i;

	for (i = 0; i < crowd->count; i++) {
		const struct client *client = crowd->clients[i];

		if (!client->reader.began ||
		    client->question.answer[0] != '\0' ||
		    !ledger_heard_all(client->ledger, &client->reader,
			client->ledger->count, &missing))
			return false;
	}
	return true;
}

/*
 * The policy may leave out the last line for one that was slow, so there is
 * one more until all have heard the last.
 */
static void
ring(struct crowd *crowd)
{
	uint64_t until_ms = now_ms() + crowd->patience_ms, next_ms = 0;

	while (!is_quiet(crowd) || !is_heard_by_all(crowd) || next_ms == 0) {
		if (is_quiet(crowd) && crowd->now_ms >= next_ms) {
			talk_say(crowd, crowd->bell[ROOM_MAIN], SPEECH_MIN);
			talk_say(crowd, crowd->bell[ROOM_SIDE], SPEECH_MIN);
			next_ms = crowd->now_ms + BELL_MS;
		}
		crowd_turn(crowd);
		if (crowd->now_ms > until_ms)
			broken("not everybody hears the bell");
	}
}

static bool
is_unheard(const struct crowd *crowd, const struct client *client)
{
	return client->goes ||
	    crowd->speakers.list[client->reader.self].waiting_bytes > 0;
}

/*
 * Nothing new is said, and the witnesses hear all that was. Who has not been
 * heard reads, or that might take for ever: see bytes_to_hear() in crowd.c.
 */
static void
hush(struct crowd *crowd)
{
	unsigned i;

	crowd->settling = true;
	relay_reload(&crowd->relay, CONF_BASE);
	for (i = 0; i < crowd->count; i++) {
		struct client *client = crowd->clients[i];

		if (!client->goes) {
			client->leaving = LEAVES_WITH_FIN;
			client->go_ms = UINT64_MAX;
		}
		if (is_unheard(crowd, client))
			client->reading = READS_ALWAYS;
	}
	await(crowd, is_quiet, "all that was said to be heard");
}

static void
wake(struct crowd *crowd)
{
	unsigned i;

	for (i = 0; i < crowd->count; i++)
		crowd->clients[i]->reading = READS_ALWAYS;
}

static bool
is_missed_as_told(const struct crowd *crowd)
{
	uint64_t told, seen;
	const char *peer;

	return misses_agree(&crowd->misses, &peer, &told, &seen);
}

static void
check_misses(struct crowd *crowd)
{
	uint64_t until_ms = now_ms() + 2000, told, seen;
	const char *peer;

	while (!is_missed_as_told(crowd) && now_ms() < until_ms)
		crowd_turn(crowd);
	if (!misses_agree(&crowd->misses, &peer, &told, &seen))
		broken("the log says that %s was left out %ju lines, it "
		       "missed %ju",
		    peer, (uintmax_t)told, (uintmax_t)seen);
	misses_clear(&crowd->misses);
}

static bool
is_left(const struct crowd *crowd)
{
	return crowd->count == 0;
}

static bool
is_over(const struct crowd *crowd)
{
	int room;

	for (room = 0; room < ROOMS; room++)
		if (!crowd->witness[room]->over || !crowd->bell[room]->over)
			return false;
	return crowd->count == 0;
}

static void
dismiss(struct client *client)
{
	client->must_hear = client->witness ? 0 : client->ledger->count;
	client->has_fin = true;
	wire_end(&client->wire, true);
}

static void
clear(struct crowd *crowd)
{
	int room;

	for (room = 0; room < ROOMS; room++) {
		client_free(crowd->witness[room]);
		client_free(crowd->bell[room]);
		crowd->witness[room] = crowd->bell[room] = NULL;
	}
	speakers_clear(&crowd->speakers);
	for (room = 0; room < ROOMS; room++)
		ledger_clear(&crowd->ledgers[room]);
	check_misses(crowd);
	crowd->totals.rounds++;
}

static void
mix(struct crowd *crowd, uint64_t length_ms)
{
	uint64_t until_ms = now_ms() + length_ms;

	begin(crowd);
	while (crowd->now_ms < until_ms)
		crowd_turn(crowd);
	hush(crowd);
}

void
round_run(struct crowd *crowd, uint64_t length_ms)
{
	unsigned i;
	int room;

	mix(crowd, length_ms);
	wake(crowd);
	ring(crowd);
	for (i = 0; i < crowd->count; i++)
		crowd->clients[i]->go_ms = 0;
	await(crowd, is_left, "all to leave");
	for (room = 0; room < ROOMS; room++) {
		dismiss(crowd->bell[room]);
		dismiss(crowd->witness[room]);
	}
	await(crowd, is_over, "the last to leave");
	clear(crowd);
}

/* Those who are behind when it is told to stop still hear all. */
void
round_run_last(struct crowd *crowd, uint64_t length_ms)
{
	unsigned i;
	int room;

	mix(crowd, length_ms);
	crowd->stopping = true;
	for (i = 0; i < crowd->count; i++)
		crowd->clients[i]->must_hear = crowd->clients[i]->ledger->count;
	kill(crowd->relay.pid, SIGTERM);
	wake(crowd);
	await(crowd, is_over, "all to be ended by the daemon");
	relay_await_end(&crowd->relay, journal_line, crowd);
	for (room = 0; room < ROOMS; room++)
		crowd->bell[room]->has_fin = true;
	clear(crowd);
}
