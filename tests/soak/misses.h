/* SPDX-License-Identifier: ISC */
/*
 * What the daemon says that it left out, against what readers found missing,
 * for each peer. Owns its list.
 */
#ifndef MISSES_H
#define MISSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct misses {
	struct miss *list; /* a hash table */
	size_t count, size;
};

/* The daemon says so many, in a line of its log. */
void misses_told(struct misses *misses, const char *peer, uint64_t lines);
/* A reader found so many. */
void misses_seen(struct misses *misses, const char *peer, uint64_t lines);
/* One of that name went, and what it would have found is not known. */
void misses_unknown(struct misses *misses, const char *peer);

/*
 * Whether they agree; if not, *peer is the first that they differ about, with
 * what was told and what was seen.
 */
bool misses_agree(const struct misses *misses, const char **peer,
    uint64_t *told, uint64_t *seen);

void misses_clear(struct misses *misses);

#endif
