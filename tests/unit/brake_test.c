/* SPDX-License-Identifier: ISC */
/*
 * Guards against a brake that judges wrongly: one that stopped readers hold for
 * longer than a tenth of a second, and one that a steady reader, whose
 * acknowledgements come in lumps, has to let go of.
 */
#include "config.h"

#include "unit.h"

#include "daemon/brake.h"

#define PACE_BYTES_A_TICK (BRAKE_PACE_BYTES / 1000 * BRAKE_TICK_MS)

/* Ticks until one that takes nothing has used its grace up. */
static int
ticks_stopped(const struct brake_pace *pace, int silent_ms)
{
	int used_ms = 0, ticks = 0;

	while (used_ms < BRAKE_GRACE_MS) {
		ticks++;
		silent_ms += BRAKE_TICK_MS;
		used_ms = brake_charge(used_ms, 0, silent_ms, pace);
	}
	return ticks;
}

/* Ticks until one that takes bytes every so many ticks has, or 1,000. */
static int
ticks_steady(const struct brake_pace *pace, int every, int64_t bytes)
{
	int used_ms = 0, ticks = 0, silent_ms = 0;
	int64_t taken;

	while (used_ms < BRAKE_GRACE_MS && ticks < 1000) {
		ticks++;
		taken = ticks % every == 0 ? bytes : 0;
		silent_ms = taken > 0 ? 0 : silent_ms + BRAKE_TICK_MS;
		used_ms = brake_charge(used_ms, taken, silent_ms, pace);
	}
	return ticks;
}

static void
test_one_that_stopped_long_ago_holds_for_a_tick(void **state)
{
	struct brake_pace pace = brake_pace(200, 100, 100, 0);

	(void)state;
	assert_int_equal(ticks_stopped(&pace, 0), 5);
	assert_int_equal(ticks_stopped(&pace, 40), 3);
	assert_int_equal(ticks_stopped(&pace, 100), 1);
	assert_int_equal(ticks_stopped(&pace, 1000000), 1);
}

/* The machine or the network may be what stands. */
static void
test_where_most_stand_time_counts_a_quarter(void **state)
{
	struct brake_pace pace = brake_pace(200, 101, 100, 0);

	(void)state;
	assert_int_equal(ticks_stopped(&pace, 0), 20);
	assert_int_equal(ticks_stopped(&pace, 1000), 20);
}

static void
test_a_steady_reader_holds_for_good(void **state)
{
	struct brake_pace pace = brake_pace(100, 1, 1, 0);

	(void)state;
	assert_int_equal(ticks_steady(&pace, 1, PACE_BYTES_A_TICK), 1000);
	assert_int_equal(ticks_steady(&pace, 4, 4 * PACE_BYTES_A_TICK), 1000);
	/* And a little below the pace for long, but not for good. */
	assert_in_range(
	    ticks_steady(&pace, 1, PACE_BYTES_A_TICK * 9 / 10), 40, 60);
	assert_in_range(ticks_steady(&pace, 1, 100), 5, 6);
}

/* A slow network to everybody: what they take on average is the measure. */
static void
test_where_most_are_slow_a_quarter_of_the_average_will_do(void **state)
{
	int64_t each = PACE_BYTES_A_TICK, all = 100 * each;
	struct brake_pace pace = brake_pace(100, 100, 100, all);

	(void)state;
	assert_int_equal(pace.cost_ms, BRAKE_TICK_MS);
	assert_int_equal(ticks_steady(&pace, 1, each / 4), 1000);
	assert_in_range(ticks_steady(&pace, 1, each / 8), 9, 11);
	/* Never more than what is asked where most take all. */
	pace = brake_pace(100, 100, 100, 1000 * all);
	assert_int_equal(pace.bytes, PACE_BYTES_A_TICK);
}

/*
 * Readers that are all as slow do not all hold all the time: one that holds on
 * its own is no slower than those that are only less behind at the moment.
 */
static void
test_one_of_many_that_are_behind_may_be_as_slow_as_they(void **state)
{
	int64_t tick_bytes = 6000000 / 1000 * BRAKE_TICK_MS;
	struct brake_pace pace = brake_pace(5, 5, 1, tick_bytes);

	(void)state;
	assert_int_equal(ticks_steady(&pace, 3, 3 * tick_bytes), 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_one_that_stopped_long_ago_holds_for_a_tick),
		cmocka_unit_test(test_where_most_stand_time_counts_a_quarter),
		cmocka_unit_test(test_a_steady_reader_holds_for_good),
		cmocka_unit_test(
		    test_where_most_are_slow_a_quarter_of_the_average_will_do),
		cmocka_unit_test(
		    test_one_of_many_that_are_behind_may_be_as_slow_as_they),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
