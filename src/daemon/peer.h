/* SPDX-License-Identifier: ISC */
/*
 * Who is at the other end, in little space: of a TCP connection the address,
 * of a Unix socket the credentials that the kernel vouches for. A plain value.
 */
#ifndef PEER_H
#define PEER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

union peer {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct {
		sa_family_t family;
		struct ucred credentials;
	} local;
};

/* Of a connected socket, with the address that accept(2) gave. */
void peer_set(
    union peer *peer, int fd, const struct sockaddr *address, socklen_t length);

/* Writes and returns "192.0.2.1:4321", "[::1]:4321" or "unix:uid=0,pid=1". */
const char *peer_name(const union peer *peer, char *text, size_t size);

/*
 * What counts as one where something is limited for each host: an IPv4 address,
 * however it is written; a /64 of IPv6 addresses, since nobody has less; a user
 * of a Unix socket. A plain value: those that are equal have the same bytes.
 */
struct peer_host {
	uint32_t family;
	unsigned char bytes[8];
};
struct peer_host peer_host(const union peer *peer);
bool peer_is_same_host(const union peer *peer, const union peer *other);

#endif
