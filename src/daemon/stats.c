/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/stats.h"

#include "common/log.h"

#include <inttypes.h>

void
stats_log(const struct stats *stats, size_t clients)
{
	int reason;

	log_info("counters clients=%zu accepted=%" PRIu64 " lines_in=%" PRIu64
		 " bytes_in=%" PRIu64 " lines_out=%" PRIu64
		 " bytes_out=%" PRIu64,
	    clients, stats->accepted, stats->lines_in, stats->bytes_in,
	    stats->lines_out, stats->bytes_out);
	for (reason = CONN_NO_REASON + 1; reason < CONN_REASONS; reason++)
		log_info("counters reason=\"%s\" closed=%" PRIu64,
		    conn_reason_text(reason), stats->closed[reason]);
}
