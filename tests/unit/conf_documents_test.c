/* SPDX-License-Identifier: ISC */
/*
 * Guards against a key that is in the table of conf_keys.c and not in the man
 * page or the sample, and against documents that tell another default.
 *
 * The files are found through $TCPRELAY_MAN_CONF and $TCPRELAY_SAMPLE.
 */
#include "config.h"

#include "unit.h"

#include "common/conf_values.h"
#include "daemon/conf.h"
#include "daemon/conf_keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *
read_file(const char *variable)
{
	const char *path = getenv(variable);
	FILE *file;
	char *text;
	size_t length;

	if (path == NULL)
		fail_msg("%s is not set", variable);
	file = fopen(path, "r");
	if (file == NULL)
		fail_msg("%s: cannot be read", path);
	text = calloc(1, 1 << 20);
	length = fread(text, 1, (1 << 20) - 1, file);
	assert_true(length > 0 && feof(file));
	fclose(file);
	return text;
}

/* The default as a document would write it, or NULL. */
static const char *
default_text(const struct conf_key *key, char *text, size_t size)
{
	const char *word = key->choices;
	int64_t i;

	switch (key->type) {
	case CONF_INTEGER:
		snprintf(text, size, "%" PRId64, key->fallback);
		return text;
	case CONF_CHOICE:
		for (i = 0; i < key->fallback; i++)
			word += strcspn(word, " ") + 1;
		snprintf(text, size, "%.*s", (int)strcspn(word, " "), word);
		return text;
	case CONF_FLAG:
		return key->fallback ? "true" : "false";
	case CONF_STRING:
		return key->fallback_text;
	case CONF_OWN:
		return CONF_DEFAULT_LISTEN;
	case CONF_PERMISSIONS:
	case CONF_STRINGS:
		return NULL;
	}
	return NULL;
}

static void
check_man(char *man, const struct conf_key *keys)
{
	const struct conf_key *key;
	char item[128], value[64];

	for (key = keys; key->name != NULL; key++) {
		const char *begin, *end, *wanted, *found;

		const char *name = key->name;

		/* Within its group a listener's key is called by itself. */
		if (keys == conf_listen_keys)
			name = strchr(name, '.') + 1;
		snprintf(item, sizeof(item), "\n.It Ic %s\n", name);
		begin = strstr(man, item);
		if (begin == NULL)
			fail_msg("%s is not in tcprelay.conf(5)", key->name);
		end = strstr(begin + strlen(item), "\n.It ");
		found = strstr(begin, "It changes with a restart only.");
		if (key->restart && (found == NULL || found > end))
			fail_msg("tcprelay.conf(5) does not say that %s needs "
				 "a restart",
			    key->name);
		wanted = default_text(key, value, sizeof(value));
		if (wanted == NULL)
			continue;
		found = strstr(begin, wanted);
		if (found == NULL || (end != NULL && found > end))
			fail_msg("tcprelay.conf(5) does not say that the "
				 "default of %s is %s",
			    key->name, wanted);
	}
}

static void
test_the_man_page_has_every_key_and_its_default(void **state)
{
	char *man = read_file("TCPRELAY_MAN_CONF");

	(void)state;
	check_man(man, conf_keys);
	check_man(man, conf_listen_keys);
	free(man);
}

static void
report(const char *message, void *arg)
{
	(void)arg;
	fail_msg("%s", message);
}

/* Takes the comment sign from settings, "# key = value;", not from texts. */
static void
uncomment(char *text)
{
	char *at = text;

	while ((at = strstr(at, "# ")) != NULL) {
		if (at == text || at[-1] != '#')
			at[0] = ' ';
		at++;
	}
}

static void
check_sample(const char *sample)
{
	const struct conf_key *key;
	char setting[128], value[64];

	for (key = conf_keys; key->name != NULL; key++) {
		const char *dot = strchr(key->name, '.');
		const char *wanted = default_text(key, value, sizeof(value));
		const char *name = dot == NULL ? key->name : dot + 1;
		const char *quote =
		    key->type == CONF_INTEGER || key->type == CONF_FLAG ? ""
									: "\"";

		if (wanted == NULL) /* an example, in the text */
			snprintf(setting, sizeof(setting), " %s = ", name);
		else
			snprintf(setting, sizeof(setting), "# %s = %s%s%s;",
			    name, quote, wanted, quote);
		if (strstr(sample, setting) == NULL)
			fail_msg("the sample has no \"%s\"", setting);
	}
}

static void
test_the_sample_has_every_key_and_its_default(void **state)
{
	char *sample = read_file("TCPRELAY_SAMPLE");
	struct conf *shipped, *uncommented, *defaults = conf_new();
	const struct conf_key *key;

	(void)state;
	check_sample(sample);
	shipped = conf_parse(sample, "sample", report, NULL);
	uncomment(sample);
	uncommented = conf_parse(sample, "sample", report, NULL);
	for (key = conf_keys; key->name != NULL; key++) {
		if (key->type == CONF_OWN)
			continue;
		if (!conf_value_is_equal(key, shipped, defaults) ||
		    !conf_value_is_equal(key, uncommented, defaults))
			fail_msg("%s is not the default", key->name);
	}
	assert_int_equal(uncommented->listen_count, 1);
	assert_string_equal(
	    uncommented->listen[0].address_text, CONF_DEFAULT_LISTEN);
	conf_free(shipped);
	conf_free(uncommented);
	conf_free(defaults);
	free(sample);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_the_man_page_has_every_key_and_its_default),
		cmocka_unit_test(test_the_sample_has_every_key_and_its_default),
	};

	return cmocka_run_group_tests_name("conf documents", tests, NULL, NULL);
}
