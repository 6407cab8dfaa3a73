/* SPDX-License-Identifier: ISC */
/*
 * Guards against a line that somebody gets twice, never, in another order than
 * the others, or in the wrong room, when people talk, move from room to room,
 * and read late.
 *
 * In each room sits a witness who says nothing and reads everything. It also
 * sees who comes and goes; so what another person has to get, to the byte, is
 * what the witnesses saw while it was there, without its own lines.
 */
#include "config.h"

#include "party.h"

#include <event2/buffer.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOMS	2
#define TALKERS 5
#define STEPS	6000

static const char *const rooms[ROOMS] = { "main", "tea" };

struct talker {
	int fd;
	char name[16];
	struct evbuffer *heard;
	unsigned room;
};

struct crowd {
	struct party *party;
	struct talker witnesses[ROOMS];
	struct talker talkers[TALKERS];
	unsigned chance, said;
};

static unsigned
chance(struct crowd *crowd, unsigned below)
{
	crowd->chance = crowd->chance * 1103515245u + 12345u;
	return (crowd->chance >> 16) % below;
}

static void
hear(struct talker *talker, int most)
{
	while (talker->heard != NULL &&
	    evbuffer_read(talker->heard, talker->fd, most) > 0 && most == -1)
		continue;
}

/* Everything that waits is read, in as many turns as that takes. */
static void
settle(struct crowd *crowd)
{
	int i, round;

	for (round = 0; round < 200; round++) {
		party_turn(crowd->party, 1);
		for (i = 0; i < TALKERS; i++)
			hear(&crowd->talkers[i], -1);
		for (i = 0; i < ROOMS; i++)
			hear(&crowd->witnesses[i], -1);
	}
}

static void
come_in(struct crowd *crowd, struct talker *talker, unsigned number)
{
	talker->fd = party_arrive(crowd->party, "main", NULL);
	talker->heard = evbuffer_new();
	snprintf(talker->name, sizeof(talker->name), "guest%u", number);
}

static void
gather_crowd(struct crowd *crowd, struct party *party)
{
	unsigned i;

	crowd->party = party;
	party->conf->backlog_bytes = 1 << 30;
	for (i = 0; i < ROOMS; i++)
		come_in(crowd, &crowd->witnesses[i], i + 1);
	party_say(party, crowd->witnesses[1].fd, "/join tea\n");
	settle(crowd);
	for (i = 0; i < ROOMS; i++)
		evbuffer_drain(crowd->witnesses[i].heard,
		    evbuffer_get_length(crowd->witnesses[i].heard));
	for (i = 0; i < TALKERS; i++)
		come_in(crowd, &crowd->talkers[i], ROOMS + i + 1);
}

/*
 * Lines of several lengths, often some in one write, often with a move. Each
 * says which room it is for.
 */
static void
speak(struct crowd *crowd, struct talker *talker)
{
	char text[8192];
	size_t length = 0;
	unsigned lines = 1 + chance(crowd, 4), pad = chance(crowd, 1000);
	unsigned room = talker->room;

	while (lines-- > 0) {
		if (chance(crowd, 20) == 0) {
			room = chance(crowd, ROOMS);
			length += (size_t)sprintf(
			    text + length, "/join %s\n", rooms[room]);
		} else {
			length +=
			    (size_t)sprintf(text + length, "for %s: %u %*s.\n",
				rooms[room], crowd->said++, (int)pad, "");
		}
	}
	/* All or nothing. */
	if (write(talker->fd, text, length) == (ssize_t)length)
		talker->room = room;
}

/* The next line; a copy, for free(3), or NULL. */
static char *
next_line(const char **at)
{
	const char *end = strchr(*at, '\n');
	char *line;

	if (end == NULL)
		return NULL;
	line = strndup(*at, (size_t)(end - *at));
	*at = end + 1;
	return line;
}

static bool
begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

/*
 * From one witness: what the talker has to get of a stay. False: there is none.
 */
