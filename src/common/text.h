/* SPDX-License-Identifier: ISC */
/*
 * What people say, made safe to be shown at any terminal: UTF-8 in which
 * nothing moves the cursor or changes the way that text is laid out.
 *
 * Bytes that are no UTF-8 become U+FFFD. Control characters (C0, DEL, C1) but
 * the tab, and the characters that embed, override or isolate a direction
 * (U+202A to U+202E, U+2066 to U+2069), are left out.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

/* Most bytes that one byte becomes: those of U+FFFD. */
#define TEXT_GROWTH 3

/*
 * Copies the bytes as described. There has to be space for TEXT_GROWTH times as
 * many, apart from the bytes. Returns how many there are then.
 */
size_t text_clean(char *to, const char *bytes, size_t length);

#endif
