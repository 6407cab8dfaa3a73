/* SPDX-License-Identifier: ISC */
/*
 * Everybody in mode chat, by name; and what happens with them when a turn of
 * the loop ends.
 *
 * An answer is not sent when it is made, because all that the room has gathered
 * would have to be fanned out before it: who asks in every other line could so
 * make each line cost what a whole batch costs. It is kept, and sent when the
 * turn has fanned out anyway.
 *
 * Nor must it cost the others much time that somebody asks. A person is heard
 * no further in a turn after a command that costs a fan-out, as a change of
 * rooms does, or a look at all accounts, or at all people in its room, or at
 * all rooms; after PERSON_TURN_BYTES of answers to it, or PERSON_TURN_LINES;
 * and when it does not read them, until it has (speech.h). Of such commands a
 * turn has PEOPLE_COSTLY_MAX, and one that goes to a room that has to be made,
 * for which up to HISTORY_BYTES of a transcript are read: each of n people
 * could have the line of another sent to all n. Who may not yet is queued, and
 * its command is run when it is its turn.
 *
 * People are made and freed by person.c; they are only listed here.
 */
#ifndef PEOPLE_H
#define PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define PEOPLE_COSTLY_MAX 16

struct person;
struct rooms;
TAILQ_HEAD(person_list, person);

struct people {
	struct rooms *rooms;
	void *by_key; /* tsearch(3) */
	uint64_t last_guest;
	struct person_list busy; /* to be looked at when the turn ends */
	struct person_list costly, readers; /* who wait until they may */
	struct event *next;		    /* the first of them may, */
	struct person *served; /* this one, before the others; or NULL */
	unsigned costly_count; /* of the commands of this turn */
	bool has_read;	       /* somebody has, in this turn */
	/* What one person says, formatted, until it is gathered. */
	char *said;
	size_t said_length, said_size;
};

/* Borrows the rooms. */
struct people *people_new(struct rooms *rooms);
/* Everybody has to be gone. */
void people_free(struct people *people);

/* Who has that name, or one that is the same; or NULL. */
struct person *people_find(const struct people *people, const char *name);

/*
 * Gives a person a name. Returns 0, or -1 when somebody else has it. The name
 * that it had is free then.
 */
int people_name(struct people *people, struct person *person, const char *name);
/* A name that nobody has: guest1, guest2, ... */
void people_name_guest(struct people *people, struct person *person);
/* Its name is free again. */
void people_forget(struct people *people, struct person *person);

/* The person has answers to get, or waits for the end of the turn. */
void people_attend(struct people *people, struct person *person);

/*
 * Whether the person may now run a command that costs the others much, or have
 * a transcript read. If not it is queued, and what it has postponed is run when
 * it may.
 */
bool people_may_cost(struct people *people, struct person *person);
bool people_may_read(struct people *people, struct person *person);

/* After the fan-out of a turn. */
void people_end_turn(struct people *people);

#endif
