/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/batch.h"

#include "common/count.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

#define SPANS_MIN 16

struct batch *
batch_new(size_t size, const struct batch *older)
{
	struct batch *batch;

	if (size < BATCH_BYTES)
		size = BATCH_BYTES;
	batch = xmalloc(sizeof(*batch) + size);
	memset(batch, 0, sizeof(*batch));
	batch->references = 1;
	batch->pinned_bytes = older == NULL ? NULL : older->pinned_bytes;
	batch->size = (uint32_t)size;
	batch->serial = older == NULL ? 1 : older->serial + 1;
	batch->position = older == NULL ? 0 : batch_end(older);
	return batch;
}

struct batch *
batch_ref(struct batch *batch)
{
	batch->references++;
	return batch;
}

static void
batch_free(struct batch *batch)
{
	free(batch->spans);
	free(batch);
}

void
batch_unref(struct batch *batch)
{
	struct batch *next;

	while (batch != NULL && --batch->references == 0) {
		next = batch->next;
		batch->next = NULL;
		if (batch->pins == 0)
			batch_free(batch);
		else if (batch->pinned_bytes != NULL)
			*batch->pinned_bytes += batch->size;
		batch = next;
	}
}

struct batch *
batch_pin(struct batch *batch)
{
	batch->pins++;
	return batch;
}

void
batch_unpin(struct batch *batch)
{
	if (--batch->pins > 0 || batch->references > 0)
		return;
	if (batch->pinned_bytes != NULL)
		*batch->pinned_bytes -= batch->size;
	batch_free(batch);
}

size_t
batch_room(const struct batch *batch)
{
	if (batch->span_count == BATCH_SPANS)
		return 0;
	return batch->size - batch->length;
}

uint64_t
batch_end(const struct batch *batch)
{
	return batch->position + batch->length;
}

static uint32_t
add_span(struct batch *batch, uint64_t id)
{
	struct batch_span *span;

	if (batch->span_count == batch->span_size) {
		batch->span_size =
		    batch->span_size == 0 ? SPANS_MIN : batch->span_size * 2;
		batch->spans = xreallocarray(
		    batch->spans, batch->span_size, sizeof(*batch->spans));
	}
	span = &batch->spans[batch->span_count];
	*span = (struct batch_span){
		.origin = id,
		.offset = batch->length,
		.next = BATCH_NO_SPAN,
	};
	return batch->span_count++;
}

/* The span that the origin's next line goes to. */
static struct batch_span *
span_for(struct batch *batch, struct batch_origin *origin)
{
	bool spoke = origin->serial == batch->serial;
	struct batch_span *last = spoke ? &batch->spans[origin->last] : NULL;
	bool waits = spoke && last->offset >= batch->fanned_out;
	uint32_t new;

	/* Widen the last one, unless that would make it a half-sent one. */
	if (waits && last->offset + last->length == batch->length)
		return last;
	new = add_span(batch, origin->id);
	if (spoke)
		batch->spans[origin->last].next = new;
	if (!waits)
		origin->first = new;
	origin->serial = batch->serial;
	origin->last = new;
	return &batch->spans[new];
}

uint32_t
batch_append(struct batch *batch, struct batch_origin *origin,
    const char *lines, size_t length)
{
	struct batch_span *span = span_for(batch, origin);
	uint32_t count = (uint32_t)count_lines(lines, length);

	memcpy(batch->data + batch->length, lines, length);
	batch->length += (uint32_t)length;
	batch->lines += count;
	batch->all_lines += count;
	span->length += (uint32_t)length;
	span->lines += count;
	return count;
}

void
batch_set_fanned_out(struct batch *batch)
{
	batch->fanned_out = batch->length;
	batch->lines = 0;
}

void
batch_rewind(struct batch *batch)
{
	batch->position += batch->length;
	batch->serial++;
	batch->length = 0;
	batch->fanned_out = 0;
	batch->span_count = 0;
	batch->all_lines = 0;
}

