/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/conn_private.h"

#include "common/address.h"
#include "common/count.h"
#include "common/log.h"
#include "common/socket.h"
#include "common/xmalloc.h"
#include "daemon/conf.h"
#include "daemon/stats.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

/* libevent's EVBUFFER_MAX_READ, in a pass. */
#define READ_BYTES 4096

#define SEND_FLAGS (MSG_NOSIGNAL | MSG_DONTWAIT)

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
static void
stop_output(struct conn *conn, int error)
{
	if (conn->write_error == 0)
		conn->write_error = error;
	bufferevent_disable(conn->bev, EV_WRITE);
	if (conn->state != OPEN)
		conn_close(conn, reason_of(error));
}

static void
close_on_error(struct conn *conn, int error)
{
	char name[ADDRESS_TEXT_SIZE];
	enum conn_reason reason = reason_of(error);

	if (reason == CONN_ERROR)
		log_warn("error peer=%s error=\"%s\"",
		    peer_name(&conn->peer, name, sizeof(name)),
		    strerror(error));
	conn_close(conn, reason);
}

/* An error that may be gone at the next try. */
static bool
is_passing(int error)
{
	return error == EAGAIN || error == EINTR || error == ENOBUFS ||
	    error == ENOMEM;
}

static bool
take_input(struct conn *conn, const char *bytes, size_t length)
{
	conn->counts.bytes_in += length;
	conn->set->stats->bytes_in += length;
	return conn->handler->on_input(conn, bytes, length, conn->owner) &&
	    conn->state == OPEN;
}

/*
 * libevent 2.1 reads at most READ_BYTES of a socket in a pass. When it got as
 * many, there is more: it is read here, in one go. An end or an error is left
 * to libevent to find; an error is told once only, so it is noted.
 */
static void
read_more(struct conn *conn)
{
	char *bytes = conn->set->scratch;
	ssize_t length = recv(conn->fd, bytes, SCRATCH_BYTES, MSG_DONTWAIT);

	if (length > 0)
		take_input(conn, bytes, (size_t)length);
	else if (length == -1 && !is_passing(errno))
		stop_output(conn, errno);
}

static void
on_readable(struct bufferevent *bev, void *arg)
{
	struct conn *conn = arg;
	struct evbuffer *input = bufferevent_get_input(bev);
	bool full = evbuffer_get_length(input) >= READ_BYTES, more = true;
	struct evbuffer_iovec piece;

	while (conn->state == OPEN &&
	    evbuffer_peek(input, -1, NULL, &piece, 1) > 0) {
		more = take_input(conn, piece.iov_base, piece.iov_len);
		evbuffer_drain(input, piece.iov_len);
	}
	if (full && more)
		read_more(conn);
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	struct conn *conn = arg;

	(void)bev;
	conn->queued = false;
	if (conn->handler != NULL)
		conn->handler->on_drained(conn, conn->owner);
	else if (conn->state == DRAINING)
		conn_set_state(conn, CLOSING);
}

static void
end_of_input(struct conn *conn)
{
	char name[ADDRESS_TEXT_SIZE];

	log_debug(
	    "end of input peer=%s", peer_name(&conn->peer, name, sizeof(name)));
	conn->handler->on_end_of_input(conn, conn->owner);
	conn_close(conn, CONN_END_OF_INPUT);
}

/*
 * After an error that a write was told of, a read only tells that there is no
 * more. EPIPE means that the peer's FIN had come before, so its last line is
 * whole; see tcp_reset() in Linux.
 */
static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct conn *conn = arg;
	int error = EVUTIL_SOCKET_ERROR();

	(void)bev;
	if (what & BEV_EVENT_WRITING)
		stop_output(conn, error);
	else if (conn->write_error != 0 && conn->write_error != EPIPE)
		close_on_error(conn, conn->write_error);
	else if (what & BEV_EVENT_EOF)
		end_of_input(conn);
	else
		close_on_error(conn, error);
}

