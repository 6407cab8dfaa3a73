/* SPDX-License-Identifier: ISC */
/* What a connection is sent: at once, or queued where its socket is full. */
#include "config.h"

#include "daemon/conn_private.h"

#include "common/count.h"
#include "common/socket.h"
#include "common/xmalloc.h"
#include "daemon/stats.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <sys/sendfile.h>

#define SEND_FLAGS (MSG_NOSIGNAL | MSG_DONTWAIT)

static void
free_output(struct conn *conn)
{
	bufferevent_free(conn->bev);
	conn->bev = NULL;
}

void
conn_drained(struct conn *conn)
{
	const struct conn_handler *handler = conn->handler;

	conn->queued = false;
	if (handler == NULL && conn->state == DRAINING)
		conn_set_state(conn, CLOSING);
	else if (handler != NULL && handler->on_drained != NULL)
		handler->on_drained(conn, conn->owner);
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	struct conn *conn = arg;

	(void)bev;
	conn_drained(conn);
	if (!conn->queued)
		free_output(conn);
}

static void
on_write_error(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	conn_stop_output(arg, EVUTIL_SOCKET_ERROR());
}

/* Where output is queued. */
static struct evbuffer *
output(struct conn *conn)
{
	if (conn->tls != NULL)
		return conn_tls_output(conn);
	if (conn->bev == NULL) {
		conn->bev =
		    bufferevent_socket_new(conn->set->base, conn->fd, 0);
		bufferevent_setcb(
		    conn->bev, NULL, on_written, on_write_error, conn);
	}
	return bufferevent_get_output(conn->bev);
}

bool
conn_takes_output(const struct conn *conn)
{
	return conn->reason == CONN_NO_REASON ? conn->write_error == 0
					      : conn_manner(conn) != DROP;
}

bool
conn_is_queued(const struct conn *conn)
{
	return conn->queued;
}

size_t
conn_queued_bytes(const struct conn *conn)
{
	return conn->queued ? evbuffer_get_length(conn_queue(conn)) : 0;
}

uint64_t
conn_output_bytes(const struct conn *conn)
{
	return conn->counts.bytes_out;
}

size_t
conn_unacknowledged_bytes(const struct conn *conn)
{
	return conn_queued_bytes(conn) + socket_unacknowledged_bytes(conn->fd);
}

int
conn_silent_ms(const struct conn *conn)
{
	return socket_silent_ms(conn->fd);
}

static void
count_out(struct conn *conn, size_t bytes)
{
	conn->counts.bytes_out += bytes;
	conn->set->stats->bytes_out += bytes;
}

/* What a send(2) or the like returned: bytes, or -1 and errno. */
static inline size_t
count_sent(struct conn *conn, ssize_t sent)
{
	if (sent >= 0) {
		count_out(conn, (size_t)sent);
		return (size_t)sent;
	}
	if (!socket_error_is_passing(errno))
		conn_stop_output(conn, errno);
	return 0;
}

static ssize_t
send_pieces(const struct conn *conn, const struct iovec *iov, int count)
{
	struct msghdr message = {
		.msg_iov = (struct iovec *)iov,
		.msg_iovlen = (size_t)count,
	};

	return sendmsg(conn->fd, &message, SEND_FLAGS);
}

/* Nearly always there is one piece, and send(2) is the quicker one. */
size_t
conn_send(struct conn *conn, const struct iovec *iov, int count)
{
	if (conn->tls != NULL)
		return count_sent(
		    conn, (ssize_t)conn_tls_send(conn, iov, count));
	return count_sent(conn,
	    count == 1 ? send(conn->fd, iov->iov_base, iov->iov_len, SEND_FLAGS)
		       : send_pieces(conn, iov, count));
}

bool
conn_takes_files(const struct conn *conn)
{
	return conn->tls == NULL;
}

/*
 * sendfile(2) is several sends inside, and one that fails after others were
 * taken is not told of: its error is gone, and the next write would find EPIPE,
 * which in conn.c means that the peer had said all that it wanted to say.
 */
size_t
conn_send_file(struct conn *conn, int file, size_t length)
{
	off_t offset = 0;
	ssize_t sent = sendfile(conn->fd, file, &offset, length);

	if (sent >= 0 && (size_t)sent < length && socket_is_dead(conn->fd))
		conn_stop_output(conn, ECONNRESET);
	return count_sent(conn, sent);
}

struct release {
	void (*call)(void *arg);
	void *arg;
};

static void
on_released(const void *bytes, size_t length, void *arg)
{
	struct release *release = arg;

	(void)bytes;
	(void)length;
	release->call(release->arg);
	free(release);
}

static void
queued(struct conn *conn, const char *bytes, size_t length)
{
	conn->queued = true;
	conn_count_lines_out(conn, count_lines(bytes, length));
	count_out(conn, length);
}

void
conn_queue_reference(struct conn *conn, const char *bytes, size_t length,
    void (*call)(void *arg), void *arg)
{
	struct release *release = xmalloc(sizeof(*release));

	*release = (struct release){ .call = call, .arg = arg };
	evbuffer_add_reference(
	    output(conn), bytes, length, on_released, release);
	queued(conn, bytes, length);
}

void
conn_queue_copy(struct conn *conn, const char *bytes, size_t length)
{
	evbuffer_add(output(conn), bytes, length);
	queued(conn, bytes, length);
}

/* It was queued, and is never sent. */
static uint64_t
take_back(struct conn *conn, struct evbuffer *queue, size_t kept)
{
	size_t bytes = evbuffer_get_length(queue) - kept;
	uint64_t lines = count_buffer_lines(queue, kept);

	conn->counts.bytes_out -= bytes;
	conn->counts.lines_out -= lines;
	conn->set->stats->bytes_lost += bytes;
	conn->set->stats->lines_lost += lines;
	return lines;
}

/* Where the first line ends that has to stay, with what is asked for. */
static ssize_t
find_line_end(struct evbuffer *queue, size_t least)
{
	struct evbuffer_ptr from;

	evbuffer_ptr_set(
	    queue, &from, least == 0 ? 0 : least - 1, EVBUFFER_PTR_SET);
	return evbuffer_search(queue, "\n", 1, &from).pos;
}

/*
 * What stays is copied, so that nothing is referred to. A bufferevent freezes
 * the front of its output, for it alone may take from there; it is not at it
 * now.
 */
uint64_t
conn_trim_queue(struct conn *conn, size_t least)
{
	struct evbuffer *queue;
	uint64_t lines;
	ssize_t end;
	size_t kept;
	char *rest;

	if (!conn->queued)
		return 0;
	queue = conn_queue(conn);
	end = find_line_end(queue, least);
	if (end == -1)
		return 0;
	kept = (size_t)end + 1;
	/* It may be much, and this be asked for again and again. */
	if (least > 0 && kept == evbuffer_get_length(queue))
		return 0;
	lines = take_back(conn, queue, kept);
	rest = xmalloc(kept);
	evbuffer_unfreeze(queue, 1);
	evbuffer_copyout(queue, rest, kept);
	evbuffer_drain(queue, evbuffer_get_length(queue));
	if (conn->tls == NULL)
		evbuffer_freeze(queue, 1);
	evbuffer_add(queue, rest, kept);
	free(rest);
	return lines;
}

void
conn_count_lines_out(struct conn *conn, uint64_t lines)
{
	conn->counts.lines_out += lines;
	conn->set->stats->lines_out += lines;
}
