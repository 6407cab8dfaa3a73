/* SPDX-License-Identifier: ISC */
/*
 * load: puts a load on a relay, checks that everything arrives, and prints
 * what that cost the relay, as one line of NAME=VALUE. See --help.
 */
#include "config.h"

#include "crowd.h"
#include "fail.h"
#include "latency.h"
#include "lines.h"
#include "options.h"
#include "proc.h"
#include "proto.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_S 1e9

/* The server and this process at one time. */
struct moment {
	uint64_t ns;
	struct proc server, self;
	struct proc_machine machine;
	uint64_t deliveries;
};

/* What is sent in one go: so many lines, or until a time. */
struct phase {
	uint64_t lines;
	uint64_t start_ns, end_ns;
	uint64_t made;
};

static struct moment
take_moment(const struct crowd *crowd)
{
	struct moment moment;

	if (proc_read(crowd->options->pid, &moment.server) == -1)
		fail("the server is gone");
	if (proc_read(getpid(), &moment.self) == -1)
		fail("no /proc");
	proc_read_machine(&moment.machine);
	moment.ns = now_ns();
	moment.deliveries = crowd->deliveries;
	return moment;
}

/* The number of the first line that is not due yet; what, at what time. */
static uint64_t
due(const struct crowd *crowd, const struct phase *phase, uint64_t now)
{
	double passed = (double)(now - phase->start_ns) / NS_PER_S;

	return (uint64_t)(passed * crowd->options->rate) + 1;
}

static uint64_t
due_ns(const struct crowd *crowd, const struct phase *phase)
{
	return phase->start_ns +
	    (uint64_t)((double)phase->made * NS_PER_S / crowd->options->rate) +
	    1;
}

static bool
is_over(const struct phase *phase, uint64_t now)
{
	return phase->lines > 0 ? phase->made >= phase->lines
				: now >= phase->end_ns;
}

/* The window of one of the senders: they share. */
static uint64_t
share_of_window(const struct options *options, uint32_t sender)
{
	uint32_t share = options->window / options->senders;

	if (sender < options->window % options->senders)
		share++;
	return share > 0 ? share : 1;
}

static bool
make_line(
    struct crowd *crowd, struct phase *phase, uint32_t sender, uint64_t now)
{
	if (is_over(phase, now))
		return false;
	lines_make(&crowd->lines[sender], crowd_readers(crowd), now);
	phase->made++;
	return true;
}

/* Everybody sends as much as the window allows. */
static void
fill_windows(struct crowd *crowd, struct phase *phase, uint64_t now)
{
	uint32_t i;

	for (i = 0; i < crowd->options->senders; i++) {
		struct lines *lines = &crowd->lines[i];
		uint64_t window = share_of_window(crowd->options, i);
		uint64_t before = lines->made;

		while (lines->made - lines->completed < window &&
		    make_line(crowd, phase, i, now))
			continue;
		if (lines->made > before)
			client_flush(crowd, &crowd->clients[i]);
	}
}

/* The lines that are due, by one sender after another. */
static void
keep_rate(struct crowd *crowd, struct phase *phase, uint64_t now)
{
	uint64_t until = due(crowd, phase, now);

	while (phase->made < until) {
		uint32_t sender =
		    (uint32_t)(phase->made % crowd->options->senders);

		if (!lines_have_room(&crowd->lines[sender]))
			fail("the rate is not kept: too many lines are on "
			     "their way");
		if (!make_line(crowd, phase, sender, now))
			return;
		client_flush(crowd, &crowd->clients[sender]);
	}
}

static bool
all_delivered(const struct crowd *crowd)
{
	uint32_t i;

	for (i = 0; i < crowd->options->senders; i++)
		if (crowd->lines[i].completed < crowd->lines[i].made)
			return false;
	return true;
}

/* Sends a part of the run, and returns when all of it has arrived. */
static void
run_phase(struct crowd *crowd, struct phase *phase, double part)
{
	const struct options *options = crowd->options;
	uint64_t now = now_ns();

	memset(phase, 0, sizeof(*phase));
	phase->start_ns = now;
	phase->end_ns = now + (uint64_t)(options->seconds * part * NS_PER_S);
	if (options->lines > 0)
		phase->lines = (uint64_t)((double)options->lines * part + 0.99);
	do {
		if (options->rate > 0)
			keep_rate(crowd, phase, now);
		else
			fill_windows(crowd, phase, now);
		crowd_turn(crowd,
		    options->rate > 0 && !is_over(phase, now)
			? due_ns(crowd, phase)
			: CROWD_NEVER);
		now = now_ns();
	} while (!is_over(phase, now) || !all_delivered(crowd));
}

static double
seconds_between(const struct moment *from, const struct moment *to)
{
	return (double)(to->ns - from->ns) / NS_PER_S;
}

