/* SPDX-License-Identifier: ISC */
/* From a file to a struct conf: what the rows of the table leave to it. */
#include "config.h"

#include "daemon/conf.h"

#include "common/conf_table.h"
#include "common/tls.h"
#include "daemon/conf_keys.h"
#include "daemon/conf_rules.h"

#include <stdbool.h>
#include <stddef.h>

#define MESSAGE_SIZE 2048

static void
load_listener(struct conf_reader *reader, config_setting_t *setting,
    const char *name, struct conf *conf)
{
	struct conf_listen *listener = conf_append_listen(conf);
	const char *why;

	if (config_setting_is_group(setting)) {
		conf_table_load_group(
		    reader, conf_listen_keys, setting, name, listener);
		if (config_setting_get_member(setting, "address") == NULL)
			conf_table_complain(reader, setting, name,
			    "no address in the group; allowed: "
			    "{ address = \"HOST:PORT\"; }");
	} else {
		conf_table_load_value(reader,
		    conf_table_find(conf_listen_keys, "listen.address"),
		    setting, name, listener);
	}
	if (listener->address_text == NULL)
		return;
	address_parse(listener->address_text, &listener->address, &why);
}

static void
load_listeners(struct conf_reader *reader, config_setting_t *setting,
    const char *name, void *base)
{
	struct conf *conf = base;
	int i, count;

	conf_clear_listen(conf);
	if (!config_setting_is_list(setting) &&
	    !config_setting_is_array(setting)) {
		load_listener(reader, setting, name, conf);
		return;
	}
	count = config_setting_length(setting);
	if (count == 0)
		conf_table_complain(reader, setting, name,
		    "there is no address; allowed: one or more of %s",
		    ADDRESS_FORMS);
	for (i = 0; i < count; i++)
		load_listener(reader,
		    config_setting_get_elem(setting, (unsigned)i), name, conf);
}

/* The setting of a listener, or NULL for the default one. */
static config_setting_t *
listener_setting(const config_t *config, size_t number)
{
	config_setting_t *setting = config_lookup(config, "listen");

	if (setting == NULL ||
	    config_setting_type(setting) == CONFIG_TYPE_STRING)
		return setting;
	if (config_setting_is_group(setting))
		return setting;
	return config_setting_get_elem(setting, (unsigned)number);
}

/* Returns whether the files can be used. */
static bool
read_tls(struct conf_reader *reader, const config_t *config, struct conf *conf)
{
	static const char *const keys[] = {
		[TLS_CERTIFICATE] = "tls.certificate",
		[TLS_KEY] = "tls.key",
		[TLS_CA] = "tls.client_ca",
	};
	struct tls_fault fault;
	const char *key;

	if (conf_rules_read_tls(conf, &fault) == 0)
		return true;
	key = keys[fault.file];
	conf_table_complain(reader, config_lookup(config, key), key,
	    "%s; allowed: %s", fault.text,
	    tls_is_available() ? conf_table_find(conf_keys, key)->allowed
			       : "no keys of tls");
	return false;
}

/* The default listener is in no file: what is in its way can only be this. */
static void
complain_of_listener(struct conf_reader *reader, const config_t *config,
    size_t number, const char *text)
{
	config_setting_t *setting = listener_setting(config, number);
	const char *key = setting == NULL ? "metrics.listen" : "listen";

	if (setting == NULL)
		setting = config_lookup(config, key);
	conf_table_complain(reader, setting, key, "%s", text);
}

/* What no setting can tell by itself; only when each is good. */
static void
check_together(struct conf_reader *reader, const config_t *config, void *base)
{
	struct conf *conf = base;
	char text[MESSAGE_SIZE];
	const char *why, *key, *needed;
	size_t i;

	key = conf_rules_find_orphan(conf, &needed);
	if (key != NULL)
		conf_table_complain(reader, config_lookup(config, key), key,
		    "it says nothing without %s; allowed: with it", needed);
	key = "access.secret_file";
	if (conf_rules_read_secret(conf, &why) == -1)
		conf_table_complain(reader, config_lookup(config, key), key,
		    "%.*s: %s; allowed: %s", CONF_SHOWN_BYTES,
		    conf->secret_file, why,
		    conf_table_find(conf_keys, key)->allowed);
	if (!read_tls(reader, config, conf))
		return;
	for (i = 0; i < conf->listen_count; i++)
		if (conf_rules_check_listener(
			conf, &conf->listen[i], text, sizeof(text)) == -1)
			complain_of_listener(reader, config, i, text);
}

static const struct conf_table table = {
	.keys = conf_keys,
	.load_own = load_listeners,
	.check = check_together,
};

struct conf *
conf_parse(
    const char *content, const char *name, conf_report *report, void *arg)
{
	struct conf *conf = conf_new();

	if (conf_table_parse(content, name, &table, conf, report, arg) == 0)
		return conf;
	conf_free(conf);
	return NULL;
}

struct conf *
conf_load(const struct conf_source *source, conf_report *report, void *arg)
{
	struct conf *conf = conf_new();

	if (conf_table_load(source, &table, conf, report, arg) == 0)
		return conf;
	conf_free(conf);
	return NULL;
}
