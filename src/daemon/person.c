/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/person.h"

#include "common/xmalloc.h"
#include "daemon/account.h"
#include "daemon/backlog.h"
#include "daemon/conf.h"
#include "daemon/conn.h"
#include "daemon/fanout.h"
#include "daemon/history.h"
#include "daemon/rate.h"
#include "daemon/room.h"
#include "daemon/speech.h"

#include <event2/buffer.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of an account's name that somebody else has: name2 to name99. */
#define NUMBER_MAX 99

struct person *
person_of(struct member *member)
{
	return (struct person *)member;
}

static bool
owns(const struct person *person, const char *name)
{
	return person->vouched != NULL && name_is_same(person->vouched, name);
}

bool
person_is_vouched_for(const struct person *person)
{
	return owns(person, person->name);
}

bool
person_may_be(const struct person *person, const char *name)
{
	return owns(person, name) || !account_exists(name);
}

void
person_send(struct person *person, const char *bytes, size_t length)
{
	if (!conn_takes_output(person->member.conn))
		return;
	if (person->answers == NULL)
		person->answers = evbuffer_new();
	evbuffer_add(person->answers, bytes, length);
	people_attend(person->people, person);
}

__attribute__((format(printf, 3, 0))) static void
add_answer(struct person *person, const char *begin, const char *format,
    va_list arguments)
{
	person_send(person, begin, strlen(begin));
	if (person->answers != NULL)
		evbuffer_add_vprintf(person->answers, format, arguments);
	person_send(person, "\n", 1);
}

void
person_tell(struct person *person, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_answer(person, "", format, arguments);
	va_end(arguments);
}

void
person_answer(struct person *person, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_answer(person, "*** ", format, arguments);
	va_end(arguments);
}

size_t
person_answers_bytes(const struct person *person)
{
	return person->answers == NULL ? 0
				       : evbuffer_get_length(person->answers);
}

size_t
person_unread_bytes(const struct person *person)
{
	return person->unread_bytes + person_answers_bytes(person);
}

/* What the socket does not take is unread until it has. */
static void
tell_answers(struct person *person)
{
	size_t length;

	if (person->answers == NULL)
		return;
	length = evbuffer_get_length(person->answers);
	fanout_tell(&person->member,
	    (char *)evbuffer_pullup(person->answers, -1), length);
	evbuffer_free(person->answers);
	person->answers = NULL;
	if (conn_is_queued(person->member.conn))
		person->unread_bytes += length;
}

void
person_end_turn(struct person *person)
{
	tell_answers(person);
	person->waits = false;
	speech_go_on(person);
}

void
person_show(struct person *person, const char *format, ...)
{
	struct evbuffer *line = evbuffer_new();
	va_list arguments;

	va_start(arguments, format);
	evbuffer_add_vprintf(line, format, arguments);
	va_end(arguments);
	evbuffer_add(line, "\n", 1);
	room_gather(person->member.room, &person->member,
	    (char *)evbuffer_pullup(line, -1), evbuffer_get_length(line));
	evbuffer_free(line);
}

void
person_wait(struct person *person)
{
	person->waits = true;
	people_attend(person->people, person);
}

void
person_postpone(
    struct person *person, const char *command, const char *argument)
{
	if (asprintf(&person->postponed, "%s %s", command, argument) == -1)
		xmalloc_fail();
}

void
person_replay(struct person *person, size_t lines)
{
	tell_answers(person);
	if (!fanout_replay(&person->member, lines))
		person_answer(person, "the lines from before are on their way");
	else if (history_is_empty(person->member.room->history))
		person_answer(person, "nothing is kept here yet");
}

static void
tell_new_name(struct person *person, const char *old)
{
	person_answer(person, "you are now known as %s", person->name);
	if (strcmp(old, person->name) != 0)
		person_show(
		    person, "*** %s is now known as %s", old, person->name);
}

/* As person_rename(), but without telling of the person itself. */
static int
take_name(struct person *person, const char *name)
{
	struct person *owner = people_find(person->people, name);
	char old[NAME_SIZE];

	if (owner != NULL && owner != person && owns(person, name) &&
	    !owns(owner, name)) {
		memcpy(old, owner->name, sizeof(old));
		people_name_guest(owner->people, owner);
		tell_new_name(owner, old);
		/* Before it hears of the other one. */
		tell_answers(owner);
	}
	return people_name(person->people, person, name);
}

int
person_rename(struct person *person, const char *name)
{
	char old[NAME_SIZE];

	memcpy(old, person->name, sizeof(old));
	if (take_name(person, name) == -1)
		return -1;
	tell_new_name(person, old);
	return 0;
}

