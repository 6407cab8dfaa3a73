/* SPDX-License-Identifier: ISC */
/* The daemon's counters, since its start. */
#ifndef STATS_H
#define STATS_H

#include "daemon/conn.h"

#include <stddef.h>
#include <stdint.h>

struct stats {
	uint64_t accepted;
	uint64_t lines_in, bytes_in;
	uint64_t lines_out, bytes_out;
	uint64_t closed[CONN_REASONS];
};

/* Writes them to the log, with the number of clients there are now. */
void stats_log(const struct stats *stats, size_t clients);

#endif
