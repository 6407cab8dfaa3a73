/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/room.h"

#include "common/clock.h"
#include "common/count.h"
#include "common/xmalloc.h"
#include "daemon/conf.h"
#include "daemon/fanout.h"
#include "daemon/history.h"
#include "daemon/member.h"
#include "daemon/name.h"
#include "daemon/stats.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#define MEMBERS_MIN 8

struct rooms *
rooms_new(struct event_base *base, const struct conf *conf, struct stats *stats)
{
	struct rooms *rooms = xcalloc(1, sizeof(*rooms));

	TAILQ_INIT(&rooms->all);
	TAILQ_INIT(&rooms->waiting);
	rooms->base = base;
	rooms->conf = conf;
	rooms->stats = stats;
	return rooms;
}

static void
room_free(struct room *room)
{
	TAILQ_REMOVE(&room->rooms->all, room, entry);
	room->rooms->count--;
	if (room->waiting)
		TAILQ_REMOVE(&room->rooms->waiting, room, waiting_entry);
	brake_clear(room);
	batch_unref(room->from);
	history_free(room->history);
	free(room->members);
	free(room->key);
	free(room);
}

void
rooms_free(struct rooms *rooms)
{
	struct room *room;

	while ((room = TAILQ_FIRST(&rooms->all)) != NULL)
		room_free(room);
	free(rooms);
}

static char *
make_key(const struct rooms *rooms, const char *name)
{
	return rooms->conf->mode == CONF_MODE_CHAT ? name_key(name)
						   : xstrdup(name);
}

struct room *
rooms_find(const struct rooms *rooms, const char *name)
{
	char *key = make_key(rooms, name);
	struct room *room;

	TAILQ_FOREACH (room, &rooms->all, entry)
		if (strcmp(room->key, key) == 0)
			break;
	free(key);
	return room;
}

struct room *
rooms_get(struct rooms *rooms, const char *name)
{
	struct room *room = rooms_find(rooms, name);

	if (room != NULL)
		return room;
	room = xcalloc(1, sizeof(*room));
	strncpy(room->name, name, ROOM_NAME_MAX);
	room->key = make_key(rooms, name);
	room->rooms = rooms;
	room->from = room->tail = batch_new(BATCH_BYTES, NULL);
	room->tail->pinned_bytes = &rooms->stats->pinned_bytes;
	room->history = history_new(rooms->conf, room->name, rooms->stats);
	brake_init(room, rooms->base);
	rooms->count++;
	TAILQ_INSERT_TAIL(&rooms->all, room, entry);
	return room;
}

static void
remember(const struct room *room)
{
	const struct batch *batch;

	for (batch = room->from; batch != NULL; batch = batch->next)
		history_add(room->history, batch->data + batch->fanned_out,
		    batch->length - batch->fanned_out);
}

void
room_fan_out(struct room *room)
{
	struct rooms *rooms = room->rooms;

	if (!room->waiting)
		return;
	TAILQ_REMOVE(&rooms->waiting, room, waiting_entry);
	room->waiting = false;
	remember(room);
	fanout_room(room);
}

void
rooms_fan_out(struct rooms *rooms)
{
	struct room *room;

	while ((room = TAILQ_FIRST(&rooms->waiting)) != NULL)
		room_fan_out(room);
	rooms->batch_full = false;
}

/* What the room keeps for the one that is behind most, and so for all. */
static void
measure(const struct room *room, struct stats *stats)
{
	const struct batch *batch = NULL;
	uint64_t oldest = UINT64_MAX;
	size_t i;

	for (i = 0; i < room->member_count; i++) {
		const struct member *member = room->members[i];

		if (member->behind == NULL ||
		    member->behind->position + member->behind_offset >= oldest)
			continue;
		batch = member->behind;
		oldest = batch->position + member->behind_offset;
	}
	if (batch == NULL)
		return;
	stats->backlog_bytes += batch_end(room->tail) - oldest;
	for (; batch != NULL; batch = batch->next)
		stats->backlog_batches++;
}

void
rooms_measure(const struct rooms *rooms)
{
	struct stats *stats = rooms->stats;
	const struct room *room;

	stats->rooms = rooms->count;
	stats->backlog_bytes = stats->backlog_batches = 0;
	TAILQ_FOREACH (room, &rooms->all, entry)
		measure(room, stats);
}

