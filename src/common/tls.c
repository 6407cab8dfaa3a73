/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/tls.h"

#include "common/tls_output.h"
#include "common/xmalloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tls {
	SSL_CTX *context;
};

/* Empties OpenSSL's queue of errors, and says what was the last in it. */
static const char *
last_error(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *text = ERR_reason_error_string(code);

	ERR_clear_error();
	return text == NULL ? "no reason given" : text;
}

static int
set_fault(struct tls_fault *fault, enum tls_file file, const char *path,
    const char *what, const char *why)
{
	fault->file = file;
	snprintf(fault->text, sizeof(fault->text), "%.*s: %s%s%s",
	    TLS_TEXT_SIZE / 2, path, what, why == NULL ? "" : ": ",
	    why == NULL ? "" : why);
	ERR_clear_error();
	return -1;
}

/* A pipe could make us wait, and a device never end. */
static int
check_readable(const char *path, enum tls_file file, struct tls_fault *fault)
{
	struct stat st;

	if (stat(path, &st) == -1 || access(path, R_OK) == -1)
		return set_fault(fault, file, path, strerror(errno), NULL);
	if (!S_ISREG(st.st_mode))
		return set_fault(fault, file, path, "not a file", NULL);
	return 0;
}

/* Nobody is there to be asked for it. */
static int
on_password(char *buffer, int size, int writing, void *arg)
{
	bool *wanted = arg;

	(void)buffer;
	(void)size;
	(void)writing;
	*wanted = true;
	return -1;
}

static int
load_key(SSL_CTX *context, const char *path, struct tls_fault *fault)
{
	bool encrypted = false;

	if (check_readable(path, TLS_KEY, fault) == -1)
		return -1;
	SSL_CTX_set_default_passwd_cb(context, on_password);
	SSL_CTX_set_default_passwd_cb_userdata(context, &encrypted);
	if (SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM) == 1)
		return 0;
	if (encrypted)
		return set_fault(fault, TLS_KEY, path, "is encrypted", NULL);
	if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH)
		return set_fault(fault, TLS_KEY, path,
		    "does not belong to the certificate", NULL);
	return set_fault(fault, TLS_KEY, path,
	    "not a usable private key in PEM format", last_error());
}

static int
load_certificate(SSL_CTX *context, const char *path, struct tls_fault *fault)
{
	if (check_readable(path, TLS_CERTIFICATE, fault) == -1)
		return -1;
	if (SSL_CTX_use_certificate_chain_file(context, path) == 1)
		return 0;
	return set_fault(fault, TLS_CERTIFICATE, path,
	    "not a usable certificate in PEM format", last_error());
}

static int
load_ca(SSL_CTX *context, const char *path, struct tls_fault *fault)
{
	if (check_readable(path, TLS_CA, fault) == -1)
		return -1;
	if (SSL_CTX_load_verify_locations(context, path, NULL) == 1)
		return 0;
	return set_fault(fault, TLS_CA, path,
	    "no usable certificates in PEM format", last_error());
}

static int
load_files(
    SSL_CTX *context, const struct tls_files *files, struct tls_fault *fault)
{
	if (files->certificate != NULL &&
	    load_certificate(context, files->certificate, fault) == -1)
		return -1;
	if (files->key != NULL && load_key(context, files->key, fault) == -1)
		return -1;
	return files->ca == NULL ? 0 : load_ca(context, files->ca, fault);
}

/* The alert is the only sign of it: SSL_get_shutdown() tells the same of a
 * connection that was cut off, with SSL_OP_IGNORE_UNEXPECTED_EOF. */
static void
on_info(const SSL *ssl, int where, int value)
{
	if (where == SSL_CB_READ_ALERT && (value & 0xff) == SSL_AD_CLOSE_NOTIFY)
		SSL_set_app_data((SSL *)ssl, (void *)ssl);
}

