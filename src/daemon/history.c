/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/history.h"

#include "common/count.h"
#include "common/log.h"
#include "common/stamp.h"
#include "common/text.h"
#include "common/xmalloc.h"
#include "daemon/conf.h"
#include "daemon/name.h"
#include "daemon/stats.h"
#include "daemon/transcript.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

/*
 * Large, because libevent takes 1 KiB for each piece that is queued for
 * somebody. What a quiet room does not use of it is never touched.
 */
#define CHUNK_BYTES 65536

struct history_chunk {
	TAILQ_ENTRY(history_chunk) entry;
	size_t pins;		/* the history's own among them */
	uint64_t *pinned_bytes; /* of those that the history is past; or NULL */
	size_t size, length;
	char data[];
};

TAILQ_HEAD(chunk_list, history_chunk);

struct history {
	const struct conf *conf;
	const char *room;
	struct stats *stats;
	struct transcript *transcript; /* or NULL */
	struct chunk_list chunks;
	size_t first_offset; /* of the oldest line, in the first chunk */
	size_t lines, bytes;
	bool stamped; /* each line has its time in front */
};

struct history_chunk *
history_pin(struct history_chunk *chunk)
{
	chunk->pins++;
	return chunk;
}

void
history_unpin(struct history_chunk *chunk)
{
	if (--chunk->pins > 0)
		return;
	if (chunk->pinned_bytes != NULL)
		*chunk->pinned_bytes -= chunk->size;
	free(chunk);
}

static struct history_chunk *
append_chunk(struct history *history, size_t size)
{
	struct history_chunk *chunk;

	if (size < CHUNK_BYTES)
		size = CHUNK_BYTES;
	chunk = xmalloc(sizeof(*chunk) + size);
	chunk->pins = 1;
	chunk->pinned_bytes = NULL;
	chunk->size = size;
	chunk->length = 0;
	TAILQ_INSERT_TAIL(&history->chunks, chunk, entry);
	return chunk;
}

static void
drop_first_chunk(struct history *history)
{
	struct history_chunk *chunk = TAILQ_FIRST(&history->chunks);

	TAILQ_REMOVE(&history->chunks, chunk, entry);
	chunk->pinned_bytes = &history->stats->pinned_bytes;
	*chunk->pinned_bytes += chunk->size;
	history->first_offset = 0;
	history_unpin(chunk);
}

static void
clear(struct history *history)
{
	while (!TAILQ_EMPTY(&history->chunks))
		drop_first_chunk(history);
	history->lines = history->bytes = 0;
}

void
history_free(struct history *history)
{
	clear(history);
	transcript_free(history->transcript);
	free(history);
}

/* Of the line there, its LF included. */
static size_t
line_length(const char *line, const char *end)
{
	return (size_t)((char *)memchr(line, '\n', (size_t)(end - line)) + 1 -
	    line);
}

static void
drop_first_line(struct history *history)
{
	struct history_chunk *chunk = TAILQ_FIRST(&history->chunks);
	size_t length = line_length(
	    chunk->data + history->first_offset, chunk->data + chunk->length);

	history->first_offset += length;
	history->bytes -= length;
	history->lines--;
	if (history->first_offset == chunk->length)
		drop_first_chunk(history);
}

static void
trim(struct history *history)
{
	while (history->lines > (size_t)history->conf->history_lines ||
	    history->bytes > HISTORY_BYTES)
		drop_first_line(history);
}

/*
 * How many of the bytes are the last lines that may be kept at all, and how
 * many lines these are. From the end, so that a large batch costs no more than
 * what is kept of it.
 */
static size_t
count_last(const struct history *history, const char *lines, size_t length,
    size_t *count)
{
	size_t kept = 0, most = (size_t)history->conf->history_lines;

	*count = 0;
	while (kept < length && *count < most) {
		size_t rest = length - kept;
		const char *before = memrchr(lines, '\n', rest - 1);

		rest = before == NULL ? 0 : (size_t)(before + 1 - lines);
		if (length - rest > HISTORY_BYTES)
			break;
		kept = length - rest;
		++*count;
	}
	return kept;
}

/* As many whole lines as fit in the chunk. */
static size_t
fitting(const struct history_chunk *chunk, const char *lines, size_t length)
{
	size_t space = chunk == NULL ? 0 : chunk->size - chunk->length;

	return length <= space ? length : count_line_bytes(lines, space);
}

static void
append(struct history *history, const char *lines, size_t length)
{
	struct history_chunk *chunk = TAILQ_LAST(&history->chunks, chunk_list);
	size_t taken;

	history->bytes += length;
	while (length > 0) {
		taken = fitting(chunk, lines, length);
		if (taken == 0) {
			chunk = append_chunk(
			    history, line_length(lines, lines + length));
			continue;
		}
		memcpy(chunk->data + chunk->length, lines, taken);
		chunk->length += taken;
		lines += taken;
		length -= taken;
	}
}

static void
keep(struct history *history, const char *lines, size_t length)
{
	size_t count, kept = count_last(history, lines, length, &count);

	/* What comes before a line that is not kept is not kept either. */
	if (kept < length)
		clear(history);
	append(history, lines + length - kept, kept);
	history->lines += count;
	trim(history);
}

