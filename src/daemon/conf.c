/* SPDX-License-Identifier: ISC */
/* The settings in memory; conf_load.c reads them from a file. */
#include "config.h"

#include "daemon/conf.h"

#include "common/conf_values.h"
#include "common/secret.h"
#include "common/tls.h"
#include "common/xmalloc.h"
#include "daemon/conf_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct conf_listen *
conf_append_listen(struct conf *conf)
{
	struct conf_listen *listener;

	conf->listen = xreallocarray(
	    conf->listen, conf->listen_count + 1, sizeof(*conf->listen));
	listener = &conf->listen[conf->listen_count++];
	memset(listener, 0, sizeof(*listener));
	conf_table_default(conf_listen_keys, listener);
	return listener;
}

struct conf *
conf_new(void)
{
	struct conf *conf = xcalloc(1, sizeof(*conf));
	const char *why;

	conf_table_default(conf_keys, conf);
	conf_add_listen(conf, CONF_DEFAULT_LISTEN, &why);
	return conf;
}

void
conf_clear_listen(struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->listen_count; i++)
		conf_table_clear(conf_listen_keys, &conf->listen[i]);
	free(conf->listen);
	conf->listen = NULL;
	conf->listen_count = 0;
}

int
conf_add_listen(struct conf *conf, const char *text, const char **why)
{
	struct conf_listen *listener;
	struct address address;

	if (address_parse(text, &address, why) == -1)
		return -1;
	listener = conf_append_listen(conf);
	listener->address = address;
	listener->address_text = xstrdup(text);
	return 0;
}

void
conf_free(struct conf *conf)
{
	const struct conf_key *key;

	if (conf == NULL)
		return;
	conf_clear_listen(conf);
	for (key = conf_keys; key->name != NULL; key++)
		conf_value_clear(key, conf);
	secret_free(conf->secret);
	tls_free(conf->tls);
	free(conf);
}

/* The old value of a key that needs a restart goes on. */
static void
keep(const struct conf_key *key, struct conf *conf, struct conf *new,
    conf_report *report, void *arg)
{
	char message[128];

	if (!key->restart || conf_value_is_equal(key, conf, new))
		return;
	conf_value_swap(key, conf, new);
	snprintf(message, sizeof(message),
	    "%s: it changes with a restart only, and stays as it was",
	    key->name);
	report(message, arg);
}

void
conf_replace(
    struct conf *conf, struct conf *new, conf_report *report, void *arg)
{
	const struct conf_key *key;
	struct conf old;

	for (key = conf_keys; key->name != NULL; key++)
		keep(key, conf, new, report, arg);
	old = *conf;
	*conf = *new;
	*new = old;
	conf_free(new);
}
