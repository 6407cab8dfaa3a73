/* SPDX-License-Identifier: ISC */
/* Where readline's text ends in a window of some width. Pure. */
#ifndef ROWS_H
#define ROWS_H

#include <stdbool.h>

/*
 * The row, counted from 0, in which the text ends, in a window of so many
 * columns. If it is full, the cursor is behind it or in the next one. The text
 * is in the encoding of the locale and is shown as readline does: a control
 * character as ^ and a letter.
 */
int rows_before_end(const char *text, int columns, bool *is_full);

#endif
