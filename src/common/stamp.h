/* SPDX-License-Identifier: ISC */
/*
 * Lines with the time in front of each, as transcripts have them and as mode
 * chat shows them: RFC 3339 in UTC, a space, the line.
 *
 *	2026-11-22T09:11:20Z <alice> good morning
 */
#ifndef STAMP_H
#define STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define STAMP_BYTES 21 /* of the time and the space */

/*
 * Puts the time in front of each of some whole lines, and makes them UTF-8:
 * what is not becomes U+FFFD. Returns the text, for free(3).
 */
char *stamp_lines(
    const char *lines, size_t length, time_t when, size_t *stamped_length);

/* Whether a line begins with a time as the function above makes it. */
bool stamp_is_on(const char *line, size_t length);

#endif
