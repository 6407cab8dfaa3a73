/* SPDX-License-Identifier: ISC */
/*
 * Guards against a network that is taken for another one than was meant, and
 * against an address that is in it in one of its forms only.
 */
#include "config.h"

#include "unit.h"

#include "common/cidr.h"

#include <arpa/inet.h>
#include <string.h>

static struct sockaddr_storage
address_of(const char *text)
{
	struct sockaddr_storage address = { .ss_family = AF_INET };
	struct sockaddr_in *in = (void *)&address;
	struct sockaddr_in6 *in6 = (void *)&address;

	if (inet_pton(AF_INET, text, &in->sin_addr) == 1)
		return address;
	memset(&address, 0, sizeof(address));
	address.ss_family = AF_INET6;
	assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
	return address;
}

static void
test_who_is_in_a_network(void **state)
{
	static const struct {
		const char *network, *address;
		bool in;
	} cases[] = {
		{ "10.0.0.0/8", "10.255.255.255", true },
		{ "10.0.0.0/8", "11.0.0.0", false },
		{ "10.0.0.0/8", "::ffff:10.1.2.3", true },
		{ "10.0.0.0/8", "::ffff:11.1.2.3", false },
		{ "10.0.0.0/8", "::10.1.2.3", false },
		{ "10.0.0.0/8", "a00::", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.0", false },
		{ "192.0.2.0/31", "192.0.2.1", true },
		{ "192.0.2.0/31", "192.0.2.2", false },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "0.0.0.0/0", "255.255.255.255", true },
		{ "0.0.0.0/0", "::ffff:0.0.0.0", true },
		{ "0.0.0.0/0", "::", false },
		{ "::/0", "2001:db8::1", true },
		{ "::/0", "192.0.2.1", false },
		{ "::/0", "::ffff:192.0.2.1", false },
		{ "::1", "::1", true },
		{ "::1", "::", false },
		{ "2001:db8::/32", "2001:db8:ffff::1", true },
		{ "2001:db8::/32", "2001:db9::", false },
		{ "2001:db8::/33", "2001:db8:7fff::", true },
		{ "2001:db8::/33", "2001:db8:8000::", false },
		{ "fe80::/10", "febf::1", true },
		{ "fe80::/10", "fec0::1", false },
		{ "::ffff:10.0.0.0/104", "10.1.2.3", true },
		{ "::ffff:10.0.0.0/104", "::ffff:10.1.2.3", true },
		{ "::ffff:10.0.0.0/104", "11.1.2.3", false },
		{ "::ffff:0.0.0.0/96", "192.0.2.1", true },
	};
	static const struct sockaddr local = { .sa_family = AF_UNIX };
	struct sockaddr_storage address;
	struct cidr cidr;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(cidr_parse(cases[i].network, &cidr, &why), 0);
		address = address_of(cases[i].address);
		if (cidr_contains(&cidr, (void *)&address) != cases[i].in)
			fail_msg(
			    "%s in %s", cases[i].address, cases[i].network);
		assert_false(cidr_contains(&cidr, &local));
	}
}

static void
test_what_is_no_network_says_why(void **state)
{
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{ "", "not an address" },
		{ "/8", "not an address" },
		{ "localhost", "not an address" },
		{ "10", "not an address" },
		{ "10.0.0/8", "not an address" },
		{ "10.0.0.256", "not an address" },
		{ "010.0.0.0/8", "not an address" },
		{ " 10.0.0.0/8", "not an address" },
		{ "fe80::1%lo", "not an address" },
		{ "[::1]", "not an address" },
		{ "10.0.0.0/", "after the / there is no number of bits" },
		{ "10.0.0.0/x", "after the / there is no number of bits" },
		{ "10.0.0.0/8x", "after the / there is no number of bits" },
		{ "10.0.0.0/-8", "after the / there is no number of bits" },
		{ "10.0.0.0/ 8", "after the / there is no number of bits" },
		{ "10.0.0.0/8/8", "after the / there is no number of bits" },
		{ "10.0.0.0/0008", "after the / there is no number of bits" },
		{ "10.0.0.0/255.0.0.0",
		    "after the / there is no number of bits" },
		{ "10.0.0.0/33",
		    "the number after the / is over the bits of the address" },
		{ "::/129",
		    "the number after the / is over the bits of the address" },
		{ "10.0.0.1/8",
		    "the address has bits after those that the / says" },
		{ "192.0.2.1/0",
		    "the address has bits after those that the / says" },
		{ "2001:db8::1/127",
		    "the address has bits after those that the / says" },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb",
		    "not an address" },
	};
	struct cidr cidr;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(wrong); i++) {
		why = "";
		if (cidr_parse(wrong[i].text, &cidr, &why) == 0)
			fail_msg("%s is taken", wrong[i].text);
		assert_string_equal(why, wrong[i].why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_in_a_network),
		cmocka_unit_test(test_what_is_no_network_says_why),
	};

	return cmocka_run_group_tests_name("cidr", tests, NULL, NULL);
}
