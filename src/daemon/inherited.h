/* SPDX-License-Identifier: ISC */
/*
 * The sockets that systemd has bound for this process, sd_listen_fds(3).
 *
 * They stay open here as long as the daemon lives, so that an address that a
 * reload takes out of the settings and another one puts back is still there.
 * Who accepts from one borrows it; libevent must not see a duplicate.
 */
#ifndef INHERITED_H
#define INHERITED_H

#include <stddef.h>

struct bound;
struct inherited;

/*
 * Takes the sockets over from the environment; there may be none. Returns NULL
 * when one is not a stream socket that listens, which is logged.
 */
struct inherited *inherited_new(void);

/* How many have this name, FileDescriptorName= in systemd.socket(5). */
size_t inherited_count(const struct inherited *inherited, const char *name);

/*
 * The next socket of that name, counted from 0, or the one that is bound to an
 * address, which is written as endpoint_format() does. Return 0, or -1 when
 * there is none.
 */
int inherited_take_name(struct inherited *inherited, const char *name,
    size_t number, struct bound *bound);
int inherited_take_address(
    struct inherited *inherited, const char *address, struct bound *bound);

/*
 * Logs those that nobody has taken or that were let go of: whoever connects to
 * them waits in vain. Returns how many that are.
 */
size_t inherited_report_unused(const struct inherited *inherited);

void inherited_free(struct inherited *inherited);

#endif
