/* SPDX-License-Identifier: ISC */
/*
 * From an address to somebody who answers there: every address of its name is
 * tried, one after another, with TLS where that is wanted.
 *
 * A struct dial belongs to the caller of dial_start() until dial_free(), which
 * may not be called from a handler.
 */
#ifndef DIAL_H
#define DIAL_H

#include <event2/bufferevent.h>
#include <stdbool.h>

struct address;
struct dial;
struct tls;

struct dial_options {
	int family;	       /* AF_UNSPEC, AF_INET or AF_INET6 */
	int timeout_seconds;   /* 0: none; also for answers, later */
	const struct tls *tls; /* NULL: in the clear */
};

/* One of the last two is called, once. */
struct dial_handler {
	/* A step, for a user who wants to know. */
	void (*on_step)(const char *text, void *arg);
	/* The receiver frees the bufferevent. */
	void (*on_connected)(
	    struct bufferevent *bev, const char *peer, void *arg);
	/*
	 * Why, of all that were tried; refused: our certificate was not taken.
	 */
	void (*on_failed)(const char *why, bool refused, void *arg);
};

/* Borrows everything that it is given. */
struct dial *dial_start(struct event_base *base, const struct address *address,
    const struct dial_options *options, const struct dial_handler *handler,
    void *arg);
void dial_free(struct dial *dial);

#endif