static void
set_up(SSL_CTX *context)
{
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(context,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_info_callback(context, on_info);
}

static struct tls *
new_tls(const SSL_METHOD *method, const struct tls_files *files,
    struct tls_fault *fault)
{
	SSL_CTX *context = SSL_CTX_new(method);
	struct tls *tls;

	/* As where the system's configuration of it leaves no cipher. */
	if (context == NULL) {
		set_fault(fault, TLS_CERTIFICATE, "OpenSSL",
		    "it cannot be used", last_error());
		return NULL;
	}
	set_up(context);
	if (load_files(context, files, fault) == -1) {
		SSL_CTX_free(context);
		return NULL;
	}
	tls = xmalloc(sizeof(*tls));
	tls->context = context;
	return tls;
}

bool
tls_is_available(void)
{
	return true;
}

/*
 * Sessions are not resumed: connections last, and a ticket that a peer has not
 * read when it closes makes its end an RST, which destroys its last words.
 */
struct tls *
tls_server_new(const struct tls_files *files, struct tls_fault *fault)
{
	struct tls *tls = new_tls(TLS_server_method(), files, fault);
	SSL_CTX *context;

	if (tls == NULL)
		return NULL;
	context = tls->context;
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_options(
	    context, SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* Or one read would go on for as long as messages of TLS come. */
	SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
	if (files->ca == NULL)
		return tls;
	SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(files->ca));
	SSL_CTX_set_verify(
	    context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return tls;
}

struct tls *
tls_client_new(
    const struct tls_files *files, bool insecure, struct tls_fault *fault)
{
	struct tls *tls = new_tls(TLS_client_method(), files, fault);

	if (tls == NULL)
		return NULL;
	if (files->ca == NULL)
		SSL_CTX_set_default_verify_paths(tls->context);
	SSL_CTX_set_verify(
	    tls->context, insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	return tls;
}

void
tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->context);
	free(tls);
}

static SSL *
new_session(const struct tls *tls)
{
	SSL *session = SSL_new(tls->context);

	if (session == NULL)
		xmalloc_fail();
	return session;
}

SSL *
tls_accept(const struct tls *tls, int fd)
{
	SSL *session = new_session(tls);

	if (SSL_set_rfd(session, fd) != 1)
		xmalloc_fail();
	SSL_set0_wbio(session, tls_output_new(fd));
	SSL_set_accept_state(session);
	return session;
}

/* An IP address has no place in the server name indication, RFC 6066, 3. */
SSL *
tls_connect(const struct tls *tls, const char *host)
{
	SSL *session = new_session(tls);
	unsigned char address[sizeof(struct in6_addr)];

	SSL_set_connect_state(session);
	if (inet_pton(AF_INET, host, address) == 1 ||
	    inet_pton(AF_INET6, host, address) == 1) {
		X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host);
		return session;
	}
	SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	SSL_set1_host(session, host);
	SSL_set_tlsext_host_name(session, host);
	return session;
}

void
tls_set_socket(SSL *session, int fd)
{
	if (SSL_set_fd(session, fd) != 1)
		xmalloc_fail();
}

/* Of a session that accepts. */
static BIO *
find_output(const SSL *session)
{
	return SSL_is_server(session) ? SSL_get_wbio(session) : NULL;
}

void
tls_session_free(SSL *session)
{
	BIO *output = find_output(session);

	if (output != NULL)
		BIO_up_ref(output);
	SSL_free(session);
	if (output != NULL)
		tls_output_free(output);
}

/* What a call returned that did not succeed. */
static int
failed(const SSL *session, int result)
{
	switch (SSL_get_error(session, result)) {
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_SYSCALL:
		if (errno == 0)
			errno = ECONNRESET;
		return -1;
	default:
		errno = EPROTO;
		return -1;
	}
}

/* SSL_get_error(3) looks at what is left of earlier errors, too. */
static void
begin(void)
{
	ERR_clear_error();
	errno = 0;
}

int
tls_handshake(SSL *session)
{
	int result;

	begin();
	result = SSL_do_handshake(session);
	if (result == 1)
		return 0;
	if (failed(session, result) == 0)
		errno = EPROTO; /* it ended */
	return -1;
}

ssize_t
tls_read(SSL *session, char *bytes, size_t size)
{
	int result;

	begin();
	result = SSL_read(session, bytes, (int)size);
	return result > 0 ? result : failed(session, result);
}

ssize_t
tls_peek(SSL *session, char *bytes, size_t size)
{
	int result;

	begin();
	result = SSL_peek(session, bytes, (int)size);
	return result > 0 ? result : failed(session, result);
}

ssize_t
tls_write(SSL *session, const char *bytes, size_t length)
{
	BIO *output = find_output(session);
	int result, error;

	if (tls_flush(session) == -1)
		return -1;
	begin();
	result = SSL_write(session, bytes, (int)length);
	error = output == NULL ? 0 : tls_output_error(output);
	if (error != 0) {
		errno = error;
		return -1;
	}
	if (result > 0)
		return result;
	/* Where the peer has finished, that hides what else there is. */
	if (failed(session, result) == 0 && errno == 0)
		errno = EPIPE;
	return -1;
}

int
tls_finish(SSL *session)
{
	int result;

	/*
	 * Once more, it would read. Only a side that accepts knows by this that
	 * there is no need: what its socket does not take is held. One that
	 * connects has "sent" it when the socket took nothing, and is not
	 * called again after a success.
	 */
	if (SSL_is_server(session) &&
	    (SSL_get_shutdown(session) & SSL_SENT_SHUTDOWN))
		return 0;
	begin();
	result = SSL_shutdown(session);
	return result >= 0 ? 0 : failed(session, result);
}

int
tls_flush(SSL *session)
{
	BIO *output = find_output(session);

	return output == NULL ? 0 : tls_output_flush(output);
}

size_t
tls_held_bytes(const SSL *session)
{
	BIO *output = find_output(session);

	return output == NULL ? 0 : tls_output_held_bytes(output);
}

bool
tls_peer_has_finished(const SSL *session)
{
	return SSL_get_app_data(session) != NULL;
}

const char *
tls_describe(const SSL *session, char *text, size_t size)
{
	snprintf(text, size, "%s %s", SSL_get_version(session),
	    SSL_get_cipher_name(session));
	return text;
}
