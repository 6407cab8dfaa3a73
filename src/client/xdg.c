/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/xdg.h"

#include <stdio.h>
#include <stdlib.h>

char *
xdg_path(const char *variable, const char *in_home, const char *name)
{
	const char *directory = getenv(variable), *home = getenv("HOME");
	char *path = NULL;
	int length = -1;

	/* A relative path is to be ignored. */
	if (directory != NULL && directory[0] == '/')
		length = asprintf(&path, "%s/tcprelay/%s", directory, name);
	else if (home != NULL && home[0] == '/')
		length =
		    asprintf(&path, "%s/%s/tcprelay/%s", home, in_home, name);
	return length == -1 ? NULL : path;
}
