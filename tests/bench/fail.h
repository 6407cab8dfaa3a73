/* SPDX-License-Identifier: ISC */
/* The end of a benchmark program that cannot go on. Owns nothing. */
#ifndef FAIL_H
#define FAIL_H

#include <stddef.h>

/* Says why on standard error, and exits with status 1. */
_Noreturn void fail(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Zeroed memory, to be freed with free(3); fails when there is none. */
void *allocate(size_t count, size_t size);

#endif
