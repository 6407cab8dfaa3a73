/* SPDX-License-Identifier: ISC */
/* A connection while it is open: what is read from it. */
#include "config.h"

#include "daemon/conn_private.h"

#include "common/address.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/socket.h"
#include "common/xmalloc.h"
#include "daemon/conf.h"
#include "daemon/stats.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <string.h>

static enum conn_reason
reason_of(int error)
{
	switch (error) {
	case ECONNRESET:
	case EPIPE:
		return CONN_RESET;
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
		return CONN_TIMED_OUT;
	default:
		return CONN_ERROR;
	}
}

/*
 * The socket failed under a write. What the peer sent before is still to be
 * read, and its end is still to come; until then it only takes no output.
 */
void
conn_stop_output(struct conn *conn, int error)
{
	if (conn->write_error == 0)
		conn->write_error = error;
	if (conn->tls != NULL)
		conn_tls_stop_output(conn);
	else if (conn->bev != NULL)
		bufferevent_disable(conn->bev, EV_WRITE);
	if (conn->state != OPEN) {
		conn_close(conn, reason_of(error));
		return;
	}
	conn->paused = 0;
	event_add(conn->input, NULL);
}

static void
close_on_error(struct conn *conn, int error)
{
	char name[ADDRESS_TEXT_SIZE], text[TLS_TEXT_SIZE];
	enum conn_reason reason = reason_of(error);

	if (reason == CONN_ERROR)
		log_warn("error peer=%s error=\"%s\"",
		    peer_name(&conn->peer, name, sizeof(name)),
		    conn->tls == NULL ? strerror(error)
				      : tls_failure(conn->tls->session, error,
					    text, sizeof(text)));
	conn_close(conn, reason);
}

/*
 * Where TLS was cut off, by whoever could send a FIN, its last line may have
 * been as well: it is not known to be whole.
 */
static void
end_of_input(struct conn *conn)
{
	bool whole =
	    conn->tls == NULL || tls_peer_has_finished(conn->tls->session);
	char name[ADDRESS_TEXT_SIZE];

	if (log_is_open_to(LOG_LEVEL_DEBUG))
		log_debug("end of input peer=%s%s",
		    peer_name(&conn->peer, name, sizeof(name)),
		    whole ? "" : " without close_notify");
	if (whole && conn->handler->on_end_of_input != NULL)
		conn->handler->on_end_of_input(conn, conn->owner);
	conn_close(conn, CONN_END_OF_INPUT);
}

/*
 * After an error that a write was told of, a read only tells that there is no
 * more. EPIPE means that the peer's FIN had come before, so its last line is
 * whole; see tcp_reset() in Linux.
 */
static void
no_more_input(struct conn *conn, int error)
{
	if (conn->write_error != 0 && conn->write_error != EPIPE)
		close_on_error(conn, conn->write_error);
	else if (error != 0)
		close_on_error(conn, error);
	else
		end_of_input(conn);
}

/* Returns how much of it was taken. */
static size_t
take_input(struct conn *conn, const char *bytes, size_t length)
{
	const struct conn_handler *handler;
	size_t taken = 0;

	conn->heard = clock_coarse_ticks();
	do {
		handler = conn->handler;
		taken += handler->on_input(
		    conn, bytes + taken, length - taken, conn->owner);
	} while (
	    taken < length && conn->handler != handler && conn->state == OPEN);
	conn->counts.bytes_in += taken;
	conn->set->stats->bytes_in += taken;
	return taken;
}

/* As recv(2); with MSG_PEEK it stays where it is. */
static ssize_t
receive(struct conn *conn, size_t size, int flags)
{
	char *bytes = conn->set->scratch;

	if (conn->tls == NULL)
		return recv(conn->fd, bytes, size, MSG_DONTWAIT | flags);
	if (flags & MSG_PEEK)
		return tls_peek(conn->tls->session, bytes, size);
	return tls_read(conn->tls->session, bytes, size);
}

