/* SPDX-License-Identifier: ISC */
/* The line ends in some bytes. */
#ifndef COUNT_H
#define COUNT_H

#include <stddef.h>

struct evbuffer;

/* How many there are. */
size_t count_lines(const char *bytes, size_t length);

/* How many of the bytes are whole lines: up to the last one, and with it. */
size_t count_line_bytes(const char *bytes, size_t length);

/* How many there are in a buffer, after the first bytes of it. */
size_t count_buffer_lines(struct evbuffer *buffer, size_t skip);

/*
 * How many bytes of a buffer, of the first limit ones, are whole lines, when
 * the first skip ones are known to have no line end. The buffer holds at least
 * limit bytes.
 */
size_t count_whole_bytes(struct evbuffer *buffer, size_t skip, size_t limit);

#endif
