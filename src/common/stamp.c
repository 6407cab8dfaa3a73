/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/stamp.h"

#include "common/count.h"
#include "common/utf8.h"
#include "common/xmalloc.h"

#include <string.h>

static void
format(time_t when, char stamp[STAMP_BYTES + 1])
{
	struct tm utc;

	gmtime_r(&when, &utc);
	strftime(stamp, STAMP_BYTES + 1, "%Y-%m-%dT%H:%M:%SZ ", &utc);
}

char *
stamp_lines(
    const char *lines, size_t length, time_t when, size_t *stamped_length)
{
	const char *end = lines + length, *line_end;
	bool good = utf8_is_good(lines, length);
	size_t text_size = good ? length : length * UTF8_GROWTH, used = 0;
	char stamp[STAMP_BYTES + 1], *text;

	format(when, stamp);
	text = xmalloc(text_size + count_lines(lines, length) * STAMP_BYTES);
	while (lines < end) {
		line_end =
		    (char *)memchr(lines, '\n', (size_t)(end - lines)) + 1;
		memcpy(text + used, stamp, STAMP_BYTES);
		used += STAMP_BYTES;
		length = (size_t)(line_end - lines);
		if (good)
			memcpy(text + used, lines, length);
		else
			length = utf8_repair(text + used, lines, length);
		used += length;
		lines = line_end;
	}
	*stamped_length = used;
	return text;
}

bool
stamp_is_on(const char *line, size_t length)
{
	static const char shape[] = "0000-00-00T00:00:00Z ";
	size_t i;

	if (length < STAMP_BYTES)
		return false;
	for (i = 0; i < STAMP_BYTES; i++) {
		bool digit = line[i] >= '0' && line[i] <= '9';

		if (shape[i] == '0' ? !digit : line[i] != shape[i])
			return false;
	}
	return true;
}
