/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/sent.h"

#include "common/count.h"

/* limits.line_bytes of tcprelayd, where nobody has set it. */
#define LONG_LINE_BYTES (64 << 10)

void
sent_init(struct sent *sent)
{
	*sent = (struct sent){ .copy = evbuffer_new() };
}

void
sent_clear(struct sent *sent)
{
	evbuffer_free(sent->copy);
}

void
sent_add(struct sent *sent, const char *bytes, size_t length)
{
	evbuffer_add(sent->copy, bytes, length);
	sent->bytes += length;
	sent->lines += count_lines(bytes, length);
}

void
sent_forget(struct sent *sent, size_t unknown_bytes)
{
	size_t length = evbuffer_get_length(sent->copy), arrived, whole;

	/* The secret, say, is not in the copy. */
	arrived = unknown_bytes < length ? length - unknown_bytes : 0;
	if (arrived <= sent->arrived_bytes)
		return;
	whole = count_whole_bytes(sent->copy, sent->arrived_bytes, arrived);
	if (arrived - whole > sent->line_bytes_max)
		whole = arrived;
	evbuffer_drain(sent->copy, whole);
	sent->arrived_bytes = arrived - whole;
}

uint64_t
sent_unknown_lines(const struct sent *sent)
{
	return count_buffer_lines(sent->copy, 0);
}

bool
sent_is_cut(const struct sent *sent, bool *first)
{
	size_t length = evbuffer_get_length(sent->copy);

	*first = sent->bytes == length;
	return sent->arrived_bytes > 0 &&
	    (sent->arrived_bytes < length ||
		sent->arrived_bytes >= LONG_LINE_BYTES);
}

void
sent_take(struct sent *sent, struct evbuffer *to)
{
	evbuffer_prepend_buffer(to, sent->copy);
	sent->arrived_bytes = 0;
}
