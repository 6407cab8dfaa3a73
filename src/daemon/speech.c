/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/speech.h"

#include "common/text.h"
#include "common/xmalloc.h"
#include "daemon/backlog.h"
#include "daemon/command.h"
#include "daemon/conf.h"
#include "daemon/conn.h"
#include "daemon/line.h"
#include "daemon/people.h"
#include "daemon/person.h"
#include "daemon/room.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* From so much on, what was said is gathered before more is formatted. */
#define SAID_BYTES 65536

#define SAID_SIZE_MIN 1024

static const struct rooms *
rooms_of(const struct person *person)
{
	return person->people->rooms;
}

static bool
has_to_wait(const struct person *person)
{
	return person->waits || person->postponed != NULL ||
	    (person->unread_bytes >= PERSON_UNREAD_BYTES &&
		conn_takes_output(person->member.conn));
}

static bool
is_leaving(const struct person *person)
{
	return conn_end_reason(person->member.conn) != CONN_NO_REASON;
}

/* Space at the end of what is said. */
static char *
reserve(struct people *people, size_t length)
{
	size_t needed = people->said_length + length;

	if (needed > people->said_size) {
		if (people->said_size == 0)
			people->said_size = SAID_SIZE_MIN;
		while (people->said_size < needed)
			people->said_size *= 2;
		people->said = xrealloc(people->said, people->said_size);
	}
	return people->said + people->said_length;
}

static void
gather(struct person *person)
{
	struct people *people = person->people;

	if (people->said_length > 0)
		room_gather(person->member.room, &person->member, people->said,
		    people->said_length);
	people->said_length = 0;
}

static void
run(struct person *person, const char *text, size_t length)
{
	char *line = xmalloc(length + 1);

	memcpy(line, text, length);
	line[length] = '\0';
	person->heard_lines += PERSON_COMMAND_COST;
	gather(person);
	command_run(person, line);
	free(line);
}

/*
 * A line without its LF is formatted in place, at the end of what was said.
 * Nothing is said by a line that has nothing in it, or by a command.
 */
static void
take_line(struct person *person, const char *bytes, size_t length)
{
	struct people *people = person->people;
	size_t name_length = strlen(person->name), text_length;
	char *line = reserve(people, name_length + 4 + length * TEXT_GROWTH);
	char *text = line + name_length + 3;

	text_length = text_clean(text, bytes, length);
	if (text_length == 0)
		return;
	if (text[0] == '/') {
		if (text_length == 1 || text[1] != '/') {
			run(person, text + 1, text_length - 1);
			return;
		}
		memmove(text, text + 1, --text_length);
	}
	line[0] = '<';
	memcpy(line + 1, person->name, name_length);
	memcpy(line + 1 + name_length, "> ", 2);
	text[text_length] = '\n';
	people->said_length += name_length + 3 + text_length + 1;
	if (people->said_length >= SAID_BYTES)
		gather(person);
}

static void
on_line(const char *line, size_t length, void *arg)
{
	struct person *person = arg;

	person->heard_lines++;
	conn_count_lines_in(person->member.conn, 1);
	/* Who has left says nothing more. */
	if (!is_leaving(person))
		take_line(person, line, length - 1);
}

/* Bytes without telnet's: all of one line at most, or a piece of one. */
static void
feed(struct person *person, const char *bytes, size_t length)
{
	int64_t limit = rooms_of(person)->conf->line_bytes;

	if (line_feed_skipping(&person->member.framer, &person->skipping, bytes,
		length, (size_t)limit, on_line, person) > 0)
		person_answer(person,
		    "not said: a line is at most %" PRId64 " bytes", limit);
}

static void
strip_and_feed(struct person *person, const char *bytes, size_t length)
{
	char *stripped;

	if (telnet_has_nothing(&person->telnet, bytes, length)) {
		feed(person, bytes, length);
		return;
	}
	stripped = xmalloc(length + TELNET_KEPT);
	length = telnet_strip(&person->telnet, stripped, bytes, length);
	if (person->telnet.asks_for_mark)
		person_send(person, TELNET_MARK, strlen(TELNET_MARK));
	person->telnet.asks_for_mark = false;
	feed(person, stripped, length);
	free(stripped);
}

/* Whether so many bytes may be taken; who sends too many lines is told once. */
static bool
is_allowed(struct person *person, const char *bytes, size_t length)
{
	if (member_allowance(&person->member, bytes, length) == length)
		return true;
	if (!person->slowed)
		person_answer(person,
		    "you send too many lines: they are taken, but later");
	person->slowed = true;
	return false;
}

static void
run_postponed(struct person *person)
{
	char *line = person->postponed;

	if (line == NULL || person->queue != NULL || is_leaving(person) ||
	    backlog_is_full(&person->member))
		return;
	person->postponed = NULL;
	command_run(person, line);
	free(line);
}

size_t
speech_take(struct person *person, const char *bytes, size_t length)
{
	size_t told = person_answers_bytes(person), taken = 0, piece;
	const char *end;

	/*
	 * It may be gone: then nothing else would tell that it need not wait.
	 */
	run_postponed(person);
	person->heard_lines = 0;
	while (taken < length) {
		if (person->heard_lines >= PERSON_TURN_LINES)
			person_wait(person);
		if (has_to_wait(person) ||
		    person_answers_bytes(person) - told >= PERSON_TURN_BYTES) {
			conn_pause_input(
			    person->member.conn, CONN_PAUSE_SPEECH);
			break;
		}
		end = memchr(bytes + taken, '\n', length - taken);
		piece = end == NULL ? length - taken
				    : (size_t)(end - bytes) + 1 - taken;
		if (!is_allowed(person, bytes + taken, piece))
			break;
		strip_and_feed(person, bytes + taken, piece);
		taken += piece;
	}
	gather(person);
	/* Nor is its end heard before it has its answer. */
	if (person->queue != NULL)
		conn_pause_input(person->member.conn, CONN_PAUSE_SPEECH);
	return taken;
}

void
speech_go_on(struct person *person)
{
	run_postponed(person);
	if (!has_to_wait(person))
		conn_resume_input(person->member.conn, CONN_PAUSE_SPEECH);
}

/* There is no later turn for a command that is its last word. */
void
speech_finish(struct person *person)
{
	person->people->served = person;
	line_finish(&person->member.framer, on_line, person);
	person->people->served = NULL;
	gather(person);
}
