/* SPDX-License-Identifier: ISC */
/*
 * What mode chat is to a client: lines have names in front, the daemon says
 * things itself, and people change names and rooms.
 *
 * With a name or a room a client becomes another speaker of the ledger
 * (speakers_follow()), and a name has the number of the first speaker that had
 * it: so a line shows by itself whether it comes under the right name, in the
 * right room. A client asks for one thing at a time, and its place as a reader
 * moves on when it reads the answer: until there it has to hear all of the old
 * room.
 */
#ifndef CHAT_H
#define CHAT_H

#include "speech.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;
struct crowd;
struct ledger;

/* "<pNNNNNNNN> ", struct speaker's name in hexadecimal. */
#define CHAT_HEAD 12

/* Of those who quit. */
#define CHAT_LAST_WORD "enough"

/* What a client has asked for. A plain value. */
struct question {
	uint64_t next_ms;      /* when it asks again, if nothing is open */
	char answer[64];       /* what it has to be told; or "", nothing */
	struct ledger *ledger; /* the room that it goes to, or NULL */
	size_t must_hear_here; /* up to here in the old room */
	size_t at;	       /* the new one begins after that */
	size_t must_hear;      /* up to here in the new room, by its end */
};

/* A newcomer asks for its name. */
void chat_introduce(struct crowd *crowd, struct client *client);

/*
 * Asks for another name or room, if it is time for that. True: the client is
 * another speaker from here on.
 */
bool chat_ask(struct crowd *crowd, struct client *client);

/* Reads a line that somebody said. False: it is not as it was made. */
bool chat_read(const struct crowd *crowd, const char *line, size_t length,
    struct speech *speech);

/* Whether the daemon says this line itself. */
bool chat_is_told(const char *line, size_t length);
/*
 * Checks what it says; with an answer the client goes on. False: the witness
 * has to hear more first, and the client has to come again with it.
 */
bool chat_take(struct crowd *crowd, struct client *client, const char *line,
    size_t length);

#endif