uint64_t
rooms_pinned_max(const struct rooms *rooms)
{
	uint64_t backlog = (uint64_t)rooms->conf->backlog_bytes;

	return backlog > ROOMS_PINNED_BYTES ? backlog : ROOMS_PINNED_BYTES;
}

bool
rooms_keep_too_much(const struct rooms *rooms)
{
	return rooms->stats->pinned_bytes > rooms_pinned_max(rooms);
}

void
rooms_reopen_transcripts(struct rooms *rooms)
{
	struct room *room;

	TAILQ_FOREACH (room, &rooms->all, entry)
		history_reopen(room->history);
}

void
rooms_release_brakes(struct rooms *rooms)
{
	struct room *room;

	rooms->no_brakes = true;
	TAILQ_FOREACH (room, &rooms->all, entry)
		brake_release(room);
}

static bool
is_listeners(const struct room *room)
{
	const struct conf *conf = room->rooms->conf;
	bool is = false;
	size_t i;

	for (i = 0; i < conf->listen_count && !is; i++) {
		char *key = make_key(room->rooms, conf->listen[i].room);

		is = strcmp(room->key, key) == 0;
		free(key);
	}
	return is;
}

void
room_release(struct room *room)
{
	if (room->member_count == 0 && !is_listeners(room))
		room_free(room);
}

void
rooms_update(struct rooms *rooms)
{
	const struct conf *conf = rooms->conf;
	struct room *room, *next;
	size_t i;

	if (conf->mode == CONF_MODE_CHAT)
		for (i = 0; i < conf->listen_count; i++)
			rooms_get(rooms, conf->listen[i].room);
	for (room = TAILQ_FIRST(&rooms->all); room != NULL; room = next) {
		next = TAILQ_NEXT(room, entry);
		room_release(room);
	}
}

void
room_join(struct room *room, struct member *member)
{
	room_fan_out(room);
	if (room->member_count == room->member_size) {
		room->member_size = room->member_size == 0
		    ? MEMBERS_MIN
		    : room->member_size * 2;
		room->members = xreallocarray(
		    room->members, room->member_size, sizeof(struct member *));
	}
	member->origin = (struct batch_origin){ .id = ++room->rooms->last_id };
	member->slot = room->member_count;
	room->members[room->member_count++] = member;
	room->rooms->member_count++;
}

void
room_leave(struct room *room, struct member *member)
{
	struct member *last;

	room_fan_out(room);
	brake_leave(member);
	last = room->members[--room->member_count];
	room->members[member->slot] = last;
	last->slot = member->slot;
	room->rooms->member_count--;
}

/*
 * How much of the lines goes into the tail: all, or the lines that fit, or
 * none. Never a part of one, so a batch ends where a line ends.
 */
static size_t
fitting(const struct batch *tail, const char *lines, size_t length)
{
	size_t space = batch_room(tail);

	return length <= space ? length : count_line_bytes(lines, space);
}

/* Goes on in a new batch, which one line at least will fit in. */
static void
add_batch(struct room *room, const char *lines, size_t length)
{
	const char *end = memchr(lines, '\n', length);
	size_t first_line = (size_t)(end - lines) + 1;
	struct batch *new = batch_new(first_line, room->tail);

	room->tail->next = new;
	room->tail = new;
	room->rooms->batch_full = true;
	/* It ends the pass: what came after it would only wait. */
	event_base_loopbreak(room->rooms->base);
}

size_t
room_gather(
    struct room *room, struct member *member, const char *lines, size_t length)
{
	struct rooms *rooms = room->rooms;
	size_t taken, count = 0;

	rooms->gathered_bytes += length;
	while (length > 0) {
		taken = fitting(room->tail, lines, length);
		if (taken == 0) {
			add_batch(room, lines, length);
			continue;
		}
		count +=
		    batch_append(room->tail, &member->origin, lines, taken);
		lines += taken;
		length -= taken;
	}
	brake_sender(member);
	if (!room->waiting) {
		TAILQ_INSERT_TAIL(&rooms->waiting, room, waiting_entry);
		room->waiting = true;
		room->waiting_since = clock_nanoseconds();
	}
	return count;
}
