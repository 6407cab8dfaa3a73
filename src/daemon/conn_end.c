/* SPDX-License-Identifier: ISC */
/* How a connection ends: why, what becomes of its output, and its memory. */
#include "config.h"

#include "common/address.h"
#include "common/clock.h"
#include "common/count.h"
#include "common/log.h"
#include "common/socket.h"
#include "daemon/conf.h"
#include "daemon/conn_private.h"
#include "daemon/stats.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

/* How often a connection that ends is looked at, and how often at most. */
#define TICK_MS	     50
#define LINGER_TICKS 40

static const struct {
	const char *text;
	enum conn_manner manner;
	bool refusal; /* it was never let in */
} reasons[CONN_REASONS] = {
	[CONN_NO_REASON] = { "none", DROP, false },
	[CONN_END_OF_INPUT] = { "end of input", DRAIN, false },
	[CONN_RESET] = { "reset", DROP, false },
	[CONN_TIMED_OUT] = { "timed out", DROP, false },
	[CONN_ERROR] = { "error", DROP, false },
	[CONN_LINE_TOO_LONG] = { "line too long", DROP, false },
	[CONN_TOO_SLOW] = { "too slow", DROP, false },
	[CONN_STALLED] = { "stalled", DROP, false },
	[CONN_NOT_DRAINED] = { "not drained", DROP, false },
	[CONN_DENIED] = { "denied", DROP, true },
	[CONN_QUIT] = { "quit", DRAIN, false },
	[CONN_SERVER_FULL] = { "server full", REFUSE, true },
	[CONN_WRONG_SECRET] = { "wrong secret", REFUSE, true },
	[CONN_TLS_FAILED] = { "TLS handshake failed", REFUSE, true },
	[CONN_NOT_ADMITTED] = { "not admitted in time", DROP, true },
	[CONN_CROWDED_OUT] = { "crowded out", DROP, true },
	[CONN_ADDRESS_FULL] = { "too many from this address", REFUSE, true },
	[CONN_NO_FILES] = { "too many open files", DROP, true },
	[CONN_IDLE] = { "idle", DRAIN, false },
	[CONN_SHUTDOWN] = { "shutdown", DRAIN, false },
};

static const char *const state_names[STATES] = { "open", "closing", "draining",
	"lingering" };

const char *
conn_reason_text(enum conn_reason reason)
{
	return reasons[reason].text;
}

bool
conn_reason_is_refusal(enum conn_reason reason)
{
	return reasons[reason].refusal;
}

void
conn_set_state(struct conn *conn, enum conn_state state)
{
	char name[ADDRESS_TEXT_SIZE];

	if (log_is_open_to(LOG_LEVEL_DEBUG))
		log_debug("state peer=%s from=%s to=%s",
		    peer_name(&conn->peer, name, sizeof(name)),
		    state_names[conn->state], state_names[state]);
	TAILQ_REMOVE(&conn->set->lists[conn->state], conn, entry);
	TAILQ_INSERT_TAIL(&conn->set->lists[state], conn, entry);
	conn->state = state;
}

/*
 * What was queued but never left this machine was not sent. The daemon's
 * counters only grow: whoever reads them takes less for a restart.
 */
static void
uncount_queued(struct conn *conn)
{
	struct evbuffer *output;
	size_t bytes, lines;

	if (!conn->queued)
		return;
	output = conn_queue(conn);
	bytes = evbuffer_get_length(output);
	lines = count_buffer_lines(output, 0);
	conn->counts.bytes_out -= bytes;
	conn->counts.lines_out -= lines;
	conn->set->stats->bytes_lost += bytes;
	conn->set->stats->lines_lost += lines;
}

static void
log_closed(const struct conn *conn)
{
	const struct counts *counts = &conn->counts;
	char name[ADDRESS_TEXT_SIZE];

	log_info("closed peer=%s reason=\"%s\" seconds=%.3f lines_in=%ju "
		 "bytes_in=%ju lines_out=%ju bytes_out=%ju",
	    peer_name(&conn->peer, name, sizeof(name)),
	    conn_reason_text(conn->reason),
	    (double)(clock_nanoseconds() - conn->opened_ns) / 1e9,
	    (uintmax_t)counts->lines_in, (uintmax_t)counts->bytes_in,
	    (uintmax_t)counts->lines_out, (uintmax_t)counts->bytes_out);
}

static void
leave(struct conn *conn, bool drained)
{
	const struct conn_handler *handler = conn->handler;

	conn->handler = NULL;
	if (handler != NULL)
		handler->on_leave(conn, drained, conn->owner);
}

/*
 * What a client sent before it was refused may have been read here, in a
 * handshake at least, and is lost all the same: its peer must not take a FIN
 * for the answer to it.
 */
static bool
was_read_in_vain(const struct conn *conn)
{
	return reasons[conn->reason].manner == REFUSE &&
	    (conn->counts.bytes_in > 0 ||
		(conn->tls != NULL && !conn->tls->ready));
}

