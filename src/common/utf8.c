/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/utf8.h"

#include <stdint.h>
#include <string.h>

/* Of a character that begins so; 0: none does. */
static size_t
expected_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/*
 * The second byte is where overlong forms, surrogates and what is beyond
 * U+10FFFF show: RFC 3629, section 4.
 */
static bool
may_follow(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0 && second <= 0xbf;
	case 0xed:
		return second >= 0x80 && second <= 0x9f;
	case 0xf0:
		return second >= 0x90 && second <= 0xbf;
	case 0xf4:
		return second >= 0x80 && second <= 0x8f;
	default:
		return second >= 0x80 && second <= 0xbf;
	}
}

size_t
utf8_next(const char *bytes, size_t length, bool *good)
{
	const unsigned char *at = (const unsigned char *)bytes;
	size_t expected = expected_length(at[0]), i;

	*good = false;
	if (expected == 0)
		return 1;
	for (i = 1; i < expected; i++)
		if (i == length || !may_follow(i == 1 ? at[0] : 0, at[i]))
			return i;
	*good = true;
	return expected;
}

/* Bytes of ASCII at the beginning: nearly always all, so eight at a time. */
static size_t
ascii_length(const char *bytes, size_t length)
{
	size_t i = 0;
	uint64_t eight;

	for (; i + sizeof(eight) <= length; i += sizeof(eight)) {
		memcpy(&eight, bytes + i, sizeof(eight));
		if (eight & UINT64_C(0x8080808080808080))
			break;
	}
	while (i < length && (unsigned char)bytes[i] < 0x80)
		i++;
	return i;
}

bool
utf8_is_good(const char *bytes, size_t length)
{
	bool good = true;
	size_t i;

	for (i = ascii_length(bytes, length); i < length && good;
	     i += ascii_length(bytes + i, length - i))
		i += utf8_next(bytes + i, length - i, &good);
	return good;
}

size_t
utf8_repair(char *to, const char *bytes, size_t length)
{
	const char *end = bytes + length;
	char *begin = to;
	size_t taken;
	bool good;

	while (bytes < end) {
		taken = utf8_next(bytes, (size_t)(end - bytes), &good);
		memcpy(to, good ? bytes : UTF8_REPLACEMENT,
		    good ? taken : UTF8_GROWTH);
		to += good ? taken : UTF8_GROWTH;
		bytes += taken;
	}
	return (size_t)(to - begin);
}
