/* SPDX-License-Identifier: ISC */
/*
 * Somebody in mode chat: a member of a room that has a name, speaks in lines of
 * text, and is answered.
 *
 * A person is made for a connection and freed when the connection ends; it
 * leaves its room then, and its name is free.
 */
#ifndef PERSON_H
#define PERSON_H

#include "daemon/member.h"
#include "daemon/name.h"
#include "daemon/people.h"
#include "daemon/telnet.h"

#include <stdbool.h>
#include <stddef.h>

struct conn;
struct evbuffer;
struct room;

/*
 * What a person is told and does not read: from so much on it is not heard,
 * and gets no messages.
 */
#define PERSON_UNREAD_BYTES 65536

/*
 * And of answers to what it asks: from so much on it is not heard in that turn.
 * What others tell it does not count, or they could keep it from being heard.
 */
#define PERSON_TURN_BYTES 4096

/*
 * The same for so many lines that it has sent, of which a command is as much
 * work as a few. Lines that are not very short fill a read before that.
 */
#define PERSON_TURN_LINES   2048
#define PERSON_COMMAND_COST 32

struct person {
	struct member member; /* the first: rooms have members */
	struct people *people;
	char name[NAME_SIZE];
	char *key;     /* name_key() of it */
	char *vouched; /* the name that is its own by right, or NULL */
	struct telnet telnet;
	bool skipping;		   /* a line that was too long */
	bool waits;		   /* for the end of the turn */
	bool gone;		   /* the others were told so */
	bool slowed;		   /* it was told that it sends too much */
	bool busy;		   /* in people->busy */
	struct person_list *queue; /* of people's, that it is in, or NULL */
	char *postponed;	   /* a command that has to wait, or NULL */
	struct evbuffer *answers;  /* to be sent when the turn ends, or NULL */
	size_t unread_bytes;	   /* of what it was told, those that wait */
	unsigned heard_lines;	   /* since it was read last */
	TAILQ_ENTRY(person) busy_entry, queue_entry;
};

/*
 * Takes over the connection and joins the room. vouched is a name that somebody
 * vouches for, the kernel or a certificate, as name_make() makes it, or NULL:
 * it is the person's first one if it can be, and its own though an account has
 * it.
 */
void person_new(struct people *people, struct conn *conn, struct room *room,
    const char *vouched);

/* Of a room's member. */
struct person *person_of(struct member *member);
bool person_is_vouched_for(const struct person *person);

/* A line for the person alone, without an LF; of answer, with "*** ". */
void person_tell(struct person *person, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void person_answer(struct person *person, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Bytes for its program, which are no line, between the lines. */
void person_send(struct person *person, const char *bytes, size_t length);

/* Bytes that it is to be told when the turn ends; or was, and has not taken. */
size_t person_answers_bytes(const struct person *person);
size_t person_unread_bytes(const struct person *person);

/*
 * Takes another name, and the others in its room are told. Returns 0, or -1
 * when somebody else has it. Who has a name that others are vouched for as, and
 * is not itself, has to leave it to them and is a guest again.
 */
int person_rename(struct person *person, const char *name);

/* A line for everybody else in its room, without an LF. */
void person_show(struct person *person, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The system's name for somebody else's account is refused. */
bool person_may_be(const struct person *person, const char *name);

/* It is told so many of the last lines of its room, with their times. */
void person_replay(struct person *person, size_t lines);

/*
 * It is heard no further until it has read more, or it may do what it was
 * queued for, and that command is run.
 */
void person_postpone(
    struct person *person, const char *command, const char *argument);

/* Leaves its room for another one. */
void person_move(struct person *person, struct room *room);

/* Leaves for good, with a word to the others, or NULL. */
void person_quit(struct person *person, const char *why);

/* It is heard no further in this turn. */
void person_wait(struct person *person);

/* It gets its answers. */
void person_end_turn(struct person *person);

#endif
