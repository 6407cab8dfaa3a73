/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/conf_table.h"

#include "common/conf_scan.h"
#include "common/conf_values.h"
#include "common/xmalloc.h"

#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE    128
#define MESSAGE_SIZE 2048
#define PLACE_SIZE   (PATH_MAX + NAME_SIZE)

struct conf_reader {
	const char *path;
	const char *directory; /* that includes are relative to, or NULL */
	const struct conf_table *table;
	conf_report *report;
	void *arg;
	struct conf_strings said, places; /* by conf_scan() */
	bool failed;
};

/* Of the file itself libconfig says NULL, of an include what was written. */
static void
name_file(
    const struct conf_reader *reader, const char *file, char name[PATH_MAX])
{
	if (file == NULL)
		snprintf(name, PATH_MAX, "%s", reader->path);
	else if (file[0] == '/' || reader->directory == NULL)
		snprintf(name, PATH_MAX, "%s", file);
	else
		snprintf(name, PATH_MAX, "%s/%s", reader->directory, file);
}

static void
on_scan_report(const char *message, void *arg)
{
	struct conf_reader *reader = arg;

	conf_strings_add(&reader->said, message);
	reader->report(message, reader->arg);
}

/* A value that was wrong for libconfig is another one for us. */
static bool
was_said(const struct conf_reader *reader, const char *place)
{
	size_t i;

	for (i = 0; i < reader->said.count; i++)
		if (strncmp(reader->said.texts[i], place, strlen(place)) == 0)
			return true;
	return false;
}

/* Of a string in a list libconfig says where what follows it is. */
static void
name_place(const struct conf_reader *reader, const config_setting_t *setting,
    const char *key, char place[PLACE_SIZE])
{
	const char *known = config_setting_get_hook(setting);
	char file[PATH_MAX];

	name_file(reader, config_setting_source_file(setting), file);
	if (known != NULL)
		snprintf(place, PLACE_SIZE, "%s: %s: ", known, key);
	else
		snprintf(place, PLACE_SIZE, "%s:%u: %s: ", file,
		    config_setting_source_line(setting), key);
}

void
conf_table_complain(struct conf_reader *reader, const config_setting_t *setting,
    const char *key, const char *format, ...)
{
	char text[MESSAGE_SIZE], message[PLACE_SIZE + MESSAGE_SIZE];
	char place[PLACE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	name_place(reader, setting, key, place);
	snprintf(message, sizeof(message), "%s%s", place, text);
	if (!was_said(reader, place))
		reader->report(message, reader->arg);
	reader->failed = true;
}

/* The fault of a value: what a complaint needs besides. */
struct place {
	struct conf_reader *reader;
	const char *key;
};

static void
on_fault(const config_setting_t *setting, const char *text, void *arg)
{
	const struct place *place = arg;

	conf_table_complain(place->reader, setting, place->key, "%s", text);
}

void
conf_table_load_value(struct conf_reader *reader, const struct conf_key *key,
    config_setting_t *setting, const char *name, void *base)
{
	struct place place = { reader, name };

	if (key->type == CONF_OWN)
		reader->table->load_own(reader, setting, name, base);
	else
		conf_value_load(key, setting, base, on_fault, &place);
}

const struct conf_key *
conf_table_find(const struct conf_key *keys, const char *name)
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
complain_unknown(struct conf_reader *reader, const struct conf_key *keys,
    const config_setting_t *setting, const char *name, const char *group)
{
	char list[MESSAGE_SIZE / 2] = "";
	const struct conf_key *key;
	size_t length = 0;

	for (key = keys; key->name != NULL; key++)
		if (is_within(key, group) && length < sizeof(list))
			length += (size_t)snprintf(list + length,
			    sizeof(list) - length, " %s", key->name);
	conf_table_complain(
	    reader, setting, name, "there is no such key; allowed:%s", list);
}

void
conf_table_load_group(struct conf_reader *reader, const struct conf_key *keys,
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
		key = conf_table_find(keys, name);
		if (key != NULL)
			conf_table_load_value(reader, key, setting, name, base);
		else if (!is_group_name(keys, name))
			complain_unknown(reader, keys, setting, name, group);
		else if (config_setting_is_group(setting))
			conf_table_load_group(
			    reader, keys, setting, name, base);
		else
			conf_table_complain(reader, setting, name,
			    "not a group; allowed: %s = { KEY = VALUE; }",
			    name);
	}
}

