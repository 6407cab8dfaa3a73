/* SPDX-License-Identifier: ISC */
/*
 * Guards against bytes that pass for UTF-8 and are not, which other programs
 * then choke on, and against characters that are lost.
 */
#include "config.h"

#include "unit.h"

#include "common/utf8.h"

#include <string.h>

#define BAD "\xef\xbf\xbd"

static const struct {
	const char *bytes, *repaired;
} cases[] = {
	{ "", "" },
	{ "plain text, longer than eight bytes", NULL },
	{ "\x7f\t\r\x1b[2J", NULL },
	{ "gr\xc3\xbc\xc3\x9f"
	  "e",
	    NULL },
	{ "\xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf", NULL },
	{ "\xed\x9f\xbf\xee\x80\x80", NULL },
	/* No character begins or goes on so. */
	{ "a\x80z", "a" BAD "z" },
	{ "a\xff\xfez", "a" BAD BAD "z" },
	{ "latin \xfc", "latin " BAD },
	/* Overlong forms of / and of NUL. */
	{ "\xc0\xaf", BAD BAD },
	{ "\xe0\x80\xaf", BAD BAD BAD },
	{ "\xf0\x80\x80\x80", BAD BAD BAD BAD },
	/* A surrogate, and beyond U+10FFFF. */
	{ "\xed\xa0\x80", BAD BAD BAD },
	{ "\xf4\x90\x80\x80", BAD BAD BAD BAD },
	{ "\xf5\x80", BAD BAD },
	/* Cut off: in the middle, by the next character, at the end. */
	{ "\xe2\x82z", BAD "z" },
	{ "\xc3\xc3\xbc", BAD "\xc3\xbc" },
	{ "abcdefgh\xf0\x9f\x98", "abcdefgh" BAD },
};

static void
test_what_is_no_character_is_replaced_and_the_rest_stays(void **state)
{
	char to[256];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(cases); i++) {
		const char *bytes = cases[i].bytes;
		const char *repaired = cases[i].repaired;
		size_t length;

		assert_int_equal(utf8_is_good(bytes, strlen(bytes)),
		    repaired == NULL || bytes[0] == '\0');
		length = utf8_repair(to, bytes, strlen(bytes));
		assert_in_range(length, 0, strlen(bytes) * UTF8_GROWTH);
		to[length] = '\0';
		assert_string_equal(to, repaired == NULL ? bytes : repaired);
		assert_true(utf8_is_good(to, length));
	}
}

static void
test_a_nul_is_a_character(void **state)
{
	char to[9];

	(void)state;
	assert_true(utf8_is_good("a\0b", 3));
	assert_int_equal(utf8_repair(to, "a\0b", 3), 3);
	assert_memory_equal(to, "a\0b", 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_what_is_no_character_is_replaced_and_the_rest_stays),
		cmocka_unit_test(test_a_nul_is_a_character),
	};

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
