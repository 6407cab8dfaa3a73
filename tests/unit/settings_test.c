/* SPDX-License-Identifier: ISC */
/*
 * Guards against a wrong setting that passes in silence, and against a key
 * that tcprelay(1) does not tell of. The page is $TCPRELAY_MAN_CLIENT.
 */
#include "config.h"

#include "unit.h"

#include "client/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct conf_table table = { .keys = settings_keys };

static void
collect(const char *message, void *arg)
{
	char *all = arg;

	strcat(strcat(all, message), "\n");
}

static void
expect(const char *content, const char *messages)
{
	struct settings settings = { 0 };
	char got[2048] = "";
	int result =
	    conf_table_parse(content, "f", &table, &settings, collect, got);

	assert_string_equal(got, messages);
	assert_int_equal(result, messages[0] == '\0' ? 0 : -1);
	settings_clear(&settings);
}

static void
test_each_error_says_where_what_and_what_is_allowed(void **state)
{
	(void)state;
	expect("", "");
	expect("address = \"host\"; nick = \"anna\"; reconnect = true;", "");
	expect("address = \"unix:/path\"; color = \"never\";", "");
	expect("timestamps = \"\";", "");
	expect("\naddress = \"host:port\";",
	    "f:2: address: \"host:port\": the port is not a number; allowed: "
	    "HOST, HOST:PORT, [IPV6]:PORT, :PORT or unix:/PATH\n");
	expect("nick = \"two words\";",
	    "f:1: nick: \"two words\": not a name; allowed: one word of 1 to "
	    "32 bytes\n");
	expect("color = \"red\";",
	    "f:1: color: \"red\" is not known; allowed, in quotes: auto always "
	    "never\n");
	expect("bell = 1;",
	    "f:1: bell: neither true nor false; allowed, without quotes: true "
	    "false\n");
	expect("timeout_seconds = 86401;",
	    "f:1: timeout_seconds: 86401 is out of range; allowed: 0 to "
	    "86400\n");
}

static void
test_an_unknown_key_is_told_what_there_is(void **state)
{
	struct settings settings = { 0 };
	const struct conf_key *key;
	char got[2048] = "";

	(void)state;
	assert_int_equal(conf_table_parse("nik = \"anna\";", "f", &table,
			     &settings, collect, got),
	    -1);
	assert_non_null(strstr(got, "f:1: nik: there is no such key"));
	for (key = settings_keys; key->name != NULL; key++)
		assert_non_null(strstr(got, key->name));
}

static void
test_the_man_page_has_every_key(void **state)
{
	const char *path = getenv("TCPRELAY_MAN_CLIENT");
	const struct conf_key *key;
	char *man = calloc(1, 1 << 20), item[128];
	FILE *file;

	(void)state;
	assert_non_null(path);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(man, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	for (key = settings_keys; key->name != NULL; key++) {
		snprintf(item, sizeof(item), "\n.It Ic %s\n", key->name);
		if (strstr(man, item) == NULL)
			fail_msg("%s is not in tcprelay(1)", key->name);
	}
	free(man);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_each_error_says_where_what_and_what_is_allowed),
		cmocka_unit_test(test_an_unknown_key_is_told_what_there_is),
		cmocka_unit_test(test_the_man_page_has_every_key),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
