/* SPDX-License-Identifier: ISC */
/* Where readline's text ends in a window of some width. Pure. */
#ifndef ROWS_H
#define ROWS_H

/*
 * The row, counted from 0, in which the cursor is after the text, in a window
 * of so many columns. The text is in the encoding of the locale and is shown
 * as readline does: a control character as ^ and a letter.
 */
int rows_before_end(const char *text, int columns);

#endif