/*
 * Where the owner may take less than all: looks at what has come, and then
 * reads what was taken. The rest stays in the kernel, or in OpenSSL.
 */
static ssize_t
read_metered(struct conn *conn)
{
	ssize_t length = receive(conn, SCRATCH_BYTES, MSG_PEEK);
	size_t taken;

	if (length <= 0)
		return length;
	taken = take_input(conn, conn->set->scratch, (size_t)length);
	if (taken > 0)
		receive(conn, taken, 0);
	return length;
}

static ssize_t
read_all(struct conn *conn)
{
	ssize_t length = receive(conn, SCRATCH_BYTES, 0);

	if (length > 0)
		take_input(conn, conn->set->scratch, (size_t)length);
	return length;
}

/* Returns whether there may be more. */
static bool
read_once(struct conn *conn)
{
	bool metered = conn->metered || conn->set->conf->lines_per_second > 0;
	ssize_t length = metered ? read_metered(conn) : read_all(conn);

	if (length == 0)
		no_more_input(conn, 0);
	else if (length == -1 && !socket_error_is_passing(errno))
		no_more_input(conn, errno);
	return length > 0 && conn->paused == 0 && conn->state == OPEN;
}

/* Of TLS a read takes one record at most. */
static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;
	size_t most = SCRATCH_BYTES;

	(void)fd;
	(void)what;
	if (conn->tls == NULL) {
		read_once(conn);
		return;
	}
	if (!conn->tls->ready)
		conn_tls_handshake(conn);
	else
		while (most > 0 && read_once(conn))
			most -= TLS_RECORD_BYTES;
	conn_tls_look_after_answers(conn);
}

struct conn *
conn_new(
    struct conn_set *set, int fd, const union peer *peer, const char *label)
{
	struct conn *conn = xcalloc(1, sizeof(*conn));
	char name[ADDRESS_TEXT_SIZE];

	conn->fd = fd;
	conn->set = set;
	conn->opened_ns = clock_nanoseconds();
	conn->heard = clock_coarse_ticks();
	conn->peer = *peer;
	if (peer->any.sa_family != AF_UNIX)
		socket_set_tcp_options(fd, (int)set->conf->keepalive_seconds);
	conn->input =
	    event_new(set->base, fd, EV_READ | EV_PERSIST, on_readable, conn);
	event_add(conn->input, NULL);
	TAILQ_INSERT_TAIL(&set->lists[OPEN], conn, entry);
	set->count++;
	set->stats->accepted++;
	log_info(
	    "accepted peer=%s %s", peer_name(peer, name, sizeof(name)), label);
	return conn;
}

void
conn_count_address(struct conn *conn)
{
	conn->counted = tally_add(&conn->set->tally, &conn->peer);
}

void
conn_set_handler(
    struct conn *conn, const struct conn_handler *handler, void *owner)
{
	conn->handler = handler;
	conn->owner = owner;
}

const union peer *
conn_peer(const struct conn *conn)
{
	return &conn->peer;
}

void
conn_pause_input(struct conn *conn, enum conn_pause why)
{
	if (conn->paused == 0)
		event_del(conn->input);
	conn->paused |= why;
}

void
conn_resume_input(struct conn *conn, enum conn_pause why)
{
	if ((conn->paused & why) == 0)
		return;
	conn->paused &= ~(unsigned)why;
	if (conn->paused != 0 || conn->state != OPEN)
		return;
	/* It was not idle: nobody listened. */
	conn->heard = clock_coarse_ticks();
	event_add(conn->input, NULL);
	/* The loop does not see what is left in OpenSSL. */
	if (conn->tls != NULL)
		event_active(conn->input, EV_READ, 0);
}

void
conn_meter_input(struct conn *conn, bool metered)
{
	conn->metered = metered;
}

enum conn_reason
conn_end_reason(const struct conn *conn)
{
	return conn->reason;
}

void
conn_count_lines_in(struct conn *conn, uint64_t lines)
{
	conn->counts.lines_in += lines;
	conn->set->stats->lines_in += lines;
}
