/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/display.h"

#include "common/text.h"
#include "common/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TIME_SIZE 128

/* Select Graphic Rendition, ECMA-48. */
#define SGR_RESET "\033[0m"
#define SGR_BOLD  "\033[1m"
#define SGR_DIM	  "\033[2m"

/* Of people's names: those of the 16 that can be read on black and on white. */
static const char *const colors[] = { "\033[31m", "\033[32m", "\033[33m",
	"\033[34m", "\033[35m", "\033[36m", "\033[91m", "\033[94m",
	"\033[95m" };
#define COLOR_COUNT (sizeof(colors) / sizeof(colors[0]))

static void
add_text(struct evbuffer *out, const char *text)
{
	evbuffer_add(out, text, strlen(text));
}

/* One byte as cat(1) -v shows it. */
static void
add_byte(struct evbuffer *out, unsigned char byte)
{
	char shown[4];
	size_t length = 0;

	if (byte >= 0x80) {
		shown[length++] = 'M';
		shown[length++] = '-';
		byte &= 0x7f;
	}
	if (byte < 0x20 || byte == 0x7f) {
		shown[length++] = '^';
		byte ^= 0x40;
	}
	shown[length++] = (char)byte;
	evbuffer_add(out, shown, length);
}

void
display_bytes(struct evbuffer *out, const char *bytes, size_t length)
{
	const char *at = bytes, *end = bytes + length, *shown = bytes;

	while (at < end) {
		bool good;
		size_t size = utf8_next(at, (size_t)(end - at), &good);

		if (good && text_is_harmless(at, size)) {
			at += size;
			continue;
		}
		evbuffer_add(out, shown, (size_t)(at - shown));
		shown = at + size;
		while (at < shown)
			add_byte(out, (unsigned char)*at++);
	}
	evbuffer_add(out, shown, (size_t)(end - shown));
}

static void
add_colored(struct evbuffer *out, const struct display_options *options,
    const char *color, const struct chat_text *text)
{
	if (text->length == 0)
		return;
	if (options->color)
		add_text(out, color);
	display_bytes(out, text->at, text->length);
	if (options->color)
		add_text(out, SGR_RESET);
}

/* The same for a name wherever it is seen: FNV-1a. */
static const char *
color_of(const struct chat_text *name)
{
	uint32_t hash = 2166136261;
	size_t i;

	for (i = 0; i < name->length; i++)
		hash = (hash ^ (unsigned char)name->at[i]) * 16777619;
	return colors[hash % COLOR_COUNT];
}

/* The relay's "2026-11-22T09:11:20Z ". */
static time_t
read_time(const struct chat_text *text, time_t now)
{
	char copy[32];
	struct tm utc = { 0 };

	snprintf(copy, sizeof(copy), "%.*s", (int)text->length, text->at);
	return strptime(copy, "%Y-%m-%dT%H:%M:%SZ", &utc) == NULL
	    ? now
	    : timegm(&utc);
}

/* The format is the user's own, and has no arguments to go wrong with. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static size_t
format_time(char *text, size_t size, const char *format, time_t when)
{
	struct tm local;

	localtime_r(&when, &local);
	return strftime(text, size, format, &local);
}
#pragma GCC diagnostic pop

static void
add_time(struct evbuffer *out, const struct display_options *options,
    const struct chat_text *said, time_t now)
{
	char text[TIME_SIZE];
	struct chat_text shown = *said;

	if (options->timestamps != NULL) {
		if (said->length > 0)
			now = read_time(said, now);
		shown.at = text;
		shown.length = format_time(
		    text, sizeof(text) - 1, options->timestamps, now);
		if (shown.length > 0)
			text[shown.length++] = ' ';
	}
	add_colored(out, options, SGR_DIM, &shown);
}

void
display_line(struct evbuffer *out, const struct display_options *options,
    const struct chat *chat, time_t now, const char *line, size_t length)
{
	struct chat_line parts;

	if (!chat->on) {
		display_bytes(out, line, length);
		evbuffer_add(out, "\n", 1);
		return;
	}
	chat_parse(line, length, &parts);
	add_time(out, options, &parts.time, now);
	if (parts.kind == CHAT_NOTICE) {
		struct chat_text all = { line + parts.time.length,
			length - parts.time.length };

		add_colored(out, options, SGR_DIM, &all);
	} else {
		display_bytes(out, parts.before.at, parts.before.length);
		add_colored(out, options, color_of(&parts.name), &parts.name);
		display_bytes(out, parts.after.at, parts.after.length);
	}
	evbuffer_add(out, "\n", 1);
	if (!options->bell || parts.time.length > 0)
		return;
	if (parts.kind == CHAT_TO_US ||
	    ((parts.kind == CHAT_SAID || parts.kind == CHAT_ACTION) &&
		chat_mentions(chat->name, parts.after.at, parts.after.length)))
		evbuffer_add(out, "\a", 1);
}

void
display_lines(struct evbuffer *out, const struct display_options *options,
    const struct chat *chat, time_t now, struct evbuffer *lines)
{
	size_t length = evbuffer_get_length(lines);
	const char *at = (const char *)evbuffer_pullup(lines, -1);
	const char *end = at + length;

	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));

		if (lf == NULL)
			lf = end;
		display_line(out, options, chat, now, at, (size_t)(lf - at));
		at = lf + 1;
	}
	evbuffer_drain(lines, length);
}

void
display_own(struct evbuffer *out, const struct display_options *options,
    const struct chat *chat, time_t now, const char *line, size_t length)
{
	const struct chat_text none = { line, 0 }, all = { line, length };

	if (chat->on)
		add_time(out, options, &none, now);
	add_text(out, DISPLAY_PROMPT);
	if (chat->on)
		add_colored(out, options, SGR_BOLD, &all);
	else
		display_bytes(out, line, length);
	evbuffer_add(out, "\n", 1);
}
