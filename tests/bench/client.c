/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client.h"

#include "crowd.h"
#include "fail.h"

#include "common/tls.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* What may wait to be said: an answer, and a line. */
#define OUT_BYTES(crowd) (PROTO_TEXT_SIZE + (crowd)->options->line_bytes)

/* The longest part of a frame that is kept: of NATS's INFO, for example. */
#define REST_BYTES(crowd) (4096 + (crowd)->envelope.text_bytes)

static const char *
role_name(const struct client *client)
{
	return client->role == PROTO_SENDER ? "sender" : "receiver";
}

void
client_wait_for(struct crowd *crowd, struct client *client, uint32_t events)
{
	int op = client->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
	struct epoll_event event = { .events = events, .data.ptr = client };

	if (events == client->events)
		return;
	if (epoll_ctl(crowd->epoll, op, client->fd, &event) == -1)
		fail("epoll_ctl: %s", strerror(errno));
	client->events = events;
}

void
client_open(struct crowd *crowd, struct client *client)
{
	const struct options *options = crowd->options;
	const void *address = &options->server;
	int on = 1;

	client->fd = socket(options->server.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd == -1)
		fail("socket: %s", strerror(errno));
	if (setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ==
	    -1)
		fail("TCP_NODELAY: %s", strerror(errno));
	if (connect(client->fd, address, options->server_length) == -1 &&
	    errno != EINPROGRESS)
		fail("connect: %s", strerror(errno));
	client->state = CLIENT_CONNECTING;
	client_wait_for(crowd, client, EPOLLOUT);
}

/* Waits for the server: it has nothing else to do yet. */
static void
start_tls(struct crowd *crowd, struct client *client)
{
	int flags = fcntl(client->fd, F_GETFL);

	client->tls = tls_connect(crowd->options->tls, "localhost");
	tls_set_socket(client->tls, client->fd);
	fcntl(client->fd, F_SETFL, flags & ~O_NONBLOCK);
	if (tls_handshake(client->tls) == -1)
		fail("%s %u: no handshake", role_name(client), client->number);
	fcntl(client->fd, F_SETFL, flags);
}

static void
connected(struct crowd *crowd, struct client *client)
{
	char greeting[PROTO_TEXT_SIZE];
	int error = 0;
	socklen_t length = sizeof(error);

	getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length);
	if (error != 0)
		fail("%s %u: connect: %s", role_name(client), client->number,
		    strerror(error));
	if (crowd->options->tls != NULL)
		start_tls(crowd, client);
	client->state = CLIENT_JOINING;
	crowd->connected++;
	client_say(crowd, client, greeting,
	    crowd->options->protocol->greet(
		greeting, client->role, client->number));
	client_flush(crowd, client);
}

void
client_say(struct crowd *crowd, struct client *client, const char *bytes,
    size_t length)
{
	if (length == 0)
		return;
	if (client->out == NULL)
		client->out = allocate(1, OUT_BYTES(crowd));
	if (length > OUT_BYTES(crowd) - client->out_bytes)
		fail("%s %u: the server does not read", role_name(client),
		    client->number);
	memcpy(client->out + client->out_bytes, bytes, length);
	client->out_bytes += length;
}

static ssize_t
send_record(struct client *client, const char *bytes, size_t length)
{
	ssize_t sent;

	if (client->pending > 0)
		length = client->pending;
	else if (length > TLS_RECORD_BYTES)
		length = TLS_RECORD_BYTES;
	sent = tls_write(client->tls, bytes, length);
	client->pending = sent == -1 ? length : 0;
	return sent;
}

/* Returns what the socket took. */
static size_t
send_some(struct client *client, const char *bytes, size_t length)
{
	ssize_t sent = client->tls == NULL
	    ? send(client->fd, bytes, length, MSG_NOSIGNAL)
	    : send_record(client, bytes, length);

	if (sent == -1 && errno != EAGAIN)
		fail("%s %u: send: %s", role_name(client), client->number,
		    strerror(errno));
	return sent == -1 ? 0 : (size_t)sent;
}

static size_t
send_out(struct client *client)
{
	size_t sent = send_some(client, client->out, client->out_bytes);

	client->out_bytes -= sent;
	memmove(client->out, client->out + sent, client->out_bytes);
	return client->out_bytes;
}

/* Lines; but only to the end of this one when something else is to be said. */
static size_t
send_lines(struct crowd *crowd, struct client *client)
{
	struct lines *lines = client->lines;
	size_t most = crowd->options->write_lines * lines->slot_bytes;
	const char *bytes;
	size_t length = lines_next_bytes(lines, &bytes), sent;

	if (client->out_bytes > 0)
		most = lines->slot_bytes;
	if (most > 0)
		most -= (size_t)(lines->sent_bytes % lines->slot_bytes);
	if (most > 0 && length > most)
		length = most;
	sent = send_some(client, bytes, length);
	lines->sent_bytes += sent;
	return length - sent;
}

