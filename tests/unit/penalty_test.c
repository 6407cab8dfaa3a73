/* SPDX-License-Identifier: ISC */
/*
 * Guards against guesses that are not slowed down because they come over many
 * connections, from the neighbours of an address, or from more hosts than there
 * is room for; and against others who wait for somebody's guesses.
 */
#include "config.h"

#include "unit.h"

#include "daemon/peer.h"
#include "daemon/penalty.h"

#include <arpa/inet.h>
#include <stdio.h>

static union peer
peer_at(const char *address, in_port_t port)
{
	union peer peer = { .any.sa_family = AF_INET };

	if (inet_pton(AF_INET, address, &peer.in.sin_addr) == 1) {
		peer.in.sin_port = htons(port);
		return peer;
	}
	peer.in6.sin6_family = AF_INET6;
	peer.in6.sin6_port = htons(port);
	assert_int_equal(inet_pton(AF_INET6, address, &peer.in6.sin6_addr), 1);
	return peer;
}

static union peer
peer_of_user(uid_t uid, pid_t pid)
{
	union peer peer = { .local = { AF_UNIX, { .uid = uid, .pid = pid } } };

	return peer;
}

static void
test_each_failure_doubles_the_time_up_to_a_limit(void **state)
{
	static const uint64_t expected_ms[] = { 1000, 2000, 4000, 4000 };
	struct penalties *penalties = penalties_new();
	union peer peer = peer_at("192.0.2.1", 1);
	uint64_t now = 5;
	size_t i;

	(void)state;
	assert_int_equal(penalties_wait_ms(penalties, &peer, now), 0);
	for (i = 0; i < COUNT_OF(expected_ms); i++) {
		penalties_add(penalties, &peer, now);
		assert_int_equal(
		    penalties_wait_ms(penalties, &peer, now), expected_ms[i]);
		now += expected_ms[i] - 1;
		assert_int_equal(penalties_wait_ms(penalties, &peer, now), 1);
		now++;
		assert_int_equal(penalties_wait_ms(penalties, &peer, now), 0);
	}
	now += PENALTY_FORGET_MS;
	penalties_add(penalties, &peer, now);
	assert_int_equal(penalties_wait_ms(penalties, &peer, now), 1000);
	penalties_free(penalties);
}

static void
test_a_host_is_what_one_person_can_have(void **state)
{
	static const struct {
		const char *address, *other;
		bool same;
	} pairs[] = {
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "::ffff:192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "192.0.2.1", "::ffff:192.0.2.2", false },
		{ "192.0.2.1", "::1", false },
		{ "2001:db8::1", "2001:db8::ffff:1:2", true },
		{ "2001:db8::1", "2001:db8:0:1::1", false },
		/* Both are below ::/64. */
		{ "::1", "::ffff:192.0.2.1", false },
	};
	union peer root = peer_of_user(0, 1), root_again = peer_of_user(0, 2);
	union peer other = peer_of_user(1, 1), any = peer_at("0.0.0.0", 0);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(pairs); i++) {
		union peer one = peer_at(pairs[i].address, 1);
		union peer two = peer_at(pairs[i].other, 2);

		assert_int_equal(peer_is_same_host(&one, &two), pairs[i].same);
		assert_int_equal(peer_is_same_host(&two, &one), pairs[i].same);
	}
	assert_true(peer_is_same_host(&root, &root_again));
	assert_false(peer_is_same_host(&root, &other));
	assert_false(peer_is_same_host(&root, &any));
}

static void
test_more_hosts_than_the_table_holds(void **state)
{
	struct penalties *penalties = penalties_new();
	union peer first = peer_at("198.51.100.1", 1), peer;
	uint64_t now = 1;
	char address[32];
	unsigned i;

	(void)state;
	penalties_add(penalties, &first, now);
	for (i = 0; i < PENALTY_HOSTS_MAX; i++) {
		snprintf(
		    address, sizeof(address), "10.0.%u.%u", i / 256, i % 256);
		peer = peer_at(address, 1);
		now++;
		penalties_add(penalties, &peer, now);
		assert_int_equal(
		    penalties_wait_ms(penalties, &peer, now), 1000);
	}
	assert_int_equal(penalties_wait_ms(penalties, &first, now), 0);
	peer = peer_at("10.0.0.0", 1);
	assert_true(penalties_wait_ms(penalties, &peer, now) > 0);
	penalties_free(penalties);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_each_failure_doubles_the_time_up_to_a_limit),
		cmocka_unit_test(test_a_host_is_what_one_person_can_have),
		cmocka_unit_test(test_more_hosts_than_the_table_holds),
	};

	return cmocka_run_group_tests_name("penalty", tests, NULL, NULL);
}
