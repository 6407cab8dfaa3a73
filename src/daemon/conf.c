/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/conf.h"

#include "common/xmalloc.h"
#include "daemon/conf_keys.h"
#include "daemon/conf_scan.h"
#include "daemon/room.h"

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

static void *
field(const struct conf_key *key, void *base)
{
	return (char *)base + key->offset;
}

static void
set_string(const struct conf_key *key, void *base, const char *value)
{
	char **text = field(key, base);

	free(*text);
	*text = xstrdup(value);
}

static void
set_number(const struct conf_key *key, void *base, int64_t value)
{
	int64_t *number = field(key, base);

	*number = value;
}

static void
set_default(const struct conf_key *key, void *base)
{
	switch (key->type) {
	case CONF_INTEGER:
	case CONF_CHOICE:
	case CONF_PERMISSIONS:
		set_number(key, base, key->fallback);
		break;
	case CONF_ROOM:
		set_string(key, base, CONF_DEFAULT_ROOM);
		break;
	case CONF_ADDRESS:
	case CONF_LISTENERS:
		break;
	}
}

static void
load_integer(struct loader *loader, const struct conf_key *key,
    config_setting_t *setting, const char *name, void *base)
{
	int64_t value = config_setting_get_int64(setting);
	int type = config_setting_type(setting);

	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
		complain(loader, setting, name,
		    "not an integer; allowed: %" PRId64 " to %" PRId64,
		    key->min, key->max);
	else if (value < key->min || value > key->max)
		complain(loader, setting, name,
		    "%" PRId64 " is out of range; allowed: %" PRId64
		    " to %" PRId64,
		    value, key->min, key->max);
	else
		set_number(key, base, value);
}

/* The number of the word in "a b c", or -1. */
static int
find_choice(const char *choices, const char *word)
{
	size_t length = strlen(word);
	int number = 0;

	while (length > 0 && *choices != '\0') {
		size_t next = strcspn(choices, " ");

		if (next == length && memcmp(choices, word, length) == 0)
			return number;
		choices += next;
		choices += strspn(choices, " ");
		number++;
	}
	return -1;
}

static void
load_choice(struct loader *loader, const struct conf_key *key,
    config_setting_t *setting, const char *name, void *base)
{
	const char *word = config_setting_get_string(setting);
	int number = word == NULL ? -1 : find_choice(key->choices, word);

	if (number != -1)
		set_number(key, base, number);
	else if (word != NULL)
		complain(loader, setting, name,
		    "\"%s\" is not known; allowed, in quotes: %s", word,
		    key->choices);
	else
		complain(loader, setting, name,
		    "not a string; allowed, in quotes: %s", key->choices);
}

/* libconfig has no octal numbers, so permissions are a string. */
static void
load_permissions(struct loader *loader, const struct conf_key *key,
    config_setting_t *setting, const char *name, void *base)
{
	const char *text = config_setting_get_string(setting);
	long value = -1;
	char *end = NULL;

	if (text != NULL && text[0] >= '0' && text[0] <= '7')
		value = strtol(text, &end, 8);
	if (end == NULL || *end != '\0' || value < key->min || value > key->max)
		complain(loader, setting, name,
		    "not permissions; allowed: an octal number in quotes, "
		    "\"0\" to \"%" PRIo64 "\"",
		    key->max);
	else
		set_number(key, base, value);
}

static void
load_room(struct loader *loader, const struct conf_key *key,
    config_setting_t *setting, const char *name, void *base)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";
	const char *text = config_setting_get_string(setting);
	size_t length = text == NULL ? 0 : strlen(text);

	if (length == 0 || length > ROOM_NAME_MAX ||
	    strspn(text, allowed) != length)
		complain(loader, setting, name,
		    "not the name of a room; allowed: 1 to %d letters, "
		    "digits, _ and -, in quotes",
		    ROOM_NAME_MAX);
	else
		set_string(key, base, text);
}

static void
load_address(struct loader *loader, const struct conf_key *key,
    config_setting_t *setting, const char *name, void *base)
{
	const char *text = config_setting_get_string(setting);
	struct address address;
	const char *why;

	if (text == NULL)
		complain(loader, setting, name,
		    "not a string; allowed, in quotes: %s", ADDRESS_FORMS);
	else if (address_parse(text, &address, &why) == -1)
		complain(loader, setting, name, "\"%s\": %s; allowed: %s", text,
		    why, ADDRESS_FORMS);
	else
		set_string(key, base, text);
}

static void load_listeners(
    struct loader *loader, config_setting_t *setting, const char *name);

static void
load_value(struct loader *loader, const struct conf_key *key,
    config_setting_t *setting, const char *name, void *base)
{
	switch (key->type) {
	case CONF_INTEGER:
		load_integer(loader, key, setting, name, base);
		break;
	case CONF_CHOICE:
		load_choice(loader, key, setting, name, base);
		break;
	case CONF_PERMISSIONS:
		load_permissions(loader, key, setting, name, base);
		break;
	case CONF_ROOM:
		load_room(loader, key, setting, name, base);
		break;
	case CONF_ADDRESS:
		load_address(loader, key, setting, name, base);
		break;
	case CONF_LISTENERS:
		load_listeners(loader, setting, name);
		break;
	}
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

/* A new listener at the end, with its defaults. */
static struct conf_listen *
append_listener(struct conf *conf)
{
	struct conf_listen *listener;
	const struct conf_key *key;

	conf->listen = xreallocarray(
	    conf->listen, conf->listen_count + 1, sizeof(*conf->listen));
	listener = &conf->listen[conf->listen_count++];
	memset(listener, 0, sizeof(*listener));
	for (key = conf_listen_keys; key->name != NULL; key++)
		set_default(key, listener);
	return listener;
}

static void
load_listener(
    struct loader *loader, config_setting_t *setting, const char *name)
{
	struct conf_listen *listener = append_listener(loader->conf);
	const char *why;

	if (config_setting_is_group(setting)) {
		load_group(loader, conf_listen_keys, setting, name, listener);
		if (config_setting_get_member(setting, "address") == NULL)
			complain(loader, setting, name,
			    "no address in the group; allowed: "
			    "{ address = \"HOST:PORT\"; }");
	} else {
		load_address(loader,
		    find_key(conf_listen_keys, "listen.address"), setting, name,
		    listener);
	}
	if (listener->address_text == NULL)
		return;
	address_parse(listener->address_text, &listener->address, &why);
	if (listener->permissions != CONF_NO_PERMISSIONS &&
	    listener->address.family != ADDRESS_UNIX)
		complain(loader, setting, name,
		    "permissions for %s; allowed: for a Unix socket only",
		    listener->address_text);
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

struct conf *
conf_new(void)
{
	struct conf *conf = xcalloc(1, sizeof(*conf));
	const struct conf_key *key;
	const char *why;

	for (key = conf_keys; key->name != NULL; key++)
		set_default(key, conf);
	conf_add_listen(conf, CONF_DEFAULT_LISTEN, &why);
	return conf;
}

void
conf_clear_listen(struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->listen_count; i++) {
		free(conf->listen[i].address_text);
		free(conf->listen[i].room);
	}
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
	listener = append_listener(conf);
	listener->address = address;
	listener->address_text = xstrdup(text);
	return 0;
}

void
conf_free(struct conf *conf)
{
	if (conf == NULL)
		return;
	conf_clear_listen(conf);
	free(conf);
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
