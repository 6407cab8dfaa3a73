/* SPDX-License-Identifier: ISC */
/*
 * Guards against a limit that drops lines, cuts them, lets a flood through, or
 * never lets anything through again.
 */
#include "config.h"

#include "unit.h"

#include "daemon/rate.h"

#include <event2/event.h>
#include <stdbool.h>
#include <string.h>

struct waiter {
	struct event_base *base;
	struct rate *rate;
	bool ready;
};

static void
on_ready(void *arg)
{
	struct waiter *waiter = arg;

	waiter->ready = true;
}

static void
set_up(struct waiter *waiter, int64_t burst)
{
	waiter->base = event_base_new();
	waiter->rate = rate_new(waiter->base, burst, on_ready, waiter);
	waiter->ready = false;
}

static void
tear_down(struct waiter *waiter)
{
	rate_free(waiter->rate);
	event_base_free(waiter->base);
}

static void
test_a_burst_is_taken_at_once_and_the_rest_later(void **state)
{
	static const char lines[] = "a\nbb\nccc\ndddd\n";
	struct waiter waiter;

	(void)state;
	set_up(&waiter, 2);
	assert_int_equal(
	    rate_take(waiter.rate, lines, strlen(lines), 50, 2), 5);
	/* Nothing but its own timer is in the base: it ends by that. */
	assert_int_equal(event_base_dispatch(waiter.base), 1);
	assert_true(waiter.ready);
	assert_int_equal(
	    rate_take(waiter.rate, lines + 5, strlen(lines) - 5, 50, 2), 4);
	tear_down(&waiter);
}

static void
test_a_part_of_a_line_costs_nothing(void **state)
{
	struct waiter waiter;

	(void)state;
	set_up(&waiter, 1);
	assert_int_equal(rate_take(waiter.rate, "one\n", 4, 1, 1), 4);
	assert_int_equal(rate_take(waiter.rate, "tw", 2, 1, 1), 2);
	assert_int_equal(rate_take(waiter.rate, "o", 1, 1, 1), 1);
	assert_int_equal(rate_take(waiter.rate, "\n", 1, 1, 1), 0);
	tear_down(&waiter);
}

static void
test_no_more_than_the_burst_is_saved_up(void **state)
{
	struct waiter waiter;
	struct timeval wait = { .tv_usec = 50000 };

	(void)state;
	set_up(&waiter, 1);
	event_base_loopexit(waiter.base, &wait);
	event_base_dispatch(waiter.base);
	assert_int_equal(rate_take(waiter.rate, "1\n2\n3\n", 6, 1000, 2), 4);
	tear_down(&waiter);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_a_burst_is_taken_at_once_and_the_rest_later),
		cmocka_unit_test(test_a_part_of_a_line_costs_nothing),
		cmocka_unit_test(test_no_more_than_the_burst_is_saved_up),
	};

	return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
