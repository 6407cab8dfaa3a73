/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/name.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* clang-format off */
/*
 * Letters, case folded, that most fonts draw like a Latin one, small or
 * capital; after Unicode's list of confusable characters, UTS 39. In order.
 */
static const struct look_alike {
	utf8proc_int32_t letter;
	char latin;
} look_alikes[] = {
	/* Latin without a dot, Greek */
	{ 0x0131, 'i' }, { 0x03b1, 'a' }, { 0x03b2, 'b' }, { 0x03b5, 'e' },
	{ 0x03b6, 'z' }, { 0x03b7, 'h' }, { 0x03b9, 'i' }, { 0x03ba, 'k' },
	{ 0x03bc, 'm' }, { 0x03bd, 'n' }, { 0x03bf, 'o' }, { 0x03c1, 'p' },
	{ 0x03c4, 't' }, { 0x03c5, 'y' }, { 0x03c7, 'x' }, { 0x03f3, 'j' },
	/* Cyrillic */
	{ 0x0430, 'a' }, { 0x0432, 'b' }, { 0x0435, 'e' }, { 0x043a, 'k' },
	{ 0x043c, 'm' }, { 0x043d, 'h' }, { 0x043e, 'o' }, { 0x0440, 'p' },
	{ 0x0441, 'c' }, { 0x0442, 't' }, { 0x0443, 'y' }, { 0x0445, 'x' },
	{ 0x0455, 's' }, { 0x0456, 'i' }, { 0x0458, 'j' }, { 0x0475, 'v' },
	{ 0x04af, 'y' }, { 0x04bb, 'h' }, { 0x04cf, 'i' }, { 0x0501, 'd' },
	{ 0x051b, 'q' }, { 0x051d, 'w' },
	/* Armenian */
	{ 0x0570, 'h' }, { 0x0578, 'n' }, { 0x057d, 'u' }, { 0x0581, 'g' },
	{ 0x0585, 'o' },
};

/*
 * Alphabets with letters that look like those of another. A name is in one of
 * them, and may have letters of any other script besides. In order.
 */
static const struct range {
	utf8proc_int32_t first, last;
	enum alphabet { NONE, LATIN, GREEK, CYRILLIC, ARMENIAN } alphabet;
} ranges[] = {
	{ 0x0041, 0x02af, LATIN },     { 0x0370, 0x03ff, GREEK },
	{ 0x0400, 0x052f, CYRILLIC },  { 0x0530, 0x058f, ARMENIAN },
	{ 0x1c80, 0x1c8f, CYRILLIC },  { 0x1d00, 0x1d7f, LATIN },
	{ 0x1e00, 0x1eff, LATIN },     { 0x1f00, 0x1fff, GREEK },
	{ 0x2c60, 0x2c7f, LATIN },     { 0xa640, 0xa69f, CYRILLIC },
	{ 0xa720, 0xa7ff, LATIN },     { 0xab30, 0xab6f, LATIN },
};
/* clang-format on */

static bool
is_allowed(utf8proc_int32_t letter)
{
	switch (utf8proc_category(letter)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
		/* Some fillers count as letters and are not seen. */
		return !utf8proc_get_property(letter)->ignorable;
	case UTF8PROC_CATEGORY_ND:
		return true;
	default:
		return letter == '_' || letter == '-';
	}
}

/* The next character of good UTF-8. */
static const char *
next(const char *text, utf8proc_int32_t *letter)
{
	return text +
	    utf8proc_iterate((const utf8proc_uint8_t *)text, -1, letter);
}

/* NUL-terminated, for free(3); NULL when the text is no UTF-8. */
static char *
compose(const char *text, utf8proc_option_t more)
{
	utf8proc_uint8_t *composed = NULL;
	utf8proc_ssize_t length =
	    utf8proc_map((const utf8proc_uint8_t *)text, 0, &composed,
		UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE |
		    UTF8PROC_COMPAT | more);

	if (length == UTF8PROC_ERROR_NOMEM)
		xmalloc_fail();
	return length < 0 ? NULL : (char *)composed;
}

/* Of a letter; what is none stands with all of them. */
static enum alphabet
alphabet_of(utf8proc_int32_t letter)
{
	size_t i;

	if (letter == '_')
		return NONE;
	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (letter >= ranges[i].first && letter <= ranges[i].last)
			return ranges[i].alphabet;
	return NONE;
}

static bool
is_name(const char *text)
{
	enum alphabet alphabet = NONE, another;
	utf8proc_int32_t letter;

	if (*text == '\0' || strlen(text) > NAME_MAX_BYTES)
		return false;
	while (*text != '\0') {
		text = next(text, &letter);
		another = alphabet_of(letter);
		if (!is_allowed(letter) ||
		    (another != NONE && alphabet != NONE &&
			another != alphabet))
			return false;
		if (another != NONE)
			alphabet = another;
	}
	return true;
}

int
name_make(char name[NAME_SIZE], const char *text)
{
	char *composed;
	bool good;

	/* No work for what is far too long. */
	if (strlen(text) > 4 * (size_t)NAME_MAX_BYTES)
		return -1;
	composed = compose(text, 0);
	good = composed != NULL && is_name(composed);
	if (good)
		strcpy(name, composed);
	free(composed);
	return good ? 0 : -1;
}

static int
compare_letters(const void *key, const void *row)
{
	const utf8proc_int32_t *letter = key;
	const struct look_alike *other = row;

	return (*letter > other->letter) - (*letter < other->letter);
}

/* Writes the letter, or the Latin one that it looks like. */
static char *
write_plain(char *to, utf8proc_int32_t letter)
{
	const struct look_alike *row = bsearch(&letter, look_alikes,
	    sizeof(look_alikes) / sizeof(look_alikes[0]),
	    sizeof(look_alikes[0]), compare_letters);

	if (row == NULL)
		return to +
		    utf8proc_encode_char(letter, (utf8proc_uint8_t *)to);
	*to = row->latin;
	return to + 1;
}

char *
name_fold(const char *name)
{
	return compose(name, UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
}

/* In place, because a Latin letter is no longer than another. */
char *
name_key(const char *name)
{
	char *key = name_fold(name);
	const char *from = key;
	char *to = key;
	utf8proc_int32_t letter;

	while (*from != '\0') {
		from = next(from, &letter);
		to = write_plain(to, letter);
	}
	*to = '\0';
	return key;
}

bool
name_is_same(const char *one, const char *other)
{
	char *key = name_key(one), *other_key = name_key(other);
	bool same = strcmp(key, other_key) == 0;

	free(key);
	free(other_key);
	return same;
}
