/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/chat.h"

#include "common/stamp.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NOTICE	 "*** "
#define WE_ARE	 NOTICE "you are "
#define RENAMED	 "now known as "
#define THEY_ARE " is " RENAMED
#define WITHIN	 " in "
#define LEFT	 " left ("

static bool
begins_with(const char *line, size_t length, const char *text)
{
	return length >= strlen(text) && memcmp(line, text, strlen(text)) == 0;
}

/* Splits what is left at before and, after it, the name that end ends. */
static bool
split(struct chat_line *parsed, const char *before, char end)
{
	struct chat_text *rest = &parsed->after;
	const char *name, *name_end;

	if (!begins_with(rest->at, rest->length, before))
		return false;
	name = rest->at + strlen(before);
	name_end = memchr(name, end, rest->length - strlen(before));
	if (name_end == NULL || name_end == name ||
	    name_end - name >= CHAT_NAME_SIZE ||
	    memchr(name, ' ', (size_t)(name_end - name)) != NULL)
		return false;
	parsed->before = (struct chat_text){ rest->at, strlen(before) };
	parsed->name = (struct chat_text){ name, (size_t)(name_end - name) };
	rest->length -= (size_t)(name_end - rest->at);
	rest->at = name_end;
	return true;
}

static bool
is_about_somebody(const struct chat_text *text)
{
	static const char they_are[] = THEY_ARE;
	static const char *const doings[] = { " joined", " left", they_are };
	size_t i;

	for (i = 0; i < sizeof(doings) / sizeof(doings[0]); i++)
		if (begins_with(text->at, text->length, doings[i]))
			return true;
	return false;
}

void
chat_parse(const char *line, size_t length, struct chat_line *parsed)
{
	static const struct {
		const char *before;
		char end;
		enum chat_kind kind;
	} forms[] = {
		{ "<", '>', CHAT_SAID },
		{ "* ", ' ', CHAT_ACTION },
		{ "[to ", ']', CHAT_FROM_US },
		{ "[", ']', CHAT_TO_US },
	};
	size_t i;

	memset(parsed, 0, sizeof(*parsed));
	parsed->kind = CHAT_NOTICE;
	parsed->after = (struct chat_text){ line, length };
	if (stamp_is_on(line, length)) {
		parsed->time = (struct chat_text){ line, STAMP_BYTES };
		parsed->after.at += STAMP_BYTES;
		parsed->after.length -= STAMP_BYTES;
	}
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (!split(parsed, forms[i].before, forms[i].end))
			continue;
		parsed->kind = forms[i].kind;
		return;
	}
	if (split(parsed, NOTICE, ' ') && !is_about_somebody(&parsed->after))
		*parsed = (struct chat_line){ .kind = CHAT_NOTICE,
			.time = parsed->time,
			.after = {
			    parsed->before.at, length - parsed->time.length } };
}

bool
chat_renames(const struct chat_line *line, struct chat_text *name)
{
	const struct chat_text *after = &line->after;

	if (line->kind != CHAT_NOTICE ||
	    !begins_with(after->at, after->length, THEY_ARE))
		return false;
	name->at = after->at + strlen(THEY_ARE);
	name->length = after->length - strlen(THEY_ARE);
	return true;
}

/* Takes the word at the start of bytes as a name; returns its length, or 0. */
static size_t
take_name(char name[CHAT_NAME_SIZE], const char *bytes, size_t length)
{
	size_t end = 0;

	while (end < length && bytes[end] != ' ' && bytes[end] != ';')
		end++;
	if (end == 0 || end >= CHAT_NAME_SIZE)
		return 0;
	memcpy(name, bytes, end);
	name[end] = '\0';
	return end;
}

/* "anna in main", with or without something after it. */
static bool
take_place(struct chat *chat, const char *bytes, size_t length)
{
	struct chat place = { .on = true };
	size_t name = take_name(place.name, bytes, length);

	bytes += name;
	length -= name;
	if (name == 0 || !begins_with(bytes, length, WITHIN) ||
	    take_name(place.room, bytes + strlen(WITHIN),
		length - strlen(WITHIN)) == 0)
		return false;
	*chat = place;
	return true;
}

void
chat_greet(struct chat *chat, const char *line, size_t length)
{
	memset(chat, 0, sizeof(*chat));
	if (begins_with(line, length, WE_ARE))
		take_place(
		    chat, line + strlen(WE_ARE), length - strlen(WE_ARE));
}

bool
chat_follow(struct chat *chat, const char *line, size_t length)
{
	if (!chat->on || !begins_with(line, length, WE_ARE))
		return false;
	line += strlen(WE_ARE);
	length -= strlen(WE_ARE);
	if (begins_with(line, length, RENAMED))
		return take_name(chat->name, line + strlen(RENAMED),
			   length - strlen(RENAMED)) > 0;
	return take_place(chat, line, length);
}

bool
chat_tells_leave(const char *name, const char *line, size_t length)
{
	char left[sizeof(NOTICE LEFT) + CHAT_NAME_SIZE];

	snprintf(left, sizeof(left), NOTICE "%s" LEFT, name);
	if (!begins_with(line, length, left))
		return false;
	line += strlen(left);
	length -= strlen(left);
	return !begins_with(line, length, "went to ");
}

/* Bytes over ASCII are letters: a name may be of any script. */
static bool
is_name_byte(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_' || byte == '-' ||
	    (unsigned char)byte >= 0x80;
}

bool
chat_mentions(const char *name, const char *bytes, size_t length)
{
	size_t name_length = strlen(name), i;

	if (name_length == 0)
		return false;
	for (i = 0; i + name_length <= length; i++) {
		size_t end = i + name_length;

		if (strncasecmp(bytes + i, name, name_length) == 0 &&
		    (i == 0 || !is_name_byte(bytes[i - 1])) &&
		    (end == length || !is_name_byte(bytes[end])))
			return true;
	}
	return false;
}
