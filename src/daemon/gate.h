/* SPDX-License-Identifier: ISC */
/*
 * Who may connect to a listener at all: by its address, or, over a Unix socket,
 * by the user and the groups that the kernel vouches for.
 *
 * What denies is asked first, then what allows. A list that allows denies
 * everybody else.
 */
#ifndef GATE_H
#define GATE_H

#include <stdbool.h>

struct conf_listen;
struct gate;
union peer;

/* NULL when everybody may. Users and groups are looked up now, once. */
struct gate *gate_new(const struct conf_listen *conf);
/* NULL is allowed. */
void gate_free(struct gate *gate);

/* Whether the peer at the other end of a connected socket may. */
bool gate_admits(const struct gate *gate, int fd, const union peer *peer);

#endif
