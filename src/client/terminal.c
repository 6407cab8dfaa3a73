/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/terminal.h"

#include "client/editor.h"
#include "client/names.h"

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* What may wait for a connection; a person's patience ends before. */
#define QUEUE_BYTES (16 << 20)

/* Who has left waits no longer for the relay to close. */
#define LEAVE_SECONDS 5

#define PROMPT_SIZE 128

/* Events of the loop. */
static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP,
	SIGCONT };
#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))

static const char *const commands[] = { "/help", "/history", "/join", "/me",
	"/msg", "/nick", "/quit", "/rooms", "/who" };
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

struct terminal {
	struct event_base *base;
	const struct session_options *options;
	const struct display_options *display;
	struct session *session;
	struct editor *editor;
	struct evbuffer *out; /* what is to be shown */
	struct names names;
	struct event *signals[SIGNAL_COUNT];
	struct event *leaving; /* the relay has had time to close */
	bool connected, left, completes;
	int signal; /* that the process is to end by, or 0 */
	enum connection_end how;
};

static void
print_out(struct terminal *terminal)
{
	size_t length = evbuffer_get_length(terminal->out);

	if (length == 0)
		return;
	editor_print(terminal->editor,
	    (const char *)evbuffer_pullup(terminal->out, -1), length);
	evbuffer_drain(terminal->out, length);
}

static void
on_notice(const char *text, void *arg)
{
	struct terminal *terminal = arg;

	if (!isatty(STDERR_FILENO)) {
		warnx("%s", text);
		return;
	}
	evbuffer_add_printf(
	    terminal->out, "%s: ", program_invocation_short_name);
	display_bytes(terminal->out, text, strlen(text));
	evbuffer_add(terminal->out, "\n", 1);
	print_out(terminal);
}

static void
stop(struct terminal *terminal, enum connection_end how)
{
	terminal->how = how;
	editor_stop(terminal->editor);
	event_base_loopbreak(terminal->base);
}

static void
on_leave_timeout(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	on_notice("the relay has not closed the connection", arg);
	stop(arg, CONNECTION_BROKEN);
}

static void
leave(struct terminal *terminal)
{
	struct timeval wait = { .tv_sec = LEAVE_SECONDS };
	bool unsent = session_queued_bytes(terminal->session) > 0;

	if (terminal->left)
		return;
	terminal->left = true;
	session_finish(terminal->session);
	if (terminal->connected) {
		event_add(terminal->leaving, &wait);
		return;
	}
	if (unsent)
		on_notice(
		    "not connected: the last lines were not sent", terminal);
	stop(terminal, unsent ? CONNECTION_BROKEN : CONNECTION_CLOSED);
}

/* As the relay takes it. */
static bool
is_quit(const char *line)
{
	size_t length = strcspn(line, " \t");

	return length == strlen("/quit") &&
	    strncasecmp(line, "/quit", length) == 0;
}

static void
on_line(const char *line, bool shown, void *arg)
{
	struct terminal *terminal = arg;
	const struct chat *chat = session_chat(terminal->session);
	size_t length = strlen(line);

	/* In a chat an empty line says nothing. */
	if (chat->on && length == 0)
		return;
	if (!shown) {
		display_own(terminal->out, terminal->display, chat, time(NULL),
		    line, length);
		print_out(terminal);
	}
	if ((chat->on || !terminal->connected) && is_quit(line)) {
		editor_stop(terminal->editor);
		session_quit(terminal->session, line, length);
		leave(terminal);
		return;
	}
	if (session_queued_bytes(terminal->session) > QUEUE_BYTES) {
		on_notice("not sent: too many lines wait already", terminal);
		return;
	}
	session_send(terminal->session, line, length);
	session_send(terminal->session, "\n", 1);
}

static void
on_typing_end(void *arg)
{
	leave(arg);
}

static const char *
candidate(size_t n, bool command, void *arg)
{
	const struct terminal *terminal = arg;

	if (command)
		return n < COMMAND_COUNT ? commands[n] : NULL;
	return names_get(&terminal->names, n);
}

static const struct editor_handler editor_handler = {
	.on_line = on_line,
	.on_end = on_typing_end,
	.candidate = candidate,
};

static void
note_names(struct terminal *terminal, struct evbuffer *lines)
{
	const char *at = (const char *)evbuffer_pullup(lines, -1);
	const char *end = at + evbuffer_get_length(lines), *lf;

	while (at < end && (lf = memchr(at, '\n', (size_t)(end - at)))) {
		struct chat_text now;
		struct chat_line parts;

		chat_parse(at, (size_t)(lf - at), &parts);
		if (chat_renames(&parts, &now))
			names_rename(&terminal->names, &parts.name, &now);
		else
			names_add(&terminal->names, &parts.name);
		at = lf + 1;
	}
}

