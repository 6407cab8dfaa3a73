/* SPDX-License-Identifier: ISC */
/*
 * With GNU readline. Its signal handling is off, because it would see signals
 * only when a key comes: the signals are events of our loop. Keys are read
 * here and handed to it, because it would wait within a pasted text, and would
 * not send the lines of one. Ctrl-C is a key, too: as a signal it would come
 * before or after its neighbours, and the kernel would throw away what was
 * typed before it, lines that were ended included.
 */
#include "config.h"

#include "client/editor.h"

#include "client/history_file.h"
#include "client/paste.h"
#include "client/tty.h"
#include "client/view.h"
#include "client/xdg.h"
#include "common/xmalloc.h"

#include <errno.h>
#include <event2/buffer.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include <readline/history.h>
#include <readline/readline.h>

#define READ_BYTES 4096

struct editor {
	const struct editor_handler *handler;
	void *arg;
	struct event *input;
	struct evbuffer *keys; /* read and not handed on */
	char *history;	       /* its file, or NULL */
	struct paste paste;
	struct view view;
	size_t candidate;  /* the next one to be looked at */
	int interrupt_key; /* -1: there is none */
	bool busy;	   /* the line is shown when all keys are done */
	bool taken_away;   /* the line that is accepted is not shown */
	bool interrupted;  /* and is not meant */
	bool stopped;
};

/* For the functions that readline calls. */
static struct editor *the_editor;

static void
redisplay(void)
{
	if (the_editor->busy)
		return;
	view_fit(&the_editor->view);
	rl_redisplay();
}

static void
hide(void)
{
	view_hide(&the_editor->view);
}

static void
show(void)
{
	rl_on_new_line();
	redisplay();
}

static int
get_key(FILE *stream)
{
	struct pollfd poller = { .fd = fileno(stream), .events = POLLIN };
	unsigned char key;

	while (evbuffer_remove(the_editor->keys, &key, 1) != 1) {
		if (poll(&poller, 1, -1) == -1 && errno == EINTR)
			continue;
		if (evbuffer_read(the_editor->keys, poller.fd, 1) <= 0)
			return EOF;
	}
	return key;
}

static bool
is_interrupt_next(struct editor *editor)
{
	unsigned char key;

	return evbuffer_copyout(editor->keys, &key, 1) == 1 &&
	    key == editor->interrupt_key;
}

/* One that readline may take on its own: it looks for typed-ahead text. */
static int
has_key(void)
{
	struct pollfd poller = { .fd = STDIN_FILENO, .events = POLLIN };
	struct evbuffer *keys = the_editor->keys;

	if (evbuffer_get_length(keys) == 0 && poll(&poller, 1, 0) == 1)
		evbuffer_read(keys, poller.fd, READ_BYTES);
	return evbuffer_get_length(keys) > 0 && !is_interrupt_next(the_editor);
}

static int
on_enter(int count, int key)
{
	(void)count;
	(void)key;
	hide();
	rl_on_new_line();
	the_editor->taken_away = true;
	rl_done = 1;
	RL_SETSTATE(RL_STATE_DONE);
	return 0;
}

static int
on_paste(int count, int key)
{
	(void)count;
	(void)key;
	the_editor->paste = (struct paste){ .on = true };
	return 0;
}

/* Of a paste that Ctrl-C has ended. */
static int
on_late_paste_end(int count, int key)
{
	(void)count;
	(void)key;
	return 0;
}

static void
stop_reading(struct editor *editor)
{
	editor->stopped = true;
	event_del(editor->input);
	/* Or it adds an empty line. */
	rl_eof_found = 0;
	rl_deprep_terminal();
	rl_callback_handler_remove();
}

/* NULL: Ctrl-D on an empty line. */
static void
on_line(char *line)
{
	struct editor *editor = the_editor;
	bool taken_away = editor->taken_away;

	editor->taken_away = false;
	if (line == NULL) {
		hide();
		stop_reading(editor);
		editor->handler->on_end(editor->arg);
		return;
	}
	/* It is not being typed any more. */
	rl_replace_line("", 0);
	if (!editor->interrupted) {
		history_file_add(editor->history, line);
		editor->handler->on_line(line, !taken_away, editor->arg);
	}
	free(line);
}

