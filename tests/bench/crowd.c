/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "crowd.h"

#include "fail.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 1024
#define NS_PER_MS  1000000

/* How long a probe may take before another one is sent. */
#define PROBE_MS 20

/* The time between two attempts to reach a server that is starting. */
#define RETRY_MS 10

/* Lines on their way at a fixed rate: more than this, and it is not kept. */
#define RATE_LINES_MAX 16384

/* Of one line out of so many the latency is taken, when they come in bulk. */
#define SAMPLE_EVERY 64

uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void
crowd_await_server(const struct options *options, uint64_t deadline_ns)
{
	const void *address = &options->server;
	int fd, result;

	do {
		fd = socket(options->server.ss_family, SOCK_STREAM, 0);
		result = connect(fd, address, options->server_length);
		close(fd);
		if (result == 0)
			return;
		poll(NULL, 0, RETRY_MS);
	} while (now_ns() < deadline_ns && kill(options->pid, 0) == 0);
	fail("the server takes no connections");
}

/* Descriptors for everybody. */
static void
raise_limit(uint32_t clients)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1 ||
	    limit.rlim_max < clients + 16)
		fail("%u clients need a higher limit of descriptors (ulimit "
		     "-Hn)",
		    clients);
}

static void
init_clients(struct crowd *crowd)
{
	const struct options *options = crowd->options;
	uint32_t senders = options->senders, i;

	for (i = 0; i < crowd->client_count; i++) {
		struct client *client = &crowd->clients[i];

		if (i < senders) {
			client->role = PROTO_SENDER;
			client->number = i;
			client->lines = &crowd->lines[i];
			lines_init(client->lines, &crowd->envelope, i,
			    options->rate > 0 ? RATE_LINES_MAX
					      : options->window);
		} else {
			client->role =
			    options->idle ? PROTO_IDLE : PROTO_RECEIVER;
			client->number = i - senders;
			client->next = allocate(senders, sizeof(*client->next));
		}
	}
}

void
crowd_init(struct crowd *crowd, const struct options *options,
    struct latency *latency, uint64_t deadline_ns)
{
	struct epoll_event event = { .events = EPOLLIN };

	memset(crowd, 0, sizeof(*crowd));
	crowd->options = options;
	crowd->latency = latency;
	crowd->deadline_ns = deadline_ns;
	crowd->sample_every = options->rate > 0 ? 1 : SAMPLE_EVERY;
	proto_seal(
	    options->protocol, options->line_bytes - 1, &crowd->envelope);
	crowd->client_count = options->senders + options->receivers;
	raise_limit(crowd->client_count);
	crowd->clients = allocate(crowd->client_count, sizeof(*crowd->clients));
	crowd->lines = allocate(options->senders, sizeof(*crowd->lines));
	crowd->buffer = allocate(2, CLIENT_READ_BYTES);
	init_clients(crowd);
	crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
	crowd->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	if (crowd->epoll == -1 || crowd->timer == -1 ||
	    epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, crowd->timer, &event) == -1)
		fail("epoll: %s", strerror(errno));
}

static void
fail_late(const struct crowd *crowd)
{
	uint64_t missing = 0;
	uint32_t i;

	for (i = 0; i < crowd->options->senders; i++)
		missing += lines_missing(&crowd->lines[i]);
	fail("timeout: in %u of %u, deliveries %ju, missing %ju", crowd->ready,
	    crowd->client_count, (uintmax_t)crowd->deliveries,
	    (uintmax_t)missing);
}

