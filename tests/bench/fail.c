/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void
fail(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "load: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	exit(EXIT_FAILURE);
}

void *
allocate(size_t count, size_t size)
{
	void *memory = calloc(count == 0 ? 1 : count, size);

	if (memory == NULL)
		fail("out of memory");
	return memory;
}
