/* SPDX-License-Identifier: ISC */
/*
 * Whether bytes are UTF-8 as RFC 3629 has it, and what to do if they are not.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* U+FFFD; its bytes are the most that one byte becomes. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"
#define UTF8_GROWTH	 3

bool utf8_is_good(const char *bytes, size_t length);

/*
 * How many bytes at the beginning belong together, at least 1: a character,
 * or, with *good false, what cannot be one. There has to be a byte.
 */
size_t utf8_next(const char *bytes, size_t length, bool *good);

/*
 * Copies the bytes with U+FFFD for everything that is no character. There has
 * to be space for UTF8_GROWTH times as many. Returns how many there are then.
 */
size_t utf8_repair(char *to, const char *bytes, size_t length);

#endif
