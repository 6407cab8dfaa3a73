/* SPDX-License-Identifier: ISC */
/*
 * The names that were seen lately, for completion: a plain value of a fixed
 * size, which owns nothing. Zero it to begin.
 */
#ifndef NAMES_H
#define NAMES_H

#include "client/chat.h"

#define NAMES_MAX 64

struct names {
	char names[NAMES_MAX][CHAT_NAME_SIZE]; /* the latest first */
};

/*
 * Puts a name first; of so many, the one longest unseen goes. One that would do
 * something to a terminal is left out.
 */
void names_add(struct names *names, const struct chat_text *name);

/* As that, in place of the name that somebody had. */
void names_rename(struct names *names, const struct chat_text *old,
    const struct chat_text *name);

/* The nth name, or NULL. */
const char *names_get(const struct names *names, size_t n);

#endif
