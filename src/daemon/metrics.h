/* SPDX-License-Identifier: ISC */
/*
 * The counters for a monitoring system, over HTTP, where metrics.listen says:
 *
 *	/metrics	the text format of Prometheus
 *	/healthz	200 "ready", or 503 "draining"
 *
 * In the same loop as the relay, so what it takes is bounded: few connections
 * at a time, one short request each, and little time for it.
 */
#ifndef METRICS_H
#define METRICS_H

#include <event2/event.h>
#include <stdint.h>
#include <sys/types.h>

struct metrics;
struct stats;

/* The counters as they are now, gauges included; good until the next turn. */
typedef const struct stats *metrics_measure(void *arg);

/* Whether text is an address that only this machine reaches: 0, or -1 with
 * *why. */
#define METRICS_ADDRESSES "127.0.0.1:PORT, [::1]:PORT or unix:/PATH"
int metrics_check_address(const char *text, const char **why);

/*
 * Serves at a good address; permissions are of a Unix socket, or
 * CONF_NO_PERMISSIONS. Returns NULL when it cannot be bound, which is logged.
 */
struct metrics *metrics_new(struct event_base *base, const char *address_text,
    int64_t permissions, metrics_measure *measure, void *arg);

/* From now on the daemon is not ready. NULL is allowed, here and below. */
void metrics_set_draining(struct metrics *metrics);

/* As bound_give() for its socket; a failure is logged. */
void metrics_give(const struct metrics *metrics, uid_t user, gid_t group);

void metrics_free(struct metrics *metrics);

#endif
