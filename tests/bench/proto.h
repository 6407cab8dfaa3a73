/* SPDX-License-Identifier: ISC */
/*
 * The protocols that the load generator speaks: how a client joins, what is
 * put around a line, and what the server says. A protocol is constant; what is
 * found in bytes points into them.
 */
#ifndef PROTO_H
#define PROTO_H

#include <stdbool.h>
#include <stddef.h>

#define PROTO_TEXT_SIZE 192 /* of a greeting, an answer, an envelope */

/* What stands around a line's text, which has always the same length. */
struct envelope {
	size_t text_bytes;
	char before[PROTO_TEXT_SIZE], after[4]; /* when it is published */
	size_t before_bytes, after_bytes;
	char arriving[PROTO_TEXT_SIZE]; /* before the text when delivered */
	size_t arriving_bytes;		/* after it stands the same */
};

enum proto_role {
	PROTO_SENDER,
	PROTO_RECEIVER,
	PROTO_IDLE, /* as a receiver, but as far in as costs no broadcast */
};

enum frame_kind {
	FRAME_PARTIAL, /* there is more to come */
	FRAME_LINE,    /* a line was delivered */
	FRAME_READY,   /* the client is in: what is published now arrives */
	FRAME_OTHER,
	FRAME_ERROR, /* the server refused something */
};

struct frame {
	enum frame_kind kind;
	size_t bytes;		      /* all of it; none of a partial one */
	const char *text;	      /* of a line */
	char answer[PROTO_TEXT_SIZE]; /* to be sent now; often "" */
};

struct protocol {
	const char *name;
	/*
	 * Nothing tells a client of this protocol that it is in, but a first
	 * line; and its senders hear each other.
	 */
	bool probed;
	void (*seal)(struct envelope *envelope);
	/* Writes what a new client says first; returns its length. */
	size_t (*greet)(char *text, enum proto_role role, unsigned number);
	/* What came that is not a line in its envelope; sets all of frame. */
	void (*parse)(const char *data, size_t length, enum proto_role role,
	    const struct envelope *envelope, struct frame *frame);
};

/* NULL: there is none of this name. */
const struct protocol *proto_find(const char *name);

/* The envelope for texts of this many bytes. */
void proto_seal(const struct protocol *protocol, size_t text_bytes,
    struct envelope *envelope);

/* What the first of these bytes are; length is not 0. */
void proto_next(const struct protocol *protocol,
    const struct envelope *envelope, enum proto_role role, const char *data,
    size_t length, struct frame *frame);

#endif
