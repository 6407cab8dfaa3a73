/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "lines.h"

#include "fail.h"

#include <string.h>

/* Where the numbers stand in a text, in hexadecimal. */
#define SENDER_DIGITS 4
#define NUMBER_AT     (SENDER_DIGITS + 1)
#define NUMBER_DIGITS 8
#define STAMP_AT      (NUMBER_AT + NUMBER_DIGITS + 1)
#define STAMP_DIGITS  16

static void
put_hex(char *to, unsigned digits, uint64_t value)
{
	while (digits > 0) {
		to[--digits] = "0123456789abcdef"[value & 15];
		value >>= 4;
	}
}

static uint64_t
get_hex(const char *from, unsigned digits)
{
	uint64_t value = 0;
	unsigned i;

	for (i = 0; i < digits; i++)
		value = value << 4 |
		    (uint64_t)(from[i] <= '9' ? from[i] - '0'
					      : from[i] - 'a' + 10);
	return value;
}

static char *
slot_of(const struct lines *lines, uint64_t number)
{
	return lines->slots + (number & lines->mask) * lines->slot_bytes;
}

static void
fill_slot(const struct lines *lines, uint64_t number, unsigned sender)
{
	const struct envelope *envelope = lines->envelope;
	char *at = slot_of(lines, number);
	size_t i;

	memcpy(at, envelope->before, envelope->before_bytes);
	at += envelope->before_bytes;
	for (i = 0; i < envelope->text_bytes; i++)
		at[i] = (char)('a' + (number + i) % 26);
	put_hex(at, SENDER_DIGITS, sender);
	at[NUMBER_AT - 1] = at[STAMP_AT - 1] = ' ';
	at[STAMP_AT + STAMP_DIGITS] = ' ';
	memcpy(
	    at + envelope->text_bytes, envelope->after, envelope->after_bytes);
}

void
lines_init(struct lines *lines, const struct envelope *envelope,
    unsigned sender, uint64_t size)
{
	uint64_t number, slots = 1;

	while (slots < size)
		slots *= 2;
	lines->envelope = envelope;
	lines->slot_bytes = envelope->before_bytes + envelope->text_bytes +
	    envelope->after_bytes;
	lines->mask = slots - 1;
	lines->slots = allocate(slots, lines->slot_bytes);
	lines->waiting = allocate(slots, sizeof(*lines->waiting));
	for (number = 0; number < slots; number++)
		fill_slot(lines, number, sender);
}

bool
lines_have_room(const struct lines *lines)
{
	return lines->made - lines->completed <= lines->mask;
}

void
lines_make(struct lines *lines, uint32_t receivers, uint64_t now_ns)
{
	char *text =
	    slot_of(lines, lines->made) + lines->envelope->before_bytes;

	put_hex(text + NUMBER_AT, NUMBER_DIGITS, lines->made);
	put_hex(text + STAMP_AT, STAMP_DIGITS, now_ns);
	lines->waiting[lines->made & lines->mask] = receivers;
	lines->made++;
}

size_t
lines_next_bytes(const struct lines *lines, const char **bytes)
{
	uint64_t ring_bytes = (lines->mask + 1) * lines->slot_bytes;
	uint64_t at = lines->sent_bytes % ring_bytes;
	uint64_t length = lines->made * lines->slot_bytes - lines->sent_bytes;

	*bytes = lines->slots + at;
	return (size_t)(length < ring_bytes - at ? length : ring_bytes - at);
}

bool
lines_at_boundary(const struct lines *lines)
{
	return lines->sent_bytes % lines->slot_bytes == 0;
}

unsigned
lines_sender(const char *text)
{
	return (unsigned)get_hex(text, SENDER_DIGITS);
}

uint64_t
lines_stamp_ns(const char *text)
{
	return get_hex(text + STAMP_AT, STAMP_DIGITS);
}

bool
lines_deliver(struct lines *lines, uint64_t number, const char *text)
{
	const struct envelope *envelope = lines->envelope;
	const char *right = slot_of(lines, number) + envelope->before_bytes;

	if (number >= lines->made ||
	    memcmp(text, right, envelope->text_bytes + envelope->after_bytes) !=
		0)
		return false;
	if (--lines->waiting[number & lines->mask] == 0)
		lines->completed++;
	return true;
}

uint64_t
lines_missing(const struct lines *lines)
{
	uint64_t number, missing = 0;

	for (number = lines->completed; number < lines->made; number++)
		missing += lines->waiting[number & lines->mask];
	return missing;
}
