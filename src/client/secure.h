/* SPDX-License-Identifier: ISC */
/*
 * A connection with TLS, as a bufferevent of libevent's: from tls.h, which
 * knows nothing of those. Built without OpenSSL no struct tls can be made, and
 * nobody asks for more than secure_failure().
 */
#ifndef SECURE_H
#define SECURE_H

#include <event2/bufferevent.h>
#include <stdbool.h>
#include <stddef.h>

struct tls;

/*
 * To be connected with bufferevent_socket_connect(). The handshake belongs to
 * connecting, and the relay has to show a certificate for this host.
 */
struct bufferevent *secure_new(
    struct event_base *base, const struct tls *tls, const char *host);

/* Says that nothing will follow. -1: when the socket has room again. */
int secure_finish(struct bufferevent *bev);

/*
 * Of any bufferevent: returns why it failed, with this errno, maybe in text.
 * *refused: the relay does not take our certificate.
 */
const char *secure_failure(
    struct bufferevent *bev, int error, bool *refused, char *text, size_t size);

/* Writes and returns the version and the cipher. */
const char *secure_describe(struct bufferevent *bev, char *text, size_t size);

#endif
