/* SPDX-License-Identifier: ISC */
/*
 * A chat without a server: real connections over socketpairs, and the test is
 * the loop. For cmocka's set-up and tear-down.
 */
#ifndef PARTY_H
#define PARTY_H

#include "unit.h"

#include "daemon/conf.h"
#include "daemon/conn.h"
#include "daemon/people.h"
#include "daemon/person.h"
#include "daemon/room.h"
#include "daemon/stats.h"

#define PARTY_PEOPLE 3
#define PARTY_HINT   "; /help lists the commands\n"

struct party {
	struct event_base *base;
	struct conf *conf;
	struct stats stats;
	struct conn_set *conns;
	struct rooms *rooms;
	struct people *people;
	int fds[PARTY_PEOPLE]; /* of guest1, guest2, ...; closed in the end */
};

/* With nobody in it; or with three guests, who have read all there was. */
int party_set_up_empty(void **state);
int party_set_up(void **state);
int party_tear_down(void **state);

#define PARTY_TEST(test)                                                       \
	cmocka_unit_test_setup_teardown(test, party_set_up, party_tear_down)
#define EMPTY_PARTY_TEST(test)                                                 \
	cmocka_unit_test_setup_teardown(                                       \
	    test, party_set_up_empty, party_tear_down)

/* Turns of the loop. */
void party_turn(struct party *party, int count);

/* A newcomer; returns the client's end of its socket. */
int party_arrive(struct party *party, const char *room, const char *vouched);

/* Sends a text, and has it taken. */
void party_say(struct party *party, int fd, const char *text);

/* All that has come, and nothing else. */
void party_expect(int fd, const char *wanted);

#endif
