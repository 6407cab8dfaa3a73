/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "ledger.h"

#include "verdict.h"

#include <stdlib.h>

#define LIST_MIN 128

uint32_t
speakers_add(struct speakers *speakers, struct ledger *ledger)
{
	if (speakers->count == speakers->size) {
		speakers->size =
		    speakers->size == 0 ? LIST_MIN : speakers->size * 2;
		speakers->list = resize(
		    speakers->list, speakers->size, sizeof(*speakers->list));
	}
	speakers->list[speakers->count] = (struct speaker){
		.first_at = LEDGER_NOT_YET,
		.ledger = ledger,
		.person = speakers->count,
		.before = speakers->count,
		.name = speakers->count,
	};
	return speakers->count++;
}

uint32_t
speakers_follow(
    struct speakers *speakers, uint32_t before, struct ledger *ledger)
{
	uint32_t self = speakers_add(speakers, ledger);

	speakers->list[self].person = speakers->list[before].person;
	speakers->list[self].before = before;
	return self;
}

void
speakers_begin(struct speakers *speakers, uint32_t self, size_t length)
{
	struct speaker *speaker = &speakers->list[self];

	speaker->waiting_bytes += length;
	speaker->ledger->waiting_bytes += length;
}

void
speakers_end(struct speakers *speakers, uint32_t self, uint32_t lines)
{
	speakers->list[self].said += lines;
}

static void
forgive(struct speaker *speaker)
{
	speaker->may_lose = true;
	speaker->ledger->waiting_bytes -= speaker->waiting_bytes;
	speaker->waiting_bytes = 0;
}

void
speakers_forgive(struct speakers *speakers, uint32_t self)
{
	while (speakers->list[self].before != self) {
		forgive(&speakers->list[self]);
		self = speakers->list[self].before;
	}
	forgive(&speakers->list[self]);
}

size_t
speakers_waiting(const struct speakers *speakers, uint32_t self)
{
	size_t bytes = speakers->list[self].waiting_bytes;

	while (speakers->list[self].before != self) {
		self = speakers->list[self].before;
		bytes += speakers->list[self].waiting_bytes;
	}
	return bytes;
}

void
speakers_clear(struct speakers *speakers)
{
	uint32_t i;

	for (i = 0; i < speakers->count; i++) {
		const struct speaker *speaker = &speakers->list[i];

		if (speaker->heard < speaker->said && !speaker->may_lose)
			broken("lost: line %u of speaker %u, of %u, in room %s",
			    speaker->heard, i, speaker->said,
			    speaker->ledger->room);
	}
	speakers->count = 0;
}

static struct speaker *
speaker_of(const struct ledger *ledger, const struct speech *speech)
{
	struct speaker *speaker;

	if (speech->speaker >= ledger->speakers->count)
		broken("a line of nobody: speaker %u, line %u, in room %s",
		    speech->speaker, speech->number, ledger->room);
	speaker = &ledger->speakers->list[speech->speaker];
	if (speaker->ledger != ledger)
		broken("the wrong room: line %u of speaker %u, in %s",
		    speech->number, speech->speaker, ledger->room);
	if (speech->number >= speaker->said)
		broken("never ended, but relayed: line %u of speaker %u",
		    speech->number, speech->speaker);
	return speaker;
}

/* What a person said here before it was this speaker comes first. */
static void
check_before(const struct ledger *ledger, uint32_t self)
{
	const struct speaker *list = ledger->speakers->list;
	uint32_t before = self;

	while (list[before].before != before) {
		before = list[before].before;
		if (list[before].ledger != ledger || list[before].said == 0)
			continue;
		if (list[before].heard < list[before].said)
			broken("lost, or out of order: line %u of speaker %u, "
			       "who is heard as speaker %u now",
			    list[before].heard, before, self);
		return;
	}
}

void
ledger_witness(
    struct ledger *ledger, const struct speech *speech, size_t length)
{
	struct speaker *speaker = speaker_of(ledger, speech);

