/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/cidr.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define MAPPED_BITS 96 /* of ::ffff:0:0/96 */

static int
fail(const char **why, const char *message)
{
	*why = message;
	return -1;
}

static unsigned
bits_max(sa_family_t family)
{
	return family == AF_INET ? 32 : 128;
}

/* The mapped form becomes what it stands for. */
static void
unmap(struct cidr *cidr)
{
	struct in6_addr in6;

	if (cidr->family != AF_INET6 || cidr->bits < MAPPED_BITS)
		return;
	memcpy(&in6, cidr->address, sizeof(in6));
	if (!IN6_IS_ADDR_V4MAPPED(&in6))
		return;
	memset(cidr->address, 0, sizeof(cidr->address));
	memcpy(cidr->address, in6.s6_addr + 12, 4);
	cidr->family = AF_INET;
	cidr->bits -= MAPPED_BITS;
}

/* Whether the first bits are the same. */
static bool
is_same(const uint8_t *one, const uint8_t *other, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	if (memcmp(one, other, bytes) != 0)
		return false;
	return rest == 0 || (one[bytes] ^ other[bytes]) >> (8 - rest) == 0;
}

static bool
has_more_bits(const struct cidr *cidr)
{
	struct cidr network = *cidr;
	unsigned bytes = cidr->bits / 8, rest = cidr->bits % 8;

	if (rest != 0)
		network.address[bytes++] &= (uint8_t)(0xff << (8 - rest));
	memset(network.address + bytes, 0, sizeof(network.address) - bytes);
	return memcmp(network.address, cidr->address,
		   sizeof(network.address)) != 0;
}

static int
parse_bits(const char *text, struct cidr *cidr, const char **why)
{
	size_t length = strspn(text, "0123456789");

	if (length == 0 || length > 3 || text[length] != '\0')
		return fail(why, "after the / there is no number of bits");
	cidr->bits = (unsigned)strtoul(text, NULL, 10);
	if (cidr->bits > bits_max(cidr->family))
		return fail(why,
		    "the number after the / is over the bits of "
		    "the address");
	return 0;
}

int
cidr_parse(const char *text, struct cidr *cidr, const char **why)
{
	char address[INET6_ADDRSTRLEN];
	size_t length = strcspn(text, "/");

	memset(cidr, 0, sizeof(*cidr));
	if (length >= sizeof(address))
		return fail(why, "not an address");
	memcpy(address, text, length);
	address[length] = '\0';
	if (inet_pton(AF_INET, address, cidr->address) == 1)
		cidr->family = AF_INET;
	else if (inet_pton(AF_INET6, address, cidr->address) == 1)
		cidr->family = AF_INET6;
	else
		return fail(why, "not an address");
	cidr->bits = bits_max(cidr->family);
	if (text[length] == '/' &&
	    parse_bits(text + length + 1, cidr, why) == -1)
		return -1;
	if (has_more_bits(cidr))
		return fail(why,
		    "the address has bits after those that the / "
		    "says");
	unmap(cidr);
	return 0;
}

bool
cidr_contains(const struct cidr *cidr, const struct sockaddr *address)
{
	const struct sockaddr_in6 *in6 = (const void *)address;
	const struct sockaddr_in *in = (const void *)address;
	const void *bytes;

	if (address->sa_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return cidr->family == AF_INET &&
		    is_same(
			cidr->address, in6->sin6_addr.s6_addr + 12, cidr->bits);
	if (address->sa_family != cidr->family)
		return false;
	bytes = cidr->family == AF_INET ? (const void *)&in->sin_addr
					: (const void *)&in6->sin6_addr;
	return is_same(cidr->address, bytes, cidr->bits);
}
