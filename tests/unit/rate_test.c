/* SPDX-License-Identifier: ISC */
/*
 * Guards against a limit that drops lines, cuts them, lets a flood through, or
 * never lets anything through again.
 */
#include "config.h"

#include "unit.h"

#include "daemon/rate.h"
#include "fuzz/virtual_clock.h"

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
pass_time(struct waiter *waiter, unsigned ms)
{
	virtual_clock_advance_ms(ms);
	event_base_loop(waiter->base, EVLOOP_NONBLOCK);
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
	/* One in 20 ms. */
	pass_time(&waiter, 19);
	assert_false(waiter.ready);
	pass_time(&waiter, 2);
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

	(void)state;
	set_up(&waiter, 1);
	pass_time(&waiter, 1000);
	assert_int_equal(rate_take(waiter.rate, "1\n2\n3\n", 6, 1000, 2), 4);
	tear_down(&waiter);
}

/* Or a rate over that of the waits would never be reached. */
static void
test_what_comes_in_during_a_wait_is_not_lost(void **state)
{
	char lines[200];
	struct waiter waiter;

	(void)state;
	memset(lines, '\n', sizeof(lines));
	set_up(&waiter, 2);
	assert_int_equal(
	    rate_take(waiter.rate, lines, sizeof(lines), 1000, 2), 2);
	pass_time(&waiter, 50);
	assert_true(waiter.ready);
	assert_in_range(
	    rate_take(waiter.rate, lines, sizeof(lines), 1000, 2), 49, 51);
	/* Nobody asked for it in time: it is saved up like any other. */
	pass_time(&waiter, 50);
	pass_time(&waiter, 1000);
	assert_in_range(
	    rate_take(waiter.rate, lines, sizeof(lines), 1000, 2), 49, 52);
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
		cmocka_unit_test(test_what_comes_in_during_a_wait_is_not_lost),
	};

	return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
