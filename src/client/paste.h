/* SPDX-License-Identifier: ISC */
/*
 * A pasted text: between two marks of the terminal, keys are text. Pure: a
 * plain value, which owns nothing; zero it for no paste.
 */
#ifndef PASTE_H
#define PASTE_H

#include <event2/buffer.h>
#include <stdbool.h>

/* Bracketed paste, xterm's control sequences. */
#define PASTE_BEGIN "\033[200~"
#define PASTE_END   "\033[201~"
#define PASTE_OFF   "\033[?2004l"

struct paste {
	bool on;
	bool after_cr; /* an LF is no other line end */
};

/*
 * Takes the next piece of the text off the keys, of which there are some; the
 * end mark turns the paste off. Returns the piece, for free(3), or NULL when
 * more has to come first. A line end, whichever it was, is one of its own:
 * "\n". The text has no NULs, and goes no further than the key that
 * interrupts, -1 for none.
 */
char *paste_next(struct paste *paste, struct evbuffer *keys, int interrupt_key);

#endif
