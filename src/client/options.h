/* SPDX-License-Identifier: ISC */
/*
 * What the user wants: the command line, else the environment, else the
 * configuration. What is wrong is told on standard error, and ends the process
 * with status 2.
 *
 * options_clear() frees what a struct options owns; its strings are those of
 * the command line, too.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "client/display.h"
#include "client/session.h"
#include "client/settings.h"
#include "common/address.h"
#include "common/tls.h"

struct options {
	struct address address;
	struct session_options session;
	struct display_options display;
	const char *secret_file; /* "-": ask; or NULL */
	struct secret *secret;	 /* of it */
	bool wants_tls, insecure;
	struct tls_files files;
	struct tls *tls;	  /* NULL unless wanted */
	struct settings settings; /* that the rest was made from */
};

/* --help and --version end the process, too. */
void options_parse(int argc, char **argv, struct options *options);
void options_clear(struct options *options);

#endif
