/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/pipe.h"

#include "client/display.h"

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES 65536

/* What may be queued in either direction before its source has to wait. */
#define QUEUE_BYTES 262144

/*
 * Standard input and output keep the blocking mode that they came with: other
 * processes share it. So they are read and written only when poll(2) says that
 * this will not block, and a pipe only PIPE_BUF bytes at a time.
 */
struct pipe {
	const struct session_options *options;
	const struct display_options *display; /* or NULL */
	struct event_base *base;
	struct session *session;
	struct event *input;	   /* standard input can be read */
	struct event *output;	   /* standard output can be written */
	struct event *output_gone; /* nobody reads standard output */
	struct evbuffer *pending;  /* for standard output */
	size_t write_bytes;	   /* that standard output takes at once */
	bool within_line;	   /* the last byte of input was no LF */
	bool input_paused, input_ended, ended, failed;
};

static void
stop_if_done(struct pipe *pipe)
{
	if (pipe->ended && evbuffer_get_length(pipe->pending) == 0)
		event_base_loopexit(pipe->base, NULL);
}

/* As if we had never ignored it: what a shell expects of a pipe's left end. */
static _Noreturn void
die_of_sigpipe(void)
{
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
	abort();
}

/* Readable it may also be, if it was opened for both. */
static void
on_output_gone(evutil_socket_t fd, short what, void *arg)
{
	struct pollfd poller = { .fd = fd };

	(void)what;
	(void)arg;
	if (poll(&poller, 1, 0) == 1 && (poller.revents & POLLERR))
		die_of_sigpipe();
}

static void
on_output(evutil_socket_t fd, short what, void *arg)
{
	struct pipe *pipe = arg;
	ssize_t written = evbuffer_write_atmost(
	    pipe->pending, fd, (ev_ssize_t)pipe->write_bytes);

	(void)what;
	if (written == -1 && errno == EPIPE)
		die_of_sigpipe();
	if (written == -1 && errno != EAGAIN && errno != EINTR) {
		warn("standard output");
		evbuffer_drain(
		    pipe->pending, evbuffer_get_length(pipe->pending));
		pipe->failed = true;
		event_base_loopexit(pipe->base, NULL);
		return;
	}
	if (evbuffer_get_length(pipe->pending) > 0)
		event_add(pipe->output, NULL);
	if (evbuffer_get_length(pipe->pending) < QUEUE_BYTES && !pipe->ended)
		session_resume_input(pipe->session);
	stop_if_done(pipe);
}

static void
on_received(struct evbuffer *input, void *arg)
{
	struct pipe *pipe = arg;

	if (pipe->options->send_only) {
		evbuffer_drain(input, evbuffer_get_length(input));
		return;
	}
	if (pipe->display == NULL)
		evbuffer_add_buffer(pipe->pending, input);
	else
		display_lines(pipe->pending, pipe->display,
		    session_chat(pipe->session), time(NULL), input);
	event_add(pipe->output, NULL);
	if (evbuffer_get_length(pipe->pending) >= QUEUE_BYTES)
		session_pause_input(pipe->session);
}

static void
end_input(struct pipe *pipe)
{
	pipe->input_ended = true;
	if (pipe->within_line)
		session_send(pipe->session, "\n", 1);
	session_finish(pipe->session);
}

static void
on_input(evutil_socket_t fd, short what, void *arg)
{
	struct pipe *pipe = arg;
	char bytes[READ_BYTES];
	ssize_t length = read(fd, bytes, sizeof(bytes));

	(void)what;
	if (length == -1 && (errno == EAGAIN || errno == EINTR)) {
		event_add(pipe->input, NULL);
		return;
	}
	if (length == -1) {
		warn("standard input");
		pipe->failed = true;
	}
	if (length <= 0) {
		end_input(pipe);
		return;
	}
	pipe->within_line = bytes[length - 1] != '\n';
	session_send(pipe->session, bytes, (size_t)length);
	if (session_queued_bytes(pipe->session) < QUEUE_BYTES)
		event_add(pipe->input, NULL);
	else
		pipe->input_paused = true;
}

static void
on_sent(void *arg)
{
	struct pipe *pipe = arg;

	if (pipe->input_paused)
		event_add(pipe->input, NULL);
	pipe->input_paused = false;
}

/* What was queued while there was no connection is on its way. */
static void
on_open(void *arg)
{
	struct pipe *pipe = arg;

	if (!pipe->options->receive_only && !pipe->input_ended &&
	    session_queued_bytes(pipe->session) < QUEUE_BYTES)
		event_add(pipe->input, NULL);
}

static void
on_end(enum connection_end how, void *arg)
{
	struct pipe *pipe = arg;

	if (how != CONNECTION_CLOSED || session_is_doubtful(pipe->session))
		pipe->failed = true;
	pipe->ended = true;
	event_del(pipe->input);
	stop_if_done(pipe);
}

static void
on_notice(const char *text, void *arg)
{
	(void)arg;
	warnx("%s", text);
}

static const struct session_handler handler = {
	.on_open = on_open,
	.on_input = on_received,
	.on_sent = on_sent,
	.on_notice = on_notice,
	.on_end = on_end,
};

/* A regular file takes everything; only a pipe says that its reader is gone. */
static void
look_at_output(struct pipe *pipe)
{
	struct stat st;

	pipe->write_bytes = PIPE_BUF;
	if (fstat(STDOUT_FILENO, &st) == -1)
		return;
	if (S_ISREG(st.st_mode))
		pipe->write_bytes = QUEUE_BYTES;
	if (S_ISFIFO(st.st_mode) && !pipe->options->send_only)
		event_add(pipe->output_gone, NULL);
}

int
pipe_run(struct event_base *base, const struct address *address,
    const struct session_options *session_options,
    const struct display_options *display)
{
	struct pipe pipe = {
		.base = base, .options = session_options, .display = display
	};

	pipe.session =
	    session_new(base, address, session_options, &handler, &pipe);
	pipe.pending = evbuffer_new();
	pipe.input = event_new(base, STDIN_FILENO, EV_READ, on_input, &pipe);
	pipe.output =
	    event_new(base, STDOUT_FILENO, EV_WRITE, on_output, &pipe);
	/* poll(2) reports it as an error, which libevent makes readable. */
	pipe.output_gone =
	    event_new(base, STDOUT_FILENO, EV_READ, on_output_gone, NULL);
	look_at_output(&pipe);
	session_start(pipe.session);
	event_base_dispatch(base);
	event_free(pipe.input);
	event_free(pipe.output);
	event_free(pipe.output_gone);
	evbuffer_free(pipe.pending);
	session_free(pipe.session);
	return pipe.failed ? -1 : 0;
}
