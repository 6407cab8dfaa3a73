/* SPDX-License-Identifier: ISC */
/*
 * From the bytes of a person to what it says and asks: telnet's bytes are taken
 * out, lines are made, cleaned, and shown to its room or run as commands.
 *
 * What comes after a line that has to wait for something stays in the kernel,
 * and the connection is not read until it can be taken: a person is heard in
 * order. A line that is too long is left out, and the person is told.
 */
#ifndef SPEECH_H
#define SPEECH_H

#include <stddef.h>

struct person;

/*
 * Bytes as they came. Returns how many were taken; when that is not all, the
 * connection is paused.
 */
size_t speech_take(struct person *person, const char *bytes, size_t length);

/* Its input has ended: a last line without an LF counts. */
void speech_finish(struct person *person);

/* Reads on, if the person need not wait any more. */
void speech_go_on(struct person *person);

#endif
