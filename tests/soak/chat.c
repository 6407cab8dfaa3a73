/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "chat.h"

#include "crowd.h"
#include "talk.h"
#include "verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For how long a client is content with its name and its room. */
#define CONTENT_MS 600

#define MARK "*** "

#define NAME_SIZE 10
#define NAME_FORM "p%08" PRIx32

static void
name_of(const struct crowd *crowd, uint32_t speaker, char name[NAME_SIZE])
{
	snprintf(
	    name, NAME_SIZE, NAME_FORM, crowd->speakers.list[speaker].name);
}

static void
ask(struct client *client, const char *command, const char *what)
{
	char text[64];

	snprintf(text, sizeof(text), "%s %s", command, what);
	talk_command(client, text);
}

static void
ask_for_name(struct crowd *crowd, struct client *client, uint32_t self)
{
	char name[NAME_SIZE];

	name_of(crowd, self, name);
	snprintf(client->question.answer, sizeof(client->question.answer),
	    "you are now known as %s", name);
	ask(client, "/nick", name);
	client->reader.self = self;
}

void
chat_introduce(struct crowd *crowd, struct client *client)
{
	ask_for_name(crowd, client, client->reader.self);
}

static void
ask_for_new_name(struct crowd *crowd, struct client *client)
{
	uint32_t self = speakers_follow(
	    &crowd->speakers, client->reader.self, client->ledger);

	ask_for_name(crowd, client, self);
	if (crowd->speakers.list[client->reader.since].begun == 0)
		client->reader.since = self;
}

static void
ask_for_room(struct crowd *crowd, struct client *client)
{
	struct ledger *to = client->ledger == &crowd->ledgers[ROOM_MAIN]
	    ? &crowd->ledgers[ROOM_SIDE]
	    : &crowd->ledgers[ROOM_MAIN];
	uint32_t before = client->reader.self;
	uint32_t self = speakers_follow(&crowd->speakers, before, to);
	char name[NAME_SIZE];

	crowd->speakers.list[self].name = crowd->speakers.list[before].name;
	name_of(crowd, self, name);
	client->question = (struct question){
		.ledger = to,
		.must_hear_here = client->ledger->count,
		.at = to->count,
	};
	snprintf(client->question.answer, sizeof(client->question.answer),
	    "you are %s in %s", name, to->room);
	ask(client, "/join", to->room);
	client->reader.self = self;
}

/* What is said just before it belongs to the old name, or room. */
bool
chat_ask(struct crowd *crowd, struct client *client)
{
	if (crowd->settling || client->question.answer[0] != '\0' ||
	    crowd->now_ms < client->question.next_ms)
		return false;
	if (client->talking != SAYS_NOTHING)
		talk_say_little(crowd, client);
	if (chance_percent(&crowd->chance, 50))
		ask_for_new_name(crowd, client);
	else
		ask_for_room(crowd, client);
	return true;
}

bool
chat_read(const struct crowd *crowd, const char *line, size_t length,
    struct speech *speech)
{
	char head[CHAT_HEAD + 1], name[NAME_SIZE];

	if (length < CHAT_HEAD ||
	    !speech_read(line + CHAT_HEAD, length - CHAT_HEAD, speech) ||
	    speech->speaker >= crowd->speakers.count)
		return false;
	name_of(crowd, speech->speaker, name);
	snprintf(head, sizeof(head), "<%s> ", name);
	if (memcmp(line, head, CHAT_HEAD) != 0)
		broken("the wrong name: line %u of %s as %.*s", speech->number,
		    name, CHAT_HEAD, line);
	return true;
}

/*
 * What was said in the old room before the client's own last line there it has
 * heard. False: the witness has not heard that one yet.
 */
