/* SPDX-License-Identifier: ISC */
/*
 * The client in a pipe: standard input to the relay, what arrives to standard
 * output, both as they are.
 */
#ifndef PIPE_H
#define PIPE_H

#include "client/connection.h"

#include <stdbool.h>

struct pipe_options {
	bool send_only;	   /* what arrives is read and thrown away */
	bool receive_only; /* standard input is not touched */
};

/*
 * Runs until the relay has closed. Returns how that came about. When standard
 * output is a pipe that nobody reads, the process ends by SIGPIPE.
 */
enum connection_end pipe_run(struct event_base *base,
    const struct address *address,
    const struct connection_options *connection_options,
    const struct pipe_options *options);

#endif
