/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/conf_rules.h"

#include "daemon/conf.h"
#include "daemon/secret.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

struct answer {
	char *text;
	size_t size;
};

static int object(const struct answer *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int
object(const struct answer *answer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(answer->text, answer->size, format, args);
	va_end(args);
	return -1;
}

static int
check_unix_keys(const struct conf_listen *listener, const struct answer *answer)
{
	if (listener->address.family == ADDRESS_UNIX)
		return 0;
	if (listener->permissions != CONF_NO_PERMISSIONS)
		return object(answer,
		    "permissions for %s; allowed: for a Unix socket only",
		    listener->address_text);
	return 0;
}

/* Whoever sees the packets would know it from then on. */
static int
check_plain_secret(const struct conf *conf, const struct conf_listen *listener,
    const struct answer *answer)
{
	if (conf->secret_file == NULL || conf->allow_plain_secret ||
	    address_is_local(&listener->address))
		return 0;
	return object(answer,
	    "%s would take the secret in plain text; allowed: a loopback "
	    "address, a Unix socket, or access.allow_plain_secret = true",
	    listener->address_text);
}

int
conf_rules_check_listener(const struct conf *conf,
    const struct conf_listen *listener, char *text, size_t size)
{
	const struct answer answer = { text, size };

	if (check_unix_keys(listener, &answer) == -1)
		return -1;
	return check_plain_secret(conf, listener, &answer);
}

int
conf_rules_read_secret(struct conf *conf, const char **why)
{
	if (conf->secret_file == NULL)
		return 0;
	conf->secret = secret_read(conf->secret_file, geteuid(), why);
	return conf->secret == NULL ? -1 : 0;
}