/* A key that was not pressed. */
static void
press(struct editor *editor, char key)
{
	evbuffer_prepend(editor->keys, &key, 1);
	rl_callback_read_char();
}

/* Returns false when more has to come first. */
static bool
take_pasted(struct editor *editor)
{
	char *text =
	    paste_next(&editor->paste, editor->keys, editor->interrupt_key);

	if (text == NULL)
		return false;
	if (strcmp(text, "\n") == 0)
		press(editor, '\r');
	else
		rl_insert_text(text);
	free(text);
	return true;
}

static void
throw_away(struct editor *editor)
{
	/* Out of a search, for one. */
	rl_callback_sigcleanup();
	editor->interrupted = true;
	rl_delete_text(0, rl_end);
	rl_point = 0;
	press(editor, '\r');
	editor->interrupted = false;
}

/*
 * Whether all that is there is the beginning of a character. In a search
 * readline would wait for the rest, and nobody else would be heard.
 */
static bool
is_cut(struct editor *editor)
{
	char bytes[MB_LEN_MAX];
	size_t length =
	    (size_t)evbuffer_copyout(editor->keys, bytes, sizeof(bytes));
	mbstate_t state = { 0 };

	return mbrlen(bytes, length, &state) == (size_t)-2;
}

static void
take_keys(struct editor *editor)
{
	editor->busy = true;
	while (evbuffer_get_length(editor->keys) > 0 && !editor->stopped) {
		if (is_interrupt_next(editor)) {
			/* The way out, where the end of a paste got lost. */
			editor->paste.on = false;
			evbuffer_drain(editor->keys, 1);
			throw_away(editor);
		} else if (editor->paste.on) {
			if (!take_pasted(editor))
				break;
		} else if (is_cut(editor)) {
			break;
		} else {
			rl_callback_read_char();
		}
	}
	editor->busy = false;
	if (!editor->stopped)
		redisplay();
}

