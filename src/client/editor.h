/* SPDX-License-Identifier: ISC */
/*
 * Where a person types, at the bottom of what is shown: GNU readline, or,
 * where the client was built without it, the terminal's own line mode.
 *
 * The terminal belongs to the editor from editor_new() until editor_free(),
 * which leaves it as it was. readline has one state in a process and its
 * functions take no argument, so there can be one editor only.
 */
#ifndef EDITOR_H
#define EDITOR_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

struct editor;

struct editor_handler {
	/*
	 * A line, without LF, good until this returns. shown is false when
	 * it is no longer on the screen.
	 */
	void (*on_line)(const char *line, bool shown, void *arg);
	/* The end of input; there will be no more lines. */
	void (*on_end)(void *arg);
	/* For completion: the nth command, or the nth other word; or NULL. */
	const char *(*candidate)(size_t n, bool command, void *arg);
};

/*
 * Borrows the handler. In the background it stops the process until that is in
 * the foreground.
 */
struct editor *editor_new(
    struct event_base *base, const struct editor_handler *handler, void *arg);
void editor_free(struct editor *editor);

/* Shows the line that is typed behind this; copies it. */
void editor_prompt(struct editor *editor, const char *prompt);

/* Whether Tab completes; if not, and at first, it is a character as others. */
void editor_complete(struct editor *editor, bool on);

/* Shows whole lines above the one that is typed. */
void editor_print(struct editor *editor, const char *bytes, size_t length);

/* Takes no more lines. What was typed stays on the screen. */
void editor_stop(struct editor *editor);

/* The signals that a person causes, in the loop, not in a handler. */
void editor_interrupt(struct editor *editor); /* SIGINT */
void editor_resize(struct editor *editor);    /* SIGWINCH */
void editor_suspend(struct editor *editor);   /* before SIGTSTP */
/* After SIGCONT. In the background it stops until it is in the foreground, */
void editor_await(struct editor *editor);
/* and then the line is shown again. */
void editor_resume(struct editor *editor);

#endif