static bool
is_all_heard(struct crowd *crowd, struct client *client)
{
	const struct speaker *list = crowd->speakers.list;
	const struct speaker *old = &list[list[client->reader.self].before];
	size_t until = client->question.must_hear_here;
	struct speech missing;

	if (old->heard < old->said)
		return false;
	if (old->heard > 0 && old->last_at > until)
		until = old->last_at;
	if (!client->reader.may_miss &&
	    !ledger_heard_all(client->ledger, &client->reader, until, &missing))
		broken("missing when it moves: line %u of speaker %u, for "
		       "client %u",
		    missing.number, missing.speaker, client->reader.self);
	return true;
}

static void
move(struct client *client)
{
	struct reader *reader = &client->reader;

	client->ledger = client->question.ledger;
	client->must_hear = client->question.must_hear;
	reader->since = reader->self;
	reader->began = false;
	reader->at = client->question.at;
}

static bool
is_answer(const struct client *client, const char *text)
{
	return client->greeted && strcmp(text, client->question.answer) == 0;
}

/* False: the witness has to hear more first. */
static bool
take_answer(struct crowd *crowd, struct client *client)
{
	if (client->question.ledger == NULL) {
		crowd->totals.names++;
	} else {
		if (!is_all_heard(crowd, client))
			return false;
		move(client);
		crowd->totals.moves++;
	}
	client->question = (struct question){
		.next_ms = crowd->now_ms +
		    chance_between(&crowd->chance, 1, CONTENT_MS),
	};
	return true;
}

static bool
is_greeting(struct client *client, const char *text)
{
	char end[64];
	const char *at = strstr(text, " in ");

	if (client->greeted || at == NULL)
		return false;
	snprintf(end, sizeof(end), " in %s; /help lists the commands",
	    client->ledger->room);
	client->greeted =
	    strncmp(text, "you are ", 8) == 0 && strcmp(at, end) == 0;
	return client->greeted;
}

/* The new name is of the crowd; the old one need not be, if it is the first. */
static bool
is_renaming(const struct crowd *crowd, const char *old, const char *new)
{
	const struct speaker *list = crowd->speakers.list;
	char name[NAME_SIZE];
	uint32_t self;

	if (sscanf(new, "p%8" SCNx32, &self) != 1 ||
	    self >= crowd->speakers.count)
		return false;
	if (list[self].before == self)
		return true;
	name_of(crowd, list[self].before, name);
	return strcmp(old, name) == 0;
}

static bool
is_reason(const char *why)
{
	static const char *const reasons[] = { "(left)", "(connection lost)",
		"(too slow)", "(went to main)", "(went to side)",
		"(" CHAT_LAST_WORD ")" };
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(why, reasons[i]) == 0)
			return true;
	return false;
}

/* Of others: that they come, go, or change their names. */
static bool
is_news(const struct crowd *crowd, char *text)
{
	static const char left[] = "left ", known[] = "is now known as ";
	char *what = strchr(text, ' ');

	if (what == NULL)
		return false;
	*what++ = '\0';
	if (strncmp(what, left, strlen(left)) == 0)
		return is_reason(what + strlen(left));
	if (strncmp(what, known, strlen(known)) == 0)
		return is_renaming(crowd, text, what + strlen(known));
	return strcmp(what, "joined") == 0;
}

static bool
is_gap(const struct client *client, const char *text)
{
	char *end;

	strtoul(text, &end, 10);
	return client->reader.may_miss && end != text &&
	    strcmp(end, " lines are missing here") == 0;
}

bool
chat_is_told(const char *line, size_t length)
{
	return length > strlen(MARK) && memcmp(line, MARK, strlen(MARK)) == 0;
}

bool
chat_take(
    struct crowd *crowd, struct client *client, const char *line, size_t length)
{
	char text[128], words[sizeof(text)];

	snprintf(text, sizeof(text), "%.*s", (int)(length - strlen(MARK) - 1),
	    line + strlen(MARK));
	if (is_answer(client, text))
		return take_answer(crowd, client);
	memcpy(words, text, sizeof(words));
	if (!is_greeting(client, text) &&
	    (!client->greeted ||
		(!is_gap(client, text) && !is_news(crowd, words))))
		broken("client %u is told what it should not be: %s",
		    client->reader.self, text);
	return true;
}
