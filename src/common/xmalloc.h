/* SPDX-License-Identifier: ISC */
/*
 * Allocation that cannot fail: when memory is gone the process says so on
 * standard error and aborts, because no caller could do better. What these
 * return is freed with free(3).
 */
#ifndef XMALLOC_H
#define XMALLOC_H

#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
/* As xrealloc of count * size bytes; an overflow of that aborts too. */
void *xreallocarray(void *old, size_t count, size_t size);
char *xstrdup(const char *text);

/*
 * Makes libevent allocate with the functions above, so that a full evbuffer
 * is never a half-handled error. Before any other call of libevent.
 */
void xmalloc_use_in_libevent(void);

/* For memory that a library wanted in vain. */
_Noreturn void xmalloc_fail(void);

#endif