static double
cpu_ns_between(const struct proc *from, const struct proc *to)
{
	return (double)(to->cpu_ns - from->cpu_ns);
}

/*
 * What share of the machine went to neither the server nor us, nor was idle:
 * to other processes, and to other machines on the same hardware. Above a few
 * per cent, the figures are not to be trusted to a few per cent.
 */
static double
others_percent(const struct moment *from, const struct moment *to)
{
	double tick_ns = NS_PER_S / (double)sysconf(_SC_CLK_TCK);
	double all = (double)(to->machine.all - from->machine.all) * tick_ns;
	double idle = (double)(to->machine.idle - from->machine.idle) * tick_ns;
	double ours = cpu_ns_between(&from->server, &to->server) +
	    cpu_ns_between(&from->self, &to->self);
	double others = all - idle - ours;

	return others > 0 && all > 0 ? others / all * 100 : 0;
}

static void
print_setting(const struct options *options)
{
	printf("protocol=%s receivers=%u senders=%u line_bytes=%u window=%u "
	       "write_lines=%u "
	       "rate=%u stalled=%u",
	    options->protocol->name, options->receivers, options->senders,
	    options->line_bytes, options->rate > 0 ? 0 : options->window,
	    options->write_lines, options->rate, options->stalled);
}

/* What it cost to let everybody in. */
static void
print_join(const struct crowd *crowd, const struct moment *start,
    const struct moment *in)
{
	double clients = crowd->client_count;
	double kib = (double)in->server.rss_kib - (double)start->server.rss_kib;

	printf(" join_seconds=%.3f join_per_second=%.0f join_cpu_us=%.2f "
	       "bytes_per_client=%.0f rss_start_kib=%" PRIu64
	       " rss_joined_kib=%" PRIu64,
	    seconds_between(start, in), clients / seconds_between(start, in),
	    cpu_ns_between(&start->server, &in->server) / 1e3 / clients,
	    kib * 1024 / clients, start->server.rss_kib, in->server.rss_kib);
}

static void
print_lines(const struct crowd *crowd, const struct phase *phase,
    const struct moment *from, const struct moment *to)
{
	double seconds = seconds_between(from, to);
	double deliveries = (double)(to->deliveries - from->deliveries);
	const struct proc *a = &from->server, *b = &to->server;

	printf(" lines=%" PRIu64 " deliveries=%.0f missing=0 seconds=%.3f "
	       "lines_per_second=%.0f deliveries_per_second=%.0f",
	    phase->made, deliveries, seconds, (double)phase->made / seconds,
	    deliveries / seconds);
	printf(" cpu_ns_per_delivery=%.2f user_ms=%" PRIu64
	       " system_ms=%" PRIu64 " load_ns_per_delivery=%.2f",
	    cpu_ns_between(a, b) / deliveries, b->user_ms - a->user_ms,
	    b->system_ms - a->system_ms,
	    cpu_ns_between(&from->self, &to->self) / deliveries);
	printf(" others_percent=%.1f rss_kib=%" PRIu64 " hwm_kib=%" PRIu64
	       " stalled_closed=%" PRIu64,
	    others_percent(from, to), b->rss_kib, b->hwm_kib,
	    crowd->stalled_closed);
}

static void
print_latency(const struct latency *latency)
{
	printf(" latency_p50_us=%.1f latency_p99_us=%.1f latency_max_us=%.1f "
	       "latency_samples=%" PRIu64,
	    (double)latency_quantile_ns(latency, 0.5) / 1e3,
	    (double)latency_quantile_ns(latency, 0.99) / 1e3,
	    (double)latency->max_ns / 1e3, latency->samples);
}

int
main(int argc, char **argv)
{
	struct latency *latency = allocate(1, sizeof(*latency));
	struct options options;
	struct moment start, in, from, to;
	struct crowd crowd;
	struct phase phase;
	uint64_t deadline_ns;

	options_parse(&options, argc, argv);
	deadline_ns = now_ns() + (uint64_t)(options.timeout_seconds * NS_PER_S);
	crowd_await_server(&options, deadline_ns);
	crowd_init(&crowd, &options, latency, deadline_ns);
	start = take_moment(&crowd);
	crowd_join(&crowd);
	in = take_moment(&crowd);
	if (!options.idle) {
		crowd_stall(&crowd);
		/* Buffers get their sizes, congestion windows open. */
		if (options.warm_up > 0)
			run_phase(&crowd, &phase, options.warm_up);
		memset(latency, 0, sizeof(*latency));
		from = take_moment(&crowd);
		run_phase(&crowd, &phase, 1);
		to = take_moment(&crowd);
	}
	print_setting(&options);
	print_join(&crowd, &start, &in);
	if (!options.idle) {
		print_lines(&crowd, &phase, &from, &to);
		print_latency(latency);
	}
	printf("\n");
	crowd_leave(&crowd);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
