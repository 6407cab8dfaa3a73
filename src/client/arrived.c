/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/arrived.h"

#include <string.h>

#define LINE_BYTES_MAX (16 << 20)

void
arrived_init(struct arrived *arrived)
{
	*arrived = (struct arrived){ .bytes = evbuffer_new() };
}

void
arrived_clear(struct arrived *arrived)
{
	evbuffer_free(arrived->bytes);
}

static size_t
find_whole(struct arrived *arrived)
{
	struct evbuffer *bytes = arrived->bytes;
	size_t length = evbuffer_get_length(bytes);
	struct evbuffer_ptr at;
	const char *start, *lf;

	if (length == arrived->searched_bytes)
		return 0;
	evbuffer_ptr_set(bytes, &at, arrived->searched_bytes, EVBUFFER_PTR_SET);
	if (evbuffer_search(bytes, "\n", 1, &at).pos == -1) {
		arrived->searched_bytes = length;
		return length > LINE_BYTES_MAX ? length : 0;
	}
	start = (const char *)evbuffer_pullup(bytes, -1);
	lf = memrchr(start, '\n', length);
	return (size_t)(lf - start) + 1;
}

void
arrived_take(
    struct arrived *arrived, struct evbuffer *input, struct evbuffer *lines)
{
	size_t whole;

	evbuffer_add_buffer(arrived->bytes, input);
	whole = find_whole(arrived);
	if (whole == 0)
		return;
	evbuffer_remove_buffer(arrived->bytes, lines, whole);
	arrived->searched_bytes = evbuffer_get_length(arrived->bytes);
}

void
arrived_take_rest(struct arrived *arrived, struct evbuffer *to)
{
	evbuffer_add_buffer(to, arrived->bytes);
	arrived->searched_bytes = 0;
}

void
arrived_drop_rest(struct arrived *arrived)
{
	evbuffer_drain(arrived->bytes, evbuffer_get_length(arrived->bytes));
	arrived->searched_bytes = 0;
}
