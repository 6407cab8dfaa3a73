/* SPDX-License-Identifier: ISC */
/* What tls.h promises of a build without OpenSSL. */
#include "config.h"

#include "common/tls.h"

#include <stdio.h>
#include <stdlib.h>

bool
tls_is_available(void)
{
	return false;
}

static struct tls *
no_tls(struct tls_fault *fault)
{
	fault->file = TLS_CERTIFICATE;
	snprintf(fault->text, sizeof(fault->text),
	    "this program was built without TLS");
	return NULL;
}

struct tls *
tls_server_new(const struct tls_files *files, struct tls_fault *fault)
{
	(void)files;
	return no_tls(fault);
}

struct tls *
tls_client_new(
    const struct tls_files *files, bool insecure, struct tls_fault *fault)
{
	(void)files;
	(void)insecure;
	return no_tls(fault);
}

void
tls_free(struct tls *tls)
{
	(void)tls;
}

struct ssl_st *
tls_accept(const struct tls *tls, int fd)
{
	(void)tls;
	(void)fd;
	abort();
}

struct ssl_st *
tls_connect(const struct tls *tls, const char *host)
{
	(void)tls;
	(void)host;
	abort();
}

void
tls_set_socket(struct ssl_st *session, int fd)
{
	(void)session;
	(void)fd;
	abort();
}

void
tls_session_free(struct ssl_st *session)
{
	(void)session;
}

int
tls_handshake(struct ssl_st *session)
{
	(void)session;
	abort();
}

ssize_t
tls_read(struct ssl_st *session, char *bytes, size_t size)
{
	(void)session;
	(void)bytes;
	(void)size;
	abort();
}

ssize_t
tls_peek(struct ssl_st *session, char *bytes, size_t size)
{
	(void)session;
	(void)bytes;
	(void)size;
	abort();
}

ssize_t
tls_write(struct ssl_st *session, const char *bytes, size_t length)
{
	(void)session;
	(void)bytes;
	(void)length;
	abort();
}

int
tls_finish(struct ssl_st *session)
{
	(void)session;
	abort();
}

int
tls_flush(struct ssl_st *session)
{
	(void)session;
	abort();
}

size_t
tls_held_bytes(const struct ssl_st *session)
{
	(void)session;
	abort();
}

bool
tls_peer_has_finished(const struct ssl_st *session)
{
	(void)session;
	abort();
}

const char *
tls_failure(const struct ssl_st *session, int error, char *text, size_t size)
{
	(void)session;
	(void)error;
	(void)text;
	(void)size;
	abort();
}

const char *
tls_describe(const struct ssl_st *session, char *text, size_t size)
{
	(void)session;
	(void)text;
	(void)size;
	abort();
}

bool
tls_peer_name(const struct ssl_st *session, char *text, size_t size)
{
	(void)session;
	(void)text;
	(void)size;
	abort();
}