/* A timer, because epoll_wait(2) counts in milliseconds. */
static void
set_timer(struct crowd *crowd, uint64_t wake_ns)
{
	struct itimerspec at = {
		.it_value.tv_sec = (time_t)(wake_ns / 1000000000),
		.it_value.tv_nsec = (long)(wake_ns % 1000000000),
	};

	timerfd_settime(crowd->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

void
crowd_turn(struct crowd *crowd, uint64_t wake_ns)
{
	struct epoll_event events[EVENTS_MAX];
	uint64_t expirations, now = now_ns();
	int i, count;

	if (now >= crowd->deadline_ns)
		fail_late(crowd);
	if (wake_ns != CROWD_NEVER)
		set_timer(crowd, wake_ns);
	count = epoll_wait(crowd->epoll, events, EVENTS_MAX,
	    (int)((crowd->deadline_ns - now) / NS_PER_MS) + 1);
	for (i = 0; i < count; i++) {
		if (events[i].data.ptr != NULL)
			client_event(
			    crowd, events[i].data.ptr, events[i].events);
		else if (read(crowd->timer, &expirations,
			     sizeof(expirations)) == -1)
			continue; /* it was set anew meanwhile */
	}
}

/*
 * Where nothing tells a client that it is in, the first sender sends lines
 * until each of the others has got one.
 */
static void
probe(struct crowd *crowd)
{
	struct client *first = &crowd->clients[0];
	size_t length = crowd->options->line_bytes;

	if (first->out_bytes > 0)
		return;
	memset(crowd->buffer, CROWD_PROBE, length - 1);
	crowd->buffer[length - 1] = '\n';
	client_say(crowd, first, crowd->buffer, length);
	client_flush(crowd, first);
}

/* How many more may be on their way in: a server's queue is short. */
static uint32_t
burst_left(const struct crowd *crowd)
{
	const struct options *options = crowd->options;
	bool by_probe = options->protocol->probed;
	/* One probe is enough for a crowd that is only counted. */
	uint32_t in =
	    by_probe && options->idle ? crowd->connected : crowd->ready;

	/* The first sender hears no probe, it is in when it is heard. */
	if (by_probe && !options->idle && crowd->connected > 0)
		in++;
	return crowd->opened - in < options->burst
	    ? options->burst - (crowd->opened - in)
	    : 0;
}

static void
open_some(struct crowd *crowd)
{
	uint32_t left = burst_left(crowd);

	while (left-- > 0 && crowd->opened < crowd->client_count)
		client_open(crowd, &crowd->clients[crowd->opened++]);
}

static bool
may_probe(const struct crowd *crowd)
{
	return crowd->connected == crowd->opened &&
	    (!crowd->options->idle || crowd->opened == crowd->client_count);
}

void
crowd_join(struct crowd *crowd)
{
	bool by_probe = crowd->options->protocol->probed;
	uint32_t wanted = crowd->client_count - (by_probe ? 1 : 0);
	uint64_t next_probe_ns = 0, now;

	while (crowd->ready < wanted) {
		open_some(crowd);
		now = now_ns();
		if (by_probe && may_probe(crowd) && now >= next_probe_ns) {
			probe(crowd);
			next_probe_ns = now + PROBE_MS * NS_PER_MS;
		}
		crowd_turn(crowd, by_probe ? next_probe_ns : CROWD_NEVER);
		if (burst_left(crowd) == crowd->options->burst)
			next_probe_ns = 0;
	}
}

uint32_t
crowd_readers(const struct crowd *crowd)
{
	return crowd->options->receivers - crowd->options->stalled;
}

void
crowd_stall(struct crowd *crowd)
{
	uint32_t i;

	for (i = 0; i < crowd->options->stalled; i++) {
		struct client *client =
		    &crowd->clients[crowd->client_count - 1 - i];

		client->state = CLIENT_STALLED;
		client_wait_for(crowd, client, EPOLLRDHUP);
	}
}

void
crowd_leave(struct crowd *crowd)
{
	struct linger none = { .l_onoff = 1, .l_linger = 0 };
	uint32_t i;

	for (i = 0; i < crowd->client_count; i++) {
		struct client *client = &crowd->clients[i];

		if (client->state == CLIENT_CLOSED)
			continue;
		/* It fails only where the server was first. */
		(void)setsockopt(
		    client->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
		close(client->fd);
	}
}
