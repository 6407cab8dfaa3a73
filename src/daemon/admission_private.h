/* SPDX-License-Identifier: ISC */
/*
 * What admission.c, which takes connections over and decides who may come in,
 * and newcomer.c, where they wait until they have shown what they have to,
 * share. For nobody else.
 */
#ifndef ADMISSION_PRIVATE_H
#define ADMISSION_PRIVATE_H

#include "daemon/admission.h"
#include "daemon/conn.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

TAILQ_HEAD(newcomer_list, newcomer);

struct admission {
	struct event_base *base;
	const struct conf *conf;
	struct conn_set *conns;
	struct rooms *rooms;
	struct people *people; /* NULL in mode relay */
	struct stats *stats;
	struct newcomer_list newcomers;
	struct newcomer_list waiting; /* those of them who wait to be let in */
	struct event *next;	      /* the first of these may come */
	unsigned let_in_count;	      /* in this turn */
	size_t newcomer_count;
	struct penalties *penalties;
};

/* Connections on their way out. */
size_t admission_leaving_count(const struct admission *admission);

/* Whether there are limits.clients in the rooms. */
bool admission_is_full(const struct admission *admission);

/* Makes a member of the room of it. */
void admission_admit(
    struct admission *admission, struct conn *conn, const char *room_name);

/* Closes it with a word: who gets no answer would try again at once. */
void admission_refuse(struct conn *conn, enum conn_reason reason);

/* The newcomers, and the penalties of their hosts, at beginning and end. */
void newcomers_init(struct admission *admission);
void newcomers_clear(struct admission *admission);

/*
 * One more, of whom TLS or the secret is wanted; it takes the place of another
 * where there are too many. A refusal is told it when it has spoken TLS.
 */
void newcomer_new(struct admission *admission, struct conn *conn,
    const char *room, enum conn_reason refusal);

/* As admission_end_turn(). */
void newcomers_end_turn(struct admission *admission);

#endif
