/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/socket.h"

#include <limits.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Probes that go unanswered before a peer counts as vanished. */
#define KEEPALIVE_PROBES 3

/*
 * What the kernel keeps for a peer that takes no more, in place of up to 4 MB
 * (net.ipv4.tcp_wmem). Two of the daemon's batches, so that one that is being
 * sent does not keep the next one out.
 */
#define UNSENT_BYTES 262144

size_t
socket_unacknowledged_bytes(int fd)
{
	int bytes = 0;

	return ioctl(fd, SIOCOUTQ, &bytes) == 0 ? (size_t)bytes : 0;
}

int
socket_silent_ms(int fd)
{
	struct tcp_info info = { .tcpi_last_ack_recv = 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == -1)
		return 0;
	return info.tcpi_last_ack_recv < INT_MAX ? (int)info.tcpi_last_ack_recv
						 : INT_MAX;
}

bool
socket_is_dead(int fd)
{
	struct tcp_info info = { .tcpi_state = 0 };
	socklen_t size = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
	    info.tcpi_state == TCP_CLOSE;
}

bool
socket_has_input(int fd)
{
	int bytes = 0;

	return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

bool
socket_peer_has_closed(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLRDHUP };

	return poll(&poller, 1, 0) == 1;
}

long
socket_rtt_microseconds(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == -1)
		return -1;
	return (long)info.tcpi_rtt;
}

void
socket_reset_on_close(int fd)
{
	struct linger none = { .l_onoff = 1, .l_linger = 0 };

	/* Fails on a socket that the peer has reset, as it well may. */
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

/* Each makes a connection better and none is needed. */
static void
set_option(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

void
socket_set_tcp_options(int fd, int keepalive_seconds)
{
	int interval =
	    (keepalive_seconds + KEEPALIVE_PROBES - 1) / KEEPALIVE_PROBES;

	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_BYTES);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, keepalive_seconds);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, interval);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
	set_option(
	    fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 2 * 1000 * keepalive_seconds);
}
