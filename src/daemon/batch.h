/* SPDX-License-Identifier: ISC */
/*
 * The lines that a room has gathered, stored once for everybody.
 *
 * A batch is one contiguous buffer of whole lines and a table of spans that
 * says whose they are. Lines are appended at its end; a fan-out sends what was
 * appended since the one before. When everybody took that, the batch is
 * rewound and used again: in the steady state nothing is copied or allocated.
 *
 * A member that could not take it all refers to the batch where it stopped, and
 * remembers its place in it. The room then goes on in the same batch until that
 * is full, and in a new one after it. Each batch refers to the next, so whoever
 * refers to one keeps all that follow: a thousand stalled members keep the
 * bytes from the slowest of them on, once.
 *
 * Bytes that are queued for somebody are pinned. Where nobody refers to their
 * batch any more, it is kept only for those who have left the room, or are
 * about to have all of it: *pinned_bytes counts what that takes.
 *
 *      room->from -----------------------+     room->tail -+
 *                                        v                 v
 *      [lines, all sent] --next--> [sent | waiting] --next--> [waiting | free]
 *            ^                       ^
 *            | two members stalled   | one stalled here
 */
#ifndef BATCH_H
#define BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * Bytes of a batch. Small enough to stay in the cache while it is sent to
 * everybody, large enough that a send is worth its system call; measured, see
 * HACKING.
 */
#define BATCH_BYTES 131072

/*
 * Spans of a batch: so many that lines of 32 bytes fill the batch first, so
 * few that what shorter ones cost in memory has a limit: 224 KiB a batch.
 */
#define BATCH_SPANS 4096

#define BATCH_NO_SPAN UINT32_MAX

/* Adjacent lines of one member. Named by its id, so that it may be gone. */
struct batch_span {
	uint64_t origin;
	uint32_t offset, length; /* bytes */
	uint32_t lines;
	uint32_t next; /* the next span of this origin in the batch */
};

struct batch {
	struct batch *next;	/* younger; referred to while this is */
	size_t references;	/* of those who go on to the next one */
	size_t pins;		/* of those who need these bytes only */
	uint64_t *pinned_bytes; /* or NULL */
	uint64_t serial;	/* grows with every batch and every rewind */
	uint64_t position;	/* of data[0] in all the bytes of the room */
	uint32_t size, length;
	uint32_t fanned_out; /* bytes at the front that were sent */
	uint32_t lines;	     /* in the bytes that were not */
	uint32_t all_lines;
	struct batch_span *spans;
	uint32_t span_count, span_size;
	char data[];
};

/*
 * What a member remembers of its own lines, to be left out when the batch is
 * sent to it: where they stand in the batch that it last spoke in.
 */
struct batch_origin {
	uint64_t id;	 /* never 0, never used again */
	uint64_t serial; /* of that batch; 0: it never spoke */
	uint32_t first;	 /* its first span that is not fanned out yet */
	uint32_t last;
};

/* On the way through the bytes of a room, for one member. */
struct batch_cursor {
	struct batch *batch;
	uint32_t offset;    /* of the next byte */
	uint32_t next_own;  /* the first of its own spans from offset on */
	uint32_t own_lines; /* of its own that were stepped over */
};

/*
 * An empty batch for at least size bytes, to follow older. NULL: it is the
 * first, whose pinned_bytes are its room's to set.
 */
struct batch *batch_new(size_t size, const struct batch *older);
struct batch *batch_ref(struct batch *batch);
/* Lets go of the batch, and of those that follow it, if nobody refers to it. */
void batch_unref(struct batch *batch);

/* Keeps the bytes, whatever becomes of what follows. */
struct batch *batch_pin(struct batch *batch);
void batch_unpin(struct batch *batch);

/* Bytes that still fit; none when the spans are used up. */
size_t batch_room(const struct batch *batch);

/*
 * Appends whole lines, which must fit, and remembers them as the origin's.
 * Returns how many they are.
 */
uint32_t batch_append(struct batch *batch, struct batch_origin *origin,
    const char *lines, size_t length);

/* All of it was sent, to all but those that hold a cursor. */
void batch_set_fanned_out(struct batch *batch);

/* Empties a batch that was all sent and that nobody else refers to. */
void batch_rewind(struct batch *batch);

/*
 * Where in the bytes of the room the line ends that position, which is in this
 * batch or a later one, is in, or before.
 */
uint64_t batch_line_end(const struct batch *batch, uint64_t position);

/*
 * Moves the cursor to until, which has to be a line's end, over lines that
 * are not sent. Returns how many of them are not the origin's own.
 */
uint64_t batch_skip(struct batch_cursor *cursor,
    const struct batch_origin *origin, uint64_t until);

/* Of the bytes of the room: the first after those of this batch. */
uint64_t batch_end(const struct batch *batch);

/* The same for a cursor: where the next byte stands. */
uint64_t batch_cursor_position(const struct batch_cursor *cursor);

/*
 * A cursor at offset in the batch, for the origin. It borrows the batch: the
 * caller keeps a reference to it, or to an older one. It is good until more
 * lines are appended.
 */
struct batch_cursor batch_cursor_at(
    struct batch *batch, uint32_t offset, const struct batch_origin *origin);

/*
 * The next run of bytes before the position until that are not the origin's
 * own: contiguous, to the end of a batch or to the origin's next line. Moves
 * the cursor to its end, so that cursor->batch is the batch it is in. False
 * when there is nothing more.
 */
bool batch_next_run(struct batch_cursor *cursor,
    const struct batch_origin *origin, uint64_t until, struct iovec *run);

#endif
