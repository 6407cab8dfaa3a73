/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/peer.h"

#include "common/address.h"
#include "common/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Of an IPv6 address: a /64. */
#define NETWORK_BYTES 8

void
peer_set(
    union peer *peer, int fd, const struct sockaddr *address, socklen_t length)
{
	socklen_t size = sizeof(peer->local.credentials);

	memset(peer, 0, sizeof(*peer));
	if (address->sa_family != AF_UNIX) {
		memcpy(peer, address,
		    length < sizeof(*peer) ? length : sizeof(*peer));
		return;
	}
	peer->local.family = AF_UNIX;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer->local.credentials,
		&size) == -1)
		log_warn("SO_PEERCRED: %s", strerror(errno));
}

const char *
peer_name(const union peer *peer, char *text, size_t size)
{
	if (peer->any.sa_family == AF_UNIX)
		snprintf(text, size, "unix:uid=%u,pid=%d",
		    (unsigned)peer->local.credentials.uid,
		    (int)peer->local.credentials.pid);
	else
		endpoint_format(&peer->any, sizeof(*peer), text, size);
	return text;
}

/* The IPv4 address of a peer, mapped into IPv6 or not; NULL: it has none. */
static const void *
in_address(const union peer *peer)
{
	if (peer->any.sa_family == AF_INET)
		return &peer->in.sin_addr;
	if (peer->any.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&peer->in6.sin6_addr))
		return &peer->in6.sin6_addr.s6_addr[12];
	return NULL;
}

bool
peer_is_same_host(const union peer *peer, const union peer *other)
{
	const void *in = in_address(peer), *other_in = in_address(other);

	if (in != NULL || other_in != NULL)
		return in != NULL && other_in != NULL &&
		    memcmp(in, other_in, sizeof(struct in_addr)) == 0;
	if (peer->any.sa_family != other->any.sa_family)
		return false;
	if (peer->any.sa_family == AF_UNIX)
		return peer->local.credentials.uid ==
		    other->local.credentials.uid;
	return memcmp(&peer->in6.sin6_addr, &other->in6.sin6_addr,
		   NETWORK_BYTES) == 0;
}