static void
on_input(struct evbuffer *input, void *arg)
{
	struct terminal *terminal = arg;
	const struct chat *chat = session_chat(terminal->session);

	if (chat->on)
		note_names(terminal, input);
	if (chat->on != terminal->completes)
		editor_complete(terminal->editor, chat->on);
	terminal->completes = chat->on;
	if (terminal->options->send_only) {
		evbuffer_drain(input, evbuffer_get_length(input));
		return;
	}
	display_lines(
	    terminal->out, terminal->display, chat, time(NULL), input);
	print_out(terminal);
}

static void
on_state(const char *state, void *arg)
{
	struct terminal *terminal = arg;
	char prompt[PROMPT_SIZE];

	terminal->connected = state == NULL;
	if (state == NULL)
		snprintf(prompt, sizeof(prompt), DISPLAY_PROMPT);
	else
		snprintf(prompt, sizeof(prompt), "[%s] " DISPLAY_PROMPT, state);
	editor_prompt(terminal->editor, prompt);
}

static void
on_end(enum connection_end how, void *arg)
{
	stop(arg, how);
}

static const struct session_handler session_handler = {
	.on_input = on_input,
	.on_notice = on_notice,
	.on_state = on_state,
	.on_end = on_end,
};

static struct event *
signal_event(struct terminal *terminal, int number)
{
	size_t i;

	for (i = 0; signals[i] != number; i++)
		continue;
	return terminal->signals[i];
}

/* Where a signal is ignored, it stays ignored. */
static void
catch_signal(struct terminal *terminal, int number)
{
	struct sigaction action;

	if (sigaction(number, NULL, &action) == 0 &&
	    action.sa_handler != SIG_IGN)
		event_add(signal_event(terminal, number), NULL);
}

/*
 * As if the signals had not been caught; after a stop it goes on here. Where
 * no shell could let it go on, the kernel does not stop it at all. A shell that
 * ends a stopped job lets it go on as well, in the background: there it would
 * stop again, before the loop could hear of the end.
 */
static void
stop_or_go_on(struct terminal *terminal, int number)
{
	const int let_go[] = { number, SIGCONT, SIGTERM, SIGHUP };
	size_t i;

	if (number == SIGTSTP)
		editor_suspend(terminal->editor);
	for (i = 0; i < sizeof(let_go) / sizeof(let_go[0]); i++)
		event_del(signal_event(terminal, let_go[i]));
	if (number == SIGTSTP)
		raise(SIGTSTP);
	editor_await(terminal->editor);
	for (i = 0; i < sizeof(let_go) / sizeof(let_go[0]); i++)
		catch_signal(terminal, let_go[i]);
	editor_resume(terminal->editor);
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct terminal *terminal = arg;

	(void)what;
	switch (number) {
	case SIGWINCH:
		editor_resize(terminal->editor);
		break;
	case SIGTSTP:
	case SIGCONT:
		stop_or_go_on(terminal, (int)number);
		break;
	case SIGINT:
		if (!terminal->left) {
			editor_interrupt(terminal->editor);
			break;
		}
		/* FALLTHROUGH */
	default:
		terminal->signal = (int)number;
		stop(terminal, CONNECTION_BROKEN);
		break;
	}
}

static void
catch_signals(struct terminal *terminal)
{
	size_t i;

	for (i = 0; i < SIGNAL_COUNT; i++) {
		terminal->signals[i] = evsignal_new(
		    terminal->base, signals[i], on_signal, terminal);
		catch_signal(terminal, signals[i]);
	}
}

static void
free_all(struct terminal *terminal)
{
	size_t i;

	for (i = 0; i < SIGNAL_COUNT; i++)
		event_free(terminal->signals[i]);
	event_free(terminal->leaving);
	editor_free(terminal->editor);
	session_free(terminal->session);
	evbuffer_free(terminal->out);
}

int
terminal_run(struct event_base *base, const struct address *address,
    const struct session_options *session_options,
    const struct display_options *display)
{
	struct terminal terminal = {
		.base = base, .options = session_options, .display = display
	};

	terminal.out = evbuffer_new();
	terminal.leaving = evtimer_new(base, on_leave_timeout, &terminal);
	terminal.session = session_new(
	    base, address, session_options, &session_handler, &terminal);
	terminal.editor = editor_new(base, &editor_handler, &terminal);
	catch_signals(&terminal);
	session_start(terminal.session);
	event_base_dispatch(base);
	free_all(&terminal);
	if (terminal.signal != 0) {
		signal(terminal.signal, SIG_DFL);
		raise(terminal.signal);
	}
	return terminal.how == CONNECTION_CLOSED ? 0 : -1;
}
