/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/brake.h"

#include "daemon/conn.h"
#include "daemon/fanout.h"
#include "daemon/member.h"
#include "daemon/room.h"

#include <string.h>

static const struct timeval tick_time = { .tv_usec = BRAKE_TICK_MS * 1000 };

static void
resume_senders(struct brake *brake)
{
	struct member *member;

	while ((member = LIST_FIRST(&brake->waiting)) != NULL) {
		LIST_REMOVE(member, hold.waiting_entry);
		member->hold.waits = false;
		conn_resume_input(member->conn);
	}
	brake->waiting_count = 0;
}

static void
let_go(struct member *member)
{
	struct brake *brake = &member->room->brake;

	if (!member->hold.holds)
		return;
	member->hold.holds = false;
	LIST_REMOVE(member, hold.holder_entry);
	if (--brake->holder_count > 0)
		return;
	event_del(brake->tick);
	resume_senders(brake);
}

static void
pull(struct member *member)
{
	struct brake *brake = &member->room->brake;

	if (member->hold.holds || member->hold.used_ms == BRAKE_GRACE_MS ||
	    member->room->rooms->no_brakes)
		return;
	member->hold.holds = true;
	member->hold.mark = fanout_acknowledged_bytes(member);
	LIST_INSERT_HEAD(&brake->holders, member, hold.holder_entry);
	if (brake->holder_count++ == 0)
		event_add(brake->tick, &tick_time);
}

bool
brake_update(struct member *member, uint64_t backlog, uint64_t limit)
{
	if (backlog > limit / 2)
		pull(member);
	else if (backlog <= limit / 4)
		let_go(member);
	return backlog > limit && member->hold.used_ms == BRAKE_GRACE_MS;
}

void
brake_forgive(struct member *member)
{
	let_go(member);
	member->hold.used_ms = 0;
}

void
brake_sender(struct member *member)
{
	struct brake *brake = &member->room->brake;

	if (brake->holder_count == 0 || member->hold.waits)
		return;
	member->hold.waits = true;
	LIST_INSERT_HEAD(&brake->waiting, member, hold.waiting_entry);
	brake->waiting_count++;
	conn_pause_input(member->conn);
}

void
brake_release(struct room *room)
{
	struct member *member;

	while ((member = LIST_FIRST(&room->brake.holders)) != NULL)
		let_go(member);
}

void
brake_leave(struct member *member)
{
	let_go(member);
	if (!member->hold.waits)
		return;
	LIST_REMOVE(member, hold.waiting_entry);
	member->hold.waits = false;
	member->room->brake.waiting_count--;
}

/* What a tick costs a holder, and the bytes taken in it that earn that back. */
struct pace {
	int64_t cost_ms, bytes;
};

/* Those who are to get what the senders wait with: each sender the others'. */
static size_t
listener_count(const struct room *room)
{
	return room->member_count - (room->brake.waiting_count == 1);
}

static struct pace
pace_of(const struct room *room)
{
	const struct brake *brake = &room->brake;
	struct pace pace = {
		.cost_ms = BRAKE_TICK_MS,
		.bytes = BRAKE_PACE_BYTES / 1000 * BRAKE_TICK_MS,
	};
	const struct member *member;
	int64_t quarter = 0, least = BRAKE_PACE_LEAST / 1000 * BRAKE_TICK_MS;

	if (brake->holder_count * 2 <= listener_count(room))
		return pace;
	LIST_FOREACH (member, &brake->holders, hold.holder_entry)
		quarter +=
		    fanout_acknowledged_bytes(member) - member->hold.mark;
	quarter /= (int64_t)brake->holder_count * 4;
	/* Nobody moves, maybe only for now: it costs less to wait and see. */
	if (quarter < least) {
		quarter = least;
		pace.cost_ms /= 4;
	}
	if (quarter < pace.bytes)
		pace.bytes = quarter;
	return pace;
}

/* Bytes that are acknowledged in lumps count as much as a steady flow. */
static void
charge(struct brake_hold *hold, int64_t taken, struct pace pace)
{
	int64_t used = hold->used_ms + pace.cost_ms;

	if (taken > 0)
		used -= pace.cost_ms * taken / pace.bytes;
	if (used < 0)
		used = 0;
	hold->used_ms = used < BRAKE_GRACE_MS ? (int)used : BRAKE_GRACE_MS;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct room *room = arg;
	struct brake *brake = &room->brake;
	struct member *member, *next;
	struct pace pace = pace_of(room);

	(void)fd;
	(void)what;
	event_add(brake->tick, &tick_time);
	for (member = LIST_FIRST(&brake->holders); member != NULL;
	     member = next) {
		int64_t taken = fanout_acknowledged_bytes(member);

		next = LIST_NEXT(member, hold.holder_entry);
		charge(&member->hold, taken - member->hold.mark, pace);
		member->hold.mark = taken;
		if (member->hold.used_ms == BRAKE_GRACE_MS)
			let_go(member);
	}
}

void
brake_init(struct room *room, struct event_base *base)
{
	struct brake *brake = &room->brake;

	LIST_INIT(&brake->holders);
	LIST_INIT(&brake->waiting);
	brake->holder_count = 0;
	brake->tick = evtimer_new(base, on_tick, room);
}

void
brake_clear(struct room *room)
{
	event_free(room->brake.tick);
}
