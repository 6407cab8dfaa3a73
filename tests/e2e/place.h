/* SPDX-License-Identifier: ISC */
/*
 * Where a person sits: a pseudo-terminal, a home, and a relay that the client
 * connects to. The test opens and closes it.
 */
#ifndef PLACE_H
#define PLACE_H

#include <sys/types.h>
#include <termios.h>

/* A client at a terminal, and the relay's end of its connection. */
struct place {
	char home[64], address[64];
	int server, peer;
	int person; /* the terminal, on the side of the person, */
	int tty;    /* and on that of the client */
	struct termios before;
	pid_t client;
};

void place_open(struct place *place);

/* Starts a client with these descriptors, and accepts it. */
void place_start(struct place *place, int input, int output);

void place_close(struct place *place);
/* Where no connection is left. */
void place_close_terminal(struct place *place);

/* Reads what is shown until it ends with a text; good until the next call. */
const char *place_await_shown(const struct place *place, const char *text);

/* The terminal is as it was before. */
void place_expect_restored(const struct place *place);

/* A client's whole life: the keys, what they send, and Ctrl-D. */
void place_type(struct place *place, const char *keys, const char *arrives);

#endif
