/* SPDX-License-Identifier: ISC */
/*
 * What a client says: lines as its mood has it, and in mode chat commands among
 * them; sent in pieces that are cut anywhere. Owns nothing.
 */
#ifndef TALK_H
#define TALK_H

#include "client.h"

#include <stddef.h>

/* Says something new, if it is in the mood, and sends what waits. */
void talk(struct crowd *crowd, struct client *client);

/* The next line, whatever its mood. */
void talk_say(struct crowd *crowd, struct client *client, size_t length);

/* One short enough to be sent byte by byte. */
void talk_say_little(struct crowd *crowd, struct client *client);

/*
 * A command and its LF, when no other one waits to be sent. Its speaker says
 * what is before it; then the client may be another one.
 */
void talk_command(struct client *client, const char *command);

/* Sends what waits, in pieces. */
void talk_flush(struct crowd *crowd, struct client *client);

#endif
