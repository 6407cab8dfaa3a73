/* SPDX-License-Identifier: ISC */
/*
 * What arrived over a connection, as whole lines. Pure.
 *
 * A struct arrived owns the line that is not whole yet, from arrived_init() to
 * arrived_clear().
 */
#ifndef ARRIVED_H
#define ARRIVED_H

#include <event2/buffer.h>
#include <stddef.h>

struct arrived {
	struct evbuffer *bytes;
	size_t searched_bytes; /* of them, for an LF */
};

void arrived_init(struct arrived *arrived);
void arrived_clear(struct arrived *arrived);

/*
 * Takes all of the input, and appends to lines what is whole now; what has no
 * line end by 16 MiB, too, since it is no line of a relay.
 */
void arrived_take(
    struct arrived *arrived, struct evbuffer *input, struct evbuffer *lines);

/* For the line that is not whole: no more of it will come. */
void arrived_take_rest(struct arrived *arrived, struct evbuffer *to);
void arrived_drop_rest(struct arrived *arrived);

#endif
