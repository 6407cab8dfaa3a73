/* SPDX-License-Identifier: ISC */
/*
 * Any text as a network. One that is taken has its own address in it, in the
 * mapped form too, and not the address that differs in its last bit.
 */
#include "config.h"

#include "fuzz.h"

#include "common/cidr.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

static struct sockaddr_in6
make_address(const struct cidr *cidr)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (cidr->family == AF_INET6) {
		memcpy(&in6.sin6_addr, cidr->address, 16);
		return in6;
	}
	memset(in6.sin6_addr.s6_addr + 10, 0xff, 2);
	memcpy(in6.sin6_addr.s6_addr + 12, cidr->address, 4);
	return in6;
}

static void
check(const struct cidr *cidr)
{
	struct sockaddr_in6 in6 = make_address(cidr);
	struct sockaddr_in in = { .sin_family = AF_INET };
	unsigned bit = cidr->bits + (cidr->family == AF_INET ? 96 : 0);

	FUZZ_ASSERT(cidr->bits <= (cidr->family == AF_INET ? 32 : 128));
	FUZZ_ASSERT(cidr_contains(cidr, (void *)&in6));
	memcpy(&in.sin_addr, cidr->address, 4);
	FUZZ_ASSERT(
	    cidr_contains(cidr, (void *)&in) == (cidr->family == AF_INET));
	if (cidr->bits == 0)
		return;
	bit--;
	in6.sin6_addr.s6_addr[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	FUZZ_ASSERT(!cidr_contains(cidr, (void *)&in6));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmalloc(size + 1);
	const char *why = NULL;
	struct cidr cidr;

	memcpy(text, data, size);
	text[size] = '\0';
	if (cidr_parse(text, &cidr, &why) == 0)
		check(&cidr);
	else
		FUZZ_ASSERT(why != NULL);
	free(text);
	return 0;
}
