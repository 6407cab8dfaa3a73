/* SPDX-License-Identifier: ISC */
/*
 * A client with -R in pipes, and a relay that comes and goes. The test closes
 * what it does not leave to piped_end() or piped_finish().
 */
#ifndef PIPED_H
#define PIPED_H

#include <stddef.h>
#include <sys/types.h>

/* The client, and the relay's end of its connection. */
struct piped {
	char address[64];
	int server, peer;
	int input, output, error;
	pid_t client;
};

/* Starts the client, with one more option; or that and the relay. */
void piped_run(struct piped *piped, const char *option, const char *value);
void piped_start(struct piped *piped, const char *option, const char *value);

/* The relay ends; one comes back at the same address. */
void piped_lose(struct piped *piped);
void piped_come_back(struct piped *piped);

/* Waits until the client says that; or that it tries again. */
void piped_await_notice(struct piped *piped, const char *end);
void piped_await_retry(struct piped *piped);

/* All that the client says until it ends. */
void piped_read_errors(struct piped *piped, char *text, size_t size);

/* Expects the status of a client that ends, and closes all but its input. */
void piped_end(struct piped *piped, int status);

/* Ends the input, and expects the status; what was said goes to errors. */
void piped_finish_saying(
    struct piped *piped, int status, char *errors, size_t size);
void piped_finish_with(struct piped *piped, int status);
/* With a status of 0. */
void piped_finish(struct piped *piped);

#endif