static void
on_input(evutil_socket_t fd, short what, void *arg)
{
	struct editor *editor = arg;
	int length = evbuffer_read(editor->keys, fd, READ_BYTES);

	(void)what;
	if (length == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	/* SIGWINCH may be on its way only. */
	editor_resize(editor);
	if (length > 0)
		take_keys(editor);
	else
		on_line(NULL);
}

/* For rl_completion_matches(): one after another, then NULL. */
static char *
next_candidate(const char *text, int state)
{
	struct editor *editor = the_editor;
	const char *candidate;

	if (state == 0)
		editor->candidate = 0;
	while ((candidate = editor->handler->candidate(
		    editor->candidate++, text[0] == '/', editor->arg)) != NULL)
		if (strncasecmp(candidate, text, strlen(text)) == 0)
			return xstrdup(candidate);
	return NULL;
}

static char **
complete(const char *text, int start, int end)
{
	(void)end;
	/* Never the names of files. */
	rl_attempted_completion_over = 1;
	if (text[0] == '/' && start > 0)
		return NULL;
	return rl_completion_matches(text, next_candidate);
}

static void
bind_keys(const char *keys, rl_command_func_t *function)
{
	Keymap maps[] = { emacs_standard_keymap, vi_insertion_keymap,
		vi_movement_keymap };
	size_t i;

	for (i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		rl_bind_keyseq_in_map(keys, function, maps[i]);
}

static void
prepare_terminal(int meta)
{
	rl_prep_terminal(meta);
	the_editor->interrupt_key = tty_take_keys();
}

static void
set_up_readline(void)
{
	rl_readline_name = "tcprelay";
	rl_instream = stdin;
	rl_outstream = stdout;
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	rl_prep_term_function = prepare_terminal;
	rl_getc_function = get_key;
	rl_input_available_hook = has_key;
	rl_attempted_completion_function = complete;
	rl_completer_word_break_characters = " \t";
	rl_completion_query_items = -1;
	/* Ctrl-X, which begins others, would be read on within the search. */
	rl_variable_bind("isearch-terminators", "\\e\\C-j\\C-x");
	rl_initialize();
	/* Not before, or it would take it that it has no terminal. */
	rl_redisplay_function = redisplay;
	rl_variable_bind(
	    "enable-bracketed-paste", view_is_dumb() ? "off" : "on");
	rl_variable_bind("show-all-if-ambiguous", "on");
	rl_variable_bind("completion-ignore-case", "on");
	rl_variable_bind("page-completions", "off");
	bind_keys("\r", on_enter);
	bind_keys("\n", on_enter);
	bind_keys(PASTE_BEGIN, on_paste);
	bind_keys(PASTE_END, on_late_paste_end);
}

struct editor *
editor_new(
    struct event_base *base, const struct editor_handler *handler, void *arg)
{
	struct editor *editor = xcalloc(1, sizeof(*editor));

	the_editor = editor;
	editor->handler = handler;
	editor->arg = arg;
	editor->history = xdg_path("XDG_STATE_HOME", ".local/state", "history");
	editor->keys = evbuffer_new();
	editor->input = event_new(
	    base, STDIN_FILENO, EV_READ | EV_PERSIST, on_input, editor);
	/* Before that it has the settings of a shell that reads a line. */
	tty_await(STDIN_FILENO);
	set_up_readline();
	tty_guard(view_is_dumb() ? "" : PASTE_OFF);
	view_take_size(&editor->view);
	editor_complete(editor, false);
	history_file_load(editor->history);
	rl_callback_handler_install("", on_line);
	/* Prepared once, not for each line: keys would be echoed between. */
	rl_prep_term_function = NULL;
	rl_deprep_term_function = NULL;
	event_add(editor->input, NULL);
	return editor;
}

void
editor_free(struct editor *editor)
{
	editor_stop(editor);
	event_free(editor->input);
	evbuffer_free(editor->keys);
	tty_release();
	free(editor->history);
	the_editor = NULL;
	free(editor);
}

void
editor_prompt(struct editor *editor, const char *prompt)
{
	if (editor->stopped)
		return;
	hide();
	rl_set_prompt(prompt);
	show();
}

void
editor_complete(struct editor *editor, bool on)
{
	rl_command_func_t *function = on ? rl_complete : rl_insert;

	(void)editor;
	/* vi's commands are no place to insert. */
	rl_bind_key_in_map('\t', function, emacs_standard_keymap);
	rl_bind_key_in_map('\t', function, vi_insertion_keymap);
}

void
editor_print(struct editor *editor, const char *bytes, size_t length)
{
	if (!editor->stopped)
		hide();
	fwrite(bytes, 1, length, rl_outstream);
	fflush(rl_outstream);
	if (!editor->stopped)
		show();
}

void
editor_stop(struct editor *editor)
{
	if (editor->stopped)
		return;
	if (rl_end == 0) {
		hide();
	} else {
		history_file_add(editor->history, rl_line_buffer);
		rl_point = rl_end;
		rl_redisplay();
		rl_crlf();
	}
	stop_reading(editor);
}

void
editor_interrupt(struct editor *editor)
{
	if (editor->stopped)
		return;
	editor->busy = true;
	throw_away(editor);
	editor->busy = false;
	redisplay();
}

void
editor_resize(struct editor *editor)
{
	if (editor->stopped || !view_is_resized(&editor->view))
		return;
	hide();
	show();
}

void
editor_suspend(struct editor *editor)
{
	if (editor->stopped)
		return;
	hide();
	rl_deprep_terminal();
}

void
editor_await(struct editor *editor)
{
	if (!editor->stopped)
		tty_await(STDIN_FILENO);
}

void
editor_resume(struct editor *editor)
{
	if (editor->stopped)
		return;
	/* Whoever had the terminal meanwhile may have left it otherwise. */
	rl_deprep_terminal();
	prepare_terminal(1);
	view_take_size(&editor->view);
	show();
}
