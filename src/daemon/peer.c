/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/peer.h"

#include "common/address.h"
#include "common/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

struct peer_host
peer_host(const union peer *peer)
{
	struct peer_host host = { .family = peer->any.sa_family };
	const void *in = in_address(peer);

	if (in != NULL) {
		host.family = AF_INET;
		memcpy(host.bytes, in, sizeof(struct in_addr));
	} else if (host.family == AF_UNIX) {
		memcpy(host.bytes, &peer->local.credentials.uid, sizeof(uid_t));
	} else {
		memcpy(host.bytes, &peer->in6.sin6_addr, sizeof(host.bytes));
	}
	return host;
}

bool
peer_is_same_host(const union peer *peer, const union peer *other)
{
	const struct peer_host host = peer_host(peer);
	const struct peer_host other_host = peer_host(other);

	return memcmp(&host, &other_host, sizeof(host)) == 0;
}
