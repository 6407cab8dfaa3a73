/* SPDX-License-Identifier: ISC */
/*
 * The transcript of a room: a file that every line of it is appended to, as
 * stamp.h has them. It is made with the first line, and written with one
 * write(2) for a batch, before that is sent: so what somebody has seen is in
 * the file, and kill -9 does not take it away. Nothing waits for the disk
 * itself; what a loss of power takes is up to the kernel.
 *
 * The file always ends where a line ends. What a crash or a full disk leaves of
 * a line behind the last line end is cut off, at the write that failed or when
 * the file is opened: half a line is not what anybody said, and ended by a line
 * end it would pass for it. Cutting also works where the disk is full.
 *
 * When it cannot be written, that is logged once, the lines are counted as
 * lost, and opening it is tried again with a fan-out, once a second at most.
 * When that works, it is logged how many lines are missing.
 *
 * The name of the file is that of the room with .log after it. A byte that is
 * not a letter, a digit, _ or -, nor beyond ASCII, is in it as % and two
 * hexadecimal digits, so no name leads out of the directory.
 */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include <stddef.h>

struct stats;
struct transcript;

/* Borrows the counters. */
struct transcript *transcript_new(
    const char *directory, const char *room, struct stats *stats);
void transcript_free(struct transcript *transcript);

/*
 * The last whole lines, so many of them at least, unless that were more than so
 * many bytes; for free(3). NULL, and no length, where there are none, or it
 * cannot be read, which is logged. However large the file is, it is only read
 * from its end.
 */
char *transcript_read_end(
    struct transcript *transcript, size_t lines, size_t most, size_t *length);

/*
 * Opens the file of that name anew, in this directory from now on. It is made
 * if there was one before.
 */
void transcript_reopen(struct transcript *transcript, const char *directory);

/* Appends whole lines. */
void transcript_write(
    struct transcript *transcript, const char *lines, size_t length);

#endif
