/* SPDX-License-Identifier: ISC */
/*
 * Guards against two people whose names look the same, against names that
 * break a line or an answer, and against one that is somebody's account.
 */
#include "config.h"

#include "unit.h"

#include "daemon/account.h"
#include "daemon/name.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static void
test_good_names(void **state)
{
	static const struct {
		const char *typed, *name;
	} names[] = {
		{ "alice", "alice" },
		{ "A-l_1", "A-l_1" },
		{ "_", "_" },
		{ "abcdefghijklmnopqrstuvwxyz012345",
		    "abcdefghijklmnopqrstuvwxyz012345" },
		/* Jose with an acute, composed or not; Greek, kanji, Arabic */
		{ "Jos\xc3\xa9", "Jos\xc3\xa9" },
		{ "Jose\xcc\x81", "Jos\xc3\xa9" },
		{ "\xce\xb1\xce\xb2", "\xce\xb1\xce\xb2" },
		{ "\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac" },
		{ "\xd8\xb3\xd9\x84", "\xd8\xb3\xd9\x84" },
		/* Wide forms and ligatures are what they stand for. */
		{ "\xef\xbd\x82\xef\xbd\x8f\xef\xbd\x82", "bob" },
		{ "\xef\xac\x81n", "fin" },
	};
	char name[NAME_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(names); i++) {
		assert_int_equal(name_make(name, names[i].typed), 0);
		assert_string_equal(name, names[i].name);
	}
}

static void
test_what_is_no_name(void **state)
{
	static const char *const texts[] = {
		"",
		"a b",
		"a.b",
		"a/b",
		"..",
		"<bob>",
		"***",
		"a\tb",
		"abcdefghijklmnopqrstuvwxyz0123456",
		/* 11 letters of 3 bytes */
		"\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"
		"\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"
		"\xe6\x97\xa5",
		"bob\xe2\x80\x8b",  /* a space without width */
		"bob\xe3\x85\xa4",  /* a filler: a letter by class */
		"\xe1\x85\x9f",	    /* another */
		"bob\xc2\xad",	    /* a soft hyphen */
		"bob\xe2\x80\xae",  /* an override */
		"x\xcc\xb6",	    /* struck through */
		"\xf0\x9f\x98\x80", /* a face */
		"\xef\xb7\xba",	    /* one letter that stands for words */
		"a\xff",	    /* no UTF-8 */
		"\xc0\xaf",
		/* Latin with a Cyrillic or a Greek letter in it */
		"\xd0\xb0lice",
		"r\xce\xbfot",
	};
	char name[NAME_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(texts); i++)
		if (name_make(name, texts[i]) == 0)
			fail_msg("%s is a name", texts[i]);
}

static void
test_which_names_are_one(void **state)
{
	static const struct {
		const char *one, *other;
		bool same;
	} pairs[] = {
		{ "alice", "ALICE", true },
		{ "alice", "alicf", false },
		{ "a-b", "a_b", false },
		{ "\xc3\x89t\xc3\xa9", "\xc3\xa9T\xc3\x89", true },
		{ "stra\xc3\x9f"
		  "e",
		    "STRASSE", true },
		{ "\xce\xa3\xce\xb1\xcf\x82", "\xcf\x83\xce\xb1\xcf\x83",
		    true },
		{ "k", "\xe2\x84\xaa", true }, /* the sign of Kelvin */
		/* Cyrillic and Greek names that could be Latin ones */
		{ "caxap", "\xd1\x81\xd0\xb0\xd1\x85\xd0\xb0\xd1\x80", true },
		{ "BOB", "\xd0\x92\xd0\x9e\xd0\x92", true },
		{ "NINA", "\xce\x9d\xce\x99\xce\x9d\xce\x91", true },
		{ "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd",
		    "\xd0\x98\xd0\x92\xd0\x90\xd0\x9d", true },
		{ "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd",
		    "\xd0\xb8\xd0\xb2\xd0\xbe\xd0\xbd", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(pairs); i++)
		if (name_is_same(pairs[i].one, pairs[i].other) != pairs[i].same)
			fail_msg("%s, %s", pairs[i].one, pairs[i].other);
}

/* Instead of the C library's: one account, as Debian makes it. */
struct passwd *
fgetpwent(FILE *file)
{
	static char name[] = "Debian-exim";
	static struct passwd account = { .pw_name = name };

	return ftell(file) == 0 && getc(file) != EOF ? &account : NULL;
}

static void
test_the_accounts_of_this_machine(void **state)
{
	char name[NAME_SIZE];

	(void)state;
	assert_true(account_exists("root"));
	assert_true(account_exists("Root"));
	assert_false(account_exists("nobody-is-called-this"));
	assert_int_equal(account_name(name, 0), 0);
	assert_string_equal(name, "root");
	assert_int_equal(account_name(name, 4123456789), -1);
}

/* Accounts are told apart by their case, people are not. */
static void
test_an_account_with_a_capital(void **state)
{
	(void)state;
	assert_true(account_exists("Debian-exim"));
	assert_true(account_exists("debian-exim"));
	assert_true(account_exists("DEBIAN-EXIM"));
	assert_false(account_exists("debian-exi"));
}

/* A crowd that has taken all descriptors would be anybody. */
static void
test_accounts_without_a_descriptor(void **state)
{
	struct rlimit limit, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_true(account_exists("root"));
	assert_true(account_exists("nobody-is-called-this"));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_names),
		cmocka_unit_test(test_what_is_no_name),
		cmocka_unit_test(test_which_names_are_one),
		cmocka_unit_test(test_the_accounts_of_this_machine),
		cmocka_unit_test(test_an_account_with_a_capital),
		cmocka_unit_test(test_accounts_without_a_descriptor),
	};

	return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
