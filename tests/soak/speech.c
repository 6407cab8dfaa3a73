/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "speech.h"

#include <string.h>

/* "SSSSSSSS NNNNNNNN CCCCCCCC letters\n", the numbers in hexadecimal. */
#define DIGITS	    8
#define NUMBER_AT   9
#define CHECKSUM_AT 18

static char letters[SPEECH_MAX + 64];

void
speech_init(struct chance *chance)
{
	size_t i;

	for (i = 0; i < sizeof(letters); i++)
		letters[i] = (char)('a' + chance_below(chance, 26));
}

static void
write_number(char *text, uint32_t number)
{
	int i;

	for (i = DIGITS - 1; i >= 0; i--) {
		text[i] = "0123456789abcdef"[number & 15];
		number >>= 4;
	}
}

static int
digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool
read_number(const char *text, uint32_t *number)
{
	int i, value;

	*number = 0;
	for (i = 0; i < DIGITS; i++) {
		value = digit_value(text[i]);
		if (value == -1)
			return false;
		*number = *number << 4 | (uint32_t)value;
	}
	return true;
}

/* Eight bytes at a time, since every byte is delivered hundreds of times. */
static uint32_t
checksum(const struct speech *speech, const char *text, size_t length)
{
	uint64_t sum = ((uint64_t)speech->speaker << 32 | speech->number) ^
	    length * 0x9e3779b97f4a7c15;
	uint64_t word;

	for (; length >= sizeof(word); length -= sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		sum = (sum ^ word) * 0xff51afd7ed558ccd;
		sum ^= sum >> 32;
		text += sizeof(word);
	}
	word = 0;
	memcpy(&word, text, length);
	sum = (sum ^ word) * 0xff51afd7ed558ccd;
	return (uint32_t)(sum ^ sum >> 32);
}

void
speech_make(const struct speech *speech, struct chance *chance, char *line,
    size_t length)
{
	char *text = line + SPEECH_MIN - 1;
	size_t text_length = length - SPEECH_MIN;

	write_number(line, speech->speaker);
	write_number(line + NUMBER_AT, speech->number);
	line[NUMBER_AT - 1] = line[CHECKSUM_AT - 1] = ' ';
	memcpy(text, letters + chance_below(chance, 64), text_length);
	write_number(line + CHECKSUM_AT, checksum(speech, text, text_length));
	line[length - 1] = '\n';
}

bool
speech_read(const char *line, size_t length, struct speech *speech)
{
	uint32_t sum;

	if (length < SPEECH_MIN || line[NUMBER_AT - 1] != ' ' ||
	    line[CHECKSUM_AT - 1] != ' ' ||
	    !read_number(line, &speech->speaker) ||
	    !read_number(line + NUMBER_AT, &speech->number) ||
	    !read_number(line + CHECKSUM_AT, &sum))
		return false;
	return sum ==
	    checksum(speech, line + SPEECH_MIN - 1, length - SPEECH_MIN);
}
