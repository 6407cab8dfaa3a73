/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

/* What OpenSSL says, in words that say what to do about it. */
struct wording {
	int code;
	const char *text;
};

static const struct wording verify_wordings[] = {
	{ X509_V_ERR_CERT_HAS_EXPIRED, "the certificate has expired" },
	{ X509_V_ERR_CERT_NOT_YET_VALID, "the certificate is not valid yet" },
	{ X509_V_ERR_HOSTNAME_MISMATCH, "the certificate is for another name" },
	{ X509_V_ERR_IP_ADDRESS_MISMATCH,
	    "the certificate is for another address" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
	    "the issuer of the certificate is not known" },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
	    "the issuer of the certificate is not known" },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
	    "the issuer of the certificate is not known" },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
	    "the certificate is signed by itself" },
	{ X509_V_ERR_INVALID_PURPOSE, "the certificate is not meant for this" },
	{ 0, NULL },
};

static const struct wording reason_wordings[] = {
	{ SSL_R_WRONG_VERSION_NUMBER, "the peer does not speak TLS" },
	{ SSL_R_HTTP_REQUEST, "the peer does not speak TLS" },
	{ SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE,
	    "the peer showed no certificate" },
	{ SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,
	    "the peer wants a certificate" },
	{ SSL_R_TLSV1_ALERT_UNKNOWN_CA,
	    "the peer does not know the issuer of the certificate" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
	    "the peer says that the certificate has expired" },
	{ SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
	    "the peer does not take the certificate" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
	    "the peer does not take the certificate" },
	{ SSL_R_UNEXPECTED_EOF_WHILE_READING,
	    "the connection was cut off: an end without a close_notify" },
	{ 0, NULL },
};

static const char *
find_wording(const struct wording *wordings, int code)
{
	for (; wordings->text != NULL; wordings++)
		if (wordings->code == code)
			return wordings->text;
	return NULL;
}

static const char *
explain(const SSL *session, unsigned long code, int error)
{
	int reason = ERR_GET_REASON(code);
	long verified = SSL_get_verify_result(session);
	const char *text;

	if (code == 0)
		return error == EPROTO ? "the peer closed the connection"
				       : strerror(error);
	if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
		text = find_wording(verify_wordings, (int)verified);
		return text != NULL ? text
				    : X509_verify_cert_error_string(verified);
	}
	text = find_wording(reason_wordings, reason);
	if (text == NULL)
		text = ERR_reason_error_string(code);
	return text != NULL ? text : strerror(error);
}

bool
tls_is_reason(unsigned long code)
{
	return ERR_GET_LIB(code) == ERR_LIB_SSL;
}

bool
tls_is_refusal(unsigned long code)
{
	switch (ERR_GET_REASON(code)) {
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
		return true;
	default:
		return false;
	}
}

const char *
tls_explain(
    const SSL *session, unsigned long code, int error, char *text, size_t size)
{
	snprintf(text, size, "%s", explain(session, code, error));
	return text;
}

const char *
tls_failure(const SSL *session, int error, char *text, size_t size)
{
	return tls_explain(
	    session, error == EPROTO ? ERR_peek_error() : 0, error, text, size);
}
