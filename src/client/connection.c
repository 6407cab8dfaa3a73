/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/connection.h"

#include "client/secure.h"
#include "client/sent.h"
#include "common/address.h"
#include "common/count.h"
#include "common/socket.h"
#include "common/tls.h"
#include "common/xmalloc.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_SIZE (3 * ADDRESS_TEXT_SIZE)

/*
 * A relay that vanished is noticed after about twice this, or nobody would
 * connect again.
 */
#define KEEPALIVE_SECONDS 30

/* How the one line begins that a relay has for whom it does not let in. */
#define TURNED_AWAY "tcprelayd: too many "

struct connection {
	struct event_base *base;
	struct dial *dial;
	struct bufferevent *bev; /* NULL until it is connected */
	const struct address *address;
	const struct dial_options *options;
	const struct connection_handler *handler;
	void *arg;
	char peer[ADDRESS_TEXT_SIZE];
	struct event *timeout; /* while the relay has to answer */
	struct sent sent;
	uint64_t received_lines, received_bytes;
	char first[sizeof(TURNED_AWAY) - 1]; /* of these bytes */
	struct evbuffer *why;		     /* it ended, or could not begin */
	struct event *room; /* in the socket, for the end of TLS, or NULL */
	int write_error; /* errno; what the relay sent before is still read */
	bool open, paused, finishing, half_closed, cut_off, may_close, refused;
	bool has_fin, reset, doubtful;
};

