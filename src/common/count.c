/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/count.h"

#include <event2/buffer.h>
#include <string.h>

size_t
count_lines(const char *bytes, size_t length)
{
	const char *end = bytes + length, *line_end;
	size_t lines = 0;

	while ((line_end = memchr(bytes, '\n', (size_t)(end - bytes)))) {
		lines++;
		bytes = line_end + 1;
	}
	return lines;
}

size_t
count_line_bytes(const char *bytes, size_t length)
{
	const char *last = memrchr(bytes, '\n', length);

	return last == NULL ? 0 : (size_t)(last - bytes) + 1;
}

size_t
count_buffer_lines(struct evbuffer *buffer, size_t skip)
{
	size_t left = evbuffer_get_length(buffer) - skip, lines = 0;
	struct evbuffer_iovec piece;
	struct evbuffer_ptr at;

	if (left == 0)
		return 0;
	evbuffer_ptr_set(buffer, &at, skip, EVBUFFER_PTR_SET);
	for (;;) {
		evbuffer_peek(buffer, -1, &at, &piece, 1);
		lines += count_lines(piece.iov_base, piece.iov_len);
		left -= piece.iov_len;
		if (left == 0)
			return lines;
		evbuffer_ptr_set(buffer, &at, piece.iov_len, EVBUFFER_PTR_ADD);
	}
}

size_t
count_whole_bytes(struct evbuffer *buffer, size_t skip, size_t limit)
{
	size_t at = skip, whole = 0;
	struct evbuffer_iovec piece;
	struct evbuffer_ptr place;

	if (skip >= limit)
		return 0;
	evbuffer_ptr_set(buffer, &place, skip, EVBUFFER_PTR_SET);
	while (at < limit) {
		size_t length, lines;

		evbuffer_peek(buffer, -1, &place, &piece, 1);
		length =
		    piece.iov_len < limit - at ? piece.iov_len : limit - at;
		lines = count_line_bytes(piece.iov_base, length);
		if (lines > 0)
			whole = at + lines;
		at += piece.iov_len;
		if (at < limit)
			evbuffer_ptr_set(
			    buffer, &place, piece.iov_len, EVBUFFER_PTR_ADD);
	}
	return whole;
}
