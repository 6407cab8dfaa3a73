/* SPDX-License-Identifier: ISC */
/*
 * Where a session of OpenSSL writes to: a socket, behind which all that it does
 * not take is held. So no call of OpenSSL waits for room, and what it writes by
 * itself, while it reads, waits behind a record that went out in part. With its
 * own socket BIO it can do neither: a read that has to answer a KeyUpdate fails
 * while such a record is there, and one that cannot write its answer asks to be
 * called again for ever.
 *
 * After an error of the socket everything is taken, and lost, so that what the
 * peer had sent can still be read.
 */
#ifndef TLS_OUTPUT_H
#define TLS_OUTPUT_H

#include <openssl/bio.h>
#include <stddef.h>

/* Borrows the socket. */
BIO *tls_output_new(int fd);
void tls_output_free(BIO *output);

/* Of the socket, for good; or 0. */
int tls_output_error(BIO *output);
/* Sends what is held. -1 and errno, EAGAIN too, while that is not all. */
int tls_output_flush(BIO *output);
size_t tls_output_held_bytes(BIO *output);

#endif