static void tell(const struct connection *connection, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A step of the connection's life. */
static void
tell(const struct connection *connection, const char *format, ...)
{
	char step[STEP_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(step, sizeof(step), format, args);
	va_end(args);
	connection->handler->on_step(step, connection->arg);
}

/* Forgets the lines that the peer's kernel has acknowledged. */
static void
forget_acknowledged(struct connection *connection)
{
	int fd = bufferevent_getfd(connection->bev);
	size_t bytes = socket_unacknowledged_bytes(fd);

	/* The last one is our FIN. */
	if (connection->half_closed && bytes > 0)
		bytes--;
	sent_forget(
	    &connection->sent, connection_queued_bytes(connection) + bytes);
}

static void
end(struct connection *connection, enum connection_end how)
{
	connection->open = false;
	event_del(connection->timeout);
	bufferevent_disable(connection->bev, EV_READ | EV_WRITE);
	connection->handler->on_end(how, connection->arg);
}

static void
broke(struct connection *connection, const char *why)
{
	uint64_t lost;

	forget_acknowledged(connection);
	lost = sent_unknown_lines(&connection->sent);
	/* A relay that says FIN has read what it had: tcprelayd resets else. */
	connection->doubtful =
	    !connection->has_fin && connection->sent.lines > lost;
	evbuffer_add_printf(connection->why, "%s: %s", connection->peer, why);
	if (connection->sent.lines == 0)
		;
	else if (lost == 0)
		evbuffer_add_printf(connection->why,
		    "; the relay may not have read the last of the %" PRIu64
		    " lines that were sent",
		    connection->sent.lines);
	else
		evbuffer_add_printf(connection->why,
		    "; of %" PRIu64 " lines, at least the last %" PRIu64
		    " are not known to have arrived",
		    connection->sent.lines, lost);
	end(connection,
	    connection->refused ? CONNECTION_REFUSED : CONNECTION_BROKEN);
}

static bool
was_turned_away(const struct connection *connection)
{
	return connection->received_lines == 1 &&
	    memcmp(connection->first, TURNED_AWAY, sizeof(connection->first)) ==
	    0;
}

/*
 * What answers our end of input acknowledges it. In TLS that is a close_notify,
 * and our FIN may still be on its way.
 */
static bool
is_answer(const struct connection *connection)
{
	int fd = bufferevent_getfd(connection->bev);
	size_t fin = connection->options->tls == NULL ? 0 : 1;

	return connection->half_closed && !connection->cut_off &&
	    socket_unacknowledged_bytes(fd) <= fin;
}

/* The relay has sent its FIN. */
static void
closed(struct connection *connection)
{
	bool complete;

	connection->has_fin = true;
	complete = connection->may_close
	    ? connection_queued_bytes(connection) == 0
	    : is_answer(connection);
	if (complete && was_turned_away(connection)) {
		broke(connection, "turned away by the relay");
		return;
	}
	if (!complete) {
		broke(
		    connection, "closed by the relay before the end of input");
		return;
	}
	tell(connection,
	    "%s: closed by the relay; received %" PRIu64 " lines, %" PRIu64
	    " bytes",
	    connection->peer, connection->received_lines,
	    connection->received_bytes);
	end(connection, CONNECTION_CLOSED);
}

/* The relay has to answer from now on, or as soon as we listen again. */
static void
expect_answer(struct connection *connection)
{
	struct timeval limit = { .tv_sec =
				     connection->options->timeout_seconds };

	if (limit.tv_sec > 0 && !connection->paused)
		event_add(connection->timeout, &limit);
}

static void on_room(evutil_socket_t fd, short what, void *arg);

/* Whether TLS has said that nothing will follow; otherwise it comes back. */
static bool
finish(struct connection *connection)
{
	if (connection->options->tls == NULL ||
	    secure_finish(connection->bev) == 0)
		return true;
	if (connection->room == NULL)
		connection->room = event_new(connection->base,
		    bufferevent_getfd(connection->bev), EV_WRITE, on_room,
		    connection);
	event_add(connection->room, NULL);
	return false;
}

static void
half_close(struct connection *connection)
{
	int fd = bufferevent_getfd(connection->bev);

	/* A relay that closed first cannot have read up to our end of input. */
	connection->cut_off = socket_peer_has_closed(fd);
	if (!finish(connection))
		return;
	connection->half_closed = true;
	shutdown(fd, SHUT_WR);
	expect_answer(connection);
	tell(connection,
	    "%s: half-closed; sent %" PRIu64 " lines, %" PRIu64 " bytes",
	    connection->peer, connection->sent.lines, connection->sent.bytes);
}

static void
on_room(evutil_socket_t fd, short what, void *arg)
{
	struct connection *connection = arg;

	(void)fd;
	(void)what;
	if (connection->open)
		half_close(connection);
}

static void
on_readable(struct bufferevent *bev, void *arg)
{
	struct connection *connection = arg;
	struct evbuffer *input = bufferevent_get_input(bev);

	if (connection->received_bytes < sizeof(connection->first))
		evbuffer_copyout(input,
		    connection->first + connection->received_bytes,
		    sizeof(connection->first) - connection->received_bytes);
	connection->received_bytes += evbuffer_get_length(input);
	connection->received_lines += count_buffer_lines(input, 0);
	if (connection->half_closed)
		expect_answer(connection);
	connection->handler->on_input(input, connection->arg);
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	struct connection *connection = arg;

	(void)bev;
	forget_acknowledged(connection);
	/* More may have been queued since this call became due. */
	if (connection_queued_bytes(connection) > 0)
		return;
	if (connection->finishing && !connection->half_closed)
		half_close(connection);
	else if (!connection->finishing)
		connection->handler->on_sent(connection->arg);
}

/* With our address and the time of the handshake, where there are any: not on a
 * Unix socket. */
static void
tell_connected(const struct connection *connection)
{
	int fd = bufferevent_getfd(connection->bev);
	struct endpoint local = { .length = sizeof(local.sa) };
	char name[ADDRESS_TEXT_SIZE], from[sizeof(name) + 8] = "";
	char handshake[64] = "";
	char session[TLS_TEXT_SIZE];
	long microseconds = socket_rtt_microseconds(fd);

	if (getsockname(fd, &local.sa.any, &local.length) == 0 &&
	    local.sa.any.sa_family != AF_UNIX) {
		endpoint_format(
		    &local.sa.any, local.length, name, sizeof(name));
		snprintf(from, sizeof(from), " from %s", name);
	}
	if (microseconds >= 0)
		snprintf(handshake, sizeof(handshake), ", handshake %.3f ms",
		    (double)microseconds / 1e3);
	tell(
	    connection, "%s: connected%s%s", connection->peer, from, handshake);
	if (connection->options->tls != NULL)
		tell(connection, "%s: %s", connection->peer,
		    secure_describe(connection->bev, session, sizeof(session)));
}

/* The relay has not ended the connection, whatever TLS makes of it. */
static bool
is_of_network(int error)
{
	return error == ETIMEDOUT || error == EHOSTUNREACH ||
	    error == ENETUNREACH || error == ENETDOWN;
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct connection *connection = arg;
	int error = EVUTIL_SOCKET_ERROR();
	char text[TLS_TEXT_SIZE];

	if (what == (BEV_EVENT_WRITING | BEV_EVENT_ERROR)) {
		connection->write_error = error;
		bufferevent_disable(bev, EV_WRITE);
		/* With TLS libevent has stopped that as well. */
		if (!connection->paused)
			bufferevent_enable(bev, EV_READ);
	} else if (connection->write_error == 0 && (what & BEV_EVENT_EOF) &&
	    !(what & BEV_EVENT_ERROR)) {
		/* Where a write fails as well, its error is that of a reset. */
		closed(connection);
	} else {
		if (connection->write_error != 0)
			error = connection->write_error;
		connection->reset = !is_of_network(error);
		broke(connection,
		    secure_failure(
			bev, error, &connection->refused, text, sizeof(text)));
	}
}

static void
on_timeout(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	broke(arg, strerror(ETIMEDOUT));
}

static void
on_connected(struct bufferevent *bev, const char *peer, void *arg)
{
	struct connection *connection = arg;

	connection->bev = bev;
	snprintf(connection->peer, sizeof(connection->peer), "%s", peer);
	bufferevent_setcb(bev, on_readable, on_written, on_event, connection);
	socket_set_tcp_options(bufferevent_getfd(bev), KEEPALIVE_SECONDS);
	tell_connected(connection);
	connection->open = true;
	bufferevent_enable(bev, EV_READ);
	connection->handler->on_open(connection->arg);
}

static void
on_failed(const char *why, bool refused, void *arg)
{
	struct connection *connection = arg;

	evbuffer_add(connection->why, why, strlen(why));
	connection->handler->on_end(
	    refused ? CONNECTION_REFUSED : CONNECTION_FAILED, connection->arg);
}

static void
on_step(const char *text, void *arg)
{
	struct connection *connection = arg;

	connection->handler->on_step(text, connection->arg);
}

static const struct dial_handler dial_handler = {
	.on_step = on_step,
	.on_connected = on_connected,
	.on_failed = on_failed,
};

void
connection_start(struct connection *connection)
{
	connection->dial = dial_start(connection->base, connection->address,
	    connection->options, &dial_handler, connection);
}

struct connection *
connection_new(struct event_base *base, const struct address *address,
    const struct dial_options *options,
    const struct connection_handler *handler, void *arg)
{
	struct connection *connection = xcalloc(1, sizeof(*connection));

	connection->base = base;
	connection->address = address;
	connection->options = options;
	connection->handler = handler;
	connection->arg = arg;
	sent_init(&connection->sent);
	connection->why = evbuffer_new();
	connection->timeout = evtimer_new(base, on_timeout, connection);
	return connection;
}

void
connection_free(struct connection *connection)
{
	if (connection->room != NULL)
		event_free(connection->room);
	if (connection->bev != NULL)
		bufferevent_free(connection->bev);
	dial_free(connection->dial);
	sent_clear(&connection->sent);
	evbuffer_free(connection->why);
	event_free(connection->timeout);
	free(connection);
}

void
connection_say(struct connection *connection, const char *bytes, size_t length)
{
	if (connection->finishing)
		return;
	bufferevent_write(connection->bev, bytes, length);
}

void
connection_send(struct connection *connection, const char *bytes, size_t length)
{
	sent_add(&connection->sent, bytes, length);
	bufferevent_write(connection->bev, bytes, length);
}

const char *
connection_why(struct connection *connection)
{
	evbuffer_add(connection->why, "", 1);
	return (const char *)evbuffer_pullup(connection->why, -1);
}

void
connection_keep_lines(struct connection *connection)
{
	connection->sent.line_bytes_max = SENT_LINE_BYTES_MAX;
}

bool
connection_is_doubtful(const struct connection *connection)
{
	return connection->doubtful;
}

bool
connection_was_cut(const struct connection *connection, bool *first)
{
	return sent_is_cut(&connection->sent, first) && connection->reset &&
	    !was_turned_away(connection);
}

void
connection_take_unsent(struct connection *connection, struct evbuffer *to)
{
	sent_take(&connection->sent, to);
}

size_t
connection_queued_bytes(const struct connection *connection)
{
	return evbuffer_get_length(bufferevent_get_output(connection->bev));
}

void
connection_finish(struct connection *connection)
{
	connection->finishing = true;
	if (connection_queued_bytes(connection) == 0)
		half_close(connection);
}

void
connection_allow_close(struct connection *connection)
{
	connection->may_close = true;
}

void
connection_pause_input(struct connection *connection)
{
	connection->paused = true;
	bufferevent_disable(connection->bev, EV_READ);
	/* The wait is for us, not for the relay. */
	event_del(connection->timeout);
}

void
connection_resume_input(struct connection *connection)
{
	if (!connection->paused)
		return;
	connection->paused = false;
	bufferevent_enable(connection->bev, EV_READ);
	if (connection->half_closed)
		expect_answer(connection);
}
