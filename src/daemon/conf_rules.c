/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/conf_rules.h"

#include "common/secret.h"
#include "common/tls.h"
#include "daemon/conf.h"
#include "daemon/privileges.h"

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

static bool
is_unix(const char *text)
{
	struct address address;
	const char *why;

	return text != NULL && address_parse(text, &address, &why) == 0 &&
	    address.family == ADDRESS_UNIX;
}

/* Who sets one of these believes in it, and would not be told. */
const char *
conf_rules_find_orphan(const struct conf *conf, const char **needed)
{
	const struct {
		const char *key;
		bool is_set;
		const char *needed;
		bool has_needed;
	} pairs[] = {
		{ "tls.certificate", conf->tls_certificate != NULL, "tls.key",
		    conf->tls_key != NULL },
		{ "tls.key", conf->tls_key != NULL, "tls.certificate",
		    conf->tls_certificate != NULL },
		{ "tls.client_ca", conf->tls_client_ca != NULL,
		    "tls.certificate", conf->tls_certificate != NULL },
		{ "metrics.permissions",
		    conf->metrics_permissions != CONF_NO_PERMISSIONS,
		    "a Unix socket in metrics.listen",
		    is_unix(conf->metrics_listen) },
	};
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i].is_set && !pairs[i].has_needed) {
			*needed = pairs[i].needed;
			return pairs[i].key;
		}
	return NULL;
}

/* Lists that are never asked would only seem to protect. */
static int
check_kind(const struct conf_listen *listener, const struct answer *answer)
{
	const struct {
		const char *key;
		bool is_set;
		enum address_family family;
	} keys[] = {
		{ "allow", listener->allow.count > 0, ADDRESS_TCP },
		{ "deny", listener->deny.count > 0, ADDRESS_TCP },
		{ "permissions", listener->permissions != CONF_NO_PERMISSIONS,
		    ADDRESS_UNIX },
		{ "group", listener->group != NULL, ADDRESS_UNIX },
		{ "allow_users", listener->allow_users.count > 0,
		    ADDRESS_UNIX },
		{ "allow_groups", listener->allow_groups.count > 0,
		    ADDRESS_UNIX },
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].is_set &&
		    keys[i].family != listener->address.family)
			return object(answer,
			    "%s for %s; allowed: for a %s only", keys[i].key,
			    listener->address_text,
			    keys[i].family == ADDRESS_UNIX ? "Unix socket"
							   : "TCP address");
	return 0;
}

/* Whoever sees the packets would know it from then on. */
int
conf_rules_check_secret(const struct conf *conf,
    const struct conf_listen *listener, const char *open_address, char *text,
    size_t size)
{
	const struct answer answer = { text, size };

	if (conf->secret_file == NULL || conf->allow_plain_secret ||
	    listener->tls || open_address == NULL)
		return 0;
	return object(&answer,
	    "%s would take the secret in plain text; allowed: a loopback "
	    "address, a Unix socket, tls, or access.allow_plain_secret = true",
	    open_address);
}

static int
check_tls(const struct conf *conf, const struct conf_listen *listener,
    const struct answer *answer)
{
	if (!listener->tls || conf->tls != NULL)
		return 0;
	if (!tls_is_available())
		return object(answer,
		    "tls for %s, but this tcprelayd was built without it; "
		    "allowed: tls = false",
		    listener->address_text);
	return object(answer,
	    "tls for %s without a certificate; allowed: with tls.certificate "
	    "and tls.key",
	    listener->address_text);
}

/* The text of an address that this one would be refused for, or NULL. */
static const char *
find_overlap(const struct conf *conf, const struct conf_listen *listener)
{
	const struct conf_listen *other;
	struct address metrics;
	const char *why;

	/* The sockets of systemd are at other addresses. */
	if (listener->socket_name != NULL)
		return NULL;
	for (other = conf->listen; other < listener; other++)
		if (other->socket_name == NULL &&
		    address_overlaps(&other->address, &listener->address))
			return other->address_text;
	if (conf->metrics_listen != NULL &&
	    address_parse(conf->metrics_listen, &metrics, &why) == 0 &&
	    address_overlaps(&metrics, &listener->address))
		return "metrics.listen";
	return NULL;
}

static int
check_overlap(const struct conf *conf, const struct conf_listen *listener,
    const struct answer *answer)
{
	const char *other = find_overlap(conf, listener);

	if (other == NULL)
		return 0;
	return object(answer,
	    "%s cannot be listened on besides %s; allowed: each address once, "
	    "or :PORT for all of them",
	    listener->address_text, other);
}

int
conf_rules_check_listener(const struct conf *conf,
    const struct conf_listen *listener, char *text, size_t size)
{
	const struct answer answer = { text, size };

	if (check_kind(listener, &answer) == -1)
		return -1;
	if (check_overlap(conf, listener, &answer) == -1)
		return -1;
	if (check_tls(conf, listener, &answer) == -1)
		return -1;
	return conf_rules_check_secret(conf, listener,
	    address_is_local(&listener->address) ? NULL
						 : listener->address_text,
	    text, size);
}

int
conf_rules_read_secret(struct conf *conf, const char **why)
{
	struct account account;

	if (conf->secret_file == NULL)
		return 0;
	if (privileges_account(conf, &account, why) == -1)
		account.user = geteuid();
	conf->secret = secret_read(conf->secret_file, account.user, why);
	return conf->secret == NULL ? -1 : 0;
}

int
conf_rules_read_tls(struct conf *conf, struct tls_fault *fault)
{
	const struct tls_files files = {
		.certificate = conf->tls_certificate,
		.key = conf->tls_key,
		.ca = conf->tls_client_ca,
	};

	if (files.certificate == NULL || files.key == NULL)
		return 0;
	conf->tls = tls_server_new(&files, fault);
	return conf->tls == NULL ? -1 : 0;
}
