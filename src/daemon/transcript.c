/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/transcript.h"

#include "common/clock.h"
#include "common/count.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "daemon/stats.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX	    ".log"
#define PERMISSIONS 0640

/* What is looked at in one go for the end of the last line, */
#define BLOCK_BYTES 65536
/* and in all: more than the longest line, each byte of it replaced. */
#define TORN_BYTES_MAX (64 * 1024 * 1024)

#define RETRY_NANOSECONDS UINT64_C(1000000000)

struct transcript {
	char *room, *path;
	int fd;		     /* -1: there is no file yet, or it failed */
	bool failed;	     /* and that was logged; until a write works */
	uint64_t failed_at;  /* by clock_nanoseconds() */
	uint64_t lost_lines; /* since then */
	struct stats *stats;
};

/* Of a byte in the name of a file; the text is good until the next call. */
static const char *
escape(unsigned char byte, char text[4])
{
	bool plain =
	    byte >= 0x80 || isalnum(byte) || byte == '_' || byte == '-';

	snprintf(text, 4, plain ? "%c" : "%%%02X", byte);
	return text;
}

static char *
name_file(const char *directory, const char *room)
{
	size_t size = strlen(directory) + 1 + strlen(room) * 3 + sizeof(SUFFIX);
	char *path = xmalloc(size), *end = path, text[4];

	end += sprintf(end, "%s/", directory);
	for (; *room != '\0'; room++)
		end = stpcpy(end, escape((unsigned char)*room, text));
	strcpy(end, SUFFIX);
	return path;
}

/* Reads exactly so many bytes from there. */
static int
read_at(int fd, char *to, size_t length, off_t from)
{
	while (length > 0) {
		ssize_t got = pread(fd, to, length, from);

		if (got == 0)
			errno = EIO; /* it was longer a moment ago */
		if (got <= 0)
			return -1;
		to += got;
		from += got;
		length -= (size_t)got;
	}
	return 0;
}

/* Where the last line that is whole ends, or -1. */
static off_t
find_end(int fd, off_t size)
{
	char block[BLOCK_BYTES];
	off_t end = size;

	while (end > 0 && size - end < TORN_BYTES_MAX) {
		size_t length = end < BLOCK_BYTES ? (size_t)end : sizeof(block);
		const char *last;

		if (read_at(fd, block, length, end - (off_t)length) == -1)
			return -1;
		last = memrchr(block, '\n', length);
		end -= (off_t)length;
		if (last != NULL)
			return end + (last - block) + 1;
	}
	if (end == 0)
		return 0;
	errno = EFBIG; /* it is not a transcript */
	return -1;
}

/* Cuts off what is left of a line that was not written whole. */
static int
mend(const struct transcript *transcript, int fd)
{
	struct stat st;
	off_t end;

	if (fstat(fd, &st) == -1)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	end = find_end(fd, st.st_size);
	if (end == -1 || end == st.st_size)
		return end == -1 ? -1 : 0;
	if (ftruncate(fd, end) == -1)
		return -1;
	log_warn("transcript mended path=\"%s\" bytes=%jd", transcript->path,
	    (intmax_t)(st.st_size - end));
	return 0;
}

static void
fail(struct transcript *transcript, int error)
{
	if (!transcript->failed)
		log_error("transcript not written path=\"%s\" error=\"%s\"",
		    transcript->path, strerror(error));
	transcript->failed = true;
	transcript->failed_at = clock_nanoseconds();
	if (transcript->fd != -1)
		close(transcript->fd);
	transcript->fd = -1;
}

/* create is O_CREAT, or 0: then it is no failure that there is no file. */
static void
open_file(struct transcript *transcript, int create)
{
	transcript->fd = open(transcript->path,
	    O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY | create, PERMISSIONS);
	if (transcript->fd == -1 && errno == ENOENT && create == 0)
		return;
	if (transcript->fd == -1 || mend(transcript, transcript->fd) == -1)
		fail(transcript, errno);
}

struct transcript *
transcript_new(const char *directory, const char *room, struct stats *stats)
{
	struct transcript *transcript = xcalloc(1, sizeof(*transcript));

	transcript->room = xstrdup(room);
	transcript->path = name_file(directory, room);
	transcript->stats = stats;
	open_file(transcript, 0);
	return transcript;
}

