/* SPDX-License-Identifier: ISC */
/* What is different where a connection is encrypted. */
#include "config.h"

#include "common/address.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/socket.h"
#include "common/xmalloc.h"
#include "daemon/conn_private.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

/* Records that are written in one call: others wait. */
#define RECORDS_MAX 4

/*
 * A handshake takes as long as thousands of lines, and anybody may begin one,
 * without being able to end it. In a turn they go on for this long; those that
 * come after that stay with the kernel, which tells of them again at once.
 */
#define HANDSHAKES_NS_MAX 5000000

/*
 * What TLS may have encrypted and not sent before a peer is not read any more:
 * a record, and as much of answers. One that only asks, for new keys, say, and
 * does not read, would fill the memory.
 */
#define HELD_BYTES_MAX (2 * TLS_RECORD_BYTES)

static void
stop_waiting(struct conn_tls *tls)
{
	if (tls->writable != NULL)
		event_free(tls->writable);
	tls->writable = NULL;
}

static void on_writable(evutil_socket_t fd, short what, void *arg);

static void
wait_until_writable(struct conn *conn)
{
	struct conn_tls *tls = conn->tls;

	if (tls->writable != NULL || conn->write_error != 0)
		return;
	tls->writable = event_new(conn->set->base, conn->fd,
	    EV_WRITE | EV_PERSIST, on_writable, conn);
	event_add(tls->writable, NULL);
}

static void
ready(struct conn *conn)
{
	char name[ADDRESS_TEXT_SIZE], text[TLS_TEXT_SIZE];

	conn->tls->ready = true;
	log_debug("TLS peer=%s session=\"%s\"",
	    peer_name(&conn->peer, name, sizeof(name)),
	    tls_describe(conn->tls->session, text, sizeof(text)));
	conn->handler->on_ready(conn, conn->owner);
}

static void
handshake(struct conn *conn)
{
	struct ssl_st *session = conn->tls->session;
	char name[ADDRESS_TEXT_SIZE], text[TLS_TEXT_SIZE];

	if (tls_handshake(session) == 0) {
		ready(conn);
	} else if (!socket_error_is_passing(errno)) {
		tls_failure(session, errno, text, sizeof(text));
		log_info("TLS handshake failed peer=%s error=\"%s\"",
		    peer_name(&conn->peer, name, sizeof(name)), text);
		conn_close(conn, CONN_TLS_FAILED);
	}
}

void
conn_tls_handshake(struct conn *conn)
{
	struct conn_set *set = conn->set;
	uint64_t begin;

	if (set->handshakes_ns >= HANDSHAKES_NS_MAX)
		return;
	begin = clock_nanoseconds();
	handshake(conn);
	set->handshakes_ns += clock_nanoseconds() - begin;
}

/*
 * Returns whether something is encrypted and not sent; then that is waited for.
 */
static bool
is_held_up(struct conn *conn)
{
	if (tls_held_bytes(conn->tls->session) == 0)
		return false;
	wait_until_writable(conn);
	return true;
}

void
conn_tls_look_after_answers(struct conn *conn)
{
	if (conn->queued && conn->write_error == 0)
		wait_until_writable(conn);
	if (is_held_up(conn) && conn->write_error == 0 &&
	    tls_held_bytes(conn->tls->session) > HELD_BYTES_MAX)
		conn_pause_input(conn, CONN_PAUSE_TLS);
}

/*
 * Returns whether the next one may follow: the socket may take more. Nothing is
 * sent while OpenSSL has read the half of a message that it would have to
 * answer: conn_tls_look_after_answers() goes on then.
 */
static bool
send_record(struct conn *conn, const char *bytes, size_t length, size_t *sent)
{
	if (tls_write(conn->tls->session, bytes, length) > 0) {
		*sent += length;
		return !is_held_up(conn);
	}
	if (!socket_error_is_passing(errno))
		conn_stop_output(conn, errno);
	return false;
}

