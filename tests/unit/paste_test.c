/* SPDX-License-Identifier: ISC */
/*
 * Guards against a pasted text that comes out differently when it arrives in
 * pieces, whose end is missed, and that no key can end.
 */
#include "config.h"

#include "unit.h"

#include "client/paste.h"

#include <stdlib.h>
#include <string.h>

#define INTERRUPT 3

static void
take_all(struct paste *paste, struct evbuffer *keys, char *text)
{
	char *piece;

	while (paste->on && evbuffer_get_length(keys) > 0 &&
	    *evbuffer_pullup(keys, 1) != INTERRUPT &&
	    (piece = paste_next(paste, keys, INTERRUPT)) != NULL) {
		strcat(text, piece);
		free(piece);
	}
}

/* What the keys become, cut in two at a place, and how many are left. */
static void
expect_cut(const char *bytes, size_t length, size_t cut, const char *wanted,
    size_t left)
{
	struct evbuffer *keys = evbuffer_new();
	struct paste paste = { .on = true };
	char text[128] = "";

	evbuffer_add(keys, bytes, cut);
	take_all(&paste, keys, text);
	evbuffer_add(keys, bytes + cut, length - cut);
	take_all(&paste, keys, text);
	assert_string_equal(text, wanted);
	assert_int_equal(evbuffer_get_length(keys), left);
	evbuffer_free(keys);
}

static void
test_wherever_it_is_cut(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		const char *text;
		size_t left;
	} pastes[] = {
#define PASTE(bytes) bytes, sizeof(bytes) - 1
		{ PASTE("one" PASTE_END "typed"), "one", 5 },
		{ PASTE(PASTE_END), "", 0 },
		{ PASTE("one\ntwo\n"), "one\ntwo\n", 0 },
		{ PASTE("one\r\ntwo\rthree\r\r\n\n"), "one\ntwo\nthree\n\n\n",
		    0 },
		{ PASTE("a\0b\0\n"), "ab\n", 0 },
		/* What is like the end, and is not. */
		{ PASTE("\033[20\033[201~"), "\033[20", 0 },
		{ PASTE("\033\033[31m\033[201~"), "\033\033[31m", 0 },
		/* What may become the end. */
		{ PASTE("one\033[20"), "one", 4 },
		/* The way out. */
		{ PASTE("one\003two"), "one", 4 },
		{ PASTE("\033[2\003"), "\033[2", 1 },
	};
	size_t i, cut;

	(void)state;
	for (i = 0; i < COUNT_OF(pastes); i++)
		for (cut = 0; cut <= pastes[i].length; cut++)
			expect_cut(pastes[i].bytes, pastes[i].length, cut,
			    pastes[i].text, pastes[i].left);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wherever_it_is_cut),
	};

	return cmocka_run_group_tests_name("paste", tests, NULL, NULL);
}
