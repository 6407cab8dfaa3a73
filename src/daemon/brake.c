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

	if (member->hold.holds || member->hold.used_grace == BRAKE_GRACE)
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
	return backlog > limit && member->hold.used_grace == BRAKE_GRACE;
}

void
brake_forgive(struct member *member)
{
	let_go(member);
	member->hold.used_grace = 0;
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
brake_leave(struct member *member)
{
	let_go(member);
	if (!member->hold.waits)
		return;
	LIST_REMOVE(member, hold.waiting_entry);
	member->hold.waits = false;
	member->room->brake.waiting_count--;
}

/* Bytes that a holder has to take in a tick to keep its grace. */
static int64_t
pace(const struct room *room)
{
	const struct brake *brake = &room->brake;
	int64_t fair = (int64_t)BRAKE_PACE_BYTES * BRAKE_TICK_MS / 1000;
	const struct member *member;
	int64_t quarter = 0;

	if (brake->holder_count * 2 <=
	    room->member_count - brake->waiting_count)
		return fair;
	LIST_FOREACH (member, &brake->holders, hold.holder_entry)
		quarter +=
		    fanout_acknowledged_bytes(member) - member->hold.mark;
	quarter /= (int64_t)brake->holder_count * 4;
	/* Nobody took anything: they have all stopped. */
	if (quarter <= 0)
		quarter = 1;
	return quarter < fair ? quarter : fair;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct room *room = arg;
	struct brake *brake = &room->brake;
	struct member *member, *next;
	int64_t needed = pace(room);

	(void)fd;
	(void)what;
	event_add(brake->tick, &tick_time);
	for (member = LIST_FIRST(&brake->holders); member != NULL;
	     member = next) {
		struct brake_hold *hold = &member->hold;
		int64_t taken = fanout_acknowledged_bytes(member);

		next = LIST_NEXT(member, hold.holder_entry);
		if (taken - hold->mark < needed)
			hold->used_grace++;
		else if (hold->used_grace > 0)
			hold->used_grace--;
		hold->mark = taken;
		if (hold->used_grace == BRAKE_GRACE)
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
