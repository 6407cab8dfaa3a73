/* SPDX-License-Identifier: ISC */
/*
 * What conn.c, a connection while it is open, and conn_end.c, its end, share.
 * For nobody else.
 */
#ifndef CONN_PRIVATE_H
#define CONN_PRIVATE_H

#include "daemon/conn.h"
#include "daemon/peer.h"
#include "daemon/tally.h"

#include <event2/bufferevent.h>
#include <sys/queue.h>
#include <time.h>

/* What one read takes. */
#define SCRATCH_BYTES 65536

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
	struct tally tally;
	struct event *idle_tick; /* while there is a limit of idleness */
	struct event_base *base;
	const struct conf *conf;
	struct stats *stats;
	char scratch[SCRATCH_BYTES]; /* input, for the duration of a call */
};

struct counts {
	uint64_t lines_in, bytes_in;
	uint64_t lines_out, bytes_out; /* taken by the kernel, or queued */
};

/*
 * What a send needs comes first. An idle connection has an event to be read
 * by, and no bufferevent: that takes 1 KiB.
 */
struct conn {
	int fd;
	int write_error; /* errno; the output is lost */
	enum conn_reason reason;
	bool queued;   /* the output evbuffer is not empty */
	bool lingered; /* all that was queued is sent */
	struct conn_set *set;
	struct counts counts;
	struct bufferevent *bev; /* for output; NULL when none is queued */
	struct event *input;
	unsigned paused; /* enum conn_pause: the reasons why it is not read */
	bool metered;	 /* by its owner; see conn_meter_input() */
	const struct conn_handler *handler; /* NULL when the owner left */
	void *owner;
	enum conn_state state;
	unsigned ticks_left;
	TAILQ_ENTRY(conn) entry; /* in the list of its state */
	struct event *tick;	 /* when it is drained or lingers */
	size_t tick_mark;	 /* unacknowledged bytes at the last one */
	struct timespec opened;	 /* CLOCK_MONOTONIC */
	uint32_t heard;		 /* seconds of it: when it last sent bytes */
	struct tally_entry *counted; /* NULL: it is not */
	union peer peer;
};

/* The only place where a connection goes from one state to another. */
void conn_set_state(struct conn *conn, enum conn_state state);

/* What becomes of it: by its reason, unless it cannot be written to at all. */
enum conn_manner conn_manner(const struct conn *conn);

/* Tells the owner, if it still has one, and logs and counts the end. */
void conn_free(struct conn *conn);

#endif
