/* SPDX-License-Identifier: ISC */
/*
 * Guards against clients that are counted for another address, or for their
 * own one for ever.
 */
#include "config.h"

#include "unit.h"

#include "daemon/peer.h"
#include "daemon/tally.h"

#include <arpa/inet.h>
#include <string.h>

static const union peer *
address(const char *text)
{
	static union peer result;

	memset(&result, 0, sizeof(result));
	result.in6.sin6_family = AF_INET6;
	if (inet_pton(AF_INET6, text, &result.in6.sin6_addr) == 1)
		return &result;
	result.in.sin_family = AF_INET;
	assert_int_equal(inet_pton(AF_INET, text, &result.in.sin_addr), 1);
	return &result;
}

static void
test_each_address_has_its_own_count(void **state)
{
	struct tally tally = { 0 };
	struct tally_entry *a, *b, *c;

	(void)state;
	a = tally_add(&tally, address("192.0.2.1"));
	b = tally_add(&tally, address("192.0.2.1"));
	c = tally_add(&tally, address("192.0.2.2"));
	assert_int_equal(tally_count(&tally, address("192.0.2.1")), 2);
	assert_int_equal(tally_count(&tally, address("192.0.2.2")), 1);
	assert_int_equal(tally_count(&tally, address("192.0.2.3")), 0);
	tally_remove(&tally, a);
	assert_int_equal(tally_count(&tally, address("192.0.2.1")), 1);
	tally_remove(&tally, b);
	tally_remove(&tally, c);
	assert_int_equal(tally_count(&tally, address("192.0.2.1")), 0);
	assert_null(tally.tree);
}

static void
test_which_addresses_are_the_same(void **state)
{
	struct tally tally = { 0 };
	struct tally_entry *mapped, *network;

	(void)state;
	mapped = tally_add(&tally, address("::ffff:192.0.2.1"));
	network = tally_add(&tally, address("2001:db8:0:1::1"));
	assert_int_equal(tally_count(&tally, address("192.0.2.1")), 1);
	assert_int_equal(tally_count(&tally, address("2001:db8:0:1:2::3")), 1);
	assert_int_equal(tally_count(&tally, address("2001:db8:0:2::1")), 0);
	tally_remove(&tally, mapped);
	tally_remove(&tally, network);
}

static void
test_unix_sockets_are_not_counted(void **state)
{
	const union peer local = { .local.family = AF_UNIX };
	struct tally tally = { 0 };

	(void)state;
	assert_null(tally_add(&tally, &local));
	assert_int_equal(tally_count(&tally, &local), 0);
	tally_remove(&tally, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_address_has_its_own_count),
		cmocka_unit_test(test_which_addresses_are_the_same),
		cmocka_unit_test(test_unix_sockets_are_not_counted),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
