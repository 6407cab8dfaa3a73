/* SPDX-License-Identifier: ISC */
/*
 * The lines that were typed, kept in a file for the next time: readline's
 * history, of which a process has one.
 */
#ifndef HISTORY_FILE_H
#define HISTORY_FILE_H

/*
 * Where it is, for free(3): $XDG_STATE_HOME/tcprelay/history, or the same below
 * ~/.local/state. NULL when neither is known.
 */
char *history_file_path(void);

/* Reads the file, if there is one; NULL: none is kept. Says what fails. */
void history_file_load(const char *path);

/* Adds a line, also to the file. One that begins with a space is private. */
void history_file_add(const char *path, const char *line);

#endif
