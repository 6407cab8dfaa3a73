/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/paste.h"

#include "common/xmalloc.h"

#include <string.h>

#define PASTE_END_LENGTH (sizeof(PASTE_END) - 1)

static bool
is_line_end(char byte)
{
	return byte == '\r' || byte == '\n';
}

/* How much is text; the first byte is. */
static size_t
text_length(const char *bytes, size_t length, int interrupt_key)
{
	size_t i = 1;

	while (i < length && !is_line_end(bytes[i]) &&
	    bytes[i] != PASTE_END[0] &&
	    (unsigned char)bytes[i] != interrupt_key)
		i++;
	return i;
}

/* A line that is typed is a string: it has no NUL. */
static char *
copy_text(const char *bytes, size_t length)
{
	char *text = xmalloc(length + 1), *to = text;
	size_t i;

	for (i = 0; i < length; i++)
		if (bytes[i] != '\0')
			*to++ = bytes[i];
	*to = '\0';
	return text;
}

char *
paste_next(struct paste *paste, struct evbuffer *keys, int interrupt_key)
{
	size_t length = evbuffer_get_length(keys), taken = 1;
	size_t marked = length < PASTE_END_LENGTH ? length : PASTE_END_LENGTH;
	const char *bytes = (const char *)evbuffer_pullup(keys, -1);
	bool is_mark = memcmp(bytes, PASTE_END, marked) == 0;
	char *text;

	if (is_mark && marked < PASTE_END_LENGTH)
		return NULL;
	if (is_mark) {
		paste->on = false;
		taken = PASTE_END_LENGTH;
		text = xstrdup("");
	} else if (is_line_end(bytes[0])) {
		bool is_same = bytes[0] == '\n' && paste->after_cr;

		paste->after_cr = bytes[0] == '\r';
		text = xstrdup(is_same ? "" : "\n");
	} else {
		paste->after_cr = false;
		taken = text_length(bytes, length, interrupt_key);
		text = copy_text(bytes, taken);
	}
	evbuffer_drain(keys, taken);
	return text;
}
