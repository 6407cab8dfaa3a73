/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/xmalloc.h"

#include <event2/event.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void
xmalloc_fail(void)
{
	static const char message[] = "out of memory\n";

	/* stdio may want to allocate. */
	if (write(STDERR_FILENO, message, sizeof(message) - 1) == -1) {
		/* There is nobody left to tell. */
	}
	abort();
}

void *
xmalloc(size_t size)
{
	return xrealloc(NULL, size);
}

void *
xcalloc(size_t count, size_t size)
{
	void *new = calloc(count, size);

	if (new == NULL && count != 0 && size != 0)
		xmalloc_fail();
	return new;
}

void *
xrealloc(void *old, size_t size)
{
	void *new = realloc(old, size);

	if (new == NULL && size != 0)
		xmalloc_fail();
	return new;
}

void *
xreallocarray(void *old, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		xmalloc_fail();
	return xrealloc(old, count * size);
}

char *
xstrdup(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(xmalloc(size), text, size);
}

void
xmalloc_use_in_libevent(void)
{
	event_set_mem_functions(xmalloc, xrealloc, free);
}
