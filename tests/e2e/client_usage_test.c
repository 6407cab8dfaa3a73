/* SPDX-License-Identifier: ISC */
/*
 * What the user wants, as the client takes it: a wrong option that passes, an
 * address from the wrong place, a help that scrolls away.
 */
#include "config.h"

#include "programs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_wrong_usage_exits_with_2(void **state)
{
	static const char *const wrong[][4] = {
		{ "--wrong", NULL, NULL, NULL },
		{ "-r", "-s", NULL, NULL },
		{ "-w", "0", NULL, NULL },
		{ "-w", "soon", NULL, NULL },
		{ "a", "b", "c", NULL },
		{ "a", "b", NULL, NULL },
		{ "a:b", NULL, NULL, NULL },
		{ "localhost:7575", "7575", NULL, NULL },
		{ "unix:/p", "7575", NULL, NULL },
		{ "", NULL, NULL, NULL },
		{ "-n", "two words", NULL, NULL },
		{ "-n", "", NULL, NULL },
		{ "--color=red", NULL, NULL, NULL },
	};
	char output[4096];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(wrong); i++) {
		const char *argv[] = { client_program(), wrong[i][0],
			wrong[i][1], wrong[i][2], NULL };

		assert_int_equal(run_program(argv, output, sizeof(output)), 2);
		assert_non_null(strstr(output, "usage: tcprelay "));
	}
}

/* The command line before the environment before the configuration. */
static void
test_where_the_address_comes_from(void **state)
{
	static const char wrong[] = "bell = \"loud\";\n";
	char directory[] = "/tmp/tcprelay-e2e.XXXXXX", path[64], conf[64];
	const char *argv[] = { client_program(), "-s", NULL, NULL };
	const char *help[] = { client_program(), "--help", NULL };
	char output[4096];

	(void)state;
	assert_non_null(mkdtemp(directory));
	setenv("XDG_CONFIG_HOME", directory, 1);
	snprintf(path, sizeof(path), "%s/tcprelay", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/tcprelay/config", directory);
	snprintf(conf, sizeof(conf), "address = \"unix:/from/file\";\n");
	write_file(path, conf, strlen(conf));
	assert_int_equal(run_program(argv, output, sizeof(output)), 1);
	assert_non_null(strstr(output, "unix:/from/file: No such file"));
	setenv("TCPRELAY", "unix:/from/environment", 1);
	assert_int_equal(run_program(argv, output, sizeof(output)), 1);
	assert_non_null(strstr(output, "unix:/from/environment: No such"));
	argv[2] = "unix:/from/line";
	assert_int_equal(run_program(argv, output, sizeof(output)), 1);
	assert_non_null(strstr(output, "unix:/from/line: No such file"));
	argv[2] = NULL;
	setenv("TCPRELAY", "nonsense:", 1);
	assert_int_equal(run_program(argv, output, sizeof(output)), 2);
	assert_non_null(strstr(output, "$TCPRELAY: nonsense:: "));
	unsetenv("TCPRELAY");
	write_file(path, wrong, strlen(wrong));
	assert_int_equal(run_program(argv, output, sizeof(output)), 2);
	assert_non_null(strstr(output, "/tcprelay/config:1: bell: neither"));
	/* Which is when the help is needed. */
	assert_int_equal(run_program(help, output, sizeof(output)), 0);
	unsetenv("XDG_CONFIG_HOME");
	remove_directory(directory);
}

/* 24 rows of 80 columns, and the prompt after it. */
static void
assert_fits_screen(const char *text)
{
	int rows = 0;

	for (; *text != '\0'; text += strcspn(text, "\n") + 1, rows++)
		assert_in_range(strcspn(text, "\n"), 0, 79);
	assert_in_range(rows, 1, 23);
}

static void
test_help_and_version(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	const char *help[] = { client_program(), "--help", NULL };
	const char *version[] = { client_program(), "-V", NULL };
	char output[4096];

	(void)state;
	assert_int_equal(run_program(help, output, sizeof(output)), 0);
	assert_non_null(strstr(output, "--receive-only"));
	assert_non_null(strstr(output, TCPRELAY_CONF));
	assert_fits_screen(output);
	/* A script that keeps it has kept nothing. */
	assert_int_equal(await_exit(start_program(help, -1, full, -1)), 1);
	assert_int_equal(await_exit(start_program(version, -1, full, -1)), 1);
	close(full);
	assert_int_equal(run_program(version, output, sizeof(output)), 0);
	assert_string_equal(output, "tcprelay " PACKAGE_VERSION "\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_wrong_usage_exits_with_2),
		E2E_TEST(test_where_the_address_comes_from),
		E2E_TEST(test_help_and_version),
	};

	return cmocka_run_group_tests_name("client usage", tests, NULL, NULL);
}