/* Whether joins and leaves are told: n people would be told of n others. */
static bool
tells_who_comes(const struct room *room)
{
	return room->member_count <= (size_t)room->rooms->conf->quiet_above;
}

/* It hears where it is; then what it missed; then the others hear of it. */
static void
arrive(struct person *person, struct room *room, const char *hint)
{
	person->member.room = room;
	room_join(room, &person->member);
	person_answer(
	    person, "you are %s in %s%s", person->name, room->name, hint);
	tell_answers(person);
	fanout_replay(&person->member, SIZE_MAX);
	if (tells_who_comes(room))
		person_show(person, "*** %s joined", person->name);
}

static void
depart(struct person *person, const char *why, bool drained)
{
	struct room *room = person->member.room;

	if (why != NULL && tells_who_comes(room))
		person_show(person, "*** %s left (%s)", person->name, why);
	room_leave(room, &person->member);
	backlog_leave(&person->member, drained);
	room_release(room);
}

void
person_move(struct person *person, struct room *room)
{
	struct conn *conn = person->member.conn;
	char why[NAME_SIZE + sizeof("went to ")];

	snprintf(why, sizeof(why), "went to %s", room->name);
	tell_answers(person);
	depart(person, why, conn_takes_output(conn));
	conn_resume_input(conn, CONN_PAUSE_BRAKE);
	arrive(person, room, "");
}

void
person_quit(struct person *person, const char *why)
{
	if (tells_who_comes(person->member.room))
		person_show(person, "*** %s left (%s)", person->name, why);
	person->gone = true;
	conn_close(person->member.conn, CONN_QUIT);
}

/* NULL: nobody is told. */
static const char *
why_left(const struct person *person)
{
	enum conn_reason reason = conn_end_reason(person->member.conn);

	if (person->gone)
		return NULL;
	switch (reason) {
	case CONN_END_OF_INPUT:
		return "left";
	case CONN_RESET:
	case CONN_TIMED_OUT:
	case CONN_ERROR:
		return "connection lost";
	case CONN_TOO_SLOW:
	case CONN_STALLED:
	case CONN_NOT_DRAINED:
		return "too slow";
	case CONN_SHUTDOWN:
		return NULL;
	default:
		return conn_reason_text(reason);
	}
}

static size_t
on_input(struct conn *conn, const char *bytes, size_t length, void *owner)
{
	(void)conn;
	return speech_take(owner, bytes, length);
}

static void
on_end_of_input(struct conn *conn, void *owner)
{
	(void)conn;
	speech_finish(owner);
}

static void
on_drained(struct conn *conn, void *owner)
{
	struct person *person = owner;

	(void)conn;
	person->unread_bytes = 0;
	speech_go_on(person);
	backlog_resume(&person->member);
}

static void
on_leave(struct conn *conn, bool drained, void *owner)
{
	struct person *person = owner;

	(void)conn;
	tell_answers(person);
	depart(person, why_left(person), drained);
	line_clear(&person->member.framer);
	rate_free(person->member.rate);
	people_forget(person->people, person);
	free(person->postponed);
	free(person->vouched);
	free(person);
}

static const struct conn_handler handler = {
	.on_input = on_input,
	.on_end_of_input = on_end_of_input,
	.on_drained = on_drained,
	.on_leave = on_leave,
};

/* A name that it may have, of those that nobody has: only that is looked up. */
static bool
is_free(const struct person *person, const char *name)
{
	return strlen(name) <= NAME_MAX_BYTES &&
	    people_find(person->people, name) == NULL && !account_exists(name);
}

/* The vouched name; with a number, where one account is there twice. */
static void
name_newcomer(struct person *person)
{
	char name[NAME_SIZE + 3];
	int number;

	if (person->vouched == NULL) {
		people_name_guest(person->people, person);
		return;
	}
	if (take_name(person, person->vouched) == 0)
		return;
	for (number = 2; number <= NUMBER_MAX; number++) {
		snprintf(name, sizeof(name), "%s%d", person->vouched, number);
		if (is_free(person, name) &&
		    people_name(person->people, person, name) == 0)
			return;
	}
	people_name_guest(person->people, person);
}

void
person_new(struct people *people, struct conn *conn, struct room *room,
    const char *vouched)
{
	struct person *person = xcalloc(1, sizeof(*person));

	person->people = people;
	person->member.conn = conn;
	if (vouched != NULL)
		person->vouched = xstrdup(vouched);
	conn_meter_input(conn, true);
	conn_set_handler(conn, &handler, person);
	name_newcomer(person);
	arrive(person, room, "; /help lists the commands");
}
