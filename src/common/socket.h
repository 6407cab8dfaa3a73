/* SPDX-License-Identifier: ISC */
/*
 * What the kernel knows of a connected stream socket, and what it is told.
 * All are system calls on a descriptor that the caller keeps.
 */
#ifndef SOCKET_H
#define SOCKET_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* An error that may be gone at the next try. */
static inline bool
socket_error_is_passing(int error)
{
	return error == EAGAIN || error == EINTR || error == ENOBUFS ||
	    error == ENOMEM;
}

/*
 * Bytes that were sent and that the peer's kernel has not acknowledged, a FIN
 * counted as one, tcp(7). On a Unix socket it is only 0 or not: whether the
 * peer has read everything. 0 when that cannot be told.
 */
size_t socket_unacknowledged_bytes(int fd);

/*
 * Milliseconds since the peer's kernel last acknowledged anything. 0 on a Unix
 * socket, where that cannot be told.
 */
int socket_silent_ms(int fd);

/* Whether a TCP connection is over, as after an RST, whoever was told. */
bool socket_is_dead(int fd);

/* Whether bytes have come that were not read. */
bool socket_has_input(int fd);

/* Whether the peer's FIN or RST has come, maybe behind bytes that were not
 * read. */
bool socket_peer_has_closed(int fd);

/*
 * The time of a round trip as the kernel has measured it, right after
 * connect(2) that of the handshake; -1 for a socket that is not TCP's.
 */
long socket_rtt_microseconds(int fd);

/* Closing will send an RST, so that the peer knows that it failed. */
void socket_reset_on_close(int fd);

/*
 * Sends at once what it is given, takes little more than the peer does, and
 * notices a peer that vanished after about twice keepalive_seconds: of silence
 * and probing, or of retransmitting when it had something to get.
 */
void socket_set_tcp_options(int fd, int keepalive_seconds);

#endif
