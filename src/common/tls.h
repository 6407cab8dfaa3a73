/* SPDX-License-Identifier: ISC */
/*
 * TLS as both sides of a connection use it: certificates and keys from files,
 * sessions, and what went wrong in words.
 *
 * A struct tls holds what was read from the files. A session is made from one
 * and keeps what it needs of it, so that may be freed, or loaded again, under
 * its sessions. A session borrows its socket, which does not block.
 *
 * Built without OpenSSL, tls_is_available() says no, no struct tls can be made,
 * and nothing else may be called.
 */
#ifndef TLS_H
#define TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tls;
struct ssl_st; /* a session: OpenSSL's SSL */

/* Most bytes of a record, RFC 8446, 5.1. */
#define TLS_RECORD_BYTES 16384

/* Room for a text from here, NUL included. */
#define TLS_TEXT_SIZE 512

/* PEM files; NULL where there is none. */
struct tls_files {
	const char *certificate; /* the chain, the own certificate first */
	const char *key;
	const char *ca; /* who signs the peers' certificates */
};

/*
 * Why files are not usable, and which of them; the first, where OpenSSL itself
 * is not.
 */
struct tls_fault {
	enum tls_file { TLS_CERTIFICATE, TLS_KEY, TLS_CA } file;
	char text[TLS_TEXT_SIZE];
};

bool tls_is_available(void);

/*
 * For a side that accepts, which needs a certificate and a key; with a ca,
 * every peer has to show a certificate. NULL and *fault when a file is not
 * usable.
 */
struct tls *tls_server_new(
    const struct tls_files *files, struct tls_fault *fault);
/*
 * For a side that connects. Without a ca, those are trusted that the system
 * trusts; insecure: whoever answers is.
 */
struct tls *tls_client_new(
    const struct tls_files *files, bool insecure, struct tls_fault *fault);
void tls_free(struct tls *tls);

/* The handshake is still to come. */
struct ssl_st *tls_accept(const struct tls *tls, int fd);
/*
 * The peer has to have a certificate for host, a name or an IP address. Has no
 * socket yet.
 */
struct ssl_st *tls_connect(const struct tls *tls, const char *host);
void tls_set_socket(struct ssl_st *session, int fd);
void tls_session_free(struct ssl_st *session);

/*
 * These work as read(2) and write(2) on a socket that does not block do. An
 * errno of EPROTO means that TLS itself failed: tls_failure() tells why.
 *
 * tls_read() takes one record at most: it leaves nothing behind that no
 * poll(2) would tell of when there is room for TLS_RECORD_BYTES. tls_peek()
 * leaves it all there. Each ends after a message of TLS's own, with EAGAIN, so
 * that a peer that sends nothing else cannot keep it. tls_write() takes so much
 * at most, all or nothing.
 *
 * A session that accepts holds what its socket does not take, of what TLS says
 * by itself, too. While it does, tls_write() takes nothing. One that connects
 * has to have tls_write() called again with the same bytes after EAGAIN.
 */
int tls_handshake(struct ssl_st *session);
ssize_t tls_read(struct ssl_st *session, char *bytes, size_t size);
ssize_t tls_peek(struct ssl_st *session, char *bytes, size_t size);
ssize_t tls_write(struct ssl_st *session, const char *bytes, size_t length);
/*
 * Tells the peer, by a close_notify, that nothing will follow. A session that
 * connects calls it again after EAGAIN, and not after a success.
 */
int tls_finish(struct ssl_st *session);

/*
 * Sends what a session that accepts holds: -1 and EAGAIN while the socket does
 * not take it all.
 */
int tls_flush(struct ssl_st *session);
/* How much that is, counted from when it last held nothing. */
size_t tls_held_bytes(const struct ssl_st *session);

/* After an end of input: whether the peer said so, with a close_notify. */
bool tls_peer_has_finished(const struct ssl_st *session);

/* Writes and returns what the call that failed with this errno met. */
const char *tls_failure(
    const struct ssl_st *session, int error, char *text, size_t size);

/*
 * The same where somebody else has taken the codes out of OpenSSL's queue of
 * errors: of those that are reasons, with the first, or 0.
 */
bool tls_is_reason(unsigned long code);
const char *tls_explain(const struct ssl_st *session, unsigned long code,
    int error, char *text, size_t size);

/* Whether a code is the peer's word that our certificate will not do. */
bool tls_is_refusal(unsigned long code);

/* Writes and returns "TLSv1.3 TLS_AES_256_GCM_SHA384". */
const char *tls_describe(const struct ssl_st *session, char *text, size_t size);

/*
 * Writes whom the peer's certificate speaks for: its common name, or else its
 * first DNS name or e-mail address. Returns false when none was asked for, or
 * when it has no such name that fits and is plain text.
 */
bool tls_peer_name(const struct ssl_st *session, char *text, size_t size);

#endif