/* -1 while the socket does not take all that is encrypted. */
static int
flush(struct conn *conn)
{
	if (tls_flush(conn->tls->session) == 0)
		return 0;
	if (socket_error_is_passing(errno)) {
		wait_until_writable(conn);
		return -1;
	}
	conn_stop_output(conn, errno);
	return 0;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Records are full, but for the last: short pieces are put together. */
size_t
conn_tls_send(struct conn *conn, const struct iovec *iov, int count)
{
	char *record = conn->set->record;
	size_t filled = 0, sent = 0;
	int i;

	for (i = 0; i < count; i++) {
		const char *bytes = iov[i].iov_base;
		size_t part, left = iov[i].iov_len;

		for (; left > 0; left -= part, bytes += part) {
			part = least(left, TLS_RECORD_BYTES - filled);
			if (part == TLS_RECORD_BYTES ||
			    (filled == 0 && i == count - 1)) {
				if (!send_record(conn, bytes, part, &sent))
					return sent;
				continue;
			}
			memcpy(record + filled, bytes, part);
			filled += part;
			if (filled < TLS_RECORD_BYTES)
				continue;
			if (!send_record(conn, record, filled, &sent))
				return sent;
			filled = 0;
		}
	}
	if (filled > 0)
		send_record(conn, record, filled, &sent);
	return sent;
}

static void
free_queue(struct conn_tls *tls)
{
	stop_waiting(tls);
	if (tls->queue != NULL)
		evbuffer_free(tls->queue);
	tls->queue = NULL;
}

/* Returns whether all is sent. */
static bool
send_queue(struct conn *conn)
{
	struct evbuffer *queue = conn->tls->queue;
	size_t before = evbuffer_get_length(queue);
	int records;

	for (records = 0; records < RECORDS_MAX; records++) {
		size_t length = evbuffer_get_length(queue), sent = 0;
		bool more;

		if (length == 0)
			return true;
		length = least(length, TLS_RECORD_BYTES);
		more = send_record(conn,
		    (char *)evbuffer_pullup(queue, (ssize_t)length), length,
		    &sent);
		evbuffer_drain(queue, sent);
		if (more)
			continue;
		/* The socket is writable, and that is not what is missing. */
		if (evbuffer_get_length(queue) == before && !is_held_up(conn))
			stop_waiting(conn->tls);
		return false;
	}
	return evbuffer_get_length(queue) == 0;
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	if (flush(conn) == -1 || conn->write_error != 0)
		return;
	conn_resume_input(conn, CONN_PAUSE_TLS);
	if (conn->queued) {
		if (!send_queue(conn))
			return;
		conn_drained(conn);
	} else if (conn->state == DRAINING) {
		/* It waited for what was encrypted already. */
		conn_set_state(conn, CLOSING);
	}
	/* The owner may have sent more, when it heard that. */
	if (!conn->queued && !is_held_up(conn))
		free_queue(conn->tls);
}

struct evbuffer *
conn_tls_output(struct conn *conn)
{
	struct conn_tls *tls = conn->tls;

	if (tls->queue == NULL) {
		tls->queue = evbuffer_new();
		wait_until_writable(conn);
	}
	return tls->queue;
}

void
conn_tls_stop_output(struct conn *conn)
{
	stop_waiting(conn->tls);
}

int
conn_tls_finish(struct conn *conn, bool say)
{
	if (say && conn->tls->ready)
		tls_finish(conn->tls->session);
	return flush(conn);
}

bool
conn_vouched_name(const struct conn *conn, char *name, size_t size)
{
	return conn->tls != NULL && conn->tls->ready &&
	    tls_peer_name(conn->tls->session, name, size);
}

void
conn_start_tls(struct conn *conn, const struct tls *tls)
{
	conn->tls = xcalloc(1, sizeof(*conn->tls));
	conn->tls->session = tls_accept(tls, conn->fd);
}

void
conn_tls_free(struct conn *conn)
{
	free_queue(conn->tls);
	tls_session_free(conn->tls->session);
	free(conn->tls);
}
