/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/history_file.h"

#include "common/xmalloc.h"

#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>

#define LINES_MAX 1000

static void
make_directories(const char *path)
{
	char *copy = xstrdup(path), *slash;

	for (slash = strchr(copy + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		/* What fails is told by the open that comes then. */
		(void)mkdir(copy, 0700);
		*slash = '/';
	}
	free(copy);
}

/* A link to something else, /dev/null for one, leaves that as it is. */
static bool
is_own_file(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_uid == geteuid();
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
	if (fd == -1) {
		warn("%s", path);
		return;
	}
	if (is_own_file(fd)) {
		if (fchmod(fd, 0600) == -1)
			warn("%s", path);
		history_truncate_file(path, LINES_MAX);
	}
	close(fd);
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
