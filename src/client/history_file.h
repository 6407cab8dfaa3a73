/* SPDX-License-Identifier: ISC */
/*
 * The lines that were typed, kept in a file for the next time: readline's
 * history, of which a process has one.
 */
#ifndef HISTORY_FILE_H
#define HISTORY_FILE_H

/*
 * Reads the file, if there is one; NULL: none is kept. Says what fails. If it
 * is the user's own, nobody else may read it then, and it is cut to a bound.
 */
void history_file_load(const char *path);

/* Adds a line, also to the file. One that begins with a space is private. */
void history_file_add(const char *path, const char *line);

#endif
