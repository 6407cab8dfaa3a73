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
