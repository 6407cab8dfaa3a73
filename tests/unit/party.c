/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "party.h"

#include "common/log.h"
#include "daemon/peer.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Turns in which all that one write brings is taken. */
#define TURNS_ENOUGH 4

void
party_turn(struct party *party, int count)
{
	while (count-- > 0) {
		event_base_loop(party->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		rooms_fan_out(party->rooms);
		people_end_turn(party->people);
		conn_set_reap(party->conns);
	}
}

int
party_arrive(struct party *party, const char *room, const char *vouched)
{
	const union peer peer = { .local.family = AF_UNIX };
	int ends[2], flags = SOCK_STREAM | SOCK_NONBLOCK;

	assert_int_equal(socketpair(AF_UNIX, flags, 0, ends), 0);
	person_new(party->people,
	    conn_new(party->conns, ends[0], &peer, "room=main"),
	    rooms_get(party->rooms, room), vouched);
	return ends[1];
}

void
party_expect(int fd, const char *wanted)
{
	char got[16384];
	ssize_t length = read(fd, got, sizeof(got) - 1);

	got[length > 0 ? length : 0] = '\0';
	assert_string_equal(got, wanted);
}

void
party_say(struct party *party, int fd, const char *text)
{
	size_t length = strlen(text);

	assert_int_equal(write(fd, text, length), length);
	party_turn(party, TURNS_ENOUGH);
}

int
party_set_up_empty(void **state)
{
	struct party *party = calloc(1, sizeof(*party));

	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	party->base = event_base_new();
	party->conf = conf_new();
	party->conf->mode = CONF_MODE_CHAT;
	party->conns = conn_set_new(party->base, party->conf, &party->stats);
	party->rooms = rooms_new(party->base, party->conf, &party->stats);
	party->people = people_new(party->rooms);
	memset(party->fds, -1, sizeof(party->fds));
	*state = party;
	return 0;
}

int
party_set_up(void **state)
{
	struct party *party;
	char text[1024];
	int i;

	party_set_up_empty(state);
	party = *state;
	for (i = 0; i < PARTY_PEOPLE; i++) {
		party->fds[i] = party_arrive(party, "main", NULL);
		party_turn(party, 1);
	}
	for (i = 0; i < PARTY_PEOPLE; i++)
		assert_true(read(party->fds[i], text, sizeof(text)) > 0);
	return 0;
}

int
party_tear_down(void **state)
{
	struct party *party = *state;
	int i;

	conn_set_free(party->conns);
	people_free(party->people);
	rooms_free(party->rooms);
	event_base_free(party->base);
	conf_free(party->conf);
	for (i = 0; i < PARTY_PEOPLE; i++)
		if (party->fds[i] != -1)
			close(party->fds[i]);
	free(party);
	return 0;
}
