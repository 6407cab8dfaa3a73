/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "journal.h"

#include "crowd.h"
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value of "key=", up to the next space; false when there is none. */
static bool
value_of(const char *line, const char *key, char *value, size_t size)
{
	const char *at = strstr(line, key);

	if (at == NULL)
		return false;
	at += strlen(key);
	snprintf(value, size, "%.*s", (int)strcspn(at, " "), at);
	return true;
}

/*
 * These connections do not fail by themselves, there are not too many, and who
 * waits for the end reads.
 */
static void
check_reason(const char *line, const struct crowd *crowd)
{
	static const char *const never[] = { "reason=\"error\"",
		"reason=\"timed out\"", "reason=\"not drained\"",
		"reason=\"server full\"" };
	size_t i;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (strstr(line, never[i]) != NULL)
			broken("a close that must not be: %s", line);
	if (crowd->policy == POLICY_SKIP &&
	    strstr(line, "reason=\"too slow\"") != NULL)
		broken("closed instead of skipped: %s", line);
}

/* The only error is that of the wrong configuration, which is not taken. */
static void
check_error(const char *line)
{
	if (strstr(line, " error: ") != NULL &&
	    strstr(line, "colour: there is no such key") == NULL &&
	    strstr(line, "not reloaded") == NULL)
		broken("an error: %s", line);
}

void
journal_line(char *line, void *arg)
{
	struct crowd *crowd = arg;
	char peer[64], lines[32], bytes[32];

	if (strstr(line, " closed peer=") != NULL)
		check_reason(line, crowd);
	check_error(line);
	if (value_of(line, " heap_bytes=", bytes, sizeof(bytes))) {
		crowd->relay.heap_bytes = strtoull(bytes, NULL, 10);
		crowd->relay.heap_told = true;
	}
	if (strstr(line, " left out peer=") != NULL &&
	    value_of(line, " peer=", peer, sizeof(peer)) &&
	    value_of(line, " skipped=", lines, sizeof(lines)))
		misses_told(&crowd->misses, peer, strtoull(lines, NULL, 10));
}
