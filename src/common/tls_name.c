/* SPDX-License-Identifier: ISC */
/* Whom a certificate speaks for. */
#include "config.h"

#include "common/tls.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

/* Copies a name that is all of printable ASCII or UTF-8 and fits. */
static bool
copy_name(const ASN1_STRING *string, char *text, size_t size)
{
	unsigned char *bytes = NULL;
	int i, length = ASN1_STRING_to_UTF8(&bytes, string);
	bool good = length > 0 && (size_t)length < size;

	for (i = 0; good && i < length; i++)
		good = bytes[i] >= ' ' && bytes[i] != 0x7f;
	if (good) {
		memcpy(text, bytes, (size_t)length);
		text[length] = '\0';
	}
	OPENSSL_free(bytes);
	return good;
}

static bool
copy_common_name(X509 *certificate, char *text, size_t size)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	return at >= 0 &&
	    copy_name(
		X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)),
		text, size);
}

static bool
copy_alternative_name(X509 *certificate, char *text, size_t size)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int i, count = names == NULL ? 0 : sk_GENERAL_NAME_num(names);
	bool found = false;

	for (i = 0; i < count && !found; i++) {
		GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS || name->type == GEN_EMAIL)
			found = copy_name(name->d.ia5, text, size);
	}
	GENERAL_NAMES_free(names);
	return found;
}

/* Where verification is asked for, nobody comes this far without it. */
bool
tls_peer_name(const SSL *session, char *text, size_t size)
{
	X509 *certificate = SSL_get0_peer_certificate(session);

	return certificate != NULL &&
	    (SSL_get_verify_mode(session) & SSL_VERIFY_PEER) &&
	    SSL_get_verify_result(session) == X509_V_OK &&
	    (copy_common_name(certificate, text, size) ||
		copy_alternative_name(certificate, text, size));
}
