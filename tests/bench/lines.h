/* SPDX-License-Identifier: ISC */
/*
 * The lines of one sender that not every receiver has yet: a ring of them, in
 * their envelopes, one after another as they are sent. What a receiver gets is
 * compared with what is here, so that a check costs one memcmp().
 *
 * A line's text: the sender's number, the line's number, when it was made, and
 * letters up to its length. The ring is freed at the end of the process only.
 */
#ifndef LINES_H
#define LINES_H

#include "proto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The shortest text that has room for the numbers. */
#define LINES_TEXT_MIN 31

struct lines {
	const struct envelope *envelope;
	char *slots;
	size_t slot_bytes;
	uint64_t mask;	   /* the ring's size, less one */
	uint32_t *waiting; /* for each slot: who has not got it */
	uint64_t made, completed;
	uint64_t sent_bytes; /* of all slots ever made */
};

/* A ring for at least size lines of this sender. */
void lines_init(struct lines *lines, const struct envelope *envelope,
    unsigned sender, uint64_t size);

/* Makes the next line, for so many receivers; the ring must have room. */
void lines_make(struct lines *lines, uint32_t receivers, uint64_t now_ns);

bool lines_have_room(const struct lines *lines);

/* The bytes to be sent next, in one piece; returns how many. */
size_t lines_next_bytes(const struct lines *lines, const char **bytes);

/* Whether all that was sent ends where a line ends. */
bool lines_at_boundary(const struct lines *lines);

/* The number of the sender that a text begins with. */
unsigned lines_sender(const char *text);

/*
 * A receiver got this text as the line of this number: whether that is right.
 */
bool lines_deliver(struct lines *lines, uint64_t number, const char *text);

/* When the line of this text was made. */
uint64_t lines_stamp_ns(const char *text);

/* Deliveries that are still to come. */
uint64_t lines_missing(const struct lines *lines);

#endif
