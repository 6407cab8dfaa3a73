/* SPDX-License-Identifier: ISC */
/*
 * How lines look at a terminal. Pure: bytes in, bytes out. Whatever a line
 * holds, what comes out moves no cursor and changes no setting of a terminal:
 * control characters, and bytes that are not UTF-8, are shown as cat -v does.
 */
#ifndef DISPLAY_H
#define DISPLAY_H

#include "client/chat.h"

#include <event2/buffer.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct display_options {
	bool color;
	bool bell;		/* when our name is said */
	const char *timestamps; /* strftime(3), or NULL: none */
};

/*
 * Adds a line, without its LF, as it arrived, and an LF. Only in chat mode is
 * there anything but the line: a time, colours, a bell.
 */
void display_line(struct evbuffer *out, const struct display_options *options,
    const struct chat *chat, time_t now, const char *line, size_t length);

/*
 * As that, of all the lines in a buffer, which is empty then; the last one
 * needs no LF.
 */
void display_lines(struct evbuffer *out, const struct display_options *options,
    const struct chat *chat, time_t now, struct evbuffer *lines);

/* As that, of a line that we said. */
void display_own(struct evbuffer *out, const struct display_options *options,
    const struct chat *chat, time_t now, const char *line, size_t length);

/* Adds bytes as they can be shown. */
void display_bytes(struct evbuffer *out, const char *bytes, size_t length);

/* What stands before a line that is typed, and before one that was. */
#define DISPLAY_PROMPT "> "

#endif
