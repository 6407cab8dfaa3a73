/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/tally.h"

#include "common/xmalloc.h"

#include <netinet/in.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NETWORK_BYTES 8 /* of an IPv6 address */

struct tally_entry {
	struct in6_addr address; /* that of IPv4 is mapped */
	size_t count;
};

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct in6_addr));
}

static void
map(struct in6_addr *to, const struct in_addr *address)
{
	memset(to->s6_addr + 10, 0xff, 2);
	memcpy(to->s6_addr + 12, address, sizeof(*address));
}

/* Returns -1 where there is no address. */
static int
key_of(struct in6_addr *key, const struct sockaddr *address)
{
	const struct sockaddr_in6 *in6 = (const void *)address;
	const struct sockaddr_in *in = (const void *)address;

	memset(key, 0, sizeof(*key));
	if (address->sa_family == AF_INET)
		map(key, &in->sin_addr);
	else if (address->sa_family != AF_INET6)
		return -1;
	else if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		*key = in6->sin6_addr;
	else
		memcpy(key, &in6->sin6_addr, NETWORK_BYTES);
	return 0;
}

struct tally_entry *
tally_add(struct tally *tally, const struct sockaddr *address)
{
	struct tally_entry *new, **found;
	struct in6_addr key;

	if (key_of(&key, address) == -1)
		return NULL;
	new = xmalloc(sizeof(*new));
	*new = (struct tally_entry){ .address = key };
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
tally_count(const struct tally *tally, const struct sockaddr *address)
{
	struct in6_addr key;
	struct tally_entry **found;

	if (key_of(&key, address) == -1)
		return 0;
	found = tfind(&key, &tally->tree, compare);
	return found == NULL ? 0 : (*found)->count;
}
