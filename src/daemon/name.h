/* SPDX-License-Identifier: ISC */
/*
 * Names of people and rooms in mode chat: letters and digits of any script,
 * `_' and `-', in the compatibility composition (NFKC) of Unicode, so that what
 * looks the same is the same. The Latin, Greek, Cyrillic and Armenian alphabets
 * are not mixed.
 *
 * Two names are one when their keys are equal. A key has no upper case, and
 * Latin letters for those of the other three alphabets that look like them. All
 * plain values.
 */
#ifndef NAME_H
#define NAME_H

#include <stdbool.h>

#define NAME_MAX_BYTES 32
#define NAME_SIZE      (NAME_MAX_BYTES + 1)

/* What a name is made of, for a message. */
#define NAME_FORM "1 to 32 bytes of letters of one alphabet, digits, _ and -"

/*
 * Makes a name out of what somebody typed, UTF-8. Returns 0, or -1 when it
 * cannot be one.
 */
int name_make(char name[NAME_SIZE], const char *text);

/* The name without upper case, for free(3). */
char *name_fold(const char *name);

/* The key of a name, for free(3). */
char *name_key(const char *name);

bool name_is_same(const char *one, const char *other);

#endif
