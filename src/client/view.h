/* SPDX-License-Identifier: ISC */
/*
 * readline's line on the screen: taken away, so that something can be written
 * in its place, also after the window was resized.
 */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>

struct view {
	int columns, rows; /* of the window, as readline knows it */
	bool is_tall;	   /* the line would have more rows than that */
};

/* Whether the terminal knows no sequences, and would show them. */
bool view_is_dumb(void);

/* Takes the size of the window as it is now. */
void view_take_size(struct view *view);
bool view_is_resized(const struct view *view);

/* Before readline shows the line: lets it scroll, or have its rows. */
void view_fit(struct view *view);

/* What is written next comes in place of the line and its prompt. */
void view_hide(struct view *view);

#endif
