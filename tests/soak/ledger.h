/* SPDX-License-Identifier: ISC */
/*
 * What was said in a room, in the order in which its witness heard it: a
 * client that is there before all others, only listens, and always reads. All
 * others have to have heard the same, from somewhere in it on, without their
 * own lines. A reader that is ahead of the witness waits for it, so nothing
 * but eight bytes a line is kept.
 *
 * Whatever does not fit ends the run with a verdict. A ledger owns its lines;
 * speakers, who are numbered through all rooms, are a list of its own.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "speech.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_NOT_YET SIZE_MAX

/*
 * One who speaks: a client, as long as it is connected; where clients change
 * names and rooms, as long as it has one name in one room.
 */
struct speaker {
	uint32_t person, before; /* whom it was first, and just before; or it */
	uint32_t name;		 /* for who uses it; another's, or its own */
	uint32_t begun, said;	 /* lines; those whose LF was sent */
	uint32_t heard;		 /* of those, by the witness */
	size_t first_at;	 /* of its first line, or LEDGER_NOT_YET */
	size_t last_at;		 /* of the last that was heard */
	size_t waiting_bytes; /* of lines that the witness has still to hear */
	bool may_lose;	      /* its end may have cost its last lines */
	struct ledger *ledger;
};

struct speakers {
	struct speaker *list;
	uint32_t count, size;
};

struct ledger {
	const char *room;
	struct speakers *speakers;
	struct speech *lines;
	size_t count, size;
	size_t waiting_bytes; /* of all its speakers */
};

/* How far a reader is. */
struct reader {
	uint32_t self;
	uint32_t since;	 /* whose first line says that it is in the room */
	size_t at;	 /* the next line of the ledger */
	bool began;	 /* it has heard one */
	bool may_miss;	 /* the policy may leave out lines for it */
	uint64_t missed; /* so many were */
};

/* A new speaker, whose number is returned. */
uint32_t speakers_add(struct speakers *speakers, struct ledger *ledger);
/* The same person goes on as another speaker, whose number is returned. */
uint32_t speakers_follow(
    struct speakers *speakers, uint32_t before, struct ledger *ledger);
/* It is about to say a line of so many bytes; */
void speakers_begin(struct speakers *speakers, uint32_t self, size_t length);
/* it has sent so many LF; */
void speakers_end(struct speakers *speakers, uint32_t self, uint32_t lines);
/* what it sent last may be lost, and as whom it was before. */
void speakers_forgive(struct speakers *speakers, uint32_t self);
/* Bytes that it said, also as whom it was before, and that wait to be heard. */
size_t speakers_waiting(const struct speakers *speakers, uint32_t self);
/* Every line that was said was heard; all are forgotten. */
void speakers_clear(struct speakers *speakers);

/* The witness heard this, length bytes long. */
void ledger_witness(
    struct ledger *ledger, const struct speech *speech, size_t length);

/*
 * A reader comes. It has to hear all that follows its own first line, and what
 * follows the first line of others that it hears.
 */
void ledger_join(
    const struct ledger *ledger, struct reader *reader, uint32_t self);

/*
 * A reader hears this. False: the witness has not heard it yet, and the reader
 * has to come again with it.
 */
bool ledger_hear(const struct ledger *ledger, struct reader *reader,
    const struct speech *speech);

/*
 * Whether the reader has heard all that comes before a place in the ledger; if
 * not, *missing is the first that it has not.
 */
bool ledger_heard_all(const struct ledger *ledger, const struct reader *reader,
    size_t until, struct speech *missing);

void ledger_clear(struct ledger *ledger);

#endif
