/* SPDX-License-Identifier: ISC */
/*
 * All that "listen" names: one listener for each of its entries, known by its
 * address as the user wrote it, so that a reload leaves those alone that stay.
 */
#ifndef LISTENERS_H
#define LISTENERS_H

#include "daemon/listener.h"

struct conf;
struct listeners;

/* None yet. */
struct listeners *listeners_new(const struct listener_shared *shared);

/*
 * Opens what conf names and is not open, tells the others what is new about
 * them, and closes what conf does not name; clients stay. Returns -1 when one
 * cannot be opened, which is logged; then all is as it was.
 */
int listeners_set(struct listeners *listeners, const struct conf *conf);

/* Accepts on what is open, and from then on on what listeners_set() opens. */
void listeners_start(struct listeners *listeners);

/* As listener_give() for each of them. */
void listeners_give(const struct listeners *listeners, uid_t user, gid_t group);

/* Stops accepting for good. */
void listeners_close(struct listeners *listeners);
void listeners_free(struct listeners *listeners);

#endif
