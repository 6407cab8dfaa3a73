/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/text.h"

#include "common/utf8.h"

#include <stdint.h>
#include <string.h>

/* The same byte, eight times. */
#define EIGHT(byte) (UINT64_C(0x0101010101010101) * (byte))

/*
 * Bytes at the beginning that stay as they are, eight at a time: ASCII from
 * the space to the tilde. It may stop early, at a tab for one.
 */
static size_t
plain_length(const char *bytes, size_t length)
{
	uint64_t eight;
	size_t i = 0;

	for (; i + sizeof(eight) <= length; i += sizeof(eight)) {
		memcpy(&eight, bytes + i, sizeof(eight));
		/* A high bit: there, or by a borrow below the space, or by a
		 * carry from DEL. */
		if ((eight | (eight - EIGHT(0x20)) | (eight + EIGHT(1))) &
		    EIGHT(0x80))
			break;
	}
	while (i < length && bytes[i] >= ' ' && bytes[i] <= '~')
		i++;
	return i;
}

bool
text_is_harmless(const char *character, size_t length)
{
	const unsigned char *at = (const unsigned char *)character;

	switch (length) {
	case 1:
		return (at[0] >= 0x20 && at[0] != 0x7f) || at[0] == '\t';
	case 2:
		return at[0] != 0xc2 || at[1] >= 0xa0;
	case 3:
		return at[0] != 0xe2 ||
		    !((at[1] == 0x80 && at[2] >= 0xaa && at[2] <= 0xae) ||
			(at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9));
	default:
		return true;
	}
}

size_t
text_clean(char *to, const char *bytes, size_t length)
{
	const char *end = bytes + length;
	char *begin = to;
	size_t taken;
	bool good;

	for (;;) {
		taken = plain_length(bytes, (size_t)(end - bytes));
		memcpy(to, bytes, taken);
		to += taken;
		bytes += taken;
		if (bytes == end)
			return (size_t)(to - begin);
		taken = utf8_next(bytes, (size_t)(end - bytes), &good);
		if (!good) {
			memcpy(to, UTF8_REPLACEMENT, UTF8_GROWTH);
			to += UTF8_GROWTH;
		} else if (text_is_harmless(bytes, taken)) {
			memcpy(to, bytes, taken);
			to += taken;
		}
		bytes += taken;
	}
}
