/* SPDX-License-Identifier: ISC */
/*
 * What the parts of a connection share: conn.c, what is read from it;
 * conn_output.c, what it is sent; conn_tls.c, its encryption; conn_end.c, its
 * end; and conn_set.c, all of them. For nobody else, but for a test that looks
 * inside.
 */
#ifndef CONN_PRIVATE_H
#define CONN_PRIVATE_H

#include "common/tls.h"
#include "daemon/conn.h"
#include "daemon/peer.h"
#include "daemon/tally.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <sys/queue.h>

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
	uint64_t handshakes_ns;	 /* that TLS took in this turn; conn_tls.c */
	struct event *idle_tick; /* while there is a limit of idleness */
	struct event_base *base;
	const struct conf *conf;
	struct stats *stats;
	char scratch[SCRATCH_BYTES];   /* input, for the duration of a call */
	char record[TLS_RECORD_BYTES]; /* output, as long */
};

struct counts {
	uint64_t lines_in, bytes_in;
	uint64_t lines_out, bytes_out; /* taken by the kernel, or queued */
};

/*
 * Output of a TLS connection is queued as it is and encrypted when the socket
 * takes it, so that connections share what waits for them as plain ones do.
 * That is why there is no bufferevent of libevent's OpenSSL kind: one copies
 * what is queued, and makes a record of each piece of it, however small.
 */
struct conn_tls {
	struct ssl_st *session;
	struct evbuffer *queue; /* for output; NULL when none is queued */
	struct event *writable; /* while the socket is waited for, or NULL */
	bool ready;		/* the handshake is done */
};

/*
 * What a send needs comes first. An idle connection has an event to be read
 * by, and no bufferevent: that takes 1 KiB.
 */
struct conn {
	int fd;
	int write_error; /* errno; the output is lost */
	enum conn_reason reason;
	bool queued;   /* output waits in its evbuffer, or just did */
	bool lingered; /* all that was queued is sent */
	struct conn_set *set;
	struct counts counts;
	struct conn_tls *tls;	 /* or NULL */
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
	uint64_t opened_ns;	 /* clock_nanoseconds() */
	uint32_t heard;		 /* clock_coarse_ticks(): when it sent bytes */
	struct tally_entry *counted; /* NULL: it is not */
	union peer peer;
};

/* The only place where a connection goes from one state to another. */
void conn_set_state(struct conn *conn, enum conn_state state);

/* What becomes of it: by its reason, unless it cannot be written to at all. */
enum conn_manner conn_manner(const struct conn *conn);

/* The bytes that are queued, when some are. */
static inline struct evbuffer *
conn_queue(const struct conn *conn)
{
	return conn->tls != NULL ? conn->tls->queue
				 : bufferevent_get_output(conn->bev);
}

/* A write failed with this errno. */
void conn_stop_output(struct conn *conn, int error);
/* All that was queued has been written. */
void conn_drained(struct conn *conn);

/* These are for a connection with TLS. */
void conn_tls_free(struct conn *conn);
void conn_tls_handshake(struct conn *conn);
/* After a read, which may have made TLS answer by itself. */
void conn_tls_look_after_answers(struct conn *conn);
size_t conn_tls_send(struct conn *conn, const struct iovec *iov, int count);
/* Where output is queued; to be sent when the loop goes on. */
struct evbuffer *conn_tls_output(struct conn *conn);
void conn_tls_stop_output(struct conn *conn);
/*
 * Has all sent that is encrypted, after saying that nothing will follow, if it
 * is to say so. -1 while the socket has no room for that.
 */
int conn_tls_finish(struct conn *conn, bool say);

/* Tells the owner, if it still has one, and logs and counts the end. */
void conn_free(struct conn *conn);

#endif
