/* SPDX-License-Identifier: ISC */
/*
 * Guards against a secret that another line passes for, and against a file
 * that others could read it in.
 */
#include "config.h"

#include "unit.h"

#include "common/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct secret *
new_secret(const char *content)
{
	const char *why;
	struct secret *secret = secret_new(content, strlen(content), &why);

	assert_non_null(secret);
	return secret;
}

static bool
matches(const struct secret *secret, const char *line)
{
	return secret_matches(secret, line, strlen(line));
}

static void
test_only_the_first_line_is_the_secret(void **state)
{
	static const char *const contents[] = { "sesame", "sesame\n",
		"sesame\r\n", "sesame\nother\n" };
	static const char *const wrong[] = { "", "\r", "sesam", "sesame ",
		"sesamf", "Sesame", "other", "sesame\r\r", "sesame\nother" };
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT_OF(contents); i++) {
		struct secret *secret = new_secret(contents[i]);

		assert_true(matches(secret, "sesame"));
		assert_true(matches(secret, "sesame\r"));
		/* A zero is not the padding of what is shorter. */
		assert_false(secret_matches(secret, "sesame\0", 7));
		for (j = 0; j < COUNT_OF(wrong); j++)
			assert_false(matches(secret, wrong[j]));
		secret_free(secret);
	}
}

static void
test_the_longest_secret_and_one_more(void **state)
{
	char bytes[SECRET_BYTES_MAX + 2];
	struct secret *secret;
	const char *why;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	secret = secret_new(bytes, SECRET_BYTES_MAX, &why);
	assert_non_null(secret);
	assert_true(secret_matches(secret, bytes, SECRET_BYTES_MAX));
	assert_false(secret_matches(secret, bytes, SECRET_BYTES_MAX - 1));
	assert_false(secret_matches(secret, bytes, SECRET_BYTES_MAX + 1));
	assert_false(secret_matches(secret, bytes, SECRET_BYTES_MAX + 2));
	secret_free(secret);
	assert_null(secret_new(bytes, SECRET_BYTES_MAX + 1, &why));
	assert_string_equal(why, "its first line is over 1024 bytes long");
	assert_null(secret_new("\nsesame", 7, &why));
	assert_string_equal(why, "its first line is empty");
	assert_null(secret_new("", 0, &why));
}

static void
test_a_file_that_others_may_use_is_refused(void **state)
{
	static const mode_t bad[] = { 0644, 0640, 0604, 0620, 0602, 0610,
		0601 };
	char path[] = "/tmp/tcprelay-secret.XXXXXX";
	int fd = mkstemp(path);
	struct secret *secret;
	const char *why;
	size_t i;

	(void)state;
	assert_int_equal(write(fd, "sesame\n", 7), 7);
	secret = secret_read(path, geteuid(), &why);
	assert_non_null(secret);
	assert_true(matches(secret, "sesame"));
	secret_free(secret);
	for (i = 0; i < COUNT_OF(bad); i++) {
		assert_int_equal(fchmod(fd, bad[i]), 0);
		assert_null(secret_read(path, geteuid(), &why));
		assert_string_equal(why,
		    "others than its owner may use it; it needs chmod 600");
	}
	close(fd);
	unlink(path);
	assert_null(secret_read(path, geteuid(), &why));
	assert_string_equal(why, "No such file or directory");
	assert_null(secret_read("/tmp", geteuid(), &why));
	assert_string_equal(why, "it is not a regular file");
}

/* The owner could change it, and knows it. */
static void
test_a_file_of_somebody_else_is_refused(void **state)
{
	char path[] = "/tmp/tcprelay-secret.XXXXXX";
	int fd;
	struct secret *secret;
	const char *why;

	(void)state;
	if (geteuid() != 0)
		skip();
	fd = mkstemp(path);
	assert_int_equal(write(fd, "sesame\n", 7), 7);
	assert_int_equal(fchown(fd, 4711, (gid_t)-1), 0);
	assert_null(secret_read(path, 0, &why));
	assert_non_null(strstr(why, "it belongs to somebody else"));
	secret = secret_read(path, 4711, &why);
	assert_non_null(secret);
	secret_free(secret);
	close(fd);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_the_first_line_is_the_secret),
		cmocka_unit_test(test_the_longest_secret_and_one_more),
		cmocka_unit_test(test_a_file_that_others_may_use_is_refused),
		cmocka_unit_test(test_a_file_of_somebody_else_is_refused),
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