struct conn *
conn_new(struct conn_set *set, int fd, const struct sockaddr *peer,
    socklen_t peer_length, const char *label)
{
	struct conn *conn = xcalloc(1, sizeof(*conn));
	char name[ADDRESS_TEXT_SIZE];

	conn->fd = fd;
	conn->set = set;
	clock_gettime(CLOCK_MONOTONIC, &conn->opened);
	peer_set(&conn->peer, fd, peer, peer_length);
	if (peer->sa_family != AF_UNIX)
		socket_set_tcp_options(fd, (int)set->conf->keepalive_seconds);
	conn->bev =
	    bufferevent_socket_new(set->base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(conn->bev, on_readable, on_written, on_event, conn);
	bufferevent_enable(conn->bev, EV_READ | EV_WRITE);
	TAILQ_INSERT_TAIL(&set->lists[OPEN], conn, entry);
	set->count++;
	set->stats->accepted++;
	log_info("accepted peer=%s %s",
	    peer_name(&conn->peer, name, sizeof(name)), label);
	return conn;
}

void
conn_set_handler(
    struct conn *conn, const struct conn_handler *handler, void *owner)
{
	conn->handler = handler;
	conn->owner = owner;
}

void
conn_pause_input(struct conn *conn)
{
	bufferevent_disable(conn->bev, EV_READ);
}

void
conn_resume_input(struct conn *conn)
{
	if (conn->state == OPEN)
		bufferevent_enable(conn->bev, EV_READ);
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
	return evbuffer_get_length(bufferevent_get_output(conn->bev));
}

size_t
conn_unacknowledged_bytes(const struct conn *conn)
{
	return conn_queued_bytes(conn) + socket_unacknowledged_bytes(conn->fd);
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
	if (!is_passing(errno))
		stop_output(conn, errno);
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
	return count_sent(conn,
	    count == 1 ? send(conn->fd, iov->iov_base, iov->iov_len, SEND_FLAGS)
		       : send_pieces(conn, iov, count));
}

size_t
conn_send_file(struct conn *conn, int file, size_t length)
{
	off_t offset = 0;

	return count_sent(conn, sendfile(conn->fd, file, &offset, length));
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
	evbuffer_add_reference(bufferevent_get_output(conn->bev), bytes, length,
	    on_released, release);
	queued(conn, bytes, length);
}

void
conn_queue_copy(struct conn *conn, const char *bytes, size_t length)
{
	evbuffer_add(bufferevent_get_output(conn->bev), bytes, length);
	queued(conn, bytes, length);
}

void
conn_count_lines_in(struct conn *conn, uint64_t lines)
{
	conn->counts.lines_in += lines;
	conn->set->stats->lines_in += lines;
}

void
conn_count_lines_out(struct conn *conn, uint64_t lines)
{
	conn->counts.lines_out += lines;
	conn->set->stats->lines_out += lines;
}

struct conn_set *
conn_set_new(
    struct event_base *base, const struct conf *conf, struct stats *stats)
{
	struct conn_set *set = xcalloc(1, sizeof(*set));
	int state;

	for (state = 0; state < STATES; state++)
		TAILQ_INIT(&set->lists[state]);
	set->base = base;
	set->conf = conf;
	set->stats = stats;
	return set;
}

void
conn_set_close(struct conn_set *set, enum conn_reason reason)
{
	struct conn *conn;

	while ((conn = TAILQ_FIRST(&set->lists[OPEN])) != NULL)
		conn_close(conn, reason);
}

void
conn_set_free(struct conn_set *set)
{
	struct conn *conn;
	int state;

	for (state = 0; state < STATES; state++)
		while ((conn = TAILQ_FIRST(&set->lists[state])) != NULL) {
			if (conn->reason == CONN_NO_REASON)
				conn->reason = CONN_SHUTDOWN;
			if (conn->queued) {
				conn->reason = CONN_NOT_DRAINED;
				socket_reset_on_close(conn->fd);
			}
			conn_free(conn);
		}
	free(set);
}

size_t
conn_set_count(const struct conn_set *set)
{
	return set->count;
}
