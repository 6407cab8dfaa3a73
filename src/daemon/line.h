/* SPDX-License-Identifier: ISC */
/*
 * Bytes into lines. A line is any bytes up to and with an LF; nothing else in
 * it means anything, CR and NUL included.
 *
 * The beginning of a line whose LF has not come is kept here and searched
 * once, so that a line costs time linear in its length however it dribbles
 * in. Whole lines pass straight through, without a copy.
 */
#ifndef LINE_H
#define LINE_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is a new one. Whoever embeds it calls line_clear() at the end. */
struct line_framer {
	char *partial; /* no LF in it */
	size_t length, size;
};

/*
 * Takes one or more whole lines. They are valid for the duration of the call.
 */
typedef void line_sink(const char *bytes, size_t length, void *arg);

/*
 * Feeds bytes and passes on the lines that are whole now. Returns 0, or -1
 * when a line is longer than limit bytes, its LF not counted; the lines before
 * it were passed on, no byte of it ever is, and the framer takes no more.
 */
int line_feed(struct line_framer *framer, const char *bytes, size_t length,
    size_t limit, line_sink *sink, void *arg);

/*
 * The same, but a line that is longer than limit is left out, and what follows
 * it goes on. Returns how many such lines began. *skipping is the caller's to
 * keep, false at first: whether the end of one is still to come.
 */
unsigned line_feed_skipping(struct line_framer *framer, bool *skipping,
    const char *bytes, size_t length, size_t limit, line_sink *sink, void *arg);

/* At the end of input: passes on a last line that has no LF, with one. */
void line_finish(struct line_framer *framer, line_sink *sink, void *arg);

void line_clear(struct line_framer *framer);

#endif
