/* SPDX-License-Identifier: ISC */
/*
 * The client in a pipe: standard input to the relay, what arrives to standard
 * output, both as they are, or shown harmlessly where that is a terminal.
 */
#ifndef PIPE_H
#define PIPE_H

#include "client/session.h"

#include <stdbool.h>

struct display_options;

struct pipe_options {
	bool send_only;	   /* what arrives is read and thrown away */
	bool receive_only; /* standard input is not touched */
	/* Of what arrives, where that is a terminal; NULL: as it is. */
	const struct display_options *display;
};

/*
 * Runs until the relay has closed. Returns 0, or -1 when all was not sent and
 * printed, which is told. When standard output is a pipe that nobody reads, the
 * process ends by SIGPIPE.
 */
int pipe_run(struct event_base *base, const struct address *address,
    const struct session_options *session_options,
    const struct pipe_options *options);

#endif
