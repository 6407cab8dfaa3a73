/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/session.h"

#include "client/arrived.h"
#include "client/identity.h"
#include "common/secret.h"
#include "common/xmalloc.h"

#include <event2/util.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MILLISECONDS_MIN 500
#define MILLISECONDS_MAX 30000

/* A connection that lived so long was a good one: the next wait is short. */
#define GOOD_SECONDS 10

/* A relay that greets has done so by then, for one who waits for it. */
#define GREETING_SECONDS 2

#define TEXT_SIZE 2048

/* What tcprelayd says to one that it does not let in, and nothing else. */
#define WRONG_SECRET "tcprelayd: wrong secret"

struct session {
	struct event_base *base;
	const struct address *address;
	const struct session_options *options;
	const struct session_handler *handler;
	void *arg;
	struct connection *connection; /* the last one that was begun */
	struct event *retry;	       /* the next one is due */
	struct event *settled;	       /* this one is a good one */
	struct event *ungreeted;       /* nothing arrived in time */
	unsigned attempts;	       /* since the last good one */
	struct evbuffer *held;	       /* to be sent once it can be */
	struct arrived arrived;	       /* when it has to be lines */
	struct identity identity;
	bool open;	   /* there is a connection */
	bool ready;	   /* and it takes what is to be sent */
	bool told;	   /* the user knows that there is none */
	bool wrong_secret; /* all that it has said is that */
	bool cut;	   /* the last one ended in the middle of a line */
	bool doubtful;	   /* an earlier one may have taken lines with it */
	bool paused, finishing, quitting;
};

