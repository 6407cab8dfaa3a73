/* SPDX-License-Identifier: ISC */
/*
 * A client's connection, with or without TLS: the calls of a non-blocking
 * socket, and errno, for both. Owns the descriptor from wire_open() on.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ssl_st;

struct wire {
	int fd;
	struct ssl_st *tls; /* or NULL */
	/* The bytes of a send that has to be tried again with as many. */
	size_t again;
};

/* Whether this program was built with it. */
bool wire_has_tls(void);

/* Writes DIRECTORY/tls.pem and tls.key, a certificate that nobody checks. */
void wire_write_certificate(const char *directory);

/* Takes over a connected socket; does what TLS needs first. */
void wire_open(struct wire *wire, int fd, bool tls);

/*
 * As recv(2) and send(2). With TLS an end that the peer has not announced is
 * the error EPROTO.
 */
ssize_t wire_recv(struct wire *wire, char *bytes, size_t length);
ssize_t wire_send(struct wire *wire, const char *bytes, size_t length);

/* No more will be sent; with TLS that is announced, or not. */
void wire_end(struct wire *wire, bool announced);

void wire_close(struct wire *wire);

#endif
