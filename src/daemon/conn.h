/* SPDX-License-Identifier: ISC */
/*
 * One accepted connection: its socket, its state, and why it ended. It
 * knows nothing of rooms; whoever owns it hears of it through a handler.
 *
 *   OPEN --conn_close()--> CLOSING --conn_set_reap()--> DRAINING
 *                              |                           | all was sent
 *                              |                           v
 *                              | dropped, not drained   LINGERING
 *                              v                           | acknowledged,
 *                            freed <-----------------------+ or time is up
 *
 * conn_close() only marks, so it may be called anywhere, a fan-out included;
 * the memory goes in conn_set_reap(), when a turn of the loop ends.
 * A struct conn is valid until its handler's on_leave returned.
 */
#ifndef CONN_H
#define CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct conn;
struct conn_set;
struct conf;
struct event_base;
struct stats;
struct tls;
union peer;

/* Why a connection ended: the only list, with its texts in conn_end.c. */
enum conn_reason {
	CONN_NO_REASON,	    /* it has not ended */
	CONN_END_OF_INPUT,  /* the peer sent FIN */
	CONN_RESET,	    /* the peer sent RST */
	CONN_TIMED_OUT,	    /* keepalive or retransmission gave up */
	CONN_ERROR,	    /* any other error of the socket */
	CONN_LINE_TOO_LONG, /* over limits.line_bytes */
	CONN_TOO_SLOW,	    /* over slow_client.backlog_bytes */
	CONN_STALLED,	    /* senders waited limits.stall_seconds for it */
	CONN_NOT_DRAINED,   /* it did not take what was queued in time */
	CONN_DENIED,	    /* by a list of its listener */
	CONN_QUIT,	    /* the person said so, in mode chat */
	CONN_SERVER_FULL,   /* over limits.clients */
	CONN_WRONG_SECRET,  /* not what is in access.secret_file */
	CONN_TLS_FAILED,    /* the handshake did not succeed */
	CONN_NOT_ADMITTED,  /* nothing of those in limits.handshake_seconds */
	CONN_CROWDED_OUT,   /* the same, and others needed its place */
	CONN_ADDRESS_FULL,  /* over limits.clients_per_address */
	CONN_NO_FILES,	    /* this process may have no more files open */
	CONN_IDLE,	    /* silent for limits.idle_seconds */
	CONN_SHUTDOWN,	    /* the daemon stops */
	CONN_REASONS
};

struct conn_handler {
	/* The TLS handshake is done; NULL where there is none to come. */
	void (*on_ready)(struct conn *conn, void *owner);
	/*
	 * Bytes came, valid for the duration of the call. Returns how many
	 * were taken. The rest goes to the next owner, if this one gave the
	 * connection away, or stays unread, if it was paused.
	 */
	size_t (*on_input)(
	    struct conn *conn, const char *bytes, size_t length, void *owner);
	/* The peer sent FIN; the connection closes by itself. May be NULL. */
	void (*on_end_of_input)(struct conn *conn, void *owner);
	/* All that was queued is sent. May be NULL. */
	void (*on_drained)(struct conn *conn, void *owner);
	/*
	 * The last call. The owner lets go of the connection, and, when it is
	 * going to be drained, queues what it is still owed.
	 */
	void (*on_leave)(struct conn *conn, bool drained, void *owner);
};

/*
 * All connections of a daemon. Borrows the base, the settings and the
 * counters until conn_set_free().
 */
struct conn_set *conn_set_new(
    struct event_base *base, const struct conf *conf, struct stats *stats);
/* Closes what is left, without draining, and tells the owners. */
void conn_set_free(struct conn_set *set);
size_t conn_set_count(const struct conn_set *set);
/* Takes up settings that were reloaded. */
void conn_set_update(struct conn_set *set);
/* Marks every connection as conn_close() does. */
void conn_set_close(struct conn_set *set, enum conn_reason reason);
/*
 * Carries out what conn_close() marked. Never from within a callback of a
 * connection.
 */
void conn_set_reap(struct conn_set *set);
/* A turn of the loop is over: what was put off to the next one may go on. */
void conn_set_end_turn(struct conn_set *set);
/*
 * Ends one that is on its way out already, that with the least time left. Like
 * conn_set_reap(), which comes first.
 */
void conn_set_hurry(struct conn_set *set);
/*
 * The same with the one that has been drained for longest, if more bytes are
 * kept for all those that are drained.
 */
void conn_set_limit_drains(struct conn_set *set, uint64_t most);

/*
 * Takes over an accepted, non-blocking socket, with who is at its other end.
 * label goes into the log line, as in "room=main". Before the loop goes on it
 * needs an owner, or is closed.
 */
