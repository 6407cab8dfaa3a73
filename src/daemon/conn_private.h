/* SPDX-License-Identifier: ISC */
/*
 * What conn.c, a connection while it is open, and conn_end.c, its end, share.
 * For nobody else.
 */
#ifndef CONN_PRIVATE_H
#define CONN_PRIVATE_H

#include "daemon/conn.h"
#include "daemon/peer.h"

#include <sys/queue.h>
#include <time.h>

/* What one read takes beyond what libevent has read; see conn.c. */
#define SCRATCH_BYTES 61440

enum conn_state { OPEN, CLOSING, DRAINING, LINGERING, STATES };

/* What becomes of what is queued for a connection that ends. */
enum conn_manner {
	DROP,  /* nothing: the peer gets an RST */
	DRAIN, /* it is sent, then FIN */
	REFUSE /* it is sent; FIN waits, so that the peer's own end cannot pass
		  for the answer to all that it sent */
};

TAILQ_HEAD(conn_list, conn);

struct conn_set {
	struct conn_list lists[STATES];
	size_t count;
	struct event_base *base;
	const struct conf *conf;
	struct stats *stats;
	char scratch[SCRATCH_BYTES]; /* input, for the duration of a call */
};

struct counts {
	uint64_t lines_in, bytes_in;
	uint64_t lines_out, bytes_out; /* taken by the kernel, or queued */
};

struct conn {
	int fd;
	enum conn_state state;
	enum conn_reason reason;
	bool queued;	 /* the output evbuffer is not empty */
	bool lingered;	 /* all that was queued is sent */
	int write_error; /* errno; the output is lost */
	struct bufferevent *bev;
	struct counts counts;
	const struct conn_handler *handler; /* NULL when the owner left */
	void *owner;
	struct conn_set *set;
	TAILQ_ENTRY(conn) entry; /* in the list of its state */
	struct event *tick;	 /* when it is drained or lingers */
	unsigned ticks_left;
	size_t tick_mark;	/* unacknowledged bytes at the last one */
	struct timespec opened; /* CLOCK_MONOTONIC */
	union peer peer;
};

/* The only place where a connection goes from one state to another. */
void conn_set_state(struct conn *conn, enum conn_state state);

/* What becomes of it: by its reason, unless it cannot be written to at all. */
enum conn_manner conn_manner(const struct conn *conn);

/* Tells the owner, if it still has one, and logs and counts the end. */
void conn_free(struct conn *conn);

#endif
