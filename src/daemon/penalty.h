/* SPDX-License-Identifier: ISC */
/*
 * Who has shown a wrong secret, and how long they wait until the next one of
 * theirs is looked at: a second after the first, twice as long after each
 * further one, up to PENALTY_MS_MAX. So a host has some twenty guesses a
 * minute, with however many connections it makes them.
 *
 * A host is what peer_is_same_host() takes for one. One that shows no wrong
 * secret for PENALTY_FORGET_MS is forgotten; when the table is full, the one
 * whose last failure is longest ago. A guesser has to have more hosts than the
 * table holds to gain from that.
 */
#ifndef PENALTY_H
#define PENALTY_H

#include <stdint.h>

#define PENALTY_HOSTS_MAX 512
#define PENALTY_MS_MIN	  1000
#define PENALTY_MS_MAX	  4000
#define PENALTY_FORGET_MS 600000

struct penalties;
union peer;

struct penalties *penalties_new(void);
void penalties_free(struct penalties *penalties);

/* The host of this peer has shown a wrong secret. */
void penalties_add(
    struct penalties *penalties, const union peer *peer, uint64_t now_ms);

/* How long this peer still has to wait; 0: it need not. */
uint64_t penalties_wait_ms(
    const struct penalties *penalties, const union peer *peer, uint64_t now_ms);

#endif
