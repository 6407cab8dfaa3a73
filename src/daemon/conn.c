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

	log_debug("end of input peer=%s%s",
	    peer_name(&conn->peer, name, sizeof(name)),
	    whole ? "" : " without close_notify");
	if (whole)
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

static uint32_t
coarse_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint32_t)now.tv_sec;
}

/* Returns how much of it was taken. */
static size_t
take_input(struct conn *conn, const char *bytes, size_t length)
{
	const struct conn_handler *handler;
	size_t taken = 0;

	conn->heard = coarse_seconds();
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
	else if (length == -1 && !conn_is_passing(errno))
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
	if (conn->tls == NULL)
		read_once(conn);
	else if (!conn->tls->ready)
		conn_tls_handshake(conn);
	else
		while (most > 0 && read_once(conn))
			most -= TLS_RECORD_BYTES;
}

static void
free_output(struct conn *conn)
{
	bufferevent_free(conn->bev);
	conn->bev = NULL;
}

void
conn_drained(struct conn *conn)
{
	conn->queued = false;
	if (conn->handler != NULL)
		conn->handler->on_drained(conn, conn->owner);
	else if (conn->state == DRAINING)
		conn_set_state(conn, CLOSING);
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

struct conn *
conn_new(struct conn_set *set, int fd, const struct sockaddr *peer,
    socklen_t peer_length, const char *label)
{
	struct conn *conn = xcalloc(1, sizeof(*conn));
	char name[ADDRESS_TEXT_SIZE];

	conn->fd = fd;
	conn->set = set;
	clock_gettime(CLOCK_MONOTONIC, &conn->opened);
	conn->heard = coarse_seconds();
	peer_set(&conn->peer, fd, peer, peer_length);
	if (peer->sa_family != AF_UNIX)
		socket_set_tcp_options(fd, (int)set->conf->keepalive_seconds);
	conn->input =
	    event_new(set->base, fd, EV_READ | EV_PERSIST, on_readable, conn);
	event_add(conn->input, NULL);
	TAILQ_INSERT_TAIL(&set->lists[OPEN], conn, entry);
	set->count++;
	set->stats->accepted++;
	log_info("accepted peer=%s %s",
	    peer_name(&conn->peer, name, sizeof(name)), label);
	return conn;
}

void
conn_count_address(struct conn *conn)
{
	conn->counted = tally_add(&conn->set->tally, &conn->peer.any);
}

size_t
conn_set_count_address(const struct conn_set *set, const struct sockaddr *peer)
{
	return tally_count(&set->tally, peer);
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
	conn->heard = coarse_seconds();
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
	if (!conn_is_passing(errno))
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

/* As if it had not been queued. */
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

/* Where the first line ends that has to stay: with it the record that is
 * pending. */
static ssize_t
find_line_end(const struct conn *conn, struct evbuffer *queue)
{
	size_t first = conn->tls == NULL ? 0 : conn->tls->pending;
	struct evbuffer_ptr from;

	evbuffer_ptr_set(
	    queue, &from, first == 0 ? 0 : first - 1, EVBUFFER_PTR_SET);
	return evbuffer_search(queue, "\n", 1, &from).pos;
}

/*
 * What stays is copied, so that nothing is referred to. A bufferevent freezes
 * the front of its output, for it alone may take from there; it is not at it
 * now.
 */
uint64_t
conn_trim_queue(struct conn *conn)
{
	struct evbuffer *queue;
	uint64_t lines;
	ssize_t end;
	size_t kept;
	char *rest;

	if (!conn->queued)
		return 0;
	queue = conn_queue(conn);
	end = find_line_end(conn, queue);
	if (end == -1)
		return 0;
	kept = (size_t)end + 1;
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

static void
on_idle_tick(evutil_socket_t fd, short what, void *arg)
{
	struct conn_set *set = arg;
	uint32_t now = coarse_seconds();
	struct conn *conn, *next;

	(void)fd;
	(void)what;
	for (conn = TAILQ_FIRST(&set->lists[OPEN]); conn != NULL; conn = next) {
		next = TAILQ_NEXT(conn, entry);
		if (conn->paused == 0 &&
		    now - conn->heard >= set->conf->idle_seconds)
			conn_close(conn, CONN_IDLE);
	}
}

/* Looks at all of them, but seldom: a close may be an eighth late. */
void
conn_set_update(struct conn_set *set)
{
	int64_t seconds = set->conf->idle_seconds;
	struct timeval tick = { .tv_sec = seconds < 8 ? 1 : seconds / 8 };

	event_del(set->idle_tick);
	if (seconds > 0)
		event_add(set->idle_tick, &tick);
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
	set->idle_tick = event_new(base, -1, EV_PERSIST, on_idle_tick, set);
	conn_set_update(set);
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
	event_free(set->idle_tick);
	free(set);
}

size_t
conn_set_count(const struct conn_set *set)
{
	return set->count;
}
