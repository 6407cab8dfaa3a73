/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/brake.h"

#include "common/log.h"
#include "daemon/backlog.h"
#include "daemon/conf.h"
#include "daemon/conn.h"
#include "daemon/member.h"
#include "daemon/room.h"
#include "daemon/stats.h"

static const struct timeval tick_time = { .tv_usec = BRAKE_TICK_MS * 1000 };

static void
resume_senders(struct brake *brake)
{
	struct member *member;

	while ((member = LIST_FIRST(&brake->waiting)) != NULL) {
		LIST_REMOVE(member, hold.waiting_entry);
		member->hold.waits = false;
		conn_resume_input(member->conn, CONN_PAUSE_BRAKE);
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
	log_debug("senders go on room=%s", member->room->name);
	event_del(brake->tick);
	resume_senders(brake);
}

static void
pull(struct member *member)
{
	struct brake *brake = &member->room->brake;

	if (member->hold.holds || member->room->rooms->no_brakes)
		return;
	member->hold.holds = true;
	member->hold.mark = backlog_acknowledged_bytes(member);
	LIST_INSERT_HEAD(&brake->holders, member, hold.holder_entry);
	if (brake->holder_count++ > 0)
		return;
	log_debug("senders wait room=%s", member->room->name);
	event_add(brake->tick, &tick_time);
}

static bool
is_lossless(const struct room *room)
{
	return room->rooms->conf->policy == CONF_POLICY_PAUSE;
}

bool
brake_update(struct member *member, uint64_t backlog, uint64_t limit)
{
	bool lossless = is_lossless(member->room);
	bool spent = !lossless && member->hold.used_ms >= BRAKE_GRACE_MS;

	if (backlog > limit / 2 && !spent)
		pull(member);
	else if (backlog <= limit / 4)
		let_go(member);
	return backlog > limit && spent;
}

void
brake_fall_behind(struct member *member)
{
	member->room->brake.behind_count++;
}

void
brake_catch_up(struct member *member)
{
	member->room->brake.behind_count--;
	let_go(member);
}

void
brake_forgive(struct member *member)
{
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
	conn_pause_input(member->conn, CONN_PAUSE_BRAKE);
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
	/* Before a tick that would count it, maybe. */
	if (member->hold.holds)
		member->hold.used_ms += BRAKE_TICK_MS;
	let_go(member);
	if (!member->hold.waits)
		return;
	LIST_REMOVE(member, hold.waiting_entry);
	member->hold.waits = false;
	member->room->brake.waiting_count--;
}

static bool
most_take(size_t listeners, size_t behind)
{
	return behind * 2 <= listeners;
}

struct brake_pace
brake_pace(size_t listeners, size_t behind, size_t holders, int64_t taken)
{
	struct brake_pace pace = {
		.cost_ms = BRAKE_TICK_MS,
		.bytes = BRAKE_PACE_BYTES / 1000 * BRAKE_TICK_MS,
		.others_take = most_take(listeners, behind),
	};
	int64_t quarter, least = BRAKE_PACE_LEAST / 1000 * BRAKE_TICK_MS;

	if (pace.others_take)
		return pace;
	quarter = taken / ((int64_t)holders * 4);
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
int
brake_charge(
    int used_ms, int64_t taken, int silent_ms, const struct brake_pace *pace)
{
	int64_t used = used_ms + pace->cost_ms;

	if (taken > 0)
		used -= pace->cost_ms * taken / pace->bytes;
	else if (pace->others_take && used < silent_ms)
		used = silent_ms;
	if (used < 0)
		used = 0;
	return used < BRAKE_GRACE_MS ? (int)used : BRAKE_GRACE_MS;
}

/* Those who are to get what the senders wait with: each sender the others'. */
static size_t
listener_count(const struct room *room)
{
	return room->member_count - (room->brake.waiting_count == 1);
}

/* What they took is asked for only where it counts: a system call each. */
static struct brake_pace
pace_of(const struct room *room)
{
	const struct brake *brake = &room->brake;
	size_t listeners = listener_count(room);
	const struct member *member;
	int64_t taken = 0;

	if (!most_take(listeners, brake->behind_count))
		LIST_FOREACH (member, &brake->holders, hold.holder_entry)
			taken += backlog_acknowledged_bytes(member) -
			    member->hold.mark;
	return brake_pace(
	    listeners, brake->behind_count, brake->holder_count, taken);
}

/* The time that a holder has not moved, under the lossless policy. */
static void
charge_stall(struct member *member)
{
	struct brake_hold *hold = &member->hold;
	int64_t limit = member->room->rooms->conf->stall_seconds;
	int64_t position = backlog_acknowledged_bytes(member);

	hold->used_ms =
	    position > hold->mark ? 0 : hold->used_ms + BRAKE_TICK_MS;
	hold->mark = position;
	if (hold->used_ms >= limit * 1000)
		conn_close(member->conn, CONN_STALLED);
}

static void
charge(struct member *member, const struct brake_pace *pace)
{
	struct brake_hold *hold = &member->hold;
	int64_t position = backlog_acknowledged_bytes(member);
	int64_t taken = position - hold->mark;
	int silent_ms = taken > 0 ? 0 : conn_silent_ms(member->conn);

	hold->used_ms = brake_charge(hold->used_ms, taken, silent_ms, pace);
	hold->mark = position;
	if (hold->used_ms == BRAKE_GRACE_MS)
		let_go(member);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct room *room = arg;
	struct brake *brake = &room->brake;
	struct member *member, *next;
	bool lossless = is_lossless(room);
	struct brake_pace pace = { 0 };

	(void)fd;
	(void)what;
	event_add(brake->tick, &tick_time);
	room->rooms->stats->paused_ms += BRAKE_TICK_MS;
	if (!lossless)
		pace = pace_of(room);
	for (member = LIST_FIRST(&brake->holders); member != NULL;
	     member = next) {
		next = LIST_NEXT(member, hold.holder_entry);
		/* It is gone; maybe it waits itself to say its last words. */
		if (!conn_takes_output(member->conn))
			let_go(member);
		else if (lossless)
			charge_stall(member);
		else
			charge(member, &pace);
	}
}

void
brake_init(struct room *room, struct event_base *base)
{
	struct brake *brake = &room->brake;

	LIST_INIT(&brake->holders);
	LIST_INIT(&brake->waiting);
	brake->tick = evtimer_new(base, on_tick, room);
}

void
brake_clear(struct room *room)
{
	event_free(room->brake.tick);
}
