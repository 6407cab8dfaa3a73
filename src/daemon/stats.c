/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/stats.h"

#include "common/log.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#define SECOND	  1000000000 /* nanoseconds */
#define LINE_SIZE 1024

static const uint64_t bytes_bounds[STATS_BOUNDS] = { 64, 256, 1024, 4096, 16384,
	65536, 262144, 1048576 };
static const uint64_t lines_bounds[STATS_BOUNDS] = { 1, 4, 16, 64, 256, 1024,
	4096, 16384 };
/* 10 us to 1 s */
static const uint64_t seconds_bounds[STATS_BOUNDS] = { 10000, 50000, 250000,
	1000000, 5000000, 25000000, 100000000, SECOND };

/* clang-format off */
#define FIELD(field) .offset = offsetof(struct stats, field), .units = 1

const struct stats_row stats_rows[] = {
	{ "clients", STATS_GAUGE, FIELD(clients),
	  .help = "connections now, those that are being closed among them" },
	{ "rooms", STATS_GAUGE, FIELD(rooms),
	  .help = "rooms now" },
	{ "backlog_bytes", STATS_GAUGE, FIELD(backlog_bytes),
	  .help = "what is kept now for clients that are behind, once for all "
		  "of a room" },
	{ "backlog_batches", STATS_GAUGE, FIELD(backlog_batches),
	  .help = "batches of lines that this is kept in, each shared by all "
		  "that need it" },
	{ "pinned_bytes", STATS_GAUGE, FIELD(pinned_bytes),
	  .help = "memory of lines that is kept for clients that have left "
		  "their room, and for nobody else in it" },
	{ "heap_bytes", STATS_GAUGE, FIELD(heap_bytes),
	  .help = "memory that is allocated now; 0 where the C library does "
		  "not tell" },
	{ "accepted", STATS_COUNTER, FIELD(accepted),
	  .help = "connections that were accepted" },
	{ "closed", STATS_BY_REASON, FIELD(closed),
	  .help = "connections that have ended" },
	{ "refused", STATS_BY_REFUSAL, FIELD(closed),
	  .help = "of these, the ones that the daemon turned away before they "
		  "were in a room" },
	{ "lines_in", STATS_COUNTER, FIELD(lines_in),
	  .help = "lines that came from clients" },
	{ "bytes_in", STATS_COUNTER, FIELD(bytes_in),
	  .help = "bytes that came from clients" },
	{ "lines_out", STATS_COUNTER, FIELD(lines_out),
	  .help = "deliveries: lines that were sent or queued, each counted "
		  "for every client that it is for" },
	{ "bytes_out", STATS_COUNTER, FIELD(bytes_out),
	  .help = "bytes that were sent or queued for clients" },
	{ "lines_lost", STATS_COUNTER, FIELD(lines_lost),
	  .help = "of these lines, those that were queued and never sent: "
		  "their connection ended, or they were left out" },
	{ "bytes_lost", STATS_COUNTER, FIELD(bytes_lost),
	  .help = "of these bytes, those that were queued and never sent" },
	{ "shared_rounds", STATS_COUNTER, FIELD(shared_rounds),
	  .help = "fan-outs that the kernel sent to everybody from the same "
		  "pages" },
	{ "lines_skipped", STATS_COUNTER, FIELD(lines_skipped),
	  .help = "lines that were left out for clients that read too slowly, "
		  "each counted for every client" },
	{ "paused_seconds", STATS_COUNTER,
	  .offset = offsetof(struct stats, paused_ms), .units = 1000,
	  .help = "time that senders of a room waited for its readers, summed "
		  "over rooms" },
	{ "reloads", STATS_COUNTER, FIELD(reloads),
	  .help = "times that the configuration was read again" },
	{ "reloads_failed", STATS_COUNTER, FIELD(reloads_failed),
	  .help = "times that it was read again and had an error" },
	{ "transcript_lines_lost", STATS_COUNTER,
	  FIELD(transcript_lines_lost),
	  .help = "lines that are missing in transcripts, because they could "
		  "not be written" },
	{ "batch_bytes", STATS_HISTOGRAM, FIELD(batch_bytes),
	  .bounds = bytes_bounds,
	  .help = "bytes that were gathered for a fan-out" },
	{ "batch_lines", STATS_HISTOGRAM, FIELD(batch_lines),
	  .bounds = lines_bounds,
	  .help = "lines that were gathered for a fan-out" },
	{ "batch_seconds", STATS_HISTOGRAM,
	  .offset = offsetof(struct stats, batch_seconds), .units = SECOND,
	  .bounds = seconds_bounds,
	  .help = "from the first line of a fan-out to the end of its last "
		  "send" },
	{ .name = NULL },
};
/* clang-format on */

static void
observe(
    struct stats_histogram *histogram, const uint64_t *bounds, uint64_t value)
{
	int i = 0;

	while (i < STATS_BOUNDS && value > bounds[i])
		i++;
	histogram->counts[i]++;
	histogram->sum += value;
}

void
stats_count_batch(
    struct stats *stats, uint64_t bytes, uint64_t lines, uint64_t nanoseconds)
{
	observe(&stats->batch_bytes, bytes_bounds, bytes);
	observe(&stats->batch_lines, lines_bounds, lines);
	observe(&stats->batch_seconds, seconds_bounds, nanoseconds);
}

static const void *
field(const struct stats *stats, const struct stats_row *row)
{
	return (const char *)stats + row->offset;
}

