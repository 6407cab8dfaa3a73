/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/people.h"

#include "common/xmalloc.h"
#include "daemon/person.h"
#include "daemon/room.h"
#include "daemon/speech.h"

#include <event2/event.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
enqueue(struct person_list *queue, struct person *person)
{
	TAILQ_INSERT_TAIL(queue, person, queue_entry);
	person->queue = queue;
}

static void
unqueue(struct person *person)
{
	if (person->queue != NULL)
		TAILQ_REMOVE(person->queue, person, queue_entry);
	person->queue = NULL;
}

bool
people_may_cost(struct people *people, struct person *person)
{
	if (people->served == person ||
	    (people->costly_count < PEOPLE_COSTLY_MAX &&
		TAILQ_EMPTY(&people->costly))) {
		people->costly_count++;
		return true;
	}
	enqueue(&people->costly, person);
	return false;
}

bool
people_may_read(struct people *people, struct person *person)
{
	if (!people->has_read &&
	    (TAILQ_EMPTY(&people->readers) || people->served == person)) {
		people->has_read = true;
		return true;
	}
	enqueue(&people->readers, person);
	return false;
}

static void
serve(struct people *people, struct person *person)
{
	unqueue(person);
	people->served = person;
	speech_go_on(person);
	people->served = NULL;
}

static void
on_next(evutil_socket_t fd, short what, void *arg)
{
	struct people *people = arg;
	struct person *person;

	(void)fd;
	(void)what;
	if (!TAILQ_EMPTY(&people->readers))
		serve(people, TAILQ_FIRST(&people->readers));
	while (people->costly_count < PEOPLE_COSTLY_MAX &&
	    (person = TAILQ_FIRST(&people->costly)) != NULL)
		serve(people, person);
}

struct people *
people_new(struct rooms *rooms)
{
	struct people *people = xcalloc(1, sizeof(*people));

	people->rooms = rooms;
	TAILQ_INIT(&people->busy);
	TAILQ_INIT(&people->costly);
	TAILQ_INIT(&people->readers);
	people->next = evtimer_new(rooms->base, on_next, people);
	return people;
}

void
people_free(struct people *people)
{
	event_free(people->next);
	free(people->said);
	free(people);
}

static int
compare_keys(const void *one, const void *other)
{
	const struct person *person = one, *other_person = other;

	return strcmp(person->key, other_person->key);
}

struct person *
people_find(const struct people *people, const char *name)
{
	struct person sought = { .key = name_key(name) }, **found;

	found = tfind(&sought, &people->by_key, compare_keys);
	free(sought.key);
	return found == NULL ? NULL : *found;
}

/* A long line has made it large. */
static void
give_back_said(struct people *people)
{
	if (people->said_length > 0)
		return;
	free(people->said);
	people->said = NULL;
	people->said_size = 0;
}

void
people_forget(struct people *people, struct person *person)
{
	tdelete(person, &people->by_key, compare_keys);
	free(person->key);
	person->key = NULL;
	if (person->busy)
		TAILQ_REMOVE(&people->busy, person, busy_entry);
	person->busy = false;
	unqueue(person);
	if (people->by_key == NULL)
		give_back_said(people);
}

int
people_name(struct people *people, struct person *person, const char *name)
{
	struct person *owner = people_find(people, name);

	if (owner != NULL && owner != person)
		return -1;
	if (person->key != NULL)
		tdelete(person, &people->by_key, compare_keys);
	free(person->key);
	person->key = name_key(name);
	memcpy(person->name, name, strlen(name) + 1);
	if (tsearch(person, &people->by_key, compare_keys) == NULL)
		xmalloc_fail();
	return 0;
}

void
people_name_guest(struct people *people, struct person *person)
{
	char name[NAME_SIZE];

	do
		snprintf(
		    name, sizeof(name), "guest%" PRIu64, ++people->last_guest);
	while (people_name(people, person, name) == -1);
}

void
people_attend(struct people *people, struct person *person)
{
	if (person->busy)
		return;
	person->busy = true;
	TAILQ_INSERT_TAIL(&people->busy, person, busy_entry);
}

void
people_end_turn(struct people *people)
{
	static const struct timeval at_once = { 0, 0 };
	struct person *person;

	while ((person = TAILQ_FIRST(&people->busy)) != NULL) {
		TAILQ_REMOVE(&people->busy, person, busy_entry);
		person->busy = false;
		person_end_turn(person);
	}
	people->costly_count = 0;
	people->has_read = false;
	/* By an event, so that what the others are told of it is fanned out. */
	if (!TAILQ_EMPTY(&people->costly) || !TAILQ_EMPTY(&people->readers))
		event_add(people->next, &at_once);
}
