/* SPDX-License-Identifier: ISC */
/*
 * Between accept and room: who is let in, and who is turned away with a word.
 *
 * A connection that has to show something first, that it speaks TLS or a
 * secret, is a newcomer until it has. It is no member of a room meanwhile: it
 * hears nothing, and what it says reaches nobody. A plain one becomes a member
 * at once, which costs nothing.
 *
 * Newcomers are bounded in time, by limits.handshake_seconds, and in number,
 * besides limits.clients. When there are ADMISSION_NEWCOMERS_MAX, the next one
 * takes the place of the oldest. To refuse it instead would let anybody lock
 * everybody out by holding that many silent connections; like this, a client
 * that does what it should in the time of a few round trips gets in through
 * any flood that does not fill all places within that time. Nor can one host
 * push out others that need longer, because a person types: when a quarter of
 * the places are its own, its next newcomer takes the place of one of them.
 *
 * Those on their way out, who read what they are told, or do not, are bounded
 * too, and never by refusing somebody who may come in: beyond
 * ADMISSION_REFUSALS_MAX nobody is told any more why he is refused, and when
 * places are wanted those who leave have to go at once, one for each newcomer.
 */
#ifndef ADMISSION_H
#define ADMISSION_H

#include <event2/event.h>
#include <sys/socket.h>

struct admission;
struct conf;
struct people;
struct conn_set;
struct listener_rules;
struct rooms;
struct stats;

#define ADMISSION_NEWCOMERS_MAX 1024

/* Connections that are turned away and may still be reading why. */
#define ADMISSION_REFUSALS_MAX 64

/* Borrows everything. people is NULL in mode relay. */
struct admission *admission_new(struct event_base *base,
    const struct conf *conf, struct conn_set *conns, struct rooms *rooms,
    struct people *people, struct stats *stats);
/* When all connections are gone. */
void admission_free(struct admission *admission);

/* Takes over an accepted, non-blocking socket; the rules are not kept. */
void admission_accept(struct admission *admission, int fd,
    const struct sockaddr *address, socklen_t address_length,
    const struct listener_rules *rules);

/* A turn of the loop is over: more of those who know the secret may come in. */
void admission_end_turn(struct admission *admission);

#endif
