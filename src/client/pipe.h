/* SPDX-License-Identifier: ISC */
/*
 * The client in a pipe: standard input to the relay, what arrives to standard
 * output, both as they are, or shown harmlessly where that is a terminal.
 */
#ifndef PIPE_H
#define PIPE_H

#include "client/session.h"

struct display_options;

/*
 * Runs until the relay has closed. Returns 0, or -1 when all was not sent and
 * printed, which is told. What arrives is shown by display, where that is a
 * terminal, or as it is, NULL. When standard output is a pipe that nobody
 * reads, the process ends by SIGPIPE.
 */
int pipe_run(struct event_base *base, const struct address *address,
    const struct session_options *session_options,
    const struct display_options *display);

#endif
