/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/conf_source.h"

#include "common/xmalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (1 << 20)

/* A file that was removed or replaced since is not the one of that path. */
static bool
is_linked(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

/* With O_NONBLOCK, which means nothing to a file, no pipe makes us wait. */
static int
open_again(const struct conf_source *source)
{
	int fd =
	    open(source->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd != -1 || errno != EACCES || source->kept == -1)
		return fd;
	if (is_linked(source->kept) && lseek(source->kept, 0, SEEK_SET) == 0)
		return fcntl(source->kept, F_DUPFD_CLOEXEC, 0);
	errno = EACCES;
	return -1;
}

static FILE *
open_source(const struct conf_source *source)
{
	int fd;

	if (source->again)
		fd = open_again(source);
	else if (source->kept != -1)
		fd = fcntl(source->kept, F_DUPFD_CLOEXEC, 0);
	else
		fd = open(source->path, O_RDONLY | O_CLOEXEC);
	return fd == -1 ? NULL : fdopen(fd, "r");
}

static const char *
check_kind(const struct conf_source *source, FILE *file)
{
	struct stat st;

	if (fstat(fileno(file), &st) == -1)
		return strerror(errno);
	if (S_ISDIR(st.st_mode))
		return strerror(EISDIR);
	return source->again && !S_ISREG(st.st_mode)
	    ? "it is not a regular file"
	    : NULL;
}

char *
conf_source_read(const struct conf_source *source, const char **why)
{
	FILE *file = open_source(source);
	size_t length = 0;
	char *content;

	*why = strerror(errno);
	if (file == NULL)
		return NULL;
	*why = check_kind(source, file);
	content = xmalloc(FILE_BYTES_MAX + 1);
	if (*why != NULL)
		;
	else if ((length = fread(content, 1, FILE_BYTES_MAX + 1, file)) >
	    FILE_BYTES_MAX)
		*why = "larger than 1 MiB";
	else if (ferror(file))
		*why = "cannot be read";
	else if (memchr(content, '\0', length) != NULL)
		*why = "has a NUL byte in it";
	fclose(file);
	if (*why != NULL) {
		free(content);
		return NULL;
	}
	content[length] = '\0';
	return content;
}