	if (speech->number < speaker->heard)
		broken("twice, or out of order: line %u of speaker %u, after "
		       "line %u",
		    speech->number, speech->speaker, speaker->heard - 1);
	if (speech->number > speaker->heard)
		broken("lost, or out of order: line %u of speaker %u, before "
		       "line %u",
		    speaker->heard, speech->speaker, speech->number);
	if (speaker->heard++ == 0) {
		check_before(ledger, speech->speaker);
		speaker->first_at = ledger->count;
	}
	speaker->last_at = ledger->count;
	if (!speaker->may_lose) {
		speaker->waiting_bytes -= length;
		ledger->waiting_bytes -= length;
	}
	if (ledger->count == ledger->size) {
		ledger->size = ledger->size == 0 ? LIST_MIN : ledger->size * 2;
		ledger->lines =
		    resize(ledger->lines, ledger->size, sizeof(*ledger->lines));
	}
	ledger->lines[ledger->count++] = *speech;
}

void
ledger_join(const struct ledger *ledger, struct reader *reader, uint32_t self)
{
	*reader = (struct reader){
		.self = self,
		.since = self,
		.at = ledger->count,
	};
}

static bool
is_own(
    const struct ledger *ledger, const struct reader *reader, uint32_t speaker)
{
	const struct speaker *list = ledger->speakers->list;

	return list[speaker].person == list[reader->self].person;
}

/*
 * Where what the reader has to hear begins: before the first line that it
 * heard, only its own first line says that it was there.
 */
static size_t
obligation(const struct ledger *ledger, const struct reader *reader)
{
	size_t first_at = ledger->speakers->list[reader->since].first_at;

	if (reader->began)
		return reader->at;
	if (first_at == LEDGER_NOT_YET)
		return LEDGER_NOT_YET;
	return first_at > reader->at ? first_at : reader->at;
}

static void
check_gap(const struct ledger *ledger, const struct reader *reader, size_t at,
    const struct speech *speech)
{
	struct speech missing;

	if (reader->may_miss || ledger_heard_all(ledger, reader, at, &missing))
		return;
	broken("missing, or out of order: line %u of speaker %u, for client "
	       "%u, which heard line %u of speaker %u instead",
	    missing.number, missing.speaker, reader->self, speech->number,
	    speech->speaker);
}

static uint64_t
count_gap(
    const struct ledger *ledger, const struct reader *reader, size_t until)
{
	uint64_t count = 0;
	size_t at;

	for (at = obligation(ledger, reader); at < until; at++)
		count += !is_own(ledger, reader, ledger->lines[at].speaker);
	return count;
}

bool
ledger_hear(const struct ledger *ledger, struct reader *reader,
    const struct speech *speech)
{
	const struct speaker *speaker = speaker_of(ledger, speech);
	size_t at;

	if (is_own(ledger, reader, speech->speaker))
		broken("client %u heard its own line %u", reader->self,
		    speech->number);
	if (speech->number >= speaker->heard)
		return false;
	for (at = reader->at; at < ledger->count; at++)
		if (ledger->lines[at].number == speech->number &&
		    ledger->lines[at].speaker == speech->speaker)
			break;
	if (at == ledger->count)
		broken("twice, or out of order: line %u of speaker %u, for "
		       "client %u",
		    speech->number, speech->speaker, reader->self);
	check_gap(ledger, reader, at, speech);
	reader->missed += count_gap(ledger, reader, at);
	reader->began = true;
	reader->at = at + 1;
	return true;
}

bool
ledger_heard_all(const struct ledger *ledger, const struct reader *reader,
    size_t until, struct speech *missing)
{
	size_t at;

	for (at = obligation(ledger, reader); at < until; at++)
		if (!is_own(ledger, reader, ledger->lines[at].speaker)) {
			*missing = ledger->lines[at];
			return false;
		}
	return true;
}

void
ledger_clear(struct ledger *ledger)
{
	free(ledger->lines);
	ledger->lines = NULL;
	ledger->count = ledger->size = 0;
	ledger->waiting_bytes = 0;
}