/* The first span that ends after offset, or span_count. */
static uint32_t
first_span_after(const struct batch *batch, uint32_t offset)
{
	uint32_t low = 0, high = batch->span_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct batch_span *span = &batch->spans[middle];

		if (span->offset + span->length <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Nearly every call ends before the loop: most members only listen, and one
 * that speaks is nearly always where everybody is.
 */
static uint32_t
first_own_span(const struct batch *batch, uint32_t offset,
    const struct batch_origin *origin)
{
	uint32_t i;

	if (origin->serial < batch->serial)
		return BATCH_NO_SPAN;
	if (origin->serial == batch->serial) {
		if (batch->spans[origin->last].offset < offset)
			return BATCH_NO_SPAN;
		if (offset == batch->fanned_out)
			return origin->first;
	}
	for (i = first_span_after(batch, offset); i < batch->span_count; i++)
		if (batch->spans[i].origin == origin->id)
			return i;
	return BATCH_NO_SPAN;
}

struct batch_cursor
batch_cursor_at(
    struct batch *batch, uint32_t offset, const struct batch_origin *origin)
{
	return (struct batch_cursor){
		.batch = batch,
		.offset = offset,
		.next_own = first_own_span(batch, offset, origin),
	};
}

uint64_t
batch_cursor_position(const struct batch_cursor *cursor)
{
	return cursor->batch->position + cursor->offset;
}

static void
enter_next_batch(struct batch_cursor *cursor, const struct batch_origin *origin)
{
	cursor->batch = cursor->batch->next;
	cursor->offset = 0;
	cursor->next_own = first_own_span(cursor->batch, 0, origin);
}

static void
skip_own_span(struct batch_cursor *cursor)
{
	const struct batch_span *span = &cursor->batch->spans[cursor->next_own];

	cursor->offset += span->length;
	cursor->own_lines += span->lines;
	cursor->next_own = span->next;
}

bool
batch_next_run(struct batch_cursor *cursor, const struct batch_origin *origin,
    uint64_t until, struct iovec *run)
{
	for (;;) {
		const struct batch *batch = cursor->batch;
		uint32_t end = batch->length;

		if (batch_cursor_position(cursor) >= until)
			return false;
		if (batch_end(batch) > until)
			end = (uint32_t)(until - batch->position);
		if (cursor->next_own != BATCH_NO_SPAN &&
		    batch->spans[cursor->next_own].offset < end)
			end = batch->spans[cursor->next_own].offset;
		if (cursor->offset < end) {
			run->iov_base = (char *)batch->data + cursor->offset;
			run->iov_len = end - cursor->offset;
			cursor->offset = end;
			return true;
		}
		if (cursor->offset < batch->length)
			skip_own_span(cursor);
		else
			enter_next_batch(cursor, origin);
	}
}

uint64_t
batch_line_end(const struct batch *batch, uint64_t position)
{
	const char *at, *lf;

	while (batch_end(batch) < position)
		batch = batch->next;
	if (position <= batch->position)
		return batch->position;
	at = batch->data + (position - batch->position) - 1;
	lf = memchr(at, '\n', (size_t)(batch->data + batch->length - at));
	return batch->position + (uint64_t)(lf + 1 - batch->data);
}

/* A batch without a line of the origin is not looked into. */
static bool
skip_batch(struct batch_cursor *cursor, uint64_t until, uint64_t *lines)
{
	const struct batch *batch = cursor->batch;

	if (cursor->offset > 0 || cursor->next_own != BATCH_NO_SPAN ||
	    batch_end(batch) > until)
		return false;
	*lines += batch->all_lines;
	cursor->offset = batch->length;
	return true;
}

uint64_t
batch_skip(struct batch_cursor *cursor, const struct batch_origin *origin,
    uint64_t until)
{
	struct iovec run;
	uint64_t lines = 0;

	while (batch_cursor_position(cursor) < until) {
		if (cursor->offset == cursor->batch->length)
			enter_next_batch(cursor, origin);
		else if (skip_batch(cursor, until, &lines))
			continue;
		else if (batch_next_run(cursor, origin, until, &run))
			lines += count_lines(run.iov_base, run.iov_len);
	}
	return lines;
}
