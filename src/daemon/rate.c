/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/rate.h"

#include "common/clock.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

/*
 * Woken for each line, a client at a high rate would cost more than it has to.
 */
#define WAIT_LEAST 0.02 /* seconds */

struct rate {
	double tokens;
	double counted; /* seconds of CLOCK_MONOTONIC */
	double waited;	/* seconds of them, until the timer's last call */
	struct event *timer;
	void (*ready)(void *);
	void *arg;
};

static double
now(void)
{
	return (double)clock_nanoseconds() / 1e9;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct rate *rate = arg;

	(void)fd;
	(void)what;
	rate->waited = now() - rate->counted;
	rate->ready(rate->arg);
}

struct rate *
rate_new(
    struct event_base *base, int64_t burst, void (*ready)(void *), void *arg)
{
	struct rate *rate = xcalloc(1, sizeof(*rate));

	rate->tokens = (double)burst;
	rate->counted = now();
	rate->timer = evtimer_new(base, on_timer, rate);
	rate->ready = ready;
	rate->arg = arg;
	return rate;
}

void
rate_free(struct rate *rate)
{
	if (rate == NULL)
		return;
	event_free(rate->timer);
	free(rate);
}

/* A wait may bring more than the bucket holds: else it would set the rate. */
static void
refill(struct rate *rate, double per_second, double burst)
{
	double time = now(), most = 1 + rate->waited * per_second;

	rate->tokens += (time - rate->counted) * per_second;
	rate->counted = time;
	rate->waited = 0;
	if (most < burst)
		most = burst;
	if (rate->tokens > most)
		rate->tokens = most;
}

static void
await_token(struct rate *rate, double per_second)
{
	double seconds = (1 - rate->tokens) / per_second;
	struct timeval wait;

	if (seconds < WAIT_LEAST)
		seconds = WAIT_LEAST;
	wait.tv_sec = (time_t)seconds;
	wait.tv_usec = (suseconds_t)((seconds - (double)wait.tv_sec) * 1e6);
	event_add(rate->timer, &wait);
}

size_t
rate_take(struct rate *rate, const char *bytes, size_t length,
    int64_t per_second, int64_t burst)
{
	const char *at = bytes, *end = bytes + length, *lf;

	refill(rate, (double)per_second, (double)burst);
	while ((lf = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		if (rate->tokens < 1) {
			await_token(rate, (double)per_second);
			return (size_t)(at - bytes);
		}
		rate->tokens--;
		at = lf + 1;
	}
	return length;
}
