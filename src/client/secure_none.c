/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/secure.h"

#include <stdlib.h>
#include <string.h>

struct bufferevent *
secure_new(struct event_base *base, const struct tls *tls, const char *host)
{
	(void)base;
	(void)tls;
	(void)host;
	abort();
}

int
secure_finish(struct bufferevent *bev)
{
	(void)bev;
	abort();
}

const char *
secure_failure(
    struct bufferevent *bev, int error, bool *refused, char *text, size_t size)
{
	(void)bev;
	(void)refused;
	(void)text;
	(void)size;
	return strerror(error);
}

const char *
secure_describe(struct bufferevent *bev, char *text, size_t size)
{
	(void)bev;
	(void)text;
	(void)size;
	abort();
}
