/* SPDX-License-Identifier: ISC */
/*
 * Starts programs, which end with the test whatever becomes of it, and looks at
 * what they leave. A test that waits too long is ended by an alarm.
 *
 * The programs are $TCPRELAYD and $TCPRELAY_CLIENT, run under
 * $TCPRELAY_TEST_WRAPPER (words apart by spaces, say "valgrind -q") if that is
 * set.
 */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <sys/types.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Runs the tests of a group; each of them may take so long. */
#define E2E_SECONDS 60
int e2e_set_up(void **state);
#define E2E_TEST(test) cmocka_unit_test_setup(test, e2e_set_up)

/*
 * Starts a program; -1 for a descriptor means /dev/null. If standard input is
 * a terminal, it becomes the program's own.
 */
pid_t start_program(
    const char *const argv[], int standard_input, int output, int error);
/* One that may have so many files open; 0: as many as this one. */
pid_t start_program_with_files(const char *const argv[], int standard_input,
    int output, int error, unsigned files);
/* Whether this one and those that it starts may have so many files open. */
bool can_open_files(unsigned files);
/* Waits for the end; returns the exit status, or 128 + the signal. */
int await_exit(pid_t pid);

/* All that a program says and its exit status. */
int run_program(const char *const argv[], char *output, size_t size);

/* Whether there is such a program; says so if not. */
bool is_installed(const char *name);

const char *daemon_program(void);
const char *client_program(void);

void write_file(const char *path, const char *bytes, size_t length);
/* The whole file, for free(3), with a NUL after it. */
char *read_whole_file(const char *path, size_t *length);
/* With all that is in it. */
void remove_directory(const char *path);
/* Two pipe ends: [0] to read, [1] to write; closed on exec. */
void make_pipe(int ends[2]);

#endif
