/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "wire.h"

#include "verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef SOAK_TLS
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>

bool
wire_has_tls(void)
{
	return true;
}

static FILE *
create(const char *directory, const char *name)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "we");
	if (file == NULL)
		cannot("%s: %m", path);
	return file;
}

static X509 *
make_certificate(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);

	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 30 * 86400L);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	X509_set_pubkey(certificate, key);
	if (X509_sign(certificate, key, EVP_sha256()) == 0)
		cannot("no certificate could be made");
	return certificate;
}

void
wire_write_certificate(const char *directory)
{
	EVP_PKEY *key = EVP_EC_gen("prime256v1");
	X509 *certificate = make_certificate(key);
	FILE *file = create(directory, "tls.pem");

	PEM_write_X509(file, certificate);
	fclose(file);
	file = create(directory, "tls.key");
	PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
	fclose(file);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

/* One for all, kept to the end of the process. */
static SSL_CTX *
context(void)
{
	static SSL_CTX *only;

	if (only == NULL) {
		only = SSL_CTX_new(TLS_client_method());
		SSL_CTX_set_mode(only,
		    SSL_MODE_ENABLE_PARTIAL_WRITE |
			SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	}
	return only;
}

static void
shake_hands(struct wire *wire)
{
	wire->tls = SSL_new(context());
	SSL_set_fd(wire->tls, wire->fd);
	if (SSL_connect(wire->tls) != 1)
		broken("no TLS: %s", ERR_error_string(ERR_get_error(), NULL));
}

/* What SSL_read() or SSL_write() returned, as a system call would. */
static ssize_t
result_of(struct wire *wire, int result)
{
	int error = errno, why;

	if (result > 0)
		return result;
	why = SSL_get_error(wire->tls, result);
	ERR_clear_error();
	errno = why == SSL_ERROR_SYSCALL && error != 0 ? error : EPROTO;
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		errno = EAGAIN;
	return why == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static ssize_t
tls_recv(struct wire *wire, char *bytes, size_t length)
{
	errno = 0;
	return result_of(wire, SSL_read(wire->tls, bytes, (int)length));
}

static ssize_t
tls_send(struct wire *wire, const char *bytes, size_t length)
{
	ssize_t sent;

	errno = 0;
	sent = result_of(wire, SSL_write(wire->tls, bytes, (int)length));
	wire->again = sent == -1 && errno == EAGAIN ? length : 0;
	return sent;
}

static void
announce_end(struct wire *wire)
{
	SSL_shutdown(wire->tls);
	ERR_clear_error();
}

static void
forget(struct wire *wire)
{
	SSL_free(wire->tls);
}

#else

bool
wire_has_tls(void)
{
	return false;
}

void
wire_write_certificate(const char *directory)
{
	(void)directory;
}

static void
shake_hands(struct wire *wire)
{
	(void)wire;
	cannot("built without TLS");
}

static ssize_t
tls_recv(struct wire *wire, char *bytes, size_t length)
{
	return recv(wire->fd, bytes, length, 0);
}

static ssize_t
tls_send(struct wire *wire, const char *bytes, size_t length)
{
	return send(wire->fd, bytes, length, MSG_NOSIGNAL);
}

static void
announce_end(struct wire *wire)
{
	(void)wire;
}

static void
forget(struct wire *wire)
{
	(void)wire;
}

#endif

void
wire_open(struct wire *wire, int fd, bool tls)
{
	*wire = (struct wire){ .fd = fd };
	if (tls)
		shake_hands(wire);
	fcntl(fd, F_SETFL, O_NONBLOCK);
}

ssize_t
wire_recv(struct wire *wire, char *bytes, size_t length)
{
	return wire->tls != NULL ? tls_recv(wire, bytes, length)
				 : recv(wire->fd, bytes, length, 0);
}

ssize_t
wire_send(struct wire *wire, const char *bytes, size_t length)
{
	return wire->tls != NULL ? tls_send(wire, bytes, length)
				 : send(wire->fd, bytes, length, MSG_NOSIGNAL);
}

void
wire_end(struct wire *wire, bool announced)
{
	if (wire->tls != NULL && announced)
		announce_end(wire);
	shutdown(wire->fd, SHUT_WR);
}

void
wire_close(struct wire *wire)
{
	if (wire->tls != NULL)
		forget(wire);
	close(wire->fd);
}
