/* SPDX-License-Identifier: ISC */
/*
 * What people say, made safe to be shown at any terminal: UTF-8 in which
 * nothing moves the cursor or changes the way that text is laid out.
 */
#ifndef TEXT_H
#define TEXT_H

#include "common/utf8.h"

#include <stdbool.h>
#include <stddef.h>

/* Most bytes that one byte becomes. */
#define TEXT_GROWTH UTF8_GROWTH

/*
 * Whether a UTF-8 character, of so many bytes, is safe so: no control character
 * (C0, DEL, C1) but the tab, and none that embeds, overrides or isolates a
 * direction (U+202A to U+202E, U+2066 to U+2069).
 */
bool text_is_harmless(const char *character, size_t length);

/*
 * Copies the bytes that are harmless, and U+FFFD for what is no UTF-8. There
 * has to be space for TEXT_GROWTH times as many, apart from the bytes. Returns
 * how many there are then.
 */
size_t text_clean(char *to, const char *bytes, size_t length);

#endif
