/* SPDX-License-Identifier: ISC */
/*
 * What makes a setting wrong that is right by itself: the rest of the settings,
 * and the files that they name. Pure but for those files.
 */
#ifndef CONF_RULES_H
#define CONF_RULES_H

#include <stddef.h>

struct conf;
struct conf_listen;
struct tls_fault;

/*
 * A key that is set, and says nothing unless *needed is, which is not; or NULL.
 */
const char *conf_rules_find_orphan(
    const struct conf *conf, const char **needed);

/* Of one of conf->listen. Returns 0, or -1 with what is wrong and what is
 * allowed in text. */
int conf_rules_check_listener(const struct conf *conf,
    const struct conf_listen *listener, char *text, size_t size);

/*
 * Reads conf->secret from the file that the settings name, if they do. Returns
 * 0, or -1 with *why set to a text that is good until the next call.
 */
int conf_rules_read_secret(struct conf *conf, const char **why);

/* The same with conf->tls and its files. */
int conf_rules_read_tls(struct conf *conf, struct tls_fault *fault);

/*
 * Whether the secret may be asked for at open_address, one of the listener's
 * that others can reach, or NULL if there is none. As
 * conf_rules_check_listener(), which asks this of the address as it is written:
 * the sockets are not known before they are open.
 */
int conf_rules_check_secret(const struct conf *conf,
    const struct conf_listen *listener, const char *open_address, char *text,
    size_t size);

#endif
