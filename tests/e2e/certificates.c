/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "certificates.h"

#include "programs.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#define DAY 86400L

static FILE *
open_file(const char *directory, const char *name, const char *suffix)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s%s", directory, name, suffix);
	file = fopen(path, "we");
	assert_non_null(file);
	return file;
}

static void
write_certificate(const char *directory, const char *name, X509 *certificate)
{
	FILE *file = open_file(directory, name, ".pem");

	assert_int_equal(PEM_write_X509(file, certificate), 1);
	fclose(file);
}

static void
write_key(const char *directory, const char *name, EVP_PKEY *key)
{
	FILE *file = open_file(directory, name, ".key");

	assert_int_equal(
	    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
}

static void
extend(X509 *certificate, X509 *issuer, int what, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, what, value);
	assert_non_null(extension);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

static X509 *
new_certificate(
    EVP_PKEY *key, long serial, const struct certificate_terms *terms)
{
	X509 *certificate = X509_new();

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
	X509_gmtime_adj(
	    X509_getm_notBefore(certificate), terms->from_days * DAY);
	X509_gmtime_adj(X509_getm_notAfter(certificate), terms->to_days * DAY);
	X509_set_pubkey(certificate, key);
	if (terms->common_name != NULL)
		X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate),
		    "CN", MBSTRING_UTF8,
		    (const unsigned char *)terms->common_name, -1, -1, 0);
	return certificate;
}

struct authority *
authority_new(const char *directory, const char *name)
{
	struct authority *authority = calloc(1, sizeof(*authority));
	struct certificate_terms terms = { name, NULL, -30, 30, false };

	authority->key = EVP_EC_gen("P-256");
	authority->certificate = new_certificate(authority->key, 1, &terms);
	authority->serial = 1;
	X509_set_issuer_name(authority->certificate,
	    X509_get_subject_name(authority->certificate));
	extend(authority->certificate, authority->certificate,
	    NID_basic_constraints, "critical,CA:TRUE");
	assert_true(X509_sign(authority->certificate, authority->key,
			EVP_sha256()) > 0);
	write_certificate(directory, name, authority->certificate);
	return authority;
}

void
authority_free(struct authority *authority)
{
	X509_free(authority->certificate);
	EVP_PKEY_free(authority->key);
	free(authority);
}

void
authority_sign(struct authority *authority, const char *directory,
    const char *name, const struct certificate_terms *terms)
{
	EVP_PKEY *key = terms->rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	X509 *certificate = new_certificate(key, ++authority->serial, terms);

	X509_set_issuer_name(
	    certificate, X509_get_subject_name(authority->certificate));
	if (terms->alternative_name != NULL)
		extend(certificate, authority->certificate,
		    NID_subject_alt_name, terms->alternative_name);
	assert_true(X509_sign(certificate, authority->key, EVP_sha256()) > 0);
	write_certificate(directory, name, certificate);
	write_key(directory, name, key);
	X509_free(certificate);
	EVP_PKEY_free(key);
}
