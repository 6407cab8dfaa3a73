/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/connection.h"

#include "common/address.h"
#include "common/count.h"
#include "common/socket.h"
#include "common/xmalloc.h"

#include <err.h>
#include <errno.h>
#include <event2/bufferevent.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct totals {
	uint64_t lines, bytes;
};

struct connection {
	struct event_base *base;
	struct bufferevent *bev;
	const struct address *address;
	const struct connection_options *options;
	const struct connection_handler *handler;
	void *arg;
	struct endpoint *endpoints;
	size_t endpoint_count;
	size_t next; /* of the endpoints, to be tried */
	char peer[ADDRESS_TEXT_SIZE];
	struct timespec started; /* CLOCK_MONOTONIC */
	struct event *timeout;	 /* while the relay has to answer */
	struct totals sent, received;
	/* A copy of what was sent and that no acknowledgement came for. */
	struct evbuffer *unacknowledged;
	struct evbuffer *failures; /* of addresses that were tried, as text */
	int write_error; /* errno; what the relay sent before is still read */
	bool open, finishing, half_closed, cut_off;
};

static void verbose(const struct connection *connection, const char *format,
    ...) __attribute__((format(printf, 2, 3)));

static void
verbose(const struct connection *connection, const char *format, ...)
{
	va_list args;

	if (!connection->options->verbose)
		return;
	va_start(args, format);
	vwarnx(format, args);
	va_end(args);
}

/* Adds what a buffer holds after the first bytes of it. */
static void
add(struct totals *totals, struct evbuffer *buffer, size_t skip)
{
	totals->bytes += evbuffer_get_length(buffer) - skip;
	totals->lines += count_buffer_lines(buffer, skip);
}

/* Forgets what the peer's kernel has acknowledged. */
static void
forget_acknowledged(struct connection *connection)
{
	struct evbuffer *buffer = connection->unacknowledged;
	size_t length = evbuffer_get_length(buffer);
	size_t kept = connection_queued_bytes(connection) +
	    socket_unacknowledged_bytes(bufferevent_getfd(connection->bev));

	if (kept < length)
		evbuffer_drain(buffer, length - kept);
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
	struct totals lost = { 0 };

	forget_acknowledged(connection);
	add(&lost, connection->unacknowledged, 0);
	if (connection->options->receive_only)
		warnx("%s: %s", connection->peer, why);
	else if (lost.bytes == 0)
		warnx("%s: %s; the relay may not have read the last of the "
		      "%" PRIu64 " lines that were sent",
		    connection->peer, why, connection->sent.lines);
	else
		warnx("%s: %s; of %" PRIu64 " lines, %" PRIu64
		      " are not known to have arrived",
		    connection->peer, why, connection->sent.lines, lost.lines);
	end(connection, CONNECTION_BROKEN);
}

/* The relay has sent its FIN. */
static void
closed(struct connection *connection)
{
	bool complete = connection->half_closed && !connection->cut_off;

	if (!complete && !connection->options->receive_only) {
		broke(
		    connection, "closed by the relay before the end of input");
		return;
	}
	verbose(connection,
	    "%s: closed by the relay; received %" PRIu64 " lines, %" PRIu64
	    " bytes",
	    connection->peer, connection->received.lines,
	    connection->received.bytes);
	end(connection, CONNECTION_CLOSED);
}

/*
 * The relay has to answer from now on. Not by the timeouts of a bufferevent:
 * libevent 2.1 goes on with one that was taken away.
 */
static void
expect_answer(struct connection *connection)
{
	struct timeval limit = { .tv_sec =
				     connection->options->timeout_seconds };

	if (limit.tv_sec > 0)
		event_add(connection->timeout, &limit);
}

static void
half_close(struct connection *connection)
{
	int fd = bufferevent_getfd(connection->bev);

	/* A relay that closed first cannot have read up to our end of input. */
	connection->cut_off = socket_peer_has_closed(fd);
	connection->half_closed = true;
	shutdown(fd, SHUT_WR);
	expect_answer(connection);
	verbose(connection,
	    "%s: half-closed; sent %" PRIu64 " lines, %" PRIu64 " bytes",
	    connection->peer, connection->sent.lines, connection->sent.bytes);
}

static void
on_readable(struct bufferevent *bev, void *arg)
{
	struct connection *connection = arg;
	struct evbuffer *input = bufferevent_get_input(bev);

	add(&connection->received, input, 0);
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

static double
milliseconds_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - then->tv_sec) * 1e3 +
	    (double)(now.tv_nsec - then->tv_nsec) / 1e6;
}

