/* SPDX-License-Identifier: ISC */
/*
 * A relay that does what a test wants, no more: the test accepts, reads and
 * writes its sockets itself.
 */
#ifndef FAKE_H
#define FAKE_H

#include <stddef.h>

/*
 * A listening socket on loopback, on a free port, or, if the address is not
 * empty, the one that it names; writes the address.
 */
int fake_relay(char *address, size_t size, int backlog);

/* Waits for a client. */
int fake_accept(int server);

/* The first line in mode chat, for one of this name. */
void fake_greet(int peer, const char *name);

#endif