void
conn_free(struct conn *conn)
{
	struct conn_set *set = conn->set;

	if (was_read_in_vain(conn))
		socket_reset_on_close(conn->fd);
	leave(conn, false);
	uncount_queued(conn);
	log_closed(conn);
	set->stats->closed[conn->reason]++;
	TAILQ_REMOVE(&set->lists[conn->state], conn, entry);
	set->count--;
	tally_remove(&set->tally, conn->counted);
	if (conn->tick != NULL)
		event_free(conn->tick);
	if (conn->bev != NULL)
		bufferevent_free(conn->bev);
	if (conn->tls != NULL)
		conn_tls_free(conn);
	event_free(conn->input);
	close(conn->fd);
	free(conn);
}

static unsigned
drain_ticks(const struct conn *conn)
{
	return (unsigned)conn->set->conf->shutdown_seconds * 1000 / TICK_MS;
}

enum conn_manner
conn_manner(const struct conn *conn)
{
	return conn->write_error != 0 ? DROP : reasons[conn->reason].manner;
}

/* Whether the kernel has nothing left to do for a connection that ends. */
static bool
is_settled(const struct conn *conn)
{
	if (socket_unacknowledged_bytes(conn->fd) > 0)
		return false;
	return reasons[conn->reason].manner != REFUSE ||
	    socket_has_input(conn->fd) || socket_peer_has_closed(conn->fd);
}

/* A peer that acknowledges something, however little, is waited for. */
static void
look_at_drain(struct conn *conn)
{
	size_t left = conn_unacknowledged_bytes(conn);

	if (left < conn->tick_mark) {
		conn->ticks_left = drain_ticks(conn);
		if (!conn->queued)
			conn_set_state(conn, CLOSING);
	} else if (--conn->ticks_left == 0) {
		conn_close(conn, CONN_NOT_DRAINED);
	}
	conn->tick_mark = left;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	if (conn->state == DRAINING)
		look_at_drain(conn);
	else if (conn->state == LINGERING &&
	    (is_settled(conn) || --conn->ticks_left == 0))
		conn_set_state(conn, CLOSING);
}

/* Goes on to a state in which on_tick() looks at the connection. */
static void
watch(struct conn *conn, enum conn_state state, unsigned ticks)
{
	static const struct timeval tick = { .tv_usec = TICK_MS * 1000 };

	conn_set_state(conn, state);
	conn->ticks_left = ticks;
	if (conn->tick != NULL)
		return;
	conn->tick = event_new(conn->set->base, -1, EV_PERSIST, on_tick, conn);
	event_add(conn->tick, &tick);
}

/*
 * All was sent. Closing a socket that has unread input, or that gets some
 * later, is an RST, which tells the peer, truly, that those bytes were lost.
 * It may also destroy what the peer has not acknowledged, so that is waited
 * for. A peer that has sent its FIN sends nothing more: it needs no wait.
 */
static void
linger(struct conn *conn)
{
	if (conn->reason == CONN_END_OF_INPUT) {
		conn_free(conn);
		return;
	}
	if (reasons[conn->reason].manner == DRAIN &&
	    !socket_has_input(conn->fd))
		shutdown(conn->fd, SHUT_WR);
	if (is_settled(conn))
		conn_free(conn);
	else
		watch(conn, LINGERING, LINGER_TICKS);
}

/* -1 while the socket has no room for what TLS says at the end. */
static int
finish(struct conn *conn)
{
	return conn->tls == NULL
	    ? 0
	    : conn_tls_finish(conn, reasons[conn->reason].manner == DRAIN);
}

/*
 * A connection that was marked goes one step on: it leaves its owner, who
 * queues what it is owed; is drained; lingers; is freed. Each step that has to
 * wait ends with the mark again.
 */
static void
reap(struct conn *conn)
{
	if (conn_manner(conn) == DROP) {
		socket_reset_on_close(conn->fd);
		conn_free(conn);
	} else if (conn->handler != NULL) {
		/* Stays marked, for the owner may find that it is to be
		 * dropped. */
		leave(conn, true);
	} else if (conn->lingered) {
		conn_free(conn);
	} else if (conn->queued || finish(conn) == -1) {
		watch(conn, DRAINING, drain_ticks(conn));
		conn->tick_mark = conn_unacknowledged_bytes(conn);
	} else {
		conn->lingered = true;
		linger(conn);
	}
}

void
conn_set_reap(struct conn_set *set)
{
	struct conn *conn;

	while ((conn = TAILQ_FIRST(&set->lists[CLOSING])) != NULL)
		reap(conn);
}

void
conn_close(struct conn *conn, enum conn_reason reason)
{
	bool dropped = reasons[reason].manner == DROP;

	/* A drain that fails ends with the reason of its failure. */
	if (conn->reason != CONN_NO_REASON &&
	    !(dropped && reasons[conn->reason].manner != DROP))
		return;
	conn->reason = reason;
	event_del(conn->input);
	if (dropped && conn->tls != NULL)
		conn_tls_stop_output(conn);
	else if (dropped && conn->bev != NULL)
		bufferevent_disable(conn->bev, EV_WRITE);
	if (conn->state != CLOSING)
		conn_set_state(conn, CLOSING);
}
