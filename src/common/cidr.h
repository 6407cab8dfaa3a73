/* SPDX-License-Identifier: ISC */
/*
 * Networks as users write them: 192.0.2.0/24, 2001:db8::/32, or an address
 * alone. An IPv4 address that is mapped into IPv6 is the IPv4 address that it
 * is, in a network as in a peer; ::/0 is every IPv6 address and no IPv4 one.
 *
 * A struct cidr is a plain value and owns nothing.
 */
#ifndef CIDR_H
#define CIDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define CIDR_FORMS                                                             \
	"an IPv4 or IPv6 address, or a network as 192.0.2.0/24 or "            \
	"2001:db8::/32"

struct cidr {
	sa_family_t family;
	unsigned bits;	     /* of the address that count; the others are 0 */
	uint8_t address[16]; /* network byte order; of IPv4 the first 4 */
};

/*
 * Parses text. Returns 0, or -1 with *why set to a static text that says what
 * is wrong.
 */
int cidr_parse(const char *text, struct cidr *cidr, const char **why);

/* Whether an address of any family is in the network. */
bool cidr_contains(const struct cidr *cidr, const struct sockaddr *address);

#endif
