/* SPDX-License-Identifier: ISC */
/*
 * What was sent over a connection: how much, and a copy of the lines that are
 * not known to have arrived. Knows of no socket.
 *
 * A struct sent owns the copy from sent_init() to sent_clear().
 */
#ifndef SENT_H
#define SENT_H

#include <event2/buffer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A longer line is no line of a relay: limits.line_bytes goes no further. */
#define SENT_LINE_BYTES_MAX (16 << 20)

struct sent {
	uint64_t lines, bytes; /* in all */
	struct evbuffer *copy;
	/*
	 * A line of so many bytes stays in the copy until all of it has
	 * arrived, to be sent again as a whole. 0: none will be.
	 */
	size_t line_bytes_max;
	size_t arrived_bytes; /* of the first line of the copy */
};

void sent_init(struct sent *sent);
void sent_clear(struct sent *sent);

void sent_add(struct sent *sent, const char *bytes, size_t length);

/* All but the last so many bytes have arrived. */
void sent_forget(struct sent *sent, size_t unknown_bytes);

/* How many lines are not known to have arrived. */
uint64_t sent_unknown_lines(const struct sent *sent);

/*
 * Whether a line has arrived in part only; first: it is the first one that was
 * sent. One whose rest is yet to be added counts when it is a long one already:
 * the beginning of a short one is no reason to end a connection.
 */
bool sent_is_cut(const struct sent *sent, bool *first);

/* Moves them to the front of a buffer. */
void sent_take(struct sent *sent, struct evbuffer *to);

#endif
