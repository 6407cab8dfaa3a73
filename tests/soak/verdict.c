/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A process has one verdict. */
static const char *run_name = "soak";
static void (*on_broken)(void *arg);
static void *on_broken_arg;

void
verdict_on_broken(void (*call)(void *arg), void *arg)
{
	on_broken = call;
	on_broken_arg = arg;
}

void
verdict_name(const char *name)
{
	run_name = name;
}

void
broken(const char *format, ...)
{
	va_list args;

	printf("not ok 1 - %s\n# BROKEN: ", run_name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	if (on_broken != NULL)
		on_broken(on_broken_arg);
	exit(1);
}

void
cannot(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "soak: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	exit(2);
}

void *
resize(void *old, size_t count, size_t size)
{
	void *new = realloc(old, count * size);

	if (new == NULL)
		cannot("out of memory");
	return new;
}

uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