static void notice(struct session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
notice(struct session *session, const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	session->handler->on_notice(text, session->arg);
}

static void
on_step(const char *text, void *arg)
{
	struct session *session = arg;

	if (session->options->verbose)
		notice(session, "%s", text);
}

static void
set_state(struct session *session, const char *state)
{
	if (session->handler->on_state != NULL)
		session->handler->on_state(state, session->arg);
}

static void
add_timer(struct event *timer, unsigned milliseconds)
{
	struct timeval wait = { .tv_sec = milliseconds / 1000,
		.tv_usec = milliseconds % 1000 * 1000 };

	event_add(timer, &wait);
}

/* What is to be sent may be sent now. */
static void
get_ready(struct session *session)
{
	if (session->ready)
		return;
	event_del(session->ungreeted);
	session->ready = true;
	while (evbuffer_get_length(session->held) > 0) {
		struct evbuffer_iovec piece;

		evbuffer_peek(session->held, -1, NULL, &piece, 1);
		connection_send(
		    session->connection, piece.iov_base, piece.iov_len);
		evbuffer_drain(session->held, piece.iov_len);
	}
	if (session->quitting || session->options->receive_only)
		connection_allow_close(session->connection);
	if (session->finishing)
		connection_finish(session->connection);
	if (session->handler->on_open != NULL)
		session->handler->on_open(session->arg);
}

static void
on_ungreeted(evutil_socket_t fd, short what, void *arg)
{
	struct session *session = arg;

	(void)fd;
	(void)what;
	on_step("this relay does not greet: it gives no names", session);
	get_ready(session);
}

/* Whoever waits to be greeted has waited until the first line. */
static void
see_lines(struct session *session, struct evbuffer *lines)
{
	const char *at = (const char *)evbuffer_pullup(lines, -1);
	const char *end = at + evbuffer_get_length(lines), *lf;
	char commands[IDENTITY_COMMANDS_SIZE];

	while (at < end && (lf = memchr(at, '\n', (size_t)(end - at)))) {
		size_t length = (size_t)(lf - at);

		session->wrong_secret = !session->identity.greeted &&
		    length == strlen(WRONG_SECRET) &&
		    memcmp(at, WRONG_SECRET, length) == 0;
		identity_follow(&session->identity, at, length, commands);
		connection_say(session->connection, commands, strlen(commands));
		get_ready(session);
		at = lf + 1;
	}
}

static bool
needs_lines(const struct session *session)
{
	return session->options->whole_lines || session->options->reconnect ||
	    session->options->nick != NULL;
}

static void
on_input(struct evbuffer *input, void *arg)
{
	struct session *session = arg;
	struct evbuffer *lines;

	if (!needs_lines(session)) {
		session->handler->on_input(input, session->arg);
		return;
	}
	lines = evbuffer_new();
	arrived_take(&session->arrived, input, lines);
	if (evbuffer_get_length(lines) > 0) {
		see_lines(session, lines);
		session->handler->on_input(lines, session->arg);
	}
	evbuffer_free(lines);
}

static void
on_sent(void *arg)
{
	struct session *session = arg;

	if (session->ready && session->handler->on_sent != NULL)
		session->handler->on_sent(session->arg);
}

static void
on_settled(evutil_socket_t fd, short what, void *arg)
{
	struct session *session = arg;

	(void)fd;
	(void)what;
	session->attempts = 0;
}

/* It comes first, each time, or the relay would take a line for it. */
static void
show_secret(struct session *session)
{
	const struct secret *secret = session->options->secret;
	const char *bytes;
	size_t length;

	if (secret == NULL)
		return;
	bytes = secret_bytes(secret, &length);
	connection_say(session->connection, bytes, length);
	connection_say(session->connection, "\n", 1);
}

static void
on_open(void *arg)
{
	struct session *session = arg;

	session->open = true;
	session->wrong_secret = false;
	identity_begin(&session->identity);
	if (session->told)
		notice(session, "connected");
	session->told = false;
	set_state(session, NULL);
	if (session->paused)
		connection_pause_input(session->connection);
	show_secret(session);
	add_timer(session->settled, GOOD_SECONDS * 1000);
	/* What is said before would be said by another, or elsewhere. */
	if (identity_wants(&session->identity) &&
	    !session->options->receive_only)
		add_timer(session->ungreeted, GREETING_SECONDS * 1000);
	else
		get_ready(session);
}

/*
 * Twice as long each time, and at random, or all the clients of a relay that
 * was restarted would come at once.
 */
static unsigned
choose_wait(const struct session *session)
{
	unsigned most = MILLISECONDS_MIN, i;
	uint32_t random;

	for (i = 0; i <= session->attempts && most < MILLISECONDS_MAX; i++)
		most *= 2;
	if (most > MILLISECONDS_MAX)
		most = MILLISECONDS_MAX;
	evutil_secure_rng_get_bytes(&random, sizeof(random));
	return MILLISECONDS_MIN + random % (most - MILLISECONDS_MIN + 1);
}

static const char *
separator(const char *why)
{
	return why[0] == '\0' ? "" : "; ";
}

static void
retry_later(struct session *session, const char *why)
{
	unsigned wait = choose_wait(session);
	char state[64];

	session->doubtful |= connection_is_doubtful(session->connection) ||
	    session->wrong_secret;
	connection_take_unsent(session->connection, session->held);
	arrived_drop_rest(&session->arrived);
	session->attempts++;
	if (!session->told)
		notice(session, "%s%strying again until there is a connection",
		    why, separator(why));
	session->told = true;
	snprintf(state, sizeof(state), "trying again in %u.%u s", wait / 1000,
	    wait % 1000 / 100);
	set_state(session, state);
	add_timer(session->retry, wait);
}

/* Of a line that will not come to its end. */
static void
hand_on_rest(struct session *session)
{
	struct evbuffer *rest = evbuffer_new();

	arrived_take_rest(&session->arrived, rest);
	if (evbuffer_get_length(rest) > 0)
		session->handler->on_input(rest, session->arg);
	evbuffer_free(rest);
}

/*
 * Whether the line that the last connection ended in has ended this one, too:
 * a relay that does not take it never will.
 */
static bool
is_cut_again(struct session *session)
{
	bool before = session->cut, first;

	session->cut = !session->wrong_secret &&
	    connection_was_cut(session->connection, &first);
	return before && session->cut && first;
}

static void
give_up(struct session *session, const char *why, const char *reason)
{
	notice(session, "%s%snot trying again%s", why, separator(why), reason);
}

static void
on_end(enum connection_end how, void *arg)
{
	struct session *session = arg;
	const char *why = connection_why(session->connection);
	bool wanted = session->finishing && session->open;
	bool again = how != CONNECTION_FAILED && is_cut_again(session);

	/* To one that shows none, somebody in a room may have said so. */
	if (session->wrong_secret && session->options->secret != NULL)
		how = CONNECTION_REFUSED;
	session->open = session->ready = false;
	event_del(session->settled);
	event_del(session->ungreeted);
	/* What is refused now will be again, and take lines with it. */
	if (session->options->reconnect && how != CONNECTION_REFUSED &&
	    !again && (how != CONNECTION_CLOSED || !wanted)) {
		retry_later(session, why);
		return;
	}
	hand_on_rest(session);
	if (session->options->reconnect && how == CONNECTION_REFUSED)
		give_up(session, why,
		    session->wrong_secret ? ": wrong secret" : "");
	else if (again)
		give_up(session, why,
		    ": lost twice in the same line, which may be too long for "
		    "the relay");
	else if (why[0] != '\0')
		notice(session, "%s", why);
	session->handler->on_end(how, session->arg);
}

static const struct connection_handler handler = {
	.on_open = on_open,
	.on_input = on_input,
	.on_sent = on_sent,
	.on_step = on_step,
	.on_end = on_end,
};

void
session_start(struct session *session)
{
	if (session->connection != NULL)
		connection_free(session->connection);
	session->connection = connection_new(session->base, session->address,
	    &session->options->dial, &handler, session);
	if (session->options->reconnect)
		connection_keep_lines(session->connection);
	set_state(session, "connecting");
	connection_start(session->connection);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	session_start(arg);
}

struct session *
session_new(struct event_base *base, const struct address *address,
    const struct session_options *options,
    const struct session_handler *session_handler, void *arg)
{
	struct session *session = xcalloc(1, sizeof(*session));

	session->base = base;
	session->address = address;
	session->options = options;
	session->handler = session_handler;
	session->arg = arg;
	session->held = evbuffer_new();
	arrived_init(&session->arrived);
	identity_init(&session->identity, options->nick);
	session->retry = evtimer_new(base, on_retry, session);
	session->settled = evtimer_new(base, on_settled, session);
	session->ungreeted = evtimer_new(base, on_ungreeted, session);
	return session;
}

void
session_free(struct session *session)
{
	if (session->connection != NULL)
		connection_free(session->connection);
	event_free(session->retry);
	event_free(session->settled);
	event_free(session->ungreeted);
	evbuffer_free(session->held);
	arrived_clear(&session->arrived);
	free(session);
}

void
session_send(struct session *session, const char *bytes, size_t length)
{
	if (session->ready)
		connection_send(session->connection, bytes, length);
	else
		evbuffer_add(session->held, bytes, length);
}

size_t
session_queued_bytes(const struct session *session)
{
	size_t bytes = evbuffer_get_length(session->held);

	if (session->open)
		bytes += connection_queued_bytes(session->connection);
	return bytes;
}

void
session_finish(struct session *session)
{
	if (session->finishing)
		return;
	session->finishing = true;
	if (session->ready)
		connection_finish(session->connection);
}

void
session_quit(struct session *session, const char *line, size_t length)
{
	if (session->open) {
		session_send(session, line, length);
		session_send(session, "\n", 1);
	}
	session->quitting = true;
	if (session->ready)
		connection_allow_close(session->connection);
	session_finish(session);
}

bool
session_is_doubtful(const struct session *session)
{
	return session->doubtful;
}

void
session_pause_input(struct session *session)
{
	session->paused = true;
	if (session->open)
		connection_pause_input(session->connection);
}

void
session_resume_input(struct session *session)
{
	session->paused = false;
	if (session->open)
		connection_resume_input(session->connection);
}

const struct chat *
session_chat(const struct session *session)
{
	return &session->identity.chat;
}
