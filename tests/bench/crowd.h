/* SPDX-License-Identifier: ISC */
/*
 * The clients of one run, receivers and senders, on one epoll instance: they
 * join, they send what is in the senders' rings, and every line that arrives
 * is checked. Whatever goes wrong ends the process with a message.
 *
 * A crowd lives as long as the process. Times are of CLOCK_MONOTONIC, in ns.
 */
#ifndef CROWD_H
#define CROWD_H

#include "client.h"
#include "latency.h"
#include "lines.h"
#include "options.h"
#include "proto.h"

#include <stdint.h>

/* A line that begins so is none of a sender's: their numbers have digits. */
#define CROWD_PROBE 'p'

#define CROWD_NEVER UINT64_MAX

struct crowd {
	const struct options *options;
	struct envelope envelope;
	int epoll, timer;
	uint64_t deadline_ns;
	struct client *clients; /* senders first, then receivers */
	uint32_t client_count;
	uint32_t opened, connected, ready;
	struct lines *lines; /* one ring for each sender */
	char *buffer;	     /* for one read, after the rest of the last */
	uint64_t deliveries; /* all, to senders too */
	uint64_t stalled_closed;
	struct latency *latency;
	uint64_t sample_every; /* lines */
};

uint64_t now_ns(void);

/* Waits until the server takes connections, but not beyond the deadline. */
void crowd_await_server(const struct options *options, uint64_t deadline_ns);

/* Everything must be over by the deadline. */
void crowd_init(struct crowd *crowd, const struct options *options,
    struct latency *latency, uint64_t deadline_ns);

/* Connects everybody, and returns when all of them are in. */
void crowd_join(struct crowd *crowd);

/* The receivers that shall stop reading do so. */
void crowd_stall(struct crowd *crowd);

/* How many receivers read. */
uint32_t crowd_readers(const struct crowd *crowd);

/* Handles what happens; waits for it, but only until wake_ns. */
void crowd_turn(struct crowd *crowd, uint64_t wake_ns);

/* Closes every connection at once, so that no TIME_WAIT stays behind. */
void crowd_leave(struct crowd *crowd);

#endif