/* What libconfig leaves to be asked. */
static const char *
allowed_syntax(const char *error)
{
	static const char *const pairs[][2] = {
		{ "syntax error",
		    "KEY = VALUE; with each string in quotes, and groups in a "
		    "list: ( { ... }, { ... } )" },
		{ "duplicate setting name",
		    "each key once, and all keys of a group in the same "
		    "braces" },
		{ "mismatched element type in array",
		    "strings, each in quotes" },
	};
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (strcmp(error, pairs[i][0]) == 0)
			return pairs[i][1];
	return NULL;
}

static void
report_syntax(struct conf_reader *reader, config_t *config)
{
	const char *text = config_error_text(config);
	const char *allowed = allowed_syntax(text);
	char file[PATH_MAX], message[PATH_MAX + MESSAGE_SIZE];

	name_file(reader, config_error_file(config), file);
	snprintf(message, sizeof(message), "%s:%d: %s%s%s", file,
	    config_error_line(config), text,
	    allowed == NULL ? "" : "; allowed: ",
	    allowed == NULL ? "" : allowed);
	reader->report(message, reader->arg);
	reader->failed = true;
}

/* Hangs their places, from the next one on, on the strings without a name. */
static void
set_places(
    config_setting_t *setting, const struct conf_strings *places, size_t *next)
{
	int i, count = config_setting_length(setting);

	for (i = 0; i < count; i++)
		set_places(config_setting_get_elem(setting, (unsigned)i),
		    places, next);
	if (config_setting_type(setting) == CONFIG_TYPE_STRING &&
	    config_setting_name(setting) == NULL && *next < places->count)
		config_setting_set_hook(setting, places->texts[(*next)++]);
}

static void
load_content(struct conf_reader *reader, config_t *config, const char *content,
    void *base)
{
	config_setting_t *root;
	size_t next = 0;

	if (!config_read_string(config, content)) {
		report_syntax(reader, config);
		return;
	}
	root = config_root_setting(config);
	set_places(root, &reader->places, &next);
	conf_table_load_group(reader, reader->table->keys, root, "", base);
}

/* Reads the content of a file called name; includes are in directory. */
static int
read_content(const char *content, const char *name, const char *directory,
    const struct conf_table *table, void *base, conf_report *report, void *arg)
{
	struct conf_reader reader = {
		.path = name,
		.directory = directory,
		.table = table,
		.report = report,
		.arg = arg,
	};
	enum conf_scan_result scanned = conf_scan(
	    content, name, directory, &reader.places, on_scan_report, &reader);
	config_t config;

	reader.failed = scanned != CONF_SCAN_GOOD;
	config_init(&config);
	if (directory != NULL)
		config_set_include_dir(&config, directory);
	if (scanned != CONF_SCAN_UNREADABLE)
		load_content(&reader, &config, content, base);
	if (!reader.failed && table->check != NULL)
		table->check(&reader, &config, base);
	config_destroy(&config);
	conf_strings_clear(&reader.places);
	conf_strings_clear(&reader.said);
	return reader.failed ? -1 : 0;
}

int
conf_table_parse(const char *content, const char *name,
    const struct conf_table *table, void *base, conf_report *report, void *arg)
{
	return read_content(content, name, NULL, table, base, report, arg);
}

/* A comment needs it; without one, an error there would be in the next line. */
static char *
end_last_line(char *content)
{
	const char *last = strrchr(content, '\n');
	size_t length = strlen(content);

	if (strpbrk(last == NULL ? content : last, "#/") == NULL)
		return content;
	content = xrealloc(content, length + 2);
	strcpy(content + length, "\n");
	return content;
}

int
conf_table_load(const struct conf_source *source,
    const struct conf_table *table, void *base, conf_report *report, void *arg)
{
	char message[PATH_MAX + MESSAGE_SIZE], *content, *copy;
	const char *path = source->path;
	const char *why;
	int result;

	content = conf_source_read(source, &why);
	if (content == NULL) {
		snprintf(message, sizeof(message), "%s: %s", path, why);
		report(message, arg);
		return -1;
	}
	content = end_last_line(content);
	copy = xstrdup(path);
	result = read_content(
	    content, path, dirname(copy), table, base, report, arg);
	free(copy);
	free(content);
	return result;
}

void
conf_table_default(const struct conf_key *keys, void *base)
{
	for (; keys->name != NULL; keys++)
		conf_value_default(keys, base);
}

void
conf_table_clear(const struct conf_key *keys, void *base)
{
	for (; keys->name != NULL; keys++)
		conf_value_clear(keys, base);
}