/* Of a line with its time in front. */
static bool
is_notice(const char *line, size_t length)
{
	static const char notice[] = HISTORY_NOTICE;

	return length >= STAMP_BYTES + sizeof(notice) - 1 &&
	    memcmp(line + STAMP_BYTES, notice, sizeof(notice) - 1) == 0;
}

/*
 * A line with its time in front, for people: it may be of mode relay, or of
 * somebody else. Space as for text_clean().
 */
static void
keep_clean(
    struct history *history, char *space, const char *line, size_t length)
{
	length = text_clean(space, line, length - 1);
	space[length++] = '\n';
	if (!is_notice(space, length))
		keep(history, space, length);
}

/*
 * From the transcript, where lines of somebody else, or what a loss of power
 * made of some, have no time in front.
 */
static void
restore(struct history *history)
{
	size_t length, line, at;
	char *text = transcript_read_end(history->transcript,
	    (size_t)history->conf->history_lines, HISTORY_BYTES, &length);
	char *space = xmalloc(length * TEXT_GROWTH);

	for (at = 0; at < length; at += line) {
		line = line_length(text + at, text + length);
		if (!stamp_is_on(text + at, line))
			continue;
		if (history->stamped)
			keep_clean(history, space, text + at, line);
		else
			keep(history, text + at + STAMP_BYTES,
			    line - STAMP_BYTES);
	}
	free(space);
	free(text);
}

/*
 * In mode chat Tea and tea are one room, which is called as the first who came
 * has written it.
 */
static struct transcript *
open_transcript(const struct history *history)
{
	char *name = history->stamped ? name_fold(history->room)
				      : xstrdup(history->room);
	struct transcript *transcript = transcript_new(
	    history->conf->history_directory, name, history->stats);

	free(name);
	return transcript;
}

struct history *
history_new(const struct conf *conf, const char *room, struct stats *stats)
{
	struct history *history = xcalloc(1, sizeof(*history));

	history->conf = conf;
	history->room = room;
	history->stats = stats;
	history->stamped = conf->mode == CONF_MODE_CHAT;
	TAILQ_INIT(&history->chunks);
	if (conf->history_directory == NULL)
		return history;
	history->transcript = open_transcript(history);
	if (conf->history_lines > 0)
		restore(history);
	return history;
}

int
history_check(const struct conf *conf)
{
	const char *path = conf->history_directory;

	if (path == NULL || access(path, W_OK | X_OK) == 0)
		return 0;
	log_error("no transcripts can be written path=\"%s\" error=\"%s\"",
	    path, strerror(errno));
	return -1;
}

void
history_reopen(struct history *history)
{
	const char *directory = history->conf->history_directory;

	trim(history);
	if (directory != NULL && history->transcript != NULL) {
		transcript_reopen(history->transcript, directory);
	} else if (directory != NULL) {
		history->transcript = open_transcript(history);
	} else {
		transcript_free(history->transcript);
		history->transcript = NULL;
	}
}

/* Takes the lines that the relay itself says out of the text. */
static size_t
drop_notices(char *text, size_t length)
{
	size_t read = 0, written = 0, line;

	for (; read < length; read += line) {
		line = line_length(text + read, text + length);
		if (is_notice(text + read, line))
			continue;
		memmove(text + written, text + read, line);
		written += line;
	}
	return written;
}

static void
stamp_and_add(struct history *history, const char *lines, size_t length)
{
	char *text = stamp_lines(lines, length, time(NULL), &length);

	if (history->stamped) {
		length = drop_notices(text, length);
		keep(history, text, length);
	}
	if (history->transcript != NULL && length > 0)
		transcript_write(history->transcript, text, length);
	free(text);
}

void
history_add(struct history *history, const char *lines, size_t length)
{
	if (history->conf->history_lines == 0 && history->transcript == NULL)
		return;
	if (!history->stamped)
		keep(history, lines, length);
	if (history->stamped || history->transcript != NULL)
		stamp_and_add(history, lines, length);
}

/* Where the last lines begin, at most so many: an offset from first_offset. */
static void
find_last(const struct history *history, size_t most,
    struct history_chunk **chunk, size_t *offset)
{
	size_t skip = history->lines > most ? history->lines - most : 0;

	*chunk = TAILQ_FIRST(&history->chunks);
	*offset = history->first_offset;
	for (; skip > 0; skip--) {
		*offset += line_length((*chunk)->data + *offset,
		    (*chunk)->data + (*chunk)->length);
		if (*offset < (*chunk)->length)
			continue;
		*chunk = TAILQ_NEXT(*chunk, entry);
		*offset = 0;
	}
}

bool
history_is_empty(const struct history *history)
{
	return history->lines == 0;
}

void
history_each_piece(
    const struct history *history, size_t most, history_piece *call, void *arg)
{
	struct history_chunk *chunk;
	size_t offset;

	/* A reload may have lowered it since the last line. */
	if (most > (size_t)history->conf->history_lines)
		most = (size_t)history->conf->history_lines;
	find_last(history, most, &chunk, &offset);
	for (; chunk != NULL; chunk = TAILQ_NEXT(chunk, entry)) {
		call(chunk, chunk->data + offset, chunk->length - offset, arg);
		offset = 0;
	}
}
