/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/line.h"

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
	const char *last, *end, *line = bytes;

	if (length <= limit) {
		last = memrchr(bytes, '\n', length);
		return last == NULL ? 0 : (size_t)(last - bytes) + 1;
	}
	while ((end = memchr(line, '\n', length - (size_t)(line - bytes)))) {
		if ((size_t)(end - line) > limit)
			break;
		line = end + 1;
	}
	return (size_t)(line - bytes);
}

int
line_feed(struct line_framer *framer, const char *bytes, size_t length,
    size_t limit, line_sink *sink, void *arg)
{
	const char *end;
	size_t taken;

	if (framer->length > 0) {
		end = memchr(bytes, '\n', length);
		taken = end == NULL ? length : (size_t)(end - bytes);
		if (framer->length + taken > limit)
			return -1;
		if (end == NULL) {
			keep(framer, bytes, length);
			return 0;
		}
		taken = complete_partial(framer, bytes, taken + 1, sink, arg);
		bytes += taken;
		length -= taken;
	}
	taken = whole_lines(bytes, length, limit);
	if (taken > 0)
		sink(bytes, taken, arg);
	bytes += taken;
	length -= taken;
	if (length > limit)
		return -1;
	keep(framer, bytes, length);
	return 0;
}

void
line_finish(struct line_framer *framer, line_sink *sink, void *arg)
{
	if (framer->length > 0)
		complete_partial(framer, "\n", 1, sink, arg);
}
