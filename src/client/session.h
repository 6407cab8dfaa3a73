/* SPDX-License-Identifier: ISC */
/*
 * A user's time with a relay, over one connection or, with reconnect, as many
 * as it takes: what is to be sent is kept until it can be, in order, and the
 * relay is asked again for our name and room.
 *
 * A struct session belongs to the caller of session_new() until
 * session_free(), which may not be called from a handler.
 */
#ifndef SESSION_H
#define SESSION_H

#include "client/chat.h"
#include "client/connection.h"

struct secret;
struct session;

struct session_options {
	struct dial_options dial;
	const char *nick;	     /* asked for in chat mode; NULL: none */
	const struct secret *secret; /* the relay asks for; NULL: none */
	bool receive_only;	     /* nothing will be sent */
	bool send_only;		     /* what arrives is not shown */
	bool reconnect;
	bool verbose; /* notices tell of each step, too */
	/*
	 * What arrives is handed on in whole lines. So it is with reconnect
	 * as well, or a line that a break cut in two would be glued to the
	 * first one after it.
	 */
	bool whole_lines;
};

struct session_handler {
	/* There is a connection; with reconnect it comes more than once. May
	 * be NULL. */
	void (*on_open)(void *arg);
	/* Bytes came; the handler drains them all. */
	void (*on_input)(struct evbuffer *input, void *arg);
	/* What was queued has been sent. May be NULL. */
	void (*on_sent)(void *arg);
	/* One line for the user, about the connection. */
	void (*on_notice)(const char *text, void *arg);
	/* What goes on, in a few words; NULL: we are connected. May be NULL. */
	void (*on_state)(const char *state, void *arg);
	/* The last call; errors have been told by on_notice. */
	void (*on_end)(enum connection_end how, void *arg);
};

/* Borrows everything that it is given. */
struct session *session_new(struct event_base *base,
    const struct address *address, const struct session_options *options,
    const struct session_handler *handler, void *arg);
void session_free(struct session *session);

void session_start(struct session *session);

/* Queues a copy of the bytes, connected or not. */
void session_send(struct session *session, const char *bytes, size_t length);
/* Bytes that are queued here and not in the kernel yet. */
size_t session_queued_bytes(const struct session *session);

/* Half-closes, which means leaving, when all that is queued was sent. */
void session_finish(struct session *session);

/*
 * The same with a last line, such as /quit, on which the relay closes: that it
 * does so is no loss, whoever closes first. Without a connection there is
 * nobody to take leave of: the line is dropped.
 */
void session_quit(struct session *session, const char *line, size_t length);

/*
 * With reconnect: whether an earlier connection may have taken lines with it,
 * that its peer's kernel acknowledged and the relay did not read.
 */
bool session_is_doubtful(const struct session *session);

void session_pause_input(struct session *session);
void session_resume_input(struct session *session);

/* Who we are, as the relay has told us; good as long as the session is. */
const struct chat *session_chat(const struct session *session);

#endif