void
transcript_free(struct transcript *transcript)
{
	if (transcript == NULL)
		return;
	if (transcript->fd != -1)
		close(transcript->fd);
	free(transcript->room);
	free(transcript->path);
	free(transcript);
}

void
transcript_reopen(struct transcript *transcript, const char *directory)
{
	bool was_open = transcript->fd != -1;

	if (was_open)
		close(transcript->fd);
	free(transcript->path);
	transcript->path = name_file(directory, transcript->room);
	transcript->failed = false;
	open_file(transcript, was_open ? O_CREAT : 0);
}

/* Moves what follows the first line end to the beginning. */
static size_t
skip_first_line(char *bytes, size_t length)
{
	const char *end = memchr(bytes, '\n', length);
	size_t skipped = end == NULL ? length : (size_t)(end - bytes) + 1;

	memmove(bytes, bytes + skipped, length - skipped);
	return length - skipped;
}

/* The whole lines in the last bytes of a file of that size; NULL: errno. */
static char *
read_end(int fd, size_t size, size_t most, size_t *length)
{
	/* With the byte before, which shows whether a line begins there. */
	bool whole = size <= most;
	size_t bytes = whole ? size : most + 1;
	char *text = xmalloc(bytes);

	*length = 0;
	if (read_at(fd, text, bytes, (off_t)(size - bytes)) == -1) {
		free(text);
		return NULL;
	}
	*length = whole ? bytes : skip_first_line(text, bytes);
	return text;
}

char *
transcript_read_end(
    struct transcript *transcript, size_t lines, size_t most, size_t *length)
{
	off_t size =
	    transcript->fd == -1 ? 0 : lseek(transcript->fd, 0, SEEK_END);
	size_t window = BLOCK_BYTES;
	char *text;

	*length = 0;
	if (size <= 0)
		return NULL;
	for (;;) {
		if (window > most)
			window = most;
		text = read_end(transcript->fd, (size_t)size, window, length);
		if (text == NULL) {
			fail(transcript, errno);
			return NULL;
		}
		if (window == most || window >= (size_t)size ||
		    count_lines(text, *length) >= lines)
			return text;
		free(text);
		window *= 4;
	}
}

/* Returns how many bytes were written; fewer than all with errno. */
static size_t
write_bytes(int fd, const char *bytes, size_t length)
{
	size_t written = 0;
	ssize_t took;

	while (written < length) {
		took = write(fd, bytes + written, length - written);
		if (took == -1 && errno == EINTR)
			continue;
		if (took <= 0)
			break;
		written += (size_t)took;
	}
	return written;
}

static void
lose(struct transcript *transcript, const char *lines, size_t length)
{
	uint64_t count = count_lines(lines, length);

	transcript->lost_lines += count;
	transcript->stats->transcript_lines_lost += count;
}

static void
recover(struct transcript *transcript)
{
	log_warn("transcript written again path=\"%s\" lines_lost=%ju",
	    transcript->path, (uintmax_t)transcript->lost_lines);
	transcript->failed = false;
	transcript->lost_lines = 0;
}

/* What was written of a line that was not written whole goes again. */
static void
cut(int fd, size_t torn)
{
	struct stat st;

	/* Where this fails, the next opening tries it again. */
	if (torn > 0 && fstat(fd, &st) == 0 &&
	    ftruncate(fd, st.st_size - (off_t)torn) == -1)
		log_debug("transcript not cut error=\"%s\"", strerror(errno));
}

/* After a failure not at once again. */
static bool
may_open(const struct transcript *transcript)
{
	return !transcript->failed ||
	    clock_nanoseconds() - transcript->failed_at >= RETRY_NANOSECONDS;
}

void
transcript_write(
    struct transcript *transcript, const char *lines, size_t length)
{
	size_t written, whole;
	int error;

	if (transcript->fd == -1 && may_open(transcript))
		open_file(transcript, O_CREAT);
	if (transcript->fd == -1) {
		lose(transcript, lines, length);
		return;
	}
	written = write_bytes(transcript->fd, lines, length);
	if (written == length) {
		if (transcript->failed || transcript->lost_lines > 0)
			recover(transcript);
		return;
	}
	error = errno;
	whole = count_line_bytes(lines, written);
	cut(transcript->fd, written - whole);
	fail(transcript, error);
	lose(transcript, lines + whole, length - whole);
}
