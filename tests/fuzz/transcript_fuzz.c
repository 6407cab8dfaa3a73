/* SPDX-License-Identifier: ISC */
/*
 * Any bytes as a transcript that is found at the start: what follows its last
 * line end is cut off, nothing else changes, what is shown are its last lines
 * that have a time, safe for people in mode chat, and the next line is appended
 * whole.
 *
 * The first byte says the mode and how many lines are shown; the rest is the
 * file.
 */
#include "config.h"

#include "fuzz.h"

#include "common/log.h"
#include "common/stamp.h"
#include "common/text.h"
#include "common/xmalloc.h"
#include "daemon/conf.h"
#include "daemon/history.h"
#include "daemon/stats.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ADDED	"<a> \xff\n"
#define WRITTEN "<a> \xef\xbf\xbd\n"

struct bytes {
	char *data;
	size_t length;
};

static void
write_file(const char *path, const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	FUZZ_ASSERT(write(fd, data, size) == (ssize_t)size);
	close(fd);
}

/* The file with room for a byte more, so that one too many is seen. */
static struct bytes
read_file(const char *path, size_t most)
{
	struct bytes file = { xmalloc(most + 1), 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	file.length = (size_t)read(fd, file.data, most + 1);
	FUZZ_ASSERT(file.length <= most);
	close(fd);
	return file;
}

static void
on_piece(
    struct history_chunk *chunk, const char *bytes, size_t length, void *arg)
{
	struct bytes *shown = arg;

	(void)chunk;
	FUZZ_ASSERT(length > 0 && bytes[length - 1] == '\n');
	shown->data = xrealloc(shown->data, shown->length + length);
	memcpy(shown->data + shown->length, bytes, length);
	shown->length += length;
}

/* What is to be shown of a line with its LF; for free(3). */
static struct bytes
expected(const char *line, size_t length, bool chat)
{
	struct bytes bytes = { xmalloc(length * TEXT_GROWTH), 0 };

	if (!stamp_is_on(line, length))
		return bytes;
	if (chat) {
		bytes.length = text_clean(bytes.data, line, length - 1);
		bytes.data[bytes.length++] = '\n';
	} else {
		bytes.length = length - STAMP_BYTES;
		memcpy(bytes.data, line + STAMP_BYTES, bytes.length);
	}
	if (chat && bytes.length > STAMP_BYTES + 4 &&
	    memcmp(bytes.data + STAMP_BYTES, HISTORY_NOTICE, 4) == 0)
		bytes.length = 0;
	return bytes;
}

/* Compares what is shown with the file, from the end of both. */
static void
check_shown(const struct bytes *shown, const char *file, size_t length,
    size_t lines, bool chat)
{
	size_t left = shown->length;
	struct bytes wanted;

	while (length > 0 && lines > 0) {
		const char *before = memrchr(file, '\n', length - 1);
		const char *line = before == NULL ? file : before + 1;
		size_t bytes = length - (size_t)(line - file);

		length -= bytes;
		wanted = expected(line, bytes, chat);
		FUZZ_ASSERT(left >= wanted.length);
		left -= wanted.length;
		if (wanted.length > 0) {
			FUZZ_ASSERT(memcmp(shown->data + left, wanted.data,
					wanted.length) == 0);
			lines--;
		}
		free(wanted.data);
	}
	FUZZ_ASSERT(left == 0);
}

static void
check(const char *directory, const char *path, const uint8_t *data, size_t size)
{
	bool chat = data[0] & 1;
	struct conf *conf = conf_new();
	struct stats stats = { 0 };
	const char *end = memrchr(data + 1, '\n', size - 1);
	size_t whole = end == NULL ? 0 : (size_t)(end - (char *)data);
	struct bytes shown = { NULL, 0 }, file;
	struct history *history;

	conf->mode = chat ? CONF_MODE_CHAT : CONF_MODE_RELAY;
	conf->history_lines = data[0] >> 1;
	conf->history_directory = xstrdup(directory);
	write_file(path, data + 1, size - 1);
	history = history_new(conf, "room", &stats);
	history_each_piece(history, SIZE_MAX, on_piece, &shown);
	check_shown(&shown, (const char *)data + 1, whole,
	    (size_t)conf->history_lines, chat);
	history_add(history, ADDED, strlen(ADDED));
	history_free(history);
	file = read_file(path, whole + STAMP_BYTES + strlen(WRITTEN));
	FUZZ_ASSERT(file.length == whole + STAMP_BYTES + strlen(WRITTEN));
	FUZZ_ASSERT(memcmp(file.data, data + 1, whole) == 0);
	FUZZ_ASSERT(memcmp(file.data + whole + STAMP_BYTES, WRITTEN,
			strlen(WRITTEN)) == 0);
	free(file.data);
	free(shown.data);
	conf_free(conf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char directory[] = "/tmp/transcript-fuzz.XXXXXX", path[64];

	/* What follows the bound is cut off by rules of its own. */
	if (size == 0 || size > HISTORY_BYTES)
		return 0;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	FUZZ_ASSERT(mkdtemp(directory) != NULL);
	snprintf(path, sizeof(path), "%s/room.log", directory);
	check(directory, path, data, size);
	unlink(path);
	rmdir(directory);
	return 0;
}
