/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "misses.h"

#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_LEAST 1024

struct miss {
	char peer[64]; /* "": an empty place */
	uint64_t told, seen;
	bool unknown;
};

static struct miss *
place(struct miss *list, size_t size, const char *peer)
{
	uint64_t hash = 0xcbf29ce484222325;
	const char *at;
	size_t i;

	for (at = peer; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * 0x100000001b3;
	for (i = hash % size; list[i].peer[0] != '\0'; i = (i + 1) % size)
		if (strcmp(list[i].peer, peer) == 0)
			break;
	return &list[i];
}

static void
grow(struct misses *misses)
{
	size_t size = misses->size == 0 ? SIZE_LEAST : misses->size * 2;
	struct miss *list = resize(NULL, size, sizeof(*list));
	size_t i;

	memset(list, 0, size * sizeof(*list));
	for (i = 0; i < misses->size; i++)
		if (misses->list[i].peer[0] != '\0')
			*place(list, size, misses->list[i].peer) =
			    misses->list[i];
	free(misses->list);
	misses->list = list;
	misses->size = size;
}

static struct miss *
find(struct misses *misses, const char *peer)
{
	struct miss *miss;

	if (misses->count * 2 >= misses->size)
		grow(misses);
	miss = place(misses->list, misses->size, peer);
	if (miss->peer[0] == '\0') {
		snprintf(miss->peer, sizeof(miss->peer), "%s", peer);
		misses->count++;
	}
	return miss;
}

void
misses_told(struct misses *misses, const char *peer, uint64_t lines)
{
	find(misses, peer)->told += lines;
}

void
misses_seen(struct misses *misses, const char *peer, uint64_t lines)
{
	find(misses, peer)->seen += lines;
}

void
misses_unknown(struct misses *misses, const char *peer)
{
	find(misses, peer)->unknown = true;
}

bool
misses_agree(const struct misses *misses, const char **peer, uint64_t *told,
    uint64_t *seen)
{
	size_t i;

	for (i = 0; i < misses->size; i++) {
		const struct miss *miss = &misses->list[i];

		if (miss->told == miss->seen ||
		    (miss->unknown && miss->told > miss->seen))
			continue;
		*peer = miss->peer;
		*told = miss->told;
		*seen = miss->seen;
		return false;
	}
	return true;
}

void
misses_clear(struct misses *misses)
{
	free(misses->list);
	memset(misses, 0, sizeof(*misses));
}
