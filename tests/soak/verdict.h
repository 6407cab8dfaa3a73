/* SPDX-License-Identifier: ISC */
/* How a run ends that found something. Owns nothing. */
#ifndef VERDICT_H
#define VERDICT_H

#include <stddef.h>
#include <stdint.h>

/*
 * A promise is broken: says which as the failed test of a TAP output, with
 * what is needed to run the same again, and exits with status 1. What was
 * started ends with this process.
 */
_Noreturn void broken(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* The run itself cannot go on: says why, and exits with status 2. */
_Noreturn void cannot(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* What a verdict calls the run; borrowed for good. */
void verdict_name(const char *name);

/* What is called before a run ends with a broken promise. */
void verdict_on_broken(void (*call)(void *arg), void *arg);

/* realloc(3) that does not return when memory is gone. */
void *resize(void *old, size_t count, size_t size);

/* CLOCK_MONOTONIC. */
uint64_t now_ms(void);

#endif