static bool
add_stay(struct evbuffer *wanted, const struct talker *talker, int room,
    const char **at)
{
	char joined[64], left[64], own[64], *line;
	bool there = false;

	snprintf(joined, sizeof(joined), "*** %s joined", talker->name);
	snprintf(left, sizeof(left), "*** %s left (", talker->name);
	snprintf(own, sizeof(own), "<%s> ", talker->name);
	while ((line = next_line(at)) != NULL) {
		bool gone = there && begins(line, left);

		if (there && !gone && !begins(line, own))
			evbuffer_add_printf(wanted, "%s\n", line);
		if (!there && strcmp(line, joined) == 0) {
			there = true;
			evbuffer_add_printf(wanted, "*** you are %s in %s%s",
			    talker->name, rooms[room],
			    evbuffer_get_length(wanted) == 0 ? PARTY_HINT
							     : "\n");
		}
		free(line);
		if (gone)
			return true;
	}
	return there;
}

/* NUL-terminated, for as long as the buffer is. */
static const char *
text_of(struct evbuffer *buffer)
{
	evbuffer_add(buffer, "", 1);
	return (char *)evbuffer_pullup(buffer, -1);
}

/* Answers to those who want to go where they are stand apart. */
static const char *
without_refusals(const char *text)
{
	struct evbuffer *kept = evbuffer_new();
	char *line, *copy;

	while ((line = next_line(&text)) != NULL) {
		if (!begins(line, "*** already in "))
			evbuffer_add_printf(kept, "%s\n", line);
		free(line);
	}
	copy = strdup(text_of(kept));
	evbuffer_free(kept);
	return copy;
}

static void
check(struct talker *talker, const char *const seen[ROOMS])
{
	const char *at[ROOMS] = { seen[0], seen[1] }, *heard;
	struct evbuffer *wanted = evbuffer_new();
	int room = 0;

	while (add_stay(wanted, talker, room, &at[room]))
		room = 1 - room;
	heard = without_refusals(text_of(talker->heard));
	/* Or cmocka prints megabytes. */
	if (strcmp(heard, text_of(wanted)) != 0)
		fail_msg("%s did not get what it should", talker->name);
	free((char *)heard);
	evbuffer_free(wanted);
}

static void
check_rooms(const char *seen, const char *room)
{
	char wanted[64], *line;

	snprintf(wanted, sizeof(wanted), "> for %s: ", room);
	while ((line = next_line(&seen)) != NULL) {
		if (line[0] == '<' && strstr(line, wanted) == NULL)
			fail_msg("in %s: %.40s", room, line);
		free(line);
	}
}

static void
test_everybody_gets_what_the_witnesses_saw(void **state)
{
	struct crowd *crowd = calloc(1, sizeof(*crowd));
	const char *seen[ROOMS];
	int i, step;

	gather_crowd(crowd, *state);
	for (step = 0; step < STEPS; step++) {
		struct talker *talker = &crowd->talkers[chance(crowd, TALKERS)];

		if (chance(crowd, 3) > 0)
			speak(crowd, talker);
		else if (talker != crowd->talkers || step % 1000 == 0)
			hear(talker, (int)chance(crowd, 20000) + 1);
		if (chance(crowd, 2) == 0)
			party_turn(crowd->party, 1);
		for (i = 0; i < ROOMS; i++)
			hear(&crowd->witnesses[i], -1);
	}
	settle(crowd);
	for (i = 0; i < ROOMS; i++)
		seen[i] = text_of(crowd->witnesses[i].heard);
	assert_true(strlen(seen[1]) > 100000);
	for (i = 0; i < ROOMS; i++)
		check_rooms(seen[i], rooms[i]);
	for (i = 0; i < TALKERS; i++)
		check(&crowd->talkers[i], seen);
	for (i = 0; i < TALKERS; i++) {
		close(crowd->talkers[i].fd);
		evbuffer_free(crowd->talkers[i].heard);
	}
	for (i = 0; i < ROOMS; i++) {
		close(crowd->witnesses[i].fd);
		evbuffer_free(crowd->witnesses[i].heard);
	}
	free(crowd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EMPTY_PARTY_TEST(test_everybody_gets_what_the_witnesses_saw),
	};

	return cmocka_run_group_tests_name("chat order", tests, NULL, NULL);
}
