/* SPDX-License-Identifier: ISC */
/*
 * Guards against option bytes of a telnet client that end up in what its user
 * says, and against bytes that only look like telnet and swallow a line.
 */
#include "config.h"

#include "unit.h"

#include "daemon/telnet.h"

#include <string.h>

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *from;
	size_t from_length;
	const char *to;
	size_t to_length;
} streams[] = {
	{ BYTES("nothing of it\r\n"), BYTES("nothing of it\r\n") },
	/* WILL, WONT, DO, DONT and an option; the first bytes of PuTTY */
	{ BYTES("\xff\xfb\x1f\xff\xfb\x20\xff\xfd\x03hello\n"),
	    BYTES("hello\n") },
	/* interrupt and timing mark, as after Ctrl-C */
	{ BYTES("he\xff\xf4\xff\xfd\x06llo\n"), BYTES("hello\n") },
	/* the size of the window */
	{ BYTES("a\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0z\n"), BYTES("az\n") },
	/* IAC inside of a subnegotiation */
	{ BYTES("a\xff\xfa\x1f\xff\xff\x00\x18\xff\xf0z\n"), BYTES("az\n") },
	/* two stand for one */
	{ BYTES("a\xff\xffz"), BYTES("a\xffz") },
	/* no telnet */
	{ BYTES("a\xffz\xff\n"), BYTES("a\xffz\xff\n") },
	{ BYTES("\xff\xfe\nb\n"), BYTES("\xff\xfe\nb\n") },
	{ BYTES("\xff\xfbz"), BYTES("\xff\xfbz") },
	/* a line ends whatever it stands in */
	{ BYTES("\xff\xfa lost\nkept\n"), BYTES("\nkept\n") },
	{ BYTES("\xff\xfa lost\xff\nkept\n"), BYTES("\nkept\n") },
};

/* Strips in two calls, cut there. */
static void
check(size_t i, size_t cut)
{
	struct telnet telnet = { 0 };
	char to[64 + 2 * TELNET_KEPT];
	size_t length;

	length = telnet_strip(&telnet, to, streams[i].from, cut);
	length += telnet_strip(&telnet, to + length, streams[i].from + cut,
	    streams[i].from_length - cut);
	assert_int_equal(length, streams[i].to_length);
	assert_memory_equal(to, streams[i].to, length);
}

static void
test_streams_however_cut(void **state)
{
	size_t i, cut;

	(void)state;
	for (i = 0; i < COUNT_OF(streams); i++)
		for (cut = 0; cut <= streams[i].from_length; cut++)
			check(i, cut);
}

static void
test_a_stream_without_telnet_is_known_as_such(void **state)
{
	struct telnet telnet = { 0 };
	char to[8];

	(void)state;
	assert_true(telnet_has_nothing(&telnet, BYTES("text\n")));
	assert_false(telnet_has_nothing(&telnet, BYTES("te\xfft")));
	telnet_strip(&telnet, to, BYTES("\xff"));
	assert_false(telnet_has_nothing(&telnet, BYTES("text\n")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams_however_cut),
		cmocka_unit_test(test_a_stream_without_telnet_is_known_as_such),
	};

	return cmocka_run_group_tests_name("telnet", tests, NULL, NULL);
}
