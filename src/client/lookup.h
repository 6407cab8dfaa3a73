/* SPDX-License-Identifier: ISC */
/*
 * The look-up of an address, in a thread of its own: while the network is gone
 * it takes long to fail, and a person may be typing.
 *
 * A struct lookup belongs to the caller of lookup_start() until lookup_free(),
 * which may be called at any time, also from on_done.
 */
#ifndef LOOKUP_H
#define LOOKUP_H

#include "common/address.h"

#include <event2/event.h>
#include <stddef.h>

struct lookup;

/*
 * The addresses to connect to, which the handler frees with free(3); or NULL,
 * with why there are none, a static text.
 */
typedef void lookup_done(
    struct endpoint *list, size_t count, const char *why, void *arg);

/* Copies the address. on_done is called once, from the loop. */
struct lookup *lookup_start(struct event_base *base,
    const struct address *address, int family, lookup_done *on_done, void *arg);
void lookup_free(struct lookup *lookup);

#endif
