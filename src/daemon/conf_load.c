/* SPDX-License-Identifier: ISC */
/* From a file to a struct conf: the walk along the table, and complaints. */
#include "config.h"

#include "daemon/conf.h"

#include "common/tls.h"
#include "common/xmalloc.h"
#include "daemon/conf_keys.h"
#include "daemon/conf_rules.h"
#include "daemon/conf_scan.h"
#include "daemon/conf_values.h"

#include <inttypes.h>
#include <libconfig.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE    128
#define MESSAGE_SIZE 2048

struct loader {
	const char *path;
	const char *directory; /* that includes are relative to, or NULL */
	struct conf *conf;
	conf_report *report;
	void *arg;
	bool failed;
};

/* Of the file itself libconfig says NULL, of an include what was written. */
static void
name_file(const struct loader *loader, const char *file, char name[PATH_MAX])
{
	if (file == NULL)
		snprintf(name, PATH_MAX, "%s", loader->path);
	else if (file[0] == '/' || loader->directory == NULL)
		snprintf(name, PATH_MAX, "%s", file);
	else
		snprintf(name, PATH_MAX, "%s/%s", loader->directory, file);
}

static void complain(struct loader *loader, const config_setting_t *setting,
    const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* An error at a setting's line. */
static void
complain(struct loader *loader, const config_setting_t *setting,
    const char *key, const char *format, ...)
{
	char text[MESSAGE_SIZE], message[PATH_MAX + MESSAGE_SIZE + NAME_SIZE];
	char file[PATH_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	name_file(loader, config_setting_source_file(setting), file);
	snprintf(message, sizeof(message), "%s:%u: %s: %s", file,
	    config_setting_source_line(setting), key, text);
	loader->report(message, loader->arg);
	loader->failed = true;
}

/* The fault of a value: what a complaint needs besides. */
struct place {
	struct loader *loader;
	const char *key;
};

static void
on_fault(const config_setting_t *setting, const char *text, void *arg)
{
	const struct place *place = arg;

	complain(place->loader, setting, place->key, "%s", text);
}

static void load_listeners(
    struct loader *loader, config_setting_t *setting, const char *name);

static void
load_value(struct loader *loader, const struct conf_key *key,
    config_setting_t *setting, const char *name, void *base)
{
	struct place place = { loader, name };

	if (key->type == CONF_LISTENERS)
		load_listeners(loader, setting, name);
	else
		conf_value_load(key, setting, base, on_fault, &place);
}

static const struct conf_key *
find_key(const struct conf_key *keys, const char *name)
{
	const struct conf_key *key;

	for (key = keys; key->name != NULL; key++)
		if (strcmp(key->name, name) == 0)
			return key;
	return NULL;
}

static bool
is_within(const struct conf_key *key, const char *group)
{
	size_t length = strlen(group);

	return length == 0 ||
	    (strncmp(key->name, group, length) == 0 &&
		key->name[length] == '.');
}

static bool
is_group_name(const struct conf_key *keys, const char *name)
{
	const struct conf_key *key;

	for (key = keys; key->name != NULL; key++)
		if (is_within(key, name))
			return true;
	return false;
}

static void
complain_unknown(struct loader *loader, const struct conf_key *keys,
    const config_setting_t *setting, const char *name, const char *group)
{
	char list[MESSAGE_SIZE / 2] = "";
	const struct conf_key *key;
	size_t length = 0;

	for (key = keys; key->name != NULL; key++)
		if (is_within(key, group) && length < sizeof(list))
			length += (size_t)snprintf(list + length,
			    sizeof(list) - length, " %s", key->name);
	complain(
	    loader, setting, name, "there is no such key; allowed:%s", list);
}

/* Loads every setting of a group that the table calls by this prefix. */
static void
load_group(struct loader *loader, const struct conf_key *keys,
    config_setting_t *settings, const char *group, void *base)
{
	int i, count = config_setting_length(settings);

	for (i = 0; i < count; i++) {
		config_setting_t *setting =
		    config_setting_get_elem(settings, (unsigned)i);
		const struct conf_key *key;
		char name[NAME_SIZE];

		snprintf(name, sizeof(name), "%s%s%s", group,
		    group[0] == '\0' ? "" : ".", config_setting_name(setting));
		key = find_key(keys, name);
		if (key != NULL)
			load_value(loader, key, setting, name, base);
		else if (!is_group_name(keys, name))
			complain_unknown(loader, keys, setting, name, group);
		else if (config_setting_is_group(setting))
			load_group(loader, keys, setting, name, base);
		else
			complain(loader, setting, name,
			    "not a group; allowed: %s = { KEY = VALUE; }",
			    name);
	}
}

static void
load_listener(
    struct loader *loader, config_setting_t *setting, const char *name)
{
	struct conf_listen *listener = conf_append_listen(loader->conf);
	const char *why;

	if (config_setting_is_group(setting)) {
		load_group(loader, conf_listen_keys, setting, name, listener);
		if (config_setting_get_member(setting, "address") == NULL)
			complain(loader, setting, name,
			    "no address in the group; allowed: "
			    "{ address = \"HOST:PORT\"; }");
	} else {
		load_value(loader, find_key(conf_listen_keys, "listen.address"),
		    setting, name, listener);
	}
	if (listener->address_text == NULL)
		return;
	address_parse(listener->address_text, &listener->address, &why);
}

static void
load_listeners(
    struct loader *loader, config_setting_t *setting, const char *name)
{
	int i, count;

	conf_clear_listen(loader->conf);
	if (!config_setting_is_list(setting) &&
	    !config_setting_is_array(setting)) {
		load_listener(loader, setting, name);
		return;
	}
	count = config_setting_length(setting);
	if (count == 0)
		complain(loader, setting, name,
		    "there is no address; allowed: one or more of %s",
		    ADDRESS_FORMS);
	for (i = 0; i < count; i++)
		load_listener(loader,
		    config_setting_get_elem(setting, (unsigned)i), name);
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
read_tls(struct loader *loader, const config_t *config)
{
	static const char *const keys[] = {
		[TLS_CERTIFICATE] = "tls.certificate",
		[TLS_KEY] = "tls.key",
		[TLS_CA] = "tls.client_ca",
	};
	struct tls_fault fault;
	const char *key;

	if (conf_rules_read_tls(loader->conf, &fault) == 0)
		return true;
	key = keys[fault.file];
	complain(loader, config_lookup(config, key), key, "%s", fault.text);
	return false;
}

/* What no setting can tell by itself; only when each is good. */
static void
check_together(struct loader *loader, const config_t *config)
{
	struct conf *conf = loader->conf;
	char text[MESSAGE_SIZE];
	const char *why;
	size_t i;

	if (conf_rules_read_secret(conf, &why) == -1)
		complain(loader, config_lookup(config, "access.secret_file"),
		    "access.secret_file", "%s: %s", conf->secret_file, why);
	if (!read_tls(loader, config))
		return;
	for (i = 0; i < conf->listen_count; i++)
		if (conf_rules_check_listener(
			conf, &conf->listen[i], text, sizeof(text)) == -1)
			complain(loader, listener_setting(config, i), "listen",
			    "%s", text);
}

static void
report_syntax(struct loader *loader, config_t *config)
{
	const char *text = config_error_text(config);
	char file[PATH_MAX], message[PATH_MAX + MESSAGE_SIZE];

	name_file(loader, config_error_file(config), file);
	snprintf(message, sizeof(message), "%s:%d: %s%s", file,
	    config_error_line(config), text,
	    strcmp(text, "syntax error") == 0
		? "; allowed: KEY = VALUE; with each string in quotes"
		: "");
	loader->report(message, loader->arg);
	loader->failed = true;
}

/* Reads the content of a file called name; includes are in directory. */
static struct conf *
load(const char *content, const char *name, const char *directory,
    conf_report *report, void *arg)
{
	struct loader loader = {
		.path = name,
		.directory = directory,
		.conf = conf_new(),
		.report = report,
		.arg = arg,
	};
	enum conf_scan_result scanned =
	    conf_scan(content, name, directory, report, arg);
	config_t config;

	loader.failed = scanned != CONF_SCAN_GOOD;
	config_init(&config);
	if (directory != NULL)
		config_set_include_dir(&config, directory);
	if (scanned == CONF_SCAN_UNREADABLE)
		;
	else if (config_read_string(&config, content))
		load_group(&loader, conf_keys, config_root_setting(&config), "",
		    loader.conf);
	else
		report_syntax(&loader, &config);
	if (!loader.failed)
		check_together(&loader, &config);
	config_destroy(&config);
	if (!loader.failed)
		return loader.conf;
	conf_free(loader.conf);
	return NULL;
}

struct conf *
conf_parse(
    const char *content, const char *name, conf_report *report, void *arg)
{
	return load(content, name, NULL, report, arg);
}

struct conf *
conf_load(const char *path, conf_report *report, void *arg)
{
	char message[PATH_MAX + MESSAGE_SIZE], *content, *copy;
	struct conf *conf;
	const char *why;

	content = conf_read_file(path, &why);
	if (content == NULL) {
		snprintf(message, sizeof(message), "%s: %s", path, why);
		report(message, arg);
		return NULL;
	}
	copy = xstrdup(path);
	conf = load(content, path, dirname(copy), report, arg);
	free(copy);
	free(content);
	return conf;
}
