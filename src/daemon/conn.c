/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/conn.h"

#include "common/address.h"
#include "common/count.h"
#include "common/log.h"
#include "common/socket.h"
#include "common/xmalloc.h"
#include "daemon/conf.h"
#include "daemon/peer.h"
#include "daemon/stats.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/sendfile.h>
#include <time.h>
#include <unistd.h>

/* How often a connection that ends is looked at, and how often at most. */
#define TICK_MS	     50
#define LINGER_TICKS 40

/* What becomes of what is queued for a connection that ends. */
enum manner {
	DROP,  /* nothing: the peer gets an RST */
	DRAIN, /* it is sent, then FIN */
	REFUSE /* it is sent; FIN waits, so that the peer's own end cannot pass
		  for the answer to all that it sent */
};

static const struct {
	const char *text;
	enum manner manner;
} reasons[CONN_REASONS] = {
	[CONN_NO_REASON] = { "none", DROP },
	[CONN_END_OF_INPUT] = { "end of input", DRAIN },
	[CONN_RESET] = { "reset", DROP },
	[CONN_TIMED_OUT] = { "timed out", DROP },
	[CONN_ERROR] = { "error", DROP },
	[CONN_LINE_TOO_LONG] = { "line too long", DROP },
	[CONN_TOO_SLOW] = { "too slow", DROP },
	[CONN_NOT_DRAINED] = { "not drained", DROP },
	[CONN_SERVER_FULL] = { "server full", REFUSE },
	[CONN_SHUTDOWN] = { "shutdown", DRAIN },
};

/* libevent's EVBUFFER_MAX_READ, and what is read beyond it in a pass. */
#define READ_BYTES    4096
#define SCRATCH_BYTES 61440

#define SEND_FLAGS (MSG_NOSIGNAL | MSG_DONTWAIT)

enum state { OPEN, CLOSING, DRAINING, LINGERING, STATES };

static const char *const state_names[STATES] = { "open", "closing", "draining",
	"lingering" };

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
	enum state state;
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

const char *
conn_reason_text(enum conn_reason reason)
{
	return reasons[reason].text;
}

/* The only place where a connection goes from one state to another. */
static void
set_state(struct conn *conn, enum state state)
{
	char name[ADDRESS_TEXT_SIZE];

	log_debug("state peer=%s from=%s to=%s",
	    peer_name(&conn->peer, name, sizeof(name)),
	    state_names[conn->state], state_names[state]);
	TAILQ_REMOVE(&conn->set->lists[conn->state], conn, entry);
	TAILQ_INSERT_TAIL(&conn->set->lists[state], conn, entry);
	conn->state = state;
}

static double
seconds_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - then->tv_sec) +
	    (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

/* What was queued but never left this machine was not sent. */
static void
uncount_queued(struct conn *conn)
{
	struct evbuffer *output = bufferevent_get_output(conn->bev);
	size_t bytes = evbuffer_get_length(output);
	size_t lines = count_buffer_lines(output, 0);

	conn->counts.bytes_out -= bytes;
	conn->counts.lines_out -= lines;
	conn->set->stats->bytes_out -= bytes;
	conn->set->stats->lines_out -= lines;
}

static void
log_closed(const struct conn *conn)
{
	const struct counts *counts = &conn->counts;
	char name[ADDRESS_TEXT_SIZE];

	log_info("closed peer=%s reason=\"%s\" seconds=%.3f lines_in=%ju "
		 "bytes_in=%ju lines_out=%ju bytes_out=%ju",
	    peer_name(&conn->peer, name, sizeof(name)),
	    conn_reason_text(conn->reason), seconds_since(&conn->opened),
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

static void
conn_free(struct conn *conn)
{
	struct conn_set *set = conn->set;

	leave(conn, false);
	uncount_queued(conn);
	log_closed(conn);
	set->stats->closed[conn->reason]++;
	TAILQ_REMOVE(&set->lists[conn->state], conn, entry);
	set->count--;
	if (conn->tick != NULL)
		event_free(conn->tick);
	bufferevent_free(conn->bev);
	free(conn);
}

static unsigned
drain_ticks(const struct conn *conn)
{
	return (unsigned)conn->set->conf->shutdown_seconds * 1000 / TICK_MS;
}

/* A connection that cannot be written to is dropped, whatever its reason. */
static enum manner
manner_of(const struct conn *conn)
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

	if (left < conn->tick_mark)
		conn->ticks_left = drain_ticks(conn);
	conn->tick_mark = left;
	if (--conn->ticks_left == 0)
		conn_close(conn, CONN_NOT_DRAINED);
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
		set_state(conn, CLOSING);
}

/* Goes on to a state in which on_tick() looks at the connection. */
static void
watch(struct conn *conn, enum state state, unsigned ticks)
{
	static const struct timeval tick = { .tv_usec = TICK_MS * 1000 };

	set_state(conn, state);
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

/*
 * A connection that was marked goes one step on: it leaves its owner, who
 * queues what it is owed; is drained; lingers; is freed. Each step that has to
 * wait ends with the mark again.
 */
static void
reap(struct conn *conn)
{
	if (manner_of(conn) == DROP) {
		socket_reset_on_close(conn->fd);
		conn_free(conn);
	} else if (conn->handler != NULL) {
		/* Stays marked, for the owner may find that it is to be
		 * dropped. */
		leave(conn, true);
	} else if (conn->lingered) {
		conn_free(conn);
	} else if (conn->queued) {
		watch(conn, DRAINING, drain_ticks(conn));
		conn->tick_mark = conn_unacknowledged_bytes(conn);
	} else {
		conn->lingered = true;
		linger(conn);
	}
}

bool
conn_set_reap(struct conn_set *set)
{
	struct conn *conn;
	bool any = false;

	while ((conn = TAILQ_FIRST(&set->lists[CLOSING])) != NULL) {
		reap(conn);
		any = true;
	}
	return any;
}

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

void
conn_close(struct conn *conn, enum conn_reason reason)
{
	bool dropped = reasons[reason].manner == DROP;

	/* A drain that fails ends with the reason of its failure. */
	if (conn->reason != CONN_NO_REASON &&
	    !(dropped && reasons[conn->reason].manner != DROP))
		return;
	conn->reason = reason;
	bufferevent_disable(conn->bev, dropped ? EV_READ | EV_WRITE : EV_READ);
	if (conn->state != CLOSING)
		set_state(conn, CLOSING);
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
		set_state(conn, CLOSING);
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
    socklen_t peer_length, const char *label,
    const struct conn_handler *handler, void *owner)
{
	struct conn *conn = xcalloc(1, sizeof(*conn));
	char name[ADDRESS_TEXT_SIZE];

	conn->fd = fd;
	conn->set = set;
	conn->handler = handler;
	conn->owner = owner;
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
	return conn->write_error == 0 &&
	    (conn->reason == CONN_NO_REASON ||
		reasons[conn->reason].manner != DROP);
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
