/* SPDX-License-Identifier: ISC */
/* A client at a screen, and what it talks to: a relay that a test plays. */
#ifndef TALK_H
#define TALK_H

#include "screen.h"

struct talk {
	char address[64];
	int server, peer; /* the relay's end of the connection */
	struct screen *screen;
};

/* A client with these options, in a window of that size, and connected. */
void talk_start(struct talk *talk, int columns, int rows, const char *options);

/* Leaves by Ctrl-D, and looks whether that goes well. */
void talk_finish(struct talk *talk);
/* The same of a client that has left. */
void talk_await_end(struct talk *talk);

#endif
