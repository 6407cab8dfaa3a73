/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/chat.h"

#include "daemon/backlog.h"
#include "daemon/conf.h"
#include "daemon/name.h"
#include "daemon/people.h"
#include "daemon/person.h"
#include "daemon/room.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <string.h>

/* Columns of an answer with many names in it. */
#define WIDTH 72

/* The word as a name; or tells the person that it cannot be one. */
static int
make_name(struct person *person, char name[NAME_SIZE], const char *word)
{
	if (name_make(name, word) == 0)
		return 0;
	person_answer(person, "not a name; a name is " NAME_FORM);
	return -1;
}

void
chat_nick(struct person *person, char *const arguments[])
{
	char name[NAME_SIZE];

	if (make_name(person, name, arguments[0]) == -1)
		return;
	if (!person_may_be(person, name)) {
		person_answer(person,
		    "%s is an account of this machine, and not known to be "
		    "yours",
		    name);
		return;
	}
	if (person_rename(person, name) == -1)
		person_answer(person,
		    "somebody is called %s, or what looks the same", name);
}

void
chat_me(struct person *person, char *const arguments[])
{
	person_show(person, "* %s %s", person->name, arguments[0]);
}

/*
 * A message is sent or it is not, and the sender knows at once: it is refused
 * where it would have to be kept for somebody who reads nothing.
 */
void
chat_msg(struct person *person, char *const arguments[])
{
	char name[NAME_SIZE];
	struct person *to;

	if (make_name(person, name, arguments[0]) == -1)
		return;
	to = people_find(person->people, name);
	if (to == NULL) {
		person_answer(
		    person, "not sent: nobody here is called %s", name);
		return;
	}
	if (person_unread_bytes(to) >= PERSON_UNREAD_BYTES) {
		person_answer(person,
		    "not sent: %s does not read what it is sent", to->name);
		return;
	}
	person_tell(to, "[%s] %s", person->name, arguments[1]);
	person_tell(person, "[to %s] %s", to->name, arguments[1]);
	if (to->member.behind != NULL || to->unread_bytes > 0)
		person_answer(person,
		    "%s is behind and will see that late, if at all", to->name);
}

/* Answers with what has come together, and begins anew. */
static void
flush(struct person *person, struct evbuffer *names)
{
	size_t length = evbuffer_get_length(names);

	if (length > 0)
		person_answer(person, "in %s: %.*s", person->member.room->name,
		    (int)length, (char *)evbuffer_pullup(names, -1));
	evbuffer_drain(names, length);
}

void
chat_who(struct person *person, char *const arguments[])
{
	const struct room *room = person->member.room;
	struct evbuffer *names = evbuffer_new();
	size_t i;

	(void)arguments;
	for (i = 0; i < room->member_count; i++) {
		const struct person *other = person_of(room->members[i]);

		if (evbuffer_get_length(names) + strlen(other->name) > WIDTH)
			flush(person, names);
		evbuffer_add_printf(names, "%s%s%s",
		    evbuffer_get_length(names) > 0 ? ", " : "", other->name,
		    person_is_vouched_for(other) ? " (vouched for)" : "");
	}
	flush(person, names);
	evbuffer_free(names);
}

void
chat_join(struct person *person, char *const arguments[])
{
	struct rooms *rooms = person->people->rooms;
	char name[NAME_SIZE];
	struct room *room;

	if (make_name(person, name, arguments[0]) == -1)
		return;
	room = rooms_find(rooms, name);
	if (room == person->member.room) {
		person_answer(person, "already in %s", room->name);
		return;
	}
	if (room == NULL && rooms->count >= (size_t)rooms->conf->rooms) {
		person_answer(person,
		    "there are %zu rooms already, as many as there may be",
		    rooms->count);
		return;
	}
	/* It would take along what waits for it, out of every limit; and one
	 * transcript is read in a turn. */
	if (backlog_is_full(&person->member) ||
	    (room == NULL && rooms->conf->history_directory != NULL &&
		!people_may_read(person->people, person))) {
		person_postpone(person, "join", name);
		return;
	}
	person_move(person, room != NULL ? room : rooms_get(rooms, name));
}

void
chat_rooms(struct person *person, char *const arguments[])
{
	const struct room *room;

	(void)arguments;
	TAILQ_FOREACH (room, &person->people->rooms->all, entry)
		person_answer(person, "%s: %zu %s", room->name,
		    room->member_count,
		    room->member_count == 1 ? "person" : "people");
}

/* How many lines; -1 when that is no number. */
static intmax_t
parse_count(const char *text)
{
	char *end;
	intmax_t count;

	if (text == NULL)
		return INTMAX_MAX;
	count = strtoimax(text, &end, 10);
	return *end == '\0' && *text >= '0' && *text <= '9' ? count : -1;
}

void
chat_history(struct person *person, char *const arguments[])
{
	intmax_t count = parse_count(arguments[0]);

	if (person->people->rooms->conf->history_lines == 0)
		person_answer(person, "nothing is kept here");
	else if (count <= 0)
		person_answer(person, "N is a number of lines, 1 or more");
	else
		person_replay(person, (size_t)count);
}

void
chat_quit(struct person *person, char *const arguments[])
{
	person_quit(person, arguments[0] != NULL ? arguments[0] : "left");
}
