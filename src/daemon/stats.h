/* SPDX-License-Identifier: ISC */
/*
 * The daemon's counters, since its start.
 *
 * Who counts adds to a field of struct stats, a plain integer, and nothing
 * else. The table stats_rows says what the fields are; the answer to SIGUSR1,
 * the metrics, and the test that tcprelayd(8) names them all are made from it.
 * To add a counter, add a field and a row.
 *
 * Gauges that somebody else knows are filled in by server.c when they are
 * asked for.
 */
#ifndef STATS_H
#define STATS_H

#include "daemon/conn.h"

#include <stddef.h>
#include <stdint.h>

struct evbuffer;

enum stats_type {
	STATS_COUNTER,
	STATS_GAUGE,
	STATS_BY_REASON,  /* a counter for each enum conn_reason */
	STATS_BY_REFUSAL, /* for each that is a refusal; not in the log */
	STATS_HISTOGRAM
};

/* How many values were at most bounds[i], and more than those before it. */
#define STATS_BOUNDS 8
struct stats_histogram {
	uint64_t counts[STATS_BOUNDS + 1];
	uint64_t sum;
};

struct stats {
	uint64_t clients; /* gauges */
	uint64_t rooms;
	uint64_t backlog_bytes, backlog_batches;
	uint64_t pinned_bytes; /* counted as it changes */
	uint64_t heap_bytes;
	uint64_t accepted; /* counters */
	uint64_t lines_in, bytes_in;
	uint64_t lines_out, bytes_out;	 /* taken by the kernel, or queued; */
	uint64_t lines_lost, bytes_lost; /* of them, never sent */
	uint64_t closed[CONN_REASONS];
	uint64_t shared_rounds;
	uint64_t transcript_lines_lost;
	uint64_t reloads, reloads_failed;
	uint64_t lines_skipped;
	uint64_t paused_ms;
	struct stats_histogram batch_bytes, batch_lines, batch_seconds;
};

struct stats_row {
	const char *name; /* "lines_in" */
	enum stats_type type;
	size_t offset;		/* of its field: uint64_t, or a histogram */
	uint64_t units;		/* of the field, in one of what is shown */
	const uint64_t *bounds; /* of a histogram: STATS_BOUNDS of them */
	const char *help;
};

/* Ends with a row that has no name. */
extern const struct stats_row stats_rows[];

/* Of a fan-out: what it sent, and how long the first line had waited then. */
void stats_count_batch(
    struct stats *stats, uint64_t bytes, uint64_t lines, uint64_t nanoseconds);

/* Writes them to the log. */
void stats_log(const struct stats *stats);

/* Appends them in the text format of Prometheus. */
void stats_write(const struct stats *stats, struct evbuffer *to);

#endif