struct conn *conn_new(
    struct conn_set *set, int fd, const union peer *peer, const char *label);

/*
 * Its peer speaks TLS; right after conn_new(). tls has to last for this call
 * only. Nothing comes, and nothing may be sent, before on_ready.
 */
void conn_start_tls(struct conn *conn, const struct tls *tls);

/* It counts for limits.clients_per_address from now on. */
void conn_count_address(struct conn *conn);
/* Those that count for the address of this peer. */
size_t conn_set_count_address(
    const struct conn_set *set, const union peer *peer);

/* Gives it an owner, or another one: the former hears nothing more of it. */
void conn_set_handler(
    struct conn *conn, const struct conn_handler *handler, void *owner);

/* Good as long as the connection. */
const union peer *conn_peer(const struct conn *conn);

/*
 * Ends the connection; the first reason counts. It is read no more. Whether
 * it is drained first depends on the reason.
 */
void conn_close(struct conn *conn, enum conn_reason reason);

/* Why a connection is not read for now. */
enum conn_pause {
	CONN_PAUSE_BRAKE = 1,  /* readers are behind: brake.h */
	CONN_PAUSE_RATE = 2,   /* it sends too many lines: rate.h */
	CONN_PAUSE_SECRET = 4, /* it has to wait for its try: penalty.h */
	CONN_PAUSE_SPEECH = 8, /* it has to be answered first: speech.h */
	CONN_PAUSE_TLS = 16    /* it does not read what TLS answers it */
};

/*
 * It is read from the start, and while there is no reason to pause. One that
 * can take no output any more is read to its end all the same.
 */
void conn_pause_input(struct conn *conn, enum conn_pause why);
void conn_resume_input(struct conn *conn, enum conn_pause why);

/*
 * Whether what the owner does not take stays in the kernel, for one more
 * system call a read. It is always so where there is a rate limit.
 */
void conn_meter_input(struct conn *conn, bool metered);

/* Whether it still takes output: it does while it is going to be drained. */
bool conn_takes_output(const struct conn *conn);

/* Whether output waits in its queue, so that a conn_send() has to wait too. */
bool conn_is_queued(const struct conn *conn);
/* Bytes of that, */
size_t conn_queued_bytes(const struct conn *conn);
/* and those that the peer's kernel has not acknowledged: a system call. */
size_t conn_unacknowledged_bytes(const struct conn *conn);
/* Since that kernel last acknowledged anything; as socket_silent_ms(). */
int conn_silent_ms(const struct conn *conn);

/*
 * Sends straight to the socket, which nothing may be queued for. Returns how
 * many bytes the kernel took, maybe 0; after an error it takes no output. What
 * it did not take has to be queued next. The caller counts the lines.
 */
size_t conn_send(struct conn *conn, const struct iovec *iov, int count);

/*
 * The same with the first bytes of a file, whose pages are not copied; not
 * where they have to be encrypted.
 */
bool conn_takes_files(const struct conn *conn);
size_t conn_send_file(struct conn *conn, int file, size_t length);

/*
 * Queues bytes without a copy; release(arg) is called when they are not needed
 * any more.
 */
void conn_queue_reference(struct conn *conn, const char *bytes, size_t length,
    void (*release)(void *arg), void *arg);
/* Queues a copy. */
void conn_queue_copy(struct conn *conn, const char *bytes, size_t length);

/*
 * Takes back what is queued, but for the first bytes, so many at least and to
 * the end of a line, and for the rest of the line that is on its way. Returns
 * how many lines that were.
 */
uint64_t conn_trim_queue(struct conn *conn, size_t least);

/* Says that a conn_send() comes soon. */
static inline void
conn_prefetch(const struct conn *conn)
{
	__builtin_prefetch(conn);
}

/*
 * All bytes that it was sent, or that are queued for it, since its beginning.
 */
uint64_t conn_output_bytes(const struct conn *conn);

/* Adds to the counters: lines that came from it, lines that it was sent. */
void conn_count_lines_in(struct conn *conn, uint64_t lines);
void conn_count_lines_out(struct conn *conn, uint64_t lines);

/* Why it ends; CONN_NO_REASON as long as it does not. */
enum conn_reason conn_end_reason(const struct conn *conn);

/*
 * Writes the name that the peer's certificate speaks for, where one was asked
 * for; false when there is none.
 */
bool conn_vouched_name(const struct conn *conn, char *name, size_t size);

const char *conn_reason_text(enum conn_reason reason);
/* Whether it is why somebody was not let into any room. */
bool conn_reason_is_refusal(enum conn_reason reason);

#endif
