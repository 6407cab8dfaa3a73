/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/view.h"

#include "client/rows.h"
#include "common/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <readline/readline.h>

/* Where a line scrolls, readline divides by a third of its columns. */
#define COLUMNS_MIN 4

static struct winsize
window_size(void)
{
	struct winsize size = { 0 };

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	return size;
}

/* readline's own columns are one less where a terminal does not wrap. */
bool
view_is_resized(const struct view *view)
{
	struct winsize size = window_size();

	return size.ws_col > 0 &&
	    (size.ws_col != view->columns || size.ws_row != view->rows);
}

void
view_take_size(struct view *view)
{
	struct winsize size = window_size();
	int rows, columns;

	view->columns = size.ws_col;
	view->rows = size.ws_row;
	rl_reset_screen_size();
	rl_get_screen_size(&rows, &columns);
	if (columns < COLUMNS_MIN)
		rl_set_screen_size(rows, COLUMNS_MIN);
	/* It knows where its prompt wraps from the time when that was set. */
	rl_expand_prompt(rl_display_prompt);
}

bool
view_is_dumb(void)
{
	return rl_terminal_name == NULL ||
	    strcmp(rl_terminal_name, "dumb") == 0;
}

static bool
scrolls(void)
{
	const char *mode = rl_variable_value("horizontal-scroll-mode");

	return mode != NULL && strcmp(mode, "on") == 0;
}

/* The row in which so much of the line ends, from the first of its prompt. */
static int
row_after(const struct view *view, int length, bool *is_full)
{
	char *before;
	int row;

	if (asprintf(&before, "%s%.*s", rl_display_prompt, length,
		rl_line_buffer) == -1)
		xmalloc_fail();
	row = rows_before_end(before, view->columns, is_full);
	free(before);
	return row;
}

/*
 * What has left the window at its top can be neither changed nor taken away: a
 * line that has more rows than the window is shown as one that scrolls.
 */
void
view_fit(struct view *view)
{
	bool is_full;
	int row = row_after(view, rl_end, &is_full);
	bool tall = view->rows > 0 && row + is_full >= view->rows;

	if (tall == view->is_tall || (tall && scrolls()))
		return;
	view->is_tall = tall;
	rl_clear_visible_line();
	rl_variable_bind("horizontal-scroll-mode", tall ? "on" : "off");
	rl_on_new_line();
}

/*
 * After the window was resized: readline takes it that the rows are where it
 * left them, but terminals wrap what they show anew, which moves the cursor
 * with its text.
 */
static void
hide_moved(const struct view *view)
{
	bool is_full;
	int row = row_after(view, rl_point, &is_full);

	/* At the end terminals differ: better a row of ours stays behind. */
	if (is_full && rl_point < rl_end)
		row++;
	/* Those above the row of one that scrolls are not ours. */
	if (scrolls())
		row = 0;
	fputc('\r', rl_outstream);
	if (row > 0)
		fprintf(rl_outstream, "\033[%dA", row);
	fputs("\033[J", rl_outstream);
	rl_on_new_line();
}

void
view_hide(struct view *view)
{
	/* SIGWINCH may be on its way only. */
	bool resized = view_is_resized(view);

	if (resized)
		view_take_size(view);
	if (resized && !view_is_dumb())
		hide_moved(view);
	else
		rl_clear_visible_line();
	fflush(rl_outstream);
}
