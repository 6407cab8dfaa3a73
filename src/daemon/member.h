/* SPDX-License-Identifier: ISC */
/*
 * A connection's place in a room: its bytes made into lines on the way in,
 * and how far behind it is on the way out.
 *
 * A member is made for an accepted connection and freed when the connection
 * ends; it leaves its room then.
 */
#ifndef MEMBER_H
#define MEMBER_H

#include "daemon/batch.h"
#include "daemon/brake.h"
#include "daemon/line.h"

#include <stddef.h>
#include <stdint.h>

struct conn;
struct rate;
struct room;

struct member {
	struct conn *conn;
	struct batch *behind;	/* where its next byte is; a reference */
	uint32_t behind_offset; /* NULL: it has all that was fanned out */
	uint64_t skipped;	/* lines that were left out, untold */
	struct batch_origin origin;
	struct brake_hold hold;
	struct room *room;
	size_t slot; /* in room->members */
	struct line_framer framer;
	/* In all its output: where the last replay ends, fanout_replay(), and
	 * where what it alone was told does, which is never left out. */
	uint64_t replay_end, told_end;
	struct rate *rate; /* NULL until it sends while there is a limit */
};

/* Takes over the connection and joins the room. */
void member_new(struct conn *conn, struct room *room);

/*
 * How many bytes of what a member sends limits.lines_per_second allows now.
 * When that is not all, it is not read until there is more.
 */
size_t member_allowance(
    struct member *member, const char *bytes, size_t length);

#endif
