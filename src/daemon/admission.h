/* SPDX-License-Identifier: ISC */
/*
 * Between accept and room: who is let in, and who is turned away with a word.
 * A connection is handed to member_new() when nothing stands in its way, which
 * costs a plain newcomer nothing.
 */
#ifndef ADMISSION_H
#define ADMISSION_H

#include <sys/socket.h>

struct admission;
struct conf;
struct conn_set;
struct rooms;
struct stats;

/* Connections that are turned away and may still be reading why. */
#define ADMISSION_REFUSALS_MAX 64

/* Borrows everything. */
struct admission *admission_new(const struct conf *conf, struct conn_set *conns,
    struct rooms *rooms, struct stats *stats);
void admission_free(struct admission *admission);

/* Takes over an accepted, non-blocking socket, for the room of that name. */
void admission_accept(struct admission *admission, int fd,
    const struct sockaddr *peer, socklen_t peer_length, const char *room);

#endif
