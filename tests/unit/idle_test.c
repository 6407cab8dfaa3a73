/* SPDX-License-Identifier: ISC */
/*
 * limits.idle_seconds: somebody who is closed before his time, or long after
 * it. The clock is the test's own.
 */
#include "config.h"

#include "room_fixture.h"

#include "daemon/conf.h"
#include "daemon/conn.h"
#include "fuzz/virtual_clock.h"

#include <unistd.h>

#define PEOPLE	40
#define STEP_MS 5

static void
step(struct fixture *f)
{
	virtual_clock_advance_ms(STEP_MS);
	turn(f);
}

/* They come, or speak, at moments that have nothing to do with whole seconds,
 * or with each other. */
static void
expect_times(struct fixture *f, int64_t seconds)
{
	unsigned i, ms, limit = (unsigned)seconds * 1000;
	int fd;

	f->conf->idle_seconds = seconds;
	conn_set_update(f->conns);
	for (i = 0; i < PEOPLE; i++) {
		fd = join(f);
		for (ms = 0; i % 2 == 1 && ms < limit / 2 + 7 * i;
		     ms += STEP_MS)
			step(f);
		if (i % 2 == 1)
			say(f, fd, i);
		for (ms = 0; conn_set_count(f->conns) > 0; ms += STEP_MS)
			step(f);
		assert_in_range(ms, limit, limit + limit / 8);
		close(fd);
		virtual_clock_advance_ms(37 * i);
	}
}

static void
test_silence_ends_in_time_and_not_before(void **state)
{
	static const int64_t seconds[] = { 1, 2, 3, 7, 8, 60 };
	size_t i;

	for (i = 0; i < COUNT_OF(seconds); i++)
		expect_times(*state, seconds[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_silence_ends_in_time_and_not_before),
	};

	fixture_begin();
	return cmocka_run_group_tests_name("idle", tests, NULL, NULL);
}
