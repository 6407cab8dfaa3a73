/* SPDX-License-Identifier: ISC */
/* Where a configuration comes from, and where its errors go. */
#ifndef CONF_SOURCE_H
#define CONF_SOURCE_H

#include <stdbool.h>

/* The first time it may be a pipe. Again, a pipe would be empty, or keep the
 * process waiting. */
struct conf_source {
	const char *path;
	/* A descriptor of it from the start, or -1. It stays the caller's. The
	 * first time it is what is read, and again, where the process may not
	 * open the path any more. */
	int kept;
	bool again;
};

/*
 * The whole of a file that is not a directory, for free(3). NULL, with *why
 * set to a static text, when it cannot be had.
 */
char *conf_source_read(const struct conf_source *source, const char **why);

/* Takes one message, without a line end. */
typedef void conf_report(const char *message, void *arg);

#endif
