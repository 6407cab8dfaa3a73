/* SPDX-License-Identifier: ISC */
/*
 * How many clients each address has, or what counts as one, peer_host(); Unix
 * sockets have none.
 */
#ifndef TALLY_H
#define TALLY_H

#include <stddef.h>

union peer;

/* All zero is an empty one. Every entry has to be removed. */
struct tally {
	void *tree; /* tsearch(3) */
};

struct tally_entry;

/* Counts one more; NULL where there is no address. */
struct tally_entry *tally_add(struct tally *tally, const union peer *peer);
/* One less; NULL is allowed. */
void tally_remove(struct tally *tally, struct tally_entry *entry);
size_t tally_count(const struct tally *tally, const union peer *peer);

#endif
