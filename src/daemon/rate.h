/* SPDX-License-Identifier: ISC */
/*
 * How many lines may come from somebody: a token bucket. It holds up to burst
 * tokens, gets per_second of them each second, and a line takes one. What is
 * over it is not dropped: the owner leaves it unread until it is called, and
 * gets all the tokens of that time then.
 */
#ifndef RATE_H
#define RATE_H

#include <event2/event.h>
#include <stdint.h>

struct rate;

/* A full bucket. ready(arg) is called when lines are allowed again. */
struct rate *rate_new(
    struct event_base *base, int64_t burst, void (*ready)(void *), void *arg);
/* NULL is allowed. */
void rate_free(struct rate *rate);

/*
 * Takes the tokens for as many of the whole lines at the beginning of bytes as
 * there are tokens for. Returns the length of what may be taken: when that is
 * less than length, ready() will be called.
 */
size_t rate_take(struct rate *rate, const char *bytes, size_t length,
    int64_t per_second, int64_t burst);

#endif
