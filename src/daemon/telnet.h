/* SPDX-License-Identifier: ISC */
/*
 * Takes what telnet clients say to servers (RFC 854, RFC 855) out of a stream.
 *
 * Their mark, IAC, is the byte 255, which no UTF-8 has. What follows one is
 * taken for telnet only where it can be: an LF ends a line whatever stands
 * before it, so bytes that are no telnet cannot make lines disappear, and an
 * IAC that begins nothing stays.
 *
 * One thing has to be answered. After Ctrl-C a client asks for a timing mark
 * (RFC 860), and shows nothing of what it is sent until it gets one.
 */
#ifndef TELNET_H
#define TELNET_H

#include <stdbool.h>
#include <stddef.h>

/* All zero at the beginning of a stream. */
struct telnet {
	unsigned char state;
	unsigned char verb;
	bool asks_for_mark; /* the caller answers, and clears it */
};

/* The answer; no line. */
#define TELNET_MARK "\xff\xfb\x06"

/* Bytes of earlier calls that may come back. */
#define TELNET_KEPT 2

/* Whether nothing of telnet is in the stream's next bytes. */
bool telnet_has_nothing(
    const struct telnet *telnet, const char *bytes, size_t length);

/*
 * Copies the stream's next bytes to a place, apart from them, with space for
 * TELNET_KEPT more, without telnet's. Returns how many are left.
 */
size_t telnet_strip(
    struct telnet *telnet, char *to, const char *bytes, size_t length);

#endif
