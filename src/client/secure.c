/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/secure.h"

#include "common/tls.h"

#include <errno.h>
#include <event2/bufferevent_ssl.h>
#include <string.h>

struct bufferevent *
secure_new(struct event_base *base, const struct tls *tls, const char *host)
{
	return bufferevent_openssl_socket_new(base, -1, tls_connect(tls, host),
	    BUFFEREVENT_SSL_CONNECTING,
	    BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
}

int
secure_finish(struct bufferevent *bev)
{
	return tls_finish(bufferevent_openssl_get_ssl(bev)) == -1 &&
		errno == EAGAIN
	    ? -1
	    : 0;
}

/* libevent has kept the errors, and gives the last one first. */
const char *
secure_failure(
    struct bufferevent *bev, int error, bool *refused, char *text, size_t size)
{
	struct ssl_st *session = bufferevent_openssl_get_ssl(bev);
	unsigned long code, first = 0;

	if (session == NULL)
		return strerror(error);
	while ((code = bufferevent_get_openssl_error(bev)) != 0)
		if (tls_is_reason(code))
			first = code;
	*refused = tls_is_refusal(first);
	return tls_explain(session, first, error, text, size);
}

const char *
secure_describe(struct bufferevent *bev, char *text, size_t size)
{
	return tls_describe(bufferevent_openssl_get_ssl(bev), text, size);
}
