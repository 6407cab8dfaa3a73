/* SPDX-License-Identifier: ISC */
/*
 * The client at a terminal: lines that a person types to the relay, what
 * arrives above the line that is being typed.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include "client/display.h"
#include "client/session.h"

/*
 * Runs until the person has left, which is 0, or the connection has ended
 * otherwise, which is -1 and told. A signal that ends the process does so with
 * the terminal as it was.
 */
int terminal_run(struct event_base *base, const struct address *address,
    const struct session_options *session_options,
    const struct display_options *display);

#endif
