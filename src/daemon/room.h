/* SPDX-License-Identifier: ISC */
/*
 * A room: those who hear each other, and the lines that are on their way to
 * them.
 *
 * Members are freed by whoever made them, member.c or person.c; a room only
 * lists them.
 * Joining and leaving first fan out what waits, so that a member gets exactly
 * the lines of the time that it was there.
 */
#ifndef ROOM_H
#define ROOM_H

#include "daemon/batch.h"
#include "daemon/brake.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct conf;
struct history;
struct member;
struct stats;

#define ROOM_NAME_MAX 32 /* bytes */

/* What may be kept for those who have left, if backlog_bytes is not more. */
#define ROOMS_PINNED_BYTES 16777216

struct room {
	char name[ROOM_NAME_MAX + 1]; /* as who came first wrote it */
	char *key; /* rooms whose keys are equal are one; see name.h */
	struct rooms *rooms;
	struct member **members;
	size_t member_count, member_size;
	struct batch
	    *from; /* the oldest that was not sent whole; a reference */
	struct batch *tail;	/* lines are appended here */
	bool waiting;		/* lines wait to be fanned out */
	uint64_t waiting_since; /* clock_nanoseconds() */
	struct history *history;
	struct brake brake;
	TAILQ_ENTRY(room) waiting_entry;
	TAILQ_ENTRY(room) entry;
};

TAILQ_HEAD(room_list, room);

/* All rooms of a daemon. Borrows the base, the settings and the counters. */
struct rooms {
	struct room_list all;
	struct room_list waiting;
	uint64_t gathered_bytes; /* since the start */
	bool no_brakes;		 /* senders wait for nobody any more */
	bool batch_full;	 /* since the last fan-out of all */
	uint64_t last_id;	 /* of a member */
	size_t member_count;	 /* in all of them */
	size_t count;
	struct event_base *base;
	const struct conf *conf;
	struct stats *stats;
};

struct rooms *rooms_new(
    struct event_base *base, const struct conf *conf, struct stats *stats);
/* The rooms have to be empty. */
void rooms_free(struct rooms *rooms);
/*
 * The room of that name, at most ROOM_NAME_MAX bytes, or of one that is the
 * same: in mode chat names are compared as those of people, name.h. NULL where
 * there is none; rooms_get() makes it then.
 */
struct room *rooms_find(const struct rooms *rooms, const char *name);
struct room *rooms_get(struct rooms *rooms, const char *name);
/*
 * At the start, and when "listen" may have changed: makes its rooms in mode
 * chat, where people are told of them and go there before anybody has come in
 * by them, and does room_release() for all.
 */
void rooms_update(struct rooms *rooms);
/* From now on senders wait for nobody. */
void rooms_release_brakes(struct rooms *rooms);
/* Fans out what waits, everywhere. */
void rooms_fan_out(struct rooms *rooms);
/*
 * Whether too much is kept for those alone who have left a room. What they had
 * not read then stays as long as they like, and is another's for each of them.
 */
bool rooms_keep_too_much(const struct rooms *rooms);
/* How many bytes that may be. */
uint64_t rooms_pinned_max(const struct rooms *rooms);
/* Opens all transcripts anew, as history_reopen(). */
void rooms_reopen_transcripts(struct rooms *rooms);
/*
 * Fills in the gauges that are about rooms. Looks at every member, so it is not
 * for every turn.
 */
void rooms_measure(const struct rooms *rooms);

/* Fans out what waits in the room. */
void room_fan_out(struct room *room);

/* Frees the room if it is empty and no listener's. */
void room_release(struct room *room);

void room_join(struct room *room, struct member *member);
void room_leave(struct room *room, struct member *member);

/*
 * Whole lines of a member, for everybody else, in the next fan-out. Returns how
 * many they are.
 */
size_t room_gather(
    struct room *room, struct member *member, const char *lines, size_t length);

#endif
