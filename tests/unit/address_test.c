/* SPDX-License-Identifier: ISC */
/*
 * Guards against an address that is taken for another one: a port that wraps
 * round, an IPv6 address cut at its last colon, a path cut to fit sun_path.
 */
#include "config.h"

#include "unit.h"

#include "common/address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static void
test_every_form_is_read_back_as_written(void **state)
{
	static const char *const texts[] = {
		"127.0.0.1:7575",
		"example.org:1",
		"[::1]:7575",
		"[fe80::1%eth0]:65535",
		":0",
		"unix:/run/tcprelay.sock",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(texts); i++) {
		struct address address;
		char text[ADDRESS_TEXT_SIZE];
		const char *why;

		assert_int_equal(address_parse(texts[i], &address, &why), 0);
		address_format(&address, text, sizeof(text));
		assert_string_equal(text, texts[i]);
	}
}

static void
test_a_wrong_address_says_why(void **state)
{
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{ "", "the port is missing" },
		{ "localhost", "the port is missing" },
		{ "localhost:", "the port is missing" },
		{ "*:1", "every address is written as :PORT" },
		{ "localhost:65536", "the port is over 65535" },
		{ "localhost:99999999999999999999", "the port is over 65535" },
		{ "localhost:-1", "the port is not a number" },
		{ "localhost:+1", "the port is not a number" },
		{ "localhost: 1", "the port is not a number" },
		{ "localhost:http", "the port is not a number" },
		{ "::1:7575", "an IPv6 address needs [ ] around it" },
		{ "[::1]", "[ needs IPV6]:PORT after it" },
		{ "[]:1", "[ needs IPV6]:PORT after it" },
		{ "[::1:1", "[ needs IPV6]:PORT after it" },
		{ "[unix]:2", "[ needs IPV6]:PORT after it" },
		{ "[[::1]:2", "[ needs IPV6]:PORT after it" },
		{ "[1:2]:2", "[ needs IPV6]:PORT after it" },
		{ "[::g%eth0]:2", "[ needs IPV6]:PORT after it" },
		{ "::1]:2", "an IPv6 address needs [ ] around it" },
		{ "a]:2", "[ and ] go around an IPv6 address" },
		{ "unix:", "the path of a Unix socket begins with /" },
		{ "unix:run/x", "the path of a Unix socket begins with /" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(wrong); i++) {
		struct address address;
		const char *why = NULL;

		assert_int_equal(
		    address_parse(wrong[i].text, &address, &why), -1);
		assert_string_equal(why, wrong[i].why);
	}
}

static void
test_what_does_not_fit_is_refused(void **state)
{
	char path[sizeof("unix:") + 200], host[400];
	struct address address;
	const char *why;

	(void)state;
	memset(path, 'x', sizeof(path));
	memcpy(path, "unix:/", 6);
	path[5 + sizeof(address.path)] = '\0';
	assert_int_equal(address_parse(path, &address, &why), -1);
	path[5 + sizeof(address.path) - 1] = '\0';
	assert_int_equal(address_parse(path, &address, &why), 0);

	memset(host, 'h', sizeof(host));
	strcpy(host + sizeof(address.host), ":1");
	assert_int_equal(address_parse(host, &address, &why), -1);
	strcpy(host + sizeof(address.host) - 1, ":1");
	assert_int_equal(address_parse(host, &address, &why), 0);
}

static void
test_words_of_a_command_line(void **state)
{
	static const struct {
		const char *host, *port, *meaning;
	} words[] = {
		{ "relay", NULL, "relay:7575" },
		{ "relay", "80", "relay:80" },
		{ "relay:80", NULL, "relay:80" },
		{ "::1", NULL, "[::1]:7575" },
		{ "::1", "80", "[::1]:80" },
		{ "[::1]", "80", "[::1]:80" },
		{ "fe80::1%eth0", "80", "[fe80::1%eth0]:80" },
		{ "[::1]", NULL, "[::1]:7575" },
		{ "[::1]:80", NULL, "[::1]:80" },
		{ ":80", NULL, ":80" },
		{ "unix:/x", NULL, "unix:/x" },
	};
	struct address address;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(words); i++) {
		char text[ADDRESS_TEXT_SIZE];

		assert_int_equal(address_parse_words(words[i].host,
				     words[i].port, &address, &why),
		    0);
		address_format(&address, text, sizeof(text));
		assert_string_equal(text, words[i].meaning);
	}
	assert_int_equal(address_parse_words("", NULL, &address, &why), -1);
	/* Nobody is called that: it would be looked up. */
	assert_int_equal(
	    address_parse_words("localhost:80", "80", &address, &why), -1);
	assert_int_equal(
	    address_parse_words("unix:/x", "80", &address, &why), -1);
	assert_int_equal(
	    address_parse_words("[a:b]", "80", &address, &why), -1);
	assert_int_equal(address_parse_words("h", "x", &address, &why), -1);
	assert_int_equal(address_parse_words("h", "", &address, &why), -1);
}

static void
test_numeric_addresses_resolve_to_themselves(void **state)
{
	static const char *const texts[] = { "127.0.0.1:7575", "[::1]:7575",
		"unix:/run/x.sock" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(texts); i++) {
		struct address address;
		struct endpoint *list;
		char text[ADDRESS_TEXT_SIZE];
		const char *why;
		size_t count;

		address_parse(texts[i], &address, &why);
		assert_int_equal(address_resolve(&address, AF_UNSPEC, 0, &list,
				     &count, &why),
		    0);
		assert_int_equal(count, 1);
		endpoint_format(
		    &list->sa.any, list->length, text, sizeof(text));
		assert_string_equal(text, texts[i]);
		free(list);
	}
}

static void
test_a_name_that_is_not_there_says_so(void **state)
{
	struct address address;
	struct endpoint *list;
	const char *why = NULL;
	size_t count;

	(void)state;
	address_parse("no.such.host.invalid:1", &address, &why);
	assert_int_equal(
	    address_resolve(&address, AF_UNSPEC, 0, &list, &count, &why), -1);
	assert_non_null(why);
}

static void
test_a_mapped_address_is_shown_as_ipv4(void **state)
{
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(99),
	};
	char text[ADDRESS_TEXT_SIZE];

	(void)state;
	inet_pton(AF_INET6, "::ffff:192.0.2.7", &in6.sin6_addr);
	endpoint_format((const void *)&in6, sizeof(in6), text, sizeof(text));
	assert_string_equal(text, "192.0.2.7:99");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_form_is_read_back_as_written),
		cmocka_unit_test(test_a_wrong_address_says_why),
		cmocka_unit_test(test_what_does_not_fit_is_refused),
		cmocka_unit_test(test_words_of_a_command_line),
		cmocka_unit_test(test_numeric_addresses_resolve_to_themselves),
		cmocka_unit_test(test_a_name_that_is_not_there_says_so),
		cmocka_unit_test(test_a_mapped_address_is_shown_as_ipv4),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
