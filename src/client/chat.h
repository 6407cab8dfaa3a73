/* SPDX-License-Identifier: ISC */
/*
 * What the lines of a relay in chat mode say: who spoke, and who we are there.
 * Pure: bytes in, pointers into them out, good as long as the bytes are.
 *
 * A relay is in chat mode when its first line greets us by a name.
 */
#ifndef CHAT_H
#define CHAT_H

#include <stdbool.h>
#include <stddef.h>

/* Of a nickname and of a room's, NUL included. */
#define CHAT_NAME_SIZE 33

struct chat_text {
	const char *at;
	size_t length;
};

enum chat_kind {
	CHAT_SAID,    /* <name> text */
	CHAT_ACTION,  /* * name text */
	CHAT_TO_US,   /* [name] text */
	CHAT_FROM_US, /* [to name] text */
	CHAT_NOTICE   /* *** and whatever else a relay says */
};

/* A line in its parts, which are, one after another, all of it. */
struct chat_line {
	enum chat_kind kind;
	struct chat_text time;	 /* of a line said before, with a space */
	struct chat_text before; /* the name: "<" */
	struct chat_text name;	 /* empty where nobody is named */
	struct chat_text after;
};

/* The line has no LF. */
void chat_parse(const char *line, size_t length, struct chat_line *parsed);

/* Whether it says that who is named in it has another name now: which. */
bool chat_renames(const struct chat_line *line, struct chat_text *name);

/* Who we are, as far as the relay has told. Zero: nobody was greeted. */
struct chat {
	bool on;
	char name[CHAT_NAME_SIZE], room[CHAT_NAME_SIZE];
};

/* Takes the first line of a connection. */
void chat_greet(struct chat *chat, const char *line, size_t length);

/*
 * Takes a later line; returns whether it says that we have another name now,
 * or are in another room.
 */
bool chat_follow(struct chat *chat, const char *line, size_t length);

/* Whether a line says that somebody of this name has left the relay. */
bool chat_tells_leave(const char *name, const char *line, size_t length);

/* Whether bytes have a name in them, as a word, without regard to case. */
bool chat_mentions(const char *name, const char *bytes, size_t length);

#endif
