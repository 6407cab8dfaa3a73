/* SPDX-License-Identifier: ISC */
/*
 * A room with real connections over socketpairs, in which the test is the loop.
 */
#ifndef ROOM_FIXTURE_H
#define ROOM_FIXTURE_H

#include "unit.h"

#include "daemon/stats.h"

#define LINE_BYTES 64

struct fixture {
	struct event_base *base;
	struct conf *conf;
	struct stats stats;
	struct conn_set *conns;
	struct rooms *rooms;
	struct room *room;
};

/* Of a test whose state is a struct fixture. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);
#define FIXTURE_TEST(test)                                                     \
	cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

/* A new member; returns the client's end of its socket. */
int join(struct fixture *f);

void turn(struct fixture *f);

/* One line that begins with a number, as if the client fd had sent it. */
void write_line(int fd, unsigned number);
/* The same, and a turn. */
void say(struct fixture *f, int fd, unsigned number);

/*
 * Reads numbered lines until there is nothing more, while the loop turns.
 * Returns the number that is expected next.
 */
unsigned hear(struct fixture *f, int fd, unsigned expected);

/* Before a group of tests: the log says errors alone. */
void fixture_begin(void);

#endif
