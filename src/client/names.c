/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/names.h"

#include "common/text.h"

#include <string.h>

/* readline shows a name as it is, and the relay may be anybody. */
static bool
is_harmless(const struct chat_text *name)
{
	char clean[CHAT_NAME_SIZE * TEXT_GROWTH];
	size_t length = text_clean(clean, name->at, name->length);

	return length == name->length && memcmp(clean, name->at, length) == 0;
}

/* Where it is, or where the first free place or the last one is. */
static size_t
find(const struct names *names, const struct chat_text *name)
{
	size_t i = 0;

	while (i < NAMES_MAX - 1 && names->names[i][0] != '\0' &&
	    (strncmp(names->names[i], name->at, name->length) != 0 ||
		names->names[i][name->length] != '\0'))
		i++;
	return i;
}

void
names_add(struct names *names, const struct chat_text *name)
{
	if (name->length == 0 || name->length >= CHAT_NAME_SIZE ||
	    !is_harmless(name))
		return;
	memmove(names->names[1], names->names[0],
	    find(names, name) * CHAT_NAME_SIZE);
	memcpy(names->names[0], name->at, name->length);
	names->names[0][name->length] = '\0';
}

void
names_rename(struct names *names, const struct chat_text *old,
    const struct chat_text *name)
{
	size_t i = find(names, old);

	memmove(names->names[i], names->names[i + 1],
	    (NAMES_MAX - 1 - i) * CHAT_NAME_SIZE);
	names->names[NAMES_MAX - 1][0] = '\0';
	names_add(names, name);
}

const char *
names_get(const struct names *names, size_t n)
{
	if (n >= NAMES_MAX || names->names[n][0] == '\0')
		return NULL;
	return names->names[n];
}
