/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/arrived.h"

#include "common/count.h"

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

void
arrived_take(
    struct arrived *arrived, struct evbuffer *input, struct evbuffer *lines)
{
	size_t length, whole;

	evbuffer_add_buffer(arrived->bytes, input);
	length = evbuffer_get_length(arrived->bytes);
	whole =
	    count_whole_bytes(arrived->bytes, arrived->searched_bytes, length);
	if (whole == 0 && length > LINE_BYTES_MAX)
		whole = length;
	evbuffer_remove_buffer(arrived->bytes, lines, whole);
	arrived->searched_bytes = length - whole;
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