/* A value of the field in the units that are shown. */
static const char *
format(const struct stats_row *row, uint64_t value, char *text, size_t size)
{
	if (row->units == 1)
		snprintf(text, size, "%" PRIu64, value);
	else
		snprintf(
		    text, size, "%.15g", (double)value / (double)row->units);
	return text;
}

static uint64_t
histogram_count(const struct stats_histogram *histogram)
{
	uint64_t count = 0;
	int i;

	for (i = 0; i <= STATS_BOUNDS; i++)
		count += histogram->counts[i];
	return count;
}

/* All that is one number, in one line. */
static void
log_numbers(const struct stats *stats)
{
	char line[LINE_SIZE] = "", value[32];
	const struct stats_row *row;
	size_t length = 0;

	for (row = stats_rows; row->name != NULL; row++) {
		const uint64_t *number = field(stats, row);

		if (row->type != STATS_COUNTER && row->type != STATS_GAUGE)
			continue;
		if (length < sizeof(line))
			length += (size_t)snprintf(line + length,
			    sizeof(line) - length, " %s=%s", row->name,
			    format(row, *number, value, sizeof(value)));
	}
	log_info("counters%s", line);
}

static void
log_reasons(const struct stats *stats, const struct stats_row *row)
{
	const uint64_t *numbers = field(stats, row);
	int reason;

	for (reason = CONN_NO_REASON + 1; reason < CONN_REASONS; reason++)
		log_info("counters reason=\"%s\" %s=%" PRIu64,
		    conn_reason_text(reason), row->name, numbers[reason]);
}

static void
log_histogram(const struct stats *stats, const struct stats_row *row)
{
	const struct stats_histogram *histogram = field(stats, row);
	char sum[32];

	log_info("counters histogram=%s count=%" PRIu64 " sum=%s", row->name,
	    histogram_count(histogram),
	    format(row, histogram->sum, sum, sizeof(sum)));
}

void
stats_log(const struct stats *stats)
{
	const struct stats_row *row;

	log_numbers(stats);
	for (row = stats_rows; row->name != NULL; row++) {
		if (row->type == STATS_BY_REASON)
			log_reasons(stats, row);
		else if (row->type == STATS_HISTOGRAM)
			log_histogram(stats, row);
	}
}

static void
write_reasons(
    const struct stats *stats, const struct stats_row *row, struct evbuffer *to)
{
	const uint64_t *numbers = field(stats, row);
	int reason;

	for (reason = CONN_NO_REASON + 1; reason < CONN_REASONS; reason++) {
		if (row->type == STATS_BY_REFUSAL &&
		    !conn_reason_is_refusal(reason))
			continue;
		evbuffer_add_printf(to,
		    "tcprelayd_%s_total{reason=\"%s\"} %" PRIu64 "\n",
		    row->name, conn_reason_text(reason), numbers[reason]);
	}
}

/* Buckets are cumulative here. */
static void
write_histogram(
    const struct stats *stats, const struct stats_row *row, struct evbuffer *to)
{
	const struct stats_histogram *histogram = field(stats, row);
	uint64_t count = histogram_count(histogram), below = 0;
	char value[32];
	int i;

	for (i = 0; i < STATS_BOUNDS; i++) {
		below += histogram->counts[i];
		evbuffer_add_printf(to,
		    "tcprelayd_%s_bucket{le=\"%s\"} %" PRIu64 "\n", row->name,
		    format(row, row->bounds[i], value, sizeof(value)), below);
	}
	evbuffer_add_printf(to,
	    "tcprelayd_%s_bucket{le=\"+Inf\"} %" PRIu64 "\n"
	    "tcprelayd_%s_sum %s\n"
	    "tcprelayd_%s_count %" PRIu64 "\n",
	    row->name, count, row->name,
	    format(row, histogram->sum, value, sizeof(value)), row->name,
	    count);
}

static void
write_row(
    const struct stats *stats, const struct stats_row *row, struct evbuffer *to)
{
	static const char *const types[] = {
		[STATS_COUNTER] = "counter",
		[STATS_GAUGE] = "gauge",
		[STATS_BY_REASON] = "counter",
		[STATS_BY_REFUSAL] = "counter",
		[STATS_HISTOGRAM] = "histogram",
	};
	bool reasons =
	    row->type == STATS_BY_REASON || row->type == STATS_BY_REFUSAL;
	bool counts = reasons || row->type == STATS_COUNTER;
	const char *suffix = counts ? "_total" : "";
	const uint64_t *number = field(stats, row);
	char value[32];

	evbuffer_add_printf(to,
	    "# HELP tcprelayd_%s%s %s\n# TYPE tcprelayd_%s%s %s\n", row->name,
	    suffix, row->help, row->name, suffix, types[row->type]);
	if (reasons)
		write_reasons(stats, row, to);
	else if (row->type == STATS_HISTOGRAM)
		write_histogram(stats, row, to);
	else
		evbuffer_add_printf(to, "tcprelayd_%s%s %s\n", row->name,
		    suffix, format(row, *number, value, sizeof(value)));
}

void
stats_write(const struct stats *stats, struct evbuffer *to)
{
	const struct stats_row *row;

	evbuffer_add_printf(to,
	    "# HELP tcprelayd_build_info which version this is\n"
	    "# TYPE tcprelayd_build_info gauge\n"
	    "tcprelayd_build_info{version=\"%s\"} 1\n",
	    PACKAGE_VERSION);
	for (row = stats_rows; row->name != NULL; row++)
		write_row(stats, row, to);
}
