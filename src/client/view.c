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

static int
window_columns(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* readline's own number is one less where a terminal does not wrap. */
bool
view_is_resized(const struct view *view)
{
	int columns = window_columns();

	return columns > 0 && columns != view->columns;
}

void
view_take_size(struct view *view)
{
	view->columns = window_columns();
	rl_reset_screen_size();
	/* It knows where its prompt wraps from the time when that was set. */
	rl_expand_prompt(rl_display_prompt);
}

bool
view_is_dumb(void)
{
	return rl_terminal_name == NULL ||
	    strcmp(rl_terminal_name, "dumb") == 0;
}

/* The row of the cursor, from the first one of the line and its prompt. */
static int
cursor_row(const struct view *view)
{
	const char *scrolls = rl_variable_value("horizontal-scroll-mode");
	char *before;
	int row;

	/* Then it has one row, and those above are not ours. */
	if (scrolls != NULL && strcmp(scrolls, "on") == 0)
		return 0;
	if (asprintf(&before, "%s%.*s", rl_display_prompt, rl_point,
		rl_line_buffer) == -1)
		xmalloc_fail();
	row = rows_before_end(before, view->columns);
	free(before);
	return row;
}

/*
 * After the window was resized: readline takes it that the rows are where it
 * left them, but terminals wrap what they show anew, which moves the cursor
 * with its text.
 */
static void
hide_moved(const struct view *view)
{
	int row = cursor_row(view);

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
