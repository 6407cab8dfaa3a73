/* SPDX-License-Identifier: ISC */
/*
 * From a room's batches to every member that is not behind.
 *
 * Nearly all the cost of a relay is the kernel's send, about 2 us a call, so a
 * fan-out makes one call a member, as full as it can be, straight from the
 * batch. A member whose socket does not take it all falls behind: backlog.h.
 */
#ifndef FANOUT_H
#define FANOUT_H

#include <stdbool.h>
#include <stddef.h>

struct member;
struct room;

/* Sends what waits in the room. Marks connections closed; frees none. */
void fanout_room(struct room *room);

/*
 * Whole lines for one member alone: sent after all that its room has gathered,
 * which is fanned out first, and queued, as a copy, where the socket does not
 * take them. Where more than BACKLOG_QUEUE_BYTES wait for it they may come
 * before some of what it has missed. What is not read stays until it is: the
 * caller bounds it.
 */
void fanout_tell(struct member *member, const char *lines, size_t length);

/*
 * The last lines of its room, so many at most, for one member alone: in their
 * place as above, but queued by reference, so that all members share them. They
 * do not count towards what makes a member too slow. While an earlier replay
 * still waits there is no other; returns whether there was one.
 */
bool fanout_replay(struct member *member, size_t lines);

#endif
