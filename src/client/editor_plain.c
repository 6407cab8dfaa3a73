/* SPDX-License-Identifier: ISC */
/*
 * Without readline: the kernel's line mode, termios(3). It edits a little, and
 * what arrives is printed behind what is being typed.
 */
#include "config.h"

#include "client/editor.h"

#include "common/xmalloc.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES 4096

struct editor {
	const struct editor_handler *handler;
	void *arg;
	struct event *input;
	struct evbuffer *typed; /* without its line end */
};

static void
say_lines(struct editor *editor)
{
	char *line;

	while ((line = evbuffer_readln(editor->typed, NULL, EVBUFFER_EOL_LF)) !=
	    NULL) {
		editor->handler->on_line(line, true, editor->arg);
		free(line);
	}
}

static void
on_input(evutil_socket_t fd, short what, void *arg)
{
	struct editor *editor = arg;
	int length = evbuffer_read(editor->typed, fd, READ_BYTES);

	(void)what;
	if (length == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	/* The end of input ends a line, too. */
	if (length == 0 && evbuffer_get_length(editor->typed) > 0)
		evbuffer_add(editor->typed, "\n", 1);
	say_lines(editor);
	if (length > 0)
		return;
	event_del(editor->input);
	editor->handler->on_end(editor->arg);
}

struct editor *
editor_new(
    struct event_base *base, const struct editor_handler *handler, void *arg)
{
	struct editor *editor = xcalloc(1, sizeof(*editor));

	editor->handler = handler;
	editor->arg = arg;
	editor->typed = evbuffer_new();
	editor->input = event_new(
	    base, STDIN_FILENO, EV_READ | EV_PERSIST, on_input, editor);
	event_add(editor->input, NULL);
	return editor;
}

void
editor_free(struct editor *editor)
{
	event_free(editor->input);
	evbuffer_free(editor->typed);
	free(editor);
}

void
editor_prompt(struct editor *editor, const char *prompt)
{
	(void)editor;
	(void)prompt;
}

void
editor_complete(struct editor *editor, bool on)
{
	(void)editor;
	(void)on;
}

void
editor_print(struct editor *editor, const char *bytes, size_t length)
{
	(void)editor;
	fwrite(bytes, 1, length, stdout);
	fflush(stdout);
}

void
editor_stop(struct editor *editor)
{
	event_del(editor->input);
}

/* The kernel has thrown away what was typed. */
void
editor_interrupt(struct editor *editor)
{
	evbuffer_drain(editor->typed, evbuffer_get_length(editor->typed));
	editor_print(editor, "\n", 1);
}

void
editor_resize(struct editor *editor)
{
	(void)editor;
}

void
editor_suspend(struct editor *editor)
{
	(void)editor;
}

void
editor_await(struct editor *editor)
{
	(void)editor;
}

void
editor_resume(struct editor *editor)
{
	(void)editor;
}
