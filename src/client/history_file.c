/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/history_file.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>

#define LINES_MAX 1000

char *
history_file_path(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int length = -1;

	/* A relative path is to be ignored: XDG Base Directory. */
	if (state != NULL && state[0] == '/')
		length = asprintf(&path, "%s/tcprelay/history", state);
	else if (home != NULL && home[0] == '/')
		length =
		    asprintf(&path, "%s/.local/state/tcprelay/history", home);
	return length == -1 ? NULL : path;
}

static void
make_directories(const char *path)
{
	char *copy = strdup(path), *slash;

	for (slash = strchr(copy + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		/* What fails is told by the open that comes then. */
		(void)mkdir(copy, 0700);
		*slash = '/';
	}
	free(copy);
}

void
history_file_load(const char *path)
{
	int fd;

	using_history();
	stifle_history(LINES_MAX);
	if (path == NULL)
		return;
	make_directories(path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1 || fchmod(fd, 0600) == -1)
		warn("%s", path);
	if (fd == -1)
		return;
	close(fd);
	history_truncate_file(path, LINES_MAX);
	read_history(path);
	using_history();
}

void
history_file_add(const char *path, const char *line)
{
	HIST_ENTRY *last = history_get(history_base + history_length - 1);

	if (line[0] == '\0' || line[0] == ' ' ||
	    (last != NULL && strcmp(last->line, line) == 0))
		return;
	add_history(line);
	/* At once: nothing is lost by a kill, and clients do not mix. */
	if (path != NULL)
		(void)append_history(1, path);
}
