/* SPDX-License-Identifier: ISC */
/*
 * Certificates for the tests of TLS, made on the spot: an authority signs what
 * a test asks for. Failures end the test.
 */
#ifndef CERTIFICATES_H
#define CERTIFICATES_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

struct authority {
	X509 *certificate;
	EVP_PKEY *key;
	long serial;
};

/* What a certificate says. Days are from now, and may be negative. */
struct certificate_terms {
	const char *common_name;      /* or NULL */
	const char *alternative_name; /* "DNS:localhost,IP:::1", or NULL */
	int from_days, to_days;
	bool rsa; /* the key, and 20 times slower */
};

/* Writes its own certificate to DIRECTORY/NAME.pem. */
struct authority *authority_new(const char *directory, const char *name);
void authority_free(struct authority *authority);

/* Writes DIRECTORY/NAME.pem, a certificate, and DIRECTORY/NAME.key. */
void authority_sign(struct authority *authority, const char *directory,
    const char *name, const struct certificate_terms *terms);

#endif
