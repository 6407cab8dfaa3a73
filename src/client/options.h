/* SPDX-License-Identifier: ISC */
/*
 * What the user wants: the command line, and below it the environment. What is
 * wrong is told on standard error, and ends the process with status 2.
 *
 * A struct options is filled once and lives as long as the process; its
 * strings are those of the command line and of the environment.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "client/display.h"
#include "client/session.h"
#include "common/address.h"

struct options {
	struct address address;
	struct session_options session;
	struct display_options display;
	bool send_only, receive_only;
};

/* --help and --version end the process, too. */
void options_parse(int argc, char **argv, struct options *options);

#endif
