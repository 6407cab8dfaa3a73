/* SPDX-License-Identifier: ISC */
/* All connections together: their limits, and the end of them all. */
#include "config.h"

#include "daemon/conn_private.h"

#include "common/clock.h"
#include "common/socket.h"
#include "common/xmalloc.h"
#include "daemon/batch.h"
#include "daemon/conf.h"

#include <event2/event.h>
#include <stdlib.h>

static void
on_idle_tick(evutil_socket_t fd, short what, void *arg)
{
	struct conn_set *set = arg;
	uint32_t now = clock_coarse_ticks();
	int64_t limit = set->conf->idle_seconds * CLOCK_TICKS;
	struct conn *conn, *next;

	(void)fd;
	(void)what;
	for (conn = TAILQ_FIRST(&set->lists[OPEN]); conn != NULL; conn = next) {
		next = TAILQ_NEXT(conn, entry);
		/* More, because of each only whole ticks are seen. */
		if (conn->paused == 0 && now - conn->heard > limit)
			conn_close(conn, CONN_IDLE);
	}
}

/*
 * Looks at all of them, but seldom: a close may be an eighth late. A tenth is
 * for this, and the rest for the ticks of the clock.
 */
void
conn_set_update(struct conn_set *set)
{
	int64_t seconds = set->conf->idle_seconds;
	struct timeval tick = {
		.tv_sec = seconds / 10,
		.tv_usec = seconds % 10 * 100000,
	};

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
conn_set_end_turn(struct conn_set *set)
{
	conn_set_reap(set);
	set->handshakes_ns = 0;
}

/* The one that would be ended first. */
static struct conn *
find_soonest(const struct conn_list *list)
{
	struct conn *conn, *soonest = NULL;

	TAILQ_FOREACH (conn, list, entry)
		if (soonest == NULL || conn->ticks_left < soonest->ticks_left)
			soonest = conn;
	return soonest;
}

void
conn_set_limit_drains(struct conn_set *set, uint64_t most)
{
	struct conn *conn;
	uint64_t bytes = 0;

	/* Of a whole batch a little may be queued. */
	TAILQ_FOREACH (conn, &set->lists[DRAINING], entry)
		bytes += conn_queued_bytes(conn) + BATCH_BYTES;
	if (bytes <= most)
		return;
	conn_close(TAILQ_FIRST(&set->lists[DRAINING]), CONN_NOT_DRAINED);
	conn_set_reap(set);
}

void
conn_set_hurry(struct conn_set *set)
{
	/*
	 * All is sent to one that lingers; one that is drained may be reading.
	 */
	struct conn *conn = find_soonest(&set->lists[LINGERING]);

	if (conn != NULL) {
		conn_set_state(conn, CLOSING);
	} else {
		conn = find_soonest(&set->lists[DRAINING]);
		if (conn == NULL)
			return;
		conn_close(conn, CONN_NOT_DRAINED);
	}
	conn_set_reap(set);
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
			if (conn->queued || conn->state == DRAINING) {
				conn->reason = CONN_NOT_DRAINED;
				socket_reset_on_close(conn->fd);
			}
			conn_free(conn);
		}
	event_free(set->idle_tick);
	free(set);
}

size_t
conn_set_count_address(const struct conn_set *set, const union peer *peer)
{
	return tally_count(&set->tally, peer);
}

size_t
conn_set_count(const struct conn_set *set)
{
	return set->count;
}
