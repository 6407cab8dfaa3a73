/* SPDX-License-Identifier: ISC */
/*
 * One connection to a relay, from the look-up of its name to its end, whoever
 * uses it: it knows nothing of standard input or terminals.
 *
 * A struct connection belongs to the caller of connection_new() until
 * connection_free(), which may not be called from a handler.
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include "client/dial.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

struct connection;

enum connection_end {
	/*
	 * The relay closed after our end of input, or when it was allowed to:
	 * it has read all that was sent.
	 */
	CONNECTION_CLOSED,
	CONNECTION_FAILED, /* it was never there */
	CONNECTION_BROKEN, /* it ended early */
	/*
	 * As any of these, because the relay takes no certificate of ours, or
	 * not the secret.
	 */
	CONNECTION_REFUSED
};

struct connection_handler {
	void (*on_open)(void *arg);
	/* Bytes came; the handler drains them all. */
	void (*on_input)(struct evbuffer *input, void *arg);
	/* What was queued has been sent. */
	void (*on_sent)(void *arg);
	/* A step of its life, for a user who wants to know. */
	void (*on_step)(const char *text, void *arg);
	/* The last call; connection_why() tells more. */
	void (*on_end)(enum connection_end how, void *arg);
};

/* Borrows everything that it is given. */
struct connection *connection_new(struct event_base *base,
    const struct address *address, const struct dial_options *options,
    const struct connection_handler *handler, void *arg);
void connection_free(struct connection *connection);

/* Tries every address of the name, one after another, until one answers. */
void connection_start(struct connection *connection);

/*
 * Queues what is said to the relay alone: a secret, who we want to be. It is no
 * line of the user's: it is not counted, and connection_take_unsent() never has
 * it. After connection_finish() it comes too late, and is dropped.
 */
void connection_say(
    struct connection *connection, const char *bytes, size_t length);

/* Queues a copy of the bytes. */
void connection_send(
    struct connection *connection, const char *bytes, size_t length);
/* Bytes that are queued here and not in the kernel yet. */
size_t connection_queued_bytes(const struct connection *connection);

/* Half-closes, which means leaving, when all that is queued was sent. */
void connection_finish(struct connection *connection);

/*
 * From now on the relay may close first: nothing will be sent, or what was sent
 * asks for that.
 */
void connection_allow_close(struct connection *connection);

/*
 * After its end: what went wrong, in one line, "" when nothing did. Good until
 * connection_free().
 */
const char *connection_why(struct connection *connection);

/*
 * After its end: whether it broke without a FIN and lines had been acknowledged
 * by the peer's kernel: they were perhaps never read.
 */
bool connection_is_doubtful(const struct connection *connection);

/*
 * After its end, with connection_keep_lines(): whether the relay, and not the
 * network, ended it in the middle of a line, as one does that takes none so
 * long; first: no line had arrived before that one.
 */
bool connection_was_cut(const struct connection *connection, bool *first);

/* Before it is started: for connection_take_unsent(). */
void connection_keep_lines(struct connection *connection);

/*
 * After its end: moves the lines that are not known to have arrived to the
 * front of a buffer. A line whose first 16 MiB have arrived, which no relay
 * takes, is not kept as a whole.
 */
void connection_take_unsent(struct connection *connection, struct evbuffer *to);

void connection_pause_input(struct connection *connection);
void connection_resume_input(struct connection *connection);

#endif