void
client_flush(struct crowd *crowd, struct client *client)
{
	struct lines *lines = client->lines;
	const char *bytes;
	size_t unsent = 0;

	while (unsent == 0) {
		if (client->out_bytes > 0 &&
		    (lines == NULL || lines_at_boundary(lines)))
			unsent = send_out(client);
		else if (lines != NULL && lines_next_bytes(lines, &bytes) > 0)
			unsent = send_lines(crowd, client);
		else
			break;
	}
	client_wait_for(
	    crowd, client, unsent > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void
is_ready(struct crowd *crowd, struct client *client)
{
	if (client->state != CLIENT_JOINING)
		return;
	client->state = CLIENT_READY;
	crowd->ready++;
}

static void
sample(struct crowd *crowd, const char *text, uint64_t *read_ns)
{
	if (*read_ns == 0)
		*read_ns = now_ns();
	latency_add(crowd->latency, *read_ns - lines_stamp_ns(text));
}

/* One line. The time is asked for once a read, if at all. */
static void
deliver(struct crowd *crowd, struct client *client, const char *text,
    uint64_t *read_ns)
{
	uint32_t senders = crowd->options->senders;
	unsigned sender = 0;

	if (text[0] == CROWD_PROBE) {
		is_ready(crowd, client);
		return;
	}
	if (senders > 1)
		sender = lines_sender(text);
	if (sender >= senders ||
	    !lines_deliver(&crowd->lines[sender], client->next[sender], text))
		fail("receiver %u: wrong line, not number %ju of sender %u: "
		     "\"%.*s\"",
		    client->number,
		    (uintmax_t)(sender < senders ? client->next[sender] : 0),
		    sender, LINES_TEXT_MIN, text);
	if (client->next[sender] % crowd->sample_every == 0)
		sample(crowd, text, read_ns);
	client->next[sender]++;
	crowd->deliveries++;
}

static void
answer(struct crowd *crowd, struct client *client, const struct frame *frame)
{
	if (frame->answer[0] == '\0')
		return;
	client_say(crowd, client, frame->answer, strlen(frame->answer));
	client_flush(crowd, client);
}

static _Noreturn void
fail_refused(const struct client *client, const char *answer, size_t length)
{
	size_t i;

	for (i = 0; i < length && isprint((unsigned char)answer[i]); i++)
		continue;
	fail("%s %u: the server said: %.*s", role_name(client), client->number,
	    (int)i, answer);
}

/* Returns how many of the bytes were whole frames. */
static size_t
parse(
    struct crowd *crowd, struct client *client, const char *data, size_t length)
{
	const struct protocol *protocol = crowd->options->protocol;
	uint64_t read_ns = 0;
	struct frame frame;
	size_t at = 0;

	while (at < length) {
		proto_next(protocol, &crowd->envelope, client->role, data + at,
		    length - at, &frame);
		if (frame.kind == FRAME_PARTIAL)
			break;
		if (frame.kind == FRAME_LINE)
			deliver(crowd, client, frame.text, &read_ns);
		else if (frame.kind == FRAME_READY)
			is_ready(crowd, client);
		else if (frame.kind == FRAME_ERROR)
			fail_refused(client, data + at, length - at);
		answer(crowd, client, &frame);
		at += frame.bytes;
	}
	return at;
}

static void
keep_rest(
    struct crowd *crowd, struct client *client, const char *rest, size_t length)
{
	client->rest_bytes = length;
	if (length == 0)
		return;
	if (length > REST_BYTES(crowd))
		fail("%s %u: an endless frame", role_name(client),
		    client->number);
	if (client->rest == NULL)
		client->rest = allocate(1, REST_BYTES(crowd));
	memcpy(client->rest, rest, length);
}

/* The senders of raw lines hear the others; that is only counted. */
static void
overhear(struct crowd *crowd, struct client *client, size_t length)
{
	uint64_t before = client->heard_bytes / crowd->options->line_bytes;

	if (crowd->options->senders == 1)
		fail("the sender hears itself");
	is_ready(crowd, client);
	client->heard_bytes += length;
	crowd->deliveries +=
	    client->heard_bytes / crowd->options->line_bytes - before;
}

static ssize_t
receive_records(struct client *client, char *buffer)
{
	size_t length = 0;
	ssize_t got;

	while (CLIENT_READ_BYTES - length >= TLS_RECORD_BYTES &&
	    (got = tls_read(
		 client->tls, buffer + length, CLIENT_READ_BYTES - length)) > 0)
		length += (size_t)got;
	return length > 0 ? (ssize_t)length : got;
}

static void
receive(struct crowd *crowd, struct client *client)
{
	char *buffer = crowd->buffer;
	size_t length = client->rest_bytes, parsed;
	ssize_t got;

	memcpy(buffer, client->rest == NULL ? "" : client->rest, length);
	got = client->tls == NULL
	    ? recv(client->fd, buffer + length, CLIENT_READ_BYTES, 0)
	    : receive_records(client, buffer + length);
	if (got == -1 && errno == EAGAIN)
		return;
	if (got <= 0)
		fail("%s %u: closed by the server (%s)", role_name(client),
		    client->number,
		    got == 0 ? "end of input" : strerror(errno));
	if (client->role == PROTO_SENDER && crowd->options->protocol->probed) {
		overhear(crowd, client, (size_t)got);
		return;
	}
	length += (size_t)got;
	parsed = parse(crowd, client, buffer, length);
	keep_rest(crowd, client, buffer + parsed, length - parsed);
}

void
client_event(struct crowd *crowd, struct client *client, uint32_t events)
{
	switch (client->state) {
	case CLIENT_CONNECTING:
		connected(crowd, client);
		break;
	case CLIENT_STALLED:
		close(client->fd);
		client->state = CLIENT_CLOSED;
		crowd->stalled_closed++;
		break;
	case CLIENT_JOINING:
	case CLIENT_READY:
		if (events & EPOLLOUT)
			client_flush(crowd, client);
		if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			receive(crowd, client);
		break;
	case CLIENT_NEW:
	case CLIENT_CLOSED:
		break;
	}
}
