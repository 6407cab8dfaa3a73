/* SPDX-License-Identifier: ISC */
/*
 * Who we are on a relay in mode chat, over one connection after another, and
 * what to ask it for: the name and the room that we had, or wanted. Pure.
 *
 * A struct identity is a plain value and owns nothing.
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "client/chat.h"

#include <stdbool.h>
#include <stddef.h>

/* Room for a /nick and a /join, NUL included. */
#define IDENTITY_COMMANDS_SIZE (2 * (sizeof("/nick \n") + CHAT_NAME_SIZE))

struct identity {
	struct chat chat; /* as the relay has told us */
	/* What we want to be; "": we take what we get. */
	char name[CHAT_NAME_SIZE], room[CHAT_NAME_SIZE];
	bool greeted; /* the first line of this connection has come */
};

/* With a name to ask for, or NULL. */
void identity_init(struct identity *identity, const char *name);

/* Whether there is anything to ask for. */
bool identity_wants(const struct identity *identity);

/* Lines of another connection follow. */
void identity_begin(struct identity *identity);

/*
 * Takes a line of the relay, without its LF. Writes the commands to answer it
 * with, or "".
 */
void identity_follow(struct identity *identity, const char *line, size_t length,
    char commands[IDENTITY_COMMANDS_SIZE]);

#endif
