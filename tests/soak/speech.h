/* SPDX-License-Identifier: ISC */
/*
 * Lines that can be recognized: who says it, its number, letters up to its
 * length, and a checksum of all that, so that any piece of it that is lost, or
 * anything else in it, shows. Plain values.
 */
#ifndef SPEECH_H
#define SPEECH_H

#include "chance.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The shortest line, and the longest; with its LF. */
#define SPEECH_MIN 27
#define SPEECH_MAX 163840

/* A line, in little: the speaker, and the how manieth of its lines. */
struct speech {
	uint32_t speaker, number;
};

/* Once, before the others. */
void speech_init(struct chance *chance);

/* Writes a line of that length. */
void speech_make(const struct speech *speech, struct chance *chance, char *line,
    size_t length);

/* Reads a line, its LF included. False: it is not as it was made. */
bool speech_read(const char *line, size_t length, struct speech *speech);

#endif
