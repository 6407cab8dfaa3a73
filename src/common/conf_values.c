/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/conf_values.h"

#include "common/conf_table.h"
#include "common/xmalloc.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE 2048

/* One value on its way from the file to its field. */
struct value {
	const struct conf_key *key;
	config_setting_t *setting;
	void *base;
	conf_fault *fault;
	void *arg;
};

static void *
field(const struct conf_key *key, const void *base)
{
	return (char *)base + key->offset;
}

static void complain(const struct value *value, const config_setting_t *setting,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

static void
complain(const struct value *value, const config_setting_t *setting,
    const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	value->fault(setting, text, value->arg);
}

static void
set_number(const struct conf_key *key, void *base, int64_t value)
{
	int64_t *number = field(key, base);

	*number = value;
}

static void
load_integer(const struct value *value)
{
	const struct conf_key *key = value->key;
	int64_t number = config_setting_get_int64(value->setting);
	int type = config_setting_type(value->setting);

	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
		complain(value, value->setting,
		    "not an integer; allowed: %" PRId64 " to %" PRId64,
		    key->min, key->max);
	else if (number < key->min || number > key->max)
		complain(value, value->setting,
		    "%" PRId64 " is out of range; allowed: %" PRId64
		    " to %" PRId64,
		    number, key->min, key->max);
	else
		set_number(key, value->base, number);
}

static void
load_flag(const struct value *value)
{
	if (config_setting_type(value->setting) == CONFIG_TYPE_BOOL)
		set_number(value->key, value->base,
		    config_setting_get_bool(value->setting));
	else
		complain(value, value->setting,
		    "neither true nor false; allowed, without quotes: true "
		    "false");
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
load_choice(const struct value *value)
{
	const char *choices = value->key->choices;
	const char *word = config_setting_get_string(value->setting);
	int number = word == NULL ? -1 : find_choice(choices, word);

	if (number != -1)
		set_number(value->key, value->base, number);
	else if (word != NULL)
		complain(value, value->setting,
		    "\"%.*s\" is not known; allowed, in quotes: %s",
		    CONF_SHOWN_BYTES, word, choices);
	else
		complain(value, value->setting,
		    "not a string; allowed, in quotes: %s", choices);
}

/* libconfig has no octal numbers, so permissions are a string. */
static void
load_permissions(const struct value *value)
{
	const struct conf_key *key = value->key;
	const char *text = config_setting_get_string(value->setting);
	long number = -1;
	char *end = NULL;

	if (text != NULL && text[0] >= '0' && text[0] <= '7')
		number = strtol(text, &end, 8);
	if (end == NULL || *end != '\0' || number < key->min ||
	    number > key->max)
		complain(value, value->setting,
		    "not permissions; allowed: an octal number in quotes, "
		    "\"0\" to \"%" PRIo64 "\"",
		    key->max);
	else
		set_number(key, value->base, number);
}

/* The string of a setting that is good, or NULL. */
static const char *
good_string(const struct value *value, const config_setting_t *setting)
{
	const struct conf_key *key = value->key;
	const char *text = config_setting_get_string(setting);
	const char *allowed =
	    key->allowed == NULL ? "any text but \"\"" : key->allowed;
	const char *why = "empty";

	if (text == NULL)
		complain(value, setting, "not a string; allowed, in quotes: %s",
		    allowed);
	else if (key->check == NULL ? text[0] == '\0'
				    : key->check(text, &why) == -1)
		complain(value, setting, "\"%.*s\": %s; allowed: %s",
		    CONF_SHOWN_BYTES, text, why, allowed);
	else
		return text;
	return NULL;
}

static void
load_string(const struct value *value)
{
	const char *text = good_string(value, value->setting);
	char **string = field(value->key, value->base);

	if (text == NULL)
		return;
	free(*string);
	*string = xstrdup(text);
}

void
conf_strings_add(struct conf_strings *strings, const char *text)
{
	strings->texts = xreallocarray(
	    strings->texts, strings->count + 1, sizeof(*strings->texts));
	strings->texts[strings->count++] = xstrdup(text);
}

void
conf_strings_clear(struct conf_strings *strings)
{
	while (strings->count > 0)
		free(strings->texts[--strings->count]);
	free(strings->texts);
	strings->texts = NULL;
}

/* One string may stand without brackets. */
static void
load_strings(const struct value *value)
{
	struct conf_strings *strings = field(value->key, value->base);
	config_setting_t *setting = value->setting;
	bool one = !config_setting_is_array(setting) &&
	    !config_setting_is_list(setting);
	int i, count = one ? 1 : config_setting_length(setting);

	if (count == 0)
		complain(value, setting,
		    "there is nothing in it; allowed: one or more of %s",
		    value->key->allowed == NULL ? "a string"
						: value->key->allowed);
	conf_strings_clear(strings);
	for (i = 0; i < count; i++) {
		const char *text = good_string(value,
		    one ? setting
			: config_setting_get_elem(setting, (unsigned)i));

		if (text != NULL)
			conf_strings_add(strings, text);
	}
}

void
conf_value_load(const struct conf_key *key, config_setting_t *setting,
    void *base, conf_fault *fault, void *arg)
{
	struct value value = { key, setting, base, fault, arg };

	switch (key->type) {
	case CONF_INTEGER:
		load_integer(&value);
		break;
	case CONF_FLAG:
		load_flag(&value);
		break;
	case CONF_CHOICE:
		load_choice(&value);
		break;
	case CONF_PERMISSIONS:
		load_permissions(&value);
		break;
	case CONF_STRING:
		load_string(&value);
		break;
	case CONF_STRINGS:
		load_strings(&value);
		break;
	case CONF_OWN:
		break;
	}
}

void
conf_value_default(const struct conf_key *key, void *base)
{
	char **string;

	switch (key->type) {
	case CONF_INTEGER:
	case CONF_FLAG:
	case CONF_CHOICE:
	case CONF_PERMISSIONS:
		set_number(key, base, key->fallback);
		break;
	case CONF_STRING:
		string = field(key, base);
		if (key->fallback_text != NULL)
			*string = xstrdup(key->fallback_text);
		break;
	case CONF_STRINGS:
	case CONF_OWN:
		break;
	}
}

void
conf_value_clear(const struct conf_key *key, void *base)
{
	char **string;

	switch (key->type) {
	case CONF_STRING:
		string = field(key, base);
		free(*string);
		*string = NULL;
		break;
	case CONF_STRINGS:
		conf_strings_clear(field(key, base));
		break;
	case CONF_INTEGER:
	case CONF_FLAG:
	case CONF_CHOICE:
	case CONF_PERMISSIONS:
		set_number(key, base, 0);
		break;
	case CONF_OWN:
		break;
	}
}

static bool
is_same_text(const char *text, const char *other)
{
	return text == NULL || other == NULL ? text == other
					     : strcmp(text, other) == 0;
}

static bool
are_same_texts(
    const struct conf_strings *texts, const struct conf_strings *other)
{
	size_t i;

	if (texts->count != other->count)
		return false;
	for (i = 0; i < texts->count; i++)
		if (strcmp(texts->texts[i], other->texts[i]) != 0)
			return false;
	return true;
}

bool
conf_value_is_equal(
    const struct conf_key *key, const void *base, const void *other)
{
	switch (key->type) {
	case CONF_INTEGER:
	case CONF_FLAG:
	case CONF_CHOICE:
	case CONF_PERMISSIONS:
		return *(const int64_t *)field(key, base) ==
		    *(const int64_t *)field(key, other);
	case CONF_STRING:
		return is_same_text(*(char *const *)field(key, base),
		    *(char *const *)field(key, other));
	case CONF_STRINGS:
		return are_same_texts(field(key, base), field(key, other));
	case CONF_OWN:
		break;
	}
	return false;
}

static void
swap_bytes(void *bytes, void *other, size_t size)
{
	char kept[sizeof(struct conf_strings)];

	memcpy(kept, bytes, size);
	memcpy(bytes, other, size);
	memcpy(other, kept, size);
}

void
conf_value_swap(const struct conf_key *key, void *base, void *other)
{
	size_t size = sizeof(int64_t);

	if (key->type == CONF_STRING)
		size = sizeof(char *);
	else if (key->type == CONF_STRINGS)
		size = sizeof(struct conf_strings);
	swap_bytes(field(key, base), field(key, other), size);
}