static void
connected(struct connection *connection)
{
	int fd = bufferevent_getfd(connection->bev), yes = 1;
	struct endpoint local = { .length = sizeof(local.sa) };
	char name[ADDRESS_TEXT_SIZE] = "";

	event_del(connection->timeout);
	/* Fails on a Unix socket, which has no such delay. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (getsockname(fd, &local.sa.any, &local.length) == 0)
		endpoint_format(
		    &local.sa.any, local.length, name, sizeof(name));
	verbose(connection, "%s: connected from %s, handshake %.3f ms",
	    connection->peer, name, milliseconds_since(&connection->started));
	connection->open = true;
	bufferevent_enable(connection->bev, EV_READ);
	connection->handler->on_open(connection->arg);
}

static void try_next(struct connection *connection);

/* Why an address failed matters only when every other one fails as well. */
static void
attempt_failed(struct connection *connection, const char *why)
{
	verbose(connection, "%s: %s", connection->peer, why);
	if (!connection->options->verbose)
		evbuffer_add_printf(connection->failures,
		    "%s: cannot connect to %s: %s\n",
		    program_invocation_short_name, connection->peer, why);
	try_next(connection);
}

static void
all_failed(struct connection *connection)
{
	evbuffer_write(connection->failures, STDERR_FILENO);
	connection->handler->on_end(CONNECTION_FAILED, connection->arg);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct connection *connection = arg;
	int error = EVUTIL_SOCKET_ERROR();

	if (what & BEV_EVENT_CONNECTED) {
		connected(connection);
	} else if (!connection->open) {
		attempt_failed(connection, strerror(error));
	} else if (what == (BEV_EVENT_WRITING | BEV_EVENT_ERROR)) {
		connection->write_error = error;
		bufferevent_disable(bev, EV_WRITE);
	} else if (connection->write_error != 0) {
		broke(connection, strerror(connection->write_error));
	} else if (what & BEV_EVENT_EOF) {
		closed(connection);
	} else {
		broke(connection, strerror(error));
	}
}

static void
on_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct connection *connection = arg;

	(void)fd;
	(void)what;
	if (connection->open)
		broke(connection, strerror(ETIMEDOUT));
	else
		attempt_failed(connection, strerror(ETIMEDOUT));
}

static void
try_next(struct connection *connection)
{
	const struct endpoint *endpoint;

	if (connection->next == connection->endpoint_count) {
		all_failed(connection);
		return;
	}
	endpoint = &connection->endpoints[connection->next++];
	endpoint_format(&endpoint->sa.any, endpoint->length, connection->peer,
	    sizeof(connection->peer));
	verbose(connection, "%s: connecting", connection->peer);
	clock_gettime(CLOCK_MONOTONIC, &connection->started);
	if (connection->bev != NULL)
		bufferevent_free(connection->bev);
	connection->bev = bufferevent_socket_new(connection->base, -1,
	    BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	bufferevent_setcb(
	    connection->bev, on_readable, on_written, on_event, connection);
	expect_answer(connection);
	if (bufferevent_socket_connect(connection->bev, &endpoint->sa.any,
		(int)endpoint->length) == -1)
		attempt_failed(connection, strerror(errno));
}

void
connection_start(struct connection *connection)
{
	char name[ADDRESS_TEXT_SIZE];
	const char *why;

	if (address_resolve(connection->address, connection->options->family, 0,
		&connection->endpoints, &connection->endpoint_count,
		&why) == -1) {
		address_format(connection->address, name, sizeof(name));
		warnx("%s: %s", name, why);
		connection->handler->on_end(CONNECTION_FAILED, connection->arg);
		return;
	}
	try_next(connection);
}

struct connection *
connection_new(struct event_base *base, const struct address *address,
    const struct connection_options *options,
    const struct connection_handler *handler, void *arg)
{
	struct connection *connection = xcalloc(1, sizeof(*connection));

	connection->base = base;
	connection->address = address;
	connection->options = options;
	connection->handler = handler;
	connection->arg = arg;
	connection->unacknowledged = evbuffer_new();
	connection->failures = evbuffer_new();
	connection->timeout = evtimer_new(base, on_timeout, connection);
	return connection;
}

void
connection_free(struct connection *connection)
{
	if (connection->bev != NULL)
		bufferevent_free(connection->bev);
	evbuffer_free(connection->unacknowledged);
	evbuffer_free(connection->failures);
	event_free(connection->timeout);
	free(connection->endpoints);
	free(connection);
}

void
connection_send(struct connection *connection, const char *bytes, size_t length)
{
	struct evbuffer *copy = connection->unacknowledged;

	evbuffer_add(copy, bytes, length);
	add(&connection->sent, copy, evbuffer_get_length(copy) - length);
	bufferevent_write(connection->bev, bytes, length);
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
connection_pause_input(struct connection *connection)
{
	bufferevent_disable(connection->bev, EV_READ);
}

void
connection_resume_input(struct connection *connection)
{
	bufferevent_enable(connection->bev, EV_READ);
}
