/* SPDX-License-Identifier: ISC */
/*
 * Senders wait for readers, a little.
 *
 * The loop reads faster than most readers do, so that a file sent at full
 * speed would run over every one of them. So a member that has half of
 * slow_client.backlog_bytes waiting for it pulls its room's brake: while anyone
 * holds it, senders are not read, and what they send stays in their kernel.
 *
 * A reader that has stopped, or is much slower than the others, must not cost
 * them time. So holding the brake uses up a member's grace of BRAKE_GRACE_MS,
 * and what it takes meanwhile earns it back, at the pace:
 *
 *   - where most of those who listen take all that they are sent, the pace is
 *     BRAKE_PACE_BYTES a second;
 *   - where most are behind, holders or not, it is the machine or the network
 *     that is at its limit, not they: the pace is a quarter of what the holders
 *     take on average, but BRAKE_PACE_LEAST at least; and where that is more
 *     than they take, time counts a quarter.
 *
 * What a member took is what its kernel has acknowledged: its socket becomes
 * writable only now and then, which would make a steady reader look stopped.
 *
 * A reader that has stopped did so before it was noticed. So where most take
 * all that they are sent, one that takes nothing has used at least as much of
 * its grace as the time since its kernel last acknowledged anything.
 *
 * Under slow_client.policy "pause" nobody's grace is used up: the brake is held
 * until the member has caught up enough, and one that has taken nothing for
 * limits.stall_seconds meanwhile is closed.
 *
 * With its grace used up a member lets go, and when more than the whole of
 * backlog_bytes waits for it, the policy acts: backlog.h. It has its grace
 * again when it has taken all that was for it, in whatever room that was. So
 * readers that have stopped hold up the others for a tenth of a second at most,
 * once, or for half a second where hardly anybody reads; and however they read,
 * not much longer below the pace.
 */
#ifndef BRAKE_H
#define BRAKE_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define BRAKE_TICK_MS	 20
#define BRAKE_GRACE_MS	 100
#define BRAKE_PACE_BYTES (8 * 1024 * 1024) /* a second */
#define BRAKE_PACE_LEAST (1024 * 1024)

struct member;
struct room;
LIST_HEAD(member_list, member);

/* Of a room. */
struct brake {
	struct member_list holders;
	size_t holder_count;
	size_t behind_count; /* members that are behind, holders or not */
	struct member_list waiting; /* senders that are not read */
	size_t waiting_count;
	struct event *tick;
};

/* Of a member. It keeps what it has used when it goes to another room. */
struct brake_hold {
	LIST_ENTRY(member) holder_entry, waiting_entry;
	int64_t mark; /* bytes it had acknowledged at the last tick */
	int used_ms;  /* of its grace; or the time that it took nothing */
	bool holds, waits;
};

/* What a tick costs a holder, and the bytes taken in it that earn that back. */
struct brake_pace {
	int64_t cost_ms, bytes;
	bool others_take; /* most of those who listen */
};

/*
 * The arithmetic: the pace of a tick in which so many listened, so many of them
 * were behind, and the holders among these took so many bytes together;
 */
struct brake_pace brake_pace(
    size_t listeners, size_t behind, size_t holders, int64_t taken);
/*
 * and what a holder has used of its grace after it. Its kernel last
 * acknowledged something silent_ms ago.
 */
int brake_charge(
    int used_ms, int64_t taken, int silent_ms, const struct brake_pace *pace);

/* The brake of a room, at the room's beginning and end. */
void brake_init(struct room *room, struct event_base *base);
void brake_clear(struct room *room);

/*
 * Tells the brake how many bytes wait for a member that is behind, of which it
 * may have limit. Returns whether the policy has to act.
 */
bool brake_update(struct member *member, uint64_t backlog, uint64_t limit);

/* The member has fallen behind, */
void brake_fall_behind(struct member *member);
/* and has caught up: what it has missed is queued. */
void brake_catch_up(struct member *member);
/* It had taken all that was ever queued for it: it has its grace again. */
void brake_forgive(struct member *member);

/* The member sent something: it is not read while somebody brakes. */
void brake_sender(struct member *member);

/* Everybody lets go. */
void brake_release(struct room *room);

/* The member leaves the room. */
void brake_leave(struct member *member);

#endif
