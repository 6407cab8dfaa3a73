/* SPDX-License-Identifier: ISC */
/*
 * The framer against a model that sees the whole stream at once: whatever the
 * cuts, the same lines come out, or the same refusal.
 *
 * The first byte is the limit, the second seeds the cuts, the rest is the
 * stream.
 */
#include "config.h"

#include "fuzz.h"

#include "common/count.h"
#include "common/xmalloc.h"
#include "daemon/line.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct sink {
	char *bytes;
	size_t length, size;
};

static void
collect(const char *bytes, size_t length, void *arg)
{
	struct sink *sink = arg;

	FUZZ_ASSERT(length > 0 && bytes[length - 1] == '\n');
	FUZZ_ASSERT(length <= sink->size - sink->length);
	memcpy(sink->bytes + sink->length, bytes, length);
	sink->length += length;
}

/* How many bytes of whole lines come before the first that is too long. */
static size_t
model(const char *stream, size_t length, size_t limit, bool *too_long)
{
	size_t begin = 0, i;

	for (i = 0; i < length; i++) {
		if (stream[i] == '\n')
			begin = i + 1;
		else if (i - begin >= limit)
			break;
	}
	*too_long = i < length;
	return begin;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct line_framer framer = { 0 };
	struct sink sink;
	unsigned cuts;
	size_t limit, whole, at = 0, length;
	const char *stream;
	bool too_long, refused = false;

	if (size < 2)
		return 0;
	limit = (size_t)data[0] + 1;
	cuts = data[1];
	stream = (const char *)data + 2;
	length = size - 2;
	sink = (struct sink){ xmalloc(size + 1), 0, size + 1 };
	whole = model(stream, length, limit, &too_long);
	while (at < length && !refused) {
		size_t piece;

		cuts = cuts * 1103515245u + 12345u;
		piece = 1 + (cuts >> 16) % 97;
		if (piece > length - at)
			piece = length - at;
		refused = line_feed(&framer, stream + at, piece, limit, collect,
			      &sink) == -1;
		at += piece;
	}
	FUZZ_ASSERT(refused == too_long);
	FUZZ_ASSERT(sink.length == whole);
	FUZZ_ASSERT(memcmp(sink.bytes, stream, whole) == 0);
	if (!refused) {
		bool partial = whole < length;

		line_finish(&framer, collect, &sink);
		FUZZ_ASSERT(sink.length == length + partial);
		FUZZ_ASSERT(memcmp(sink.bytes, stream, length) == 0);
	}
	FUZZ_ASSERT(count_lines(sink.bytes, sink.length) <= sink.length);
	line_clear(&framer);
	free(sink.bytes);
	return 0;
}
