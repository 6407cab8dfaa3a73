/* SPDX-License-Identifier: ISC */
/*
 * The secret that a newcomer has to know: the first line of a file that only
 * its owner may read. A CR before a line's end does not count, in the file and
 * in what a client sends.
 */
#ifndef SECRET_H
#define SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SECRET_BYTES_MAX 1024 /* without its line end */

struct secret;

/*
 * Reads a file, which has to belong to root or to this owner. Returns NULL when
 * there is no good secret in it, with *why set to a text that is good until
 * the next call.
 */
struct secret *secret_read(const char *path, uid_t owner, const char **why);
/* As secret_read() from a file with these bytes. */
struct secret *secret_new(const char *bytes, size_t length, const char **why);
/* Overwrites it first; NULL is allowed. */
void secret_free(struct secret *secret);

/*
 * Whether a line, without its LF, is the secret. Takes the same time for every
 * line of any length up to SECRET_BYTES_MAX.
 */
bool secret_matches(
    const struct secret *secret, const char *line, size_t length);

/* The secret, without a line end; good as long as it is. */
const char *secret_bytes(const struct secret *secret, size_t *length);

#endif
