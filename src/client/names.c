/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/names.h"

#include <string.h>

void
names_add(struct names *names, const struct chat_text *name)
{
	size_t i = 0;

	if (name->length == 0 || name->length >= CHAT_NAME_SIZE)
		return;
	/* Where it is now, or where the first free place or the last one is. */
	while (i < NAMES_MAX - 1 && names->names[i][0] != '\0' &&
	    (strncmp(names->names[i], name->at, name->length) != 0 ||
		names->names[i][name->length] != '\0'))
		i++;
	memmove(names->names[1], names->names[0], i * CHAT_NAME_SIZE);
	memcpy(names->names[0], name->at, name->length);
	names->names[0][name->length] = '\0';
}

void
names_rename(struct names *names, const struct chat_text *old,
    const struct chat_text *name)
{
	names_add(names, old);
	memmove(
	    names->names[0], names->names[1], (NAMES_MAX - 1) * CHAT_NAME_SIZE);
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
