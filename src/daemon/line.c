/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/line.h"

#include "common/count.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

#define PARTIAL_SIZE_MIN 128

static void
keep(struct line_framer *framer, const char *bytes, size_t length)
{
	size_t needed = framer->length + length;

	if (length == 0)
		return;
	if (needed > framer->size) {
		if (framer->size == 0)
			framer->size = PARTIAL_SIZE_MIN;
		while (framer->size < needed)
			framer->size *= 2;
		framer->partial = xrealloc(framer->partial, framer->size);
	}
	memcpy(framer->partial + framer->length, bytes, length);
	framer->length = needed;
}

void
line_clear(struct line_framer *framer)
{
	free(framer->partial);
	memset(framer, 0, sizeof(*framer));
}

/* Completes the line that was begun; returns how many bytes that took. */
static size_t
complete_partial(struct line_framer *framer, const char *bytes, size_t length,
    line_sink *sink, void *arg)
{
	keep(framer, bytes, length);
	sink(framer->partial, framer->length, arg);
	line_clear(framer);
	return length;
}

/*
 * How many of the bytes belong to whole lines that are within the limit.
 * Only as many bytes as the limit can hold a line that is over it.
 */
static size_t
whole_lines(const char *bytes, size_t length, size_t limit)
{
	const char *end, *line = bytes;

	if (length <= limit)
		return count_line_bytes(bytes, length);
	while ((end = memchr(line, '\n', length - (size_t)(line - bytes)))) {
		if ((size_t)(end - line) > limit)
			break;
		line = end + 1;
	}
	return (size_t)(line - bytes);
}

/*
 * Passes on what is whole and keeps the rest. Returns how many bytes that took:
 * all, or those before a line that is over the limit and begins there or, when
 * none was taken, earlier.
 */
static size_t
feed(struct line_framer *framer, const char *bytes, size_t length, size_t limit,
    line_sink *sink, void *arg)
{
	const char *end;
	size_t taken = 0, whole;

	if (framer->length > 0) {
		end = memchr(bytes, '\n', length);
		taken = end == NULL ? length : (size_t)(end - bytes);
		if (framer->length + taken > limit)
			return 0;
		if (end == NULL) {
			keep(framer, bytes, length);
			return length;
		}
		taken = complete_partial(framer, bytes, taken + 1, sink, arg);
	}
	whole = whole_lines(bytes + taken, length - taken, limit);
	if (whole > 0)
		sink(bytes + taken, whole, arg);
	taken += whole;
	if (length - taken > limit)
		return taken;
	keep(framer, bytes + taken, length - taken);
	return length;
}

int
line_feed(struct line_framer *framer, const char *bytes, size_t length,
    size_t limit, line_sink *sink, void *arg)
{
	return feed(framer, bytes, length, limit, sink, arg) == length ? 0 : -1;
}

unsigned
line_feed_skipping(struct line_framer *framer, bool *skipping,
    const char *bytes, size_t length, size_t limit, line_sink *sink, void *arg)
{
	unsigned skipped = 0;
	const char *end;
	size_t taken;

	while (length > 0) {
		if (*skipping) {
			end = memchr(bytes, '\n', length);
			if (end == NULL)
				break;
			taken = (size_t)(end - bytes) + 1;
			*skipping = false;
		} else {
			taken = feed(framer, bytes, length, limit, sink, arg);
			if (taken == length)
				break;
			line_clear(framer);
			*skipping = true;
			skipped++;
		}
		bytes += taken;
		length -= taken;
	}
	return skipped;
}

void
line_finish(struct line_framer *framer, line_sink *sink, void *arg)
{
	if (framer->length > 0)
		complete_partial(framer, "\n", 1, sink, arg);
}
