/* SPDX-License-Identifier: ISC */
/*
 * Guards against a counter that tcprelayd(8) does not name or tells otherwise,
 * and against metrics that nothing can read.
 *
 * The manual page is found through $TCPRELAY_MAN_DAEMON.
 */
#include "config.h"

#include "unit.h"

#include "daemon/stats.h"

#include <ctype.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAN_SIZE (1 << 20)

/* The manual page, with a space for each line end. */
static char *
read_man(void)
{
	const char *path = getenv("TCPRELAY_MAN_DAEMON");
	char *text = calloc(1, MAN_SIZE), *at;
	FILE *file = path == NULL ? NULL : fopen(path, "r");

	if (file == NULL)
		fail_msg("TCPRELAY_MAN_DAEMON: cannot be read");
	assert_true(fread(text, 1, MAN_SIZE - 1, file) > 0 && feof(file));
	fclose(file);
	for (at = text; *at != '\0'; at++)
		if (*at == '\n')
			*at = ' ';
	return text;
}

static void
test_the_man_page_has_every_counter(void **state)
{
	static const char *const types[] = {
		[STATS_COUNTER] = "counter",
		[STATS_GAUGE] = "gauge",
		[STATS_BY_REASON] = "counter",
		[STATS_BY_REFUSAL] = "counter",
		[STATS_HISTOGRAM] = "histogram",
	};
	char *man = read_man(), wanted[512];
	const struct stats_row *row;

	(void)state;
	for (row = stats_rows; row->name != NULL; row++) {
		snprintf(wanted, sizeof(wanted), " .It Li %s Pq %s %c%s. ",
		    row->name, types[row->type], toupper(row->help[0]),
		    row->help + 1);
		if (strstr(man, wanted) == NULL)
			fail_msg("tcprelayd(8) has no \"%s\"", wanted);
	}
	free(man);
}

static void
test_the_man_page_has_every_reason(void **state)
{
	char *man = read_man(), wanted[128];
	int reason;

	(void)state;
	for (reason = CONN_NO_REASON + 1; reason < CONN_REASONS; reason++) {
		snprintf(wanted, sizeof(wanted), " .It Li %s ",
		    conn_reason_text(reason));
		if (strstr(man, wanted) == NULL)
			fail_msg("tcprelayd(8) has no \"%s\"", wanted);
	}
	free(man);
}

/* The metrics, for free(3). */
static char *
metrics(const struct stats *stats)
{
	struct evbuffer *buffer = evbuffer_new();
	char *text;

	stats_write(stats, buffer);
	text = calloc(1, evbuffer_get_length(buffer) + 1);
	evbuffer_remove(buffer, text, evbuffer_get_length(buffer));
	evbuffer_free(buffer);
	return text;
}

static void
expect(const char *text, const char *wanted)
{
	if (strstr(text, wanted) == NULL)
		fail_msg("there is no\n%s\nin\n%s", wanted, text);
}

static void
test_a_counter_a_gauge_and_a_reason(void **state)
{
	struct stats stats = { .clients = 3, .lines_in = 5000000000 };
	char *text;

	(void)state;
	stats.closed[CONN_RESET] = 7;
	stats.closed[CONN_SERVER_FULL] = 8;
	text = metrics(&stats);
	expect(text, "\n# TYPE tcprelayd_clients gauge\ntcprelayd_clients 3\n");
	expect(text,
	    "\n# TYPE tcprelayd_lines_in_total counter\n"
	    "tcprelayd_lines_in_total 5000000000\n");
	expect(text, "\ntcprelayd_closed_total{reason=\"reset\"} 7\n");
	expect(text, "\ntcprelayd_closed_total{reason=\"shutdown\"} 0\n");
	expect(text, "\ntcprelayd_closed_total{reason=\"server full\"} 8\n");
	expect(text, "\ntcprelayd_refused_total{reason=\"server full\"} 8\n");
	assert_null(strstr(text, "refused_total{reason=\"reset\""));
	expect(text,
	    "\ntcprelayd_build_info{version=\"" PACKAGE_VERSION "\"} 1\n");
	free(text);
}

/* A bucket holds what is at most its bound, and all of the buckets before. */
static void
test_a_histogram_is_cumulative(void **state)
{
	struct stats stats = { 0 };
	char *text;

	(void)state;
	stats_count_batch(&stats, 64, 1, 10000);
	stats_count_batch(&stats, 65, 4, 10001);
	stats_count_batch(&stats, 100000000, 5, 2500000000);
	text = metrics(&stats);
	expect(text,
	    "\n# TYPE tcprelayd_batch_bytes histogram\n"
	    "tcprelayd_batch_bytes_bucket{le=\"64\"} 1\n"
	    "tcprelayd_batch_bytes_bucket{le=\"256\"} 2\n");
	expect(text,
	    "\ntcprelayd_batch_bytes_bucket{le=\"1048576\"} 2\n"
	    "tcprelayd_batch_bytes_bucket{le=\"+Inf\"} 3\n"
	    "tcprelayd_batch_bytes_sum 100000129\n"
	    "tcprelayd_batch_bytes_count 3\n");
	expect(text,
	    "\ntcprelayd_batch_lines_bucket{le=\"1\"} 1\n"
	    "tcprelayd_batch_lines_bucket{le=\"4\"} 2\n"
	    "tcprelayd_batch_lines_bucket{le=\"16\"} 3\n");
	expect(text,
	    "\ntcprelayd_batch_seconds_bucket{le=\"1e-05\"} 1\n"
	    "tcprelayd_batch_seconds_bucket{le=\"5e-05\"} 2\n");
	expect(text,
	    "\ntcprelayd_batch_seconds_bucket{le=\"1\"} 2\n"
	    "tcprelayd_batch_seconds_bucket{le=\"+Inf\"} 3\n"
	    "tcprelayd_batch_seconds_sum 2.500020001\n");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_man_page_has_every_counter),
		cmocka_unit_test(test_the_man_page_has_every_reason),
		cmocka_unit_test(test_a_counter_a_gauge_and_a_reason),
		cmocka_unit_test(test_a_histogram_is_cumulative),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
