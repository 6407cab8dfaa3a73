/* SPDX-License-Identifier: ISC */
/*
 * The last lines of a room, which a newcomer is shown.
 *
 * Lines get here when they are fanned out, just before they are sent. A room
 * fans out what waits before somebody joins, so what a newcomer is shown ends
 * exactly where what it will be sent begins.
 *
 * The lines are kept as they will be shown, in mode chat each with its time in
 * front, in chunks that are only ever appended to:
 *
 *	[ gone | kept ] --> [ kept ] --> [ kept | free ]
 *	       ^ first_offset
 *
 * A newcomer's connection is given references to chunks, so a thousand
 * newcomers share the bytes; a chunk is freed when the history is past it and
 * nobody is still to be sent it.
 *
 * There are at most history.lines lines, and HISTORY_BYTES bytes of them. It is
 * always the last lines that are kept: none is left out to make space for an
 * older one, and where a line alone is over the bound, nothing up to it is
 * kept.
 *
 * In mode chat what the relay itself says, lines that begin with
 * HISTORY_NOTICE, is left out: who came and went is no history.
 *
 * With history.directory the lines are also written to a transcript, and what
 * is kept begins with the end of that. A line that is not UTF-8 comes back
 * from there as the transcript has it; in mode chat all that comes back is made
 * safe for people, text.h, because the file may have lines of mode relay.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include <stdbool.h>
#include <stddef.h>

struct conf;
struct history;
struct history_chunk;
struct stats;

#define HISTORY_BYTES  1048576
#define HISTORY_NOTICE "*** "

/* Borrows everything. Reads the end of the room's transcript, if it has one. */
struct history *history_new(
    const struct conf *conf, const char *room, struct stats *stats);
void history_free(struct history *history);

/*
 * Whether the directory of the transcripts can be written to, if there is one.
 * Returns 0, or -1, which was logged.
 */
int history_check(const struct conf *conf);

/* What the settings say may have changed, or somebody moved the transcript. */
void history_reopen(struct history *history);

/* Whole lines that are fanned out now. */
void history_add(struct history *history, const char *lines, size_t length);

/*
 * Calls for each piece of the last lines, oldest first; most is how many lines
 * at most. The bytes stay as long as the chunk is pinned.
 */
typedef void history_piece(
    struct history_chunk *chunk, const char *bytes, size_t length, void *arg);
void history_each_piece(
    const struct history *history, size_t most, history_piece *call, void *arg);

bool history_is_empty(const struct history *history);

struct history_chunk *history_pin(struct history_chunk *chunk);
void history_unpin(struct history_chunk *chunk);

#endif
