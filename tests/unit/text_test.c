/* SPDX-License-Identifier: ISC */
/*
 * Guards against text that does something at a terminal: sequences that move
 * the cursor, set the title or the clipboard, characters that turn a line
 * round; and against a fast path that lets through what the slow one would not.
 */
#include "config.h"

#include "unit.h"

#include "common/text.h"
#include "common/utf8.h"

#include <string.h>

#define R "\xef\xbf\xbd" /* U+FFFD */

static const struct {
	const char *dirty, *clean;
} texts[] = {
	{ "", "" },
	{ "plain text, longer than eight bytes ~", NULL },
	{ "tab\tstays\t", NULL },
	{ "\xc3\xa9t\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80", NULL },
	/* CSI, OSC 8 (a link), OSC 52 (the clipboard), DCS, as 7 and 8 bits */
	{ "\x1b[2J\x1b[H", "[2J[H" },
	{ "\x1b]8;;http://x\x1b\\y\x1b]8;;\x1b\\", "]8;;http://x\\y]8;;\\" },
	{ "\x1b]52;c;ZXZpbA==\x07", "]52;c;ZXZpbA==" },
	{ "\x1bP$q\"p\x1b\\", "P$q\"p\\" },
	{ "\xc2\x9b"
	  "2J",
	    "2J" },
	{ "\x9b"
	  "2J",
	    R "2J" },
	{ "\xc2\x80\xc2\x85\xc2\x9f\xc2\xa0", "\xc2\xa0" },
	{ "over\rwritten\b\b\v\f\a\x7f\x0e\x0f\x01", "overwritten" },
	/*
	 * Bidirectional embeddings, overrides, isolates; and their neighbours
	 */
	{ "\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x80\xae", "" },
	{ "\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9", "" },
	{ "\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa", NULL },
	/* Overlong forms, surrogates, beyond U+10FFFF, cut off, stray */
	{ "\xc0\x8a", R R },
	{ "\xc1\x9b", R R },
	{ "\xe0\x80\x9b", R R R },
	{ "\xf0\x80\x80\x9b", R R R R },
	{ "\xed\xa0\x80", R R R },
	{ "\xf4\x90\x80\x80", R R R R },
	{ "\xff\xfe", R R },
	{ "\xe2\x82", R },
	{ "\xe2\x82x", R "x" },
	{ "\xf0\x9f\x98\x1b[m", R "[m" },
	{ "\x80\xbf", R R },
};

static size_t
clean(char *to, const char *text)
{
	return text_clean(to, text, strlen(text));
}

static void
test_nasty_texts(void **state)
{
	char to[256];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(texts); i++) {
		const char *wanted =
		    texts[i].clean == NULL ? texts[i].dirty : texts[i].clean;

		to[clean(to, texts[i].dirty)] = '\0';
		assert_string_equal(to, wanted);
	}
	assert_int_equal(text_clean(to, "a\0b", 3), 2);
}

/* Where a byte stands must not matter, nor what it stands next to. */
static void
test_every_byte_everywhere_in_plain_text(void **state)
{
	static const char plain[] = "abcdefghijklmnopqrstuvw";
	enum { LENGTH = sizeof(plain) - 1 };
	char dirty[LENGTH], to[LENGTH * TEXT_GROWTH];
	size_t at, length, grown;
	int byte;

	(void)state;
	for (byte = 0; byte < 256; byte++)
		for (at = 0; at < LENGTH; at++) {
			bool stays =
			    byte == '\t' || (byte >= ' ' && byte < 127);

			memcpy(dirty, plain, LENGTH);
			dirty[at] = (char)byte;
			grown = byte >= 0x80 ? 3 : stays ? 1 : 0;
			length = text_clean(to, dirty, LENGTH);
			assert_int_equal(length, LENGTH - 1 + grown);
			assert_memory_equal(to, plain, at);
			assert_memory_equal(
			    to + at + grown, plain + at + 1, LENGTH - at - 1);
			if (stays)
				assert_int_equal(to[at], byte);
		}
}

/* All of three bytes, which has every way that a sequence can go wrong. */
static void
test_what_comes_out_is_clean(void **state)
{
	char bytes[4], to[4 * TEXT_GROWTH], again[4 * TEXT_GROWTH];
	unsigned i;

	(void)state;
	for (i = 0; i < 1u << 24; i += 7) {
		size_t length;

		bytes[0] = (char)(i >> 16);
		bytes[1] = (char)(i >> 8);
		bytes[2] = (char)i;
		bytes[3] = (char)(0x80 | (i & 0x7f));
		length = text_clean(to, bytes, 4);
		if (!utf8_is_good(to, length))
			fail_msg("%06x gives no UTF-8", i);
		if (text_clean(again, to, length) != length ||
		    memcmp(again, to, length) != 0)
			fail_msg("%06x is not clean at once", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nasty_texts),
		cmocka_unit_test(test_every_byte_everywhere_in_plain_text),
		cmocka_unit_test(test_what_comes_out_is_clean),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
