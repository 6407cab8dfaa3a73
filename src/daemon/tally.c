/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/tally.h"

#include "common/xmalloc.h"
#include "daemon/peer.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct tally_entry {
	struct peer_host host;
	size_t count;
};

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct peer_host));
}

struct tally_entry *
tally_add(struct tally *tally, const union peer *peer)
{
	struct tally_entry *new, **found;

	if (peer->any.sa_family == AF_UNIX)
		return NULL;
	new = xmalloc(sizeof(*new));
	*new = (struct tally_entry){ .host = peer_host(peer) };
	found = tsearch(new, &tally->tree, compare);
	if (found == NULL)
		xmalloc_fail();
	if (*found != new)
		free(new);
	(*found)->count++;
	return *found;
}

void
tally_remove(struct tally *tally, struct tally_entry *entry)
{
	if (entry == NULL || --entry->count > 0)
		return;
	tdelete(entry, &tally->tree, compare);
	free(entry);
}

size_t
tally_count(const struct tally *tally, const union peer *peer)
{
	const struct peer_host host = peer_host(peer);
	struct tally_entry **found = tfind(&host, &tally->tree, compare);

	return found == NULL ? 0 : (*found)->count;
}
