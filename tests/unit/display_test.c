/* SPDX-License-Identifier: ISC */
/*
 * Guards against bytes of a stranger that reach the terminal, and against
 * times, colours and bells where nobody speaks.
 */
#include "config.h"

#include "unit.h"

#include "client/display.h"
#include "client/names.h"
#include "client/rows.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 2026-11-22 09:12:00 UTC */
#define NOW 1795338720

static const struct chat nobody = { 0 };
static const struct chat anna = { .on = true, .name = "anna" };
static const struct display_options plain = { 0 };

static char *
taken_out(struct evbuffer *out)
{
	char *text;

	evbuffer_add(out, "", 1);
	text = strdup((const char *)evbuffer_pullup(out, -1));
	evbuffer_free(out);
	return text;
}

static void
expect_line(const struct display_options *options, const struct chat *chat,
    const char *line, const char *shown)
{
	struct evbuffer *out = evbuffer_new();
	char *text;

	display_line(out, options, chat, NOW, line, strlen(line));
	text = taken_out(out);
	assert_string_equal(text, shown);
	free(text);
}

static void
test_nothing_gets_through_to_the_terminal(void **state)
{
	static const struct {
		const char *line, *shown;
	} lines[] = {
		{ "", "\n" },
		{ "tab\tand ~", "tab\tand ~\n" },
		{ "\033]0;title\007", "^[]0;title^G\n" },
		{ "crlf\r", "crlf^M\n" },
		{ "\x7f", "^?\n" },
		/* C1 control characters, as such and as bytes. */
		{ "\xc2\x9b"
		  "2J",
		    "M-BM-^[2J\n" },
		{ "\x9b"
		  "2J",
		    "M-^[2J\n" },
		{ "\xff\xa0\xfe", "M-^?M- M-~\n" },
		/* Overlong, a surrogate, cut off. */
		{ "\xc0\x9b", "M-@M-^[\n" },
		{ "\xed\xa0\x80", "M-mM- M-^@\n" },
		{ "\xe4\xb8", "M-dM-8\n" },
		/* From right to left. */
		{ "\xe2\x80\xae", "M-bM-^@M-.\n" },
		{ "\xe2\x81\xa6", "M-bM-^AM-&\n" },
		{ "中文 🙂 e\xcc\x81\xc2\xa0",
		    "中文 🙂 e\xcc\x81\xc2\xa0\n" },
		/* A family: joined by U+200D. */
		{ "👩\xe2\x80\x8d👧", "👩\xe2\x80\x8d👧\n" },
	};
	static const struct display_options all = { true, true, "%H:%M" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(lines); i++) {
		expect_line(&plain, &nobody, lines[i].line, lines[i].shown);
		expect_line(&all, &nobody, lines[i].line, lines[i].shown);
		expect_line(&plain, &anna, lines[i].line, lines[i].shown);
	}
}

static void
test_the_time_is_that_of_the_line(void **state)
{
	static const struct display_options times = { .timestamps = "%H:%M" };
	static const struct display_options none = { .timestamps = "" };

	(void)state;
	setenv("TZ", "UTC-1", 1);
	expect_line(&times, &anna, "<ben> hi", "10:12 <ben> hi\n");
	expect_line(
	    &times, &anna, "2026-11-21T22:30:00Z <ben> hi", "23:30 <ben> hi\n");
	expect_line(&plain, &anna, "2026-11-21T22:30:00Z <ben> hi",
	    "2026-11-21T22:30:00Z <ben> hi\n");
	expect_line(&times, &anna, "2026-11-21 22:30 <ben>",
	    "10:12 2026-11-21 22:30 <ben>\n");
	expect_line(&none, &anna, "<ben> hi", "<ben> hi\n");
}

/* The escape sequences of a line, each as the letter e. */
static char *
colors_of(const char *line, const struct chat *chat)
{
	static const struct display_options colors = { .color = true };
	struct evbuffer *out = evbuffer_new();
	char *text, *from, *to;

	display_line(out, &colors, chat, NOW, line, strlen(line));
	text = taken_out(out);
	for (from = to = text; *from != '\0'; from++) {
		if (*from != '\033') {
			*to++ = *from;
			continue;
		}
		*to++ = 'e';
		from = strchr(from, 'm');
	}
	*to = '\0';
	return text;
}

static void
test_colors_are_for_names(void **state)
{
	static const struct {
		const char *line, *shown;
	} lines[] = {
		{ "<ben> hi", "<ebene> hi\n" },
		{ "* ben waves", "* ebene waves\n" },
		{ "[ben] psst", "[ebene] psst\n" },
		{ "[to ben] psst", "[to ebene] psst\n" },
		{ "2026-11-21T22:30:00Z <ben> hi",
		    "e2026-11-21T22:30:00Z e<ebene> hi\n" },
		{ "*** ben joined", "e*** ben joinede\n" },
		{ "<not a name> hi", "e<not a name> hie\n" },
		{ "<> hi", "e<> hie\n" },
	};
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(lines); i++) {
		text = colors_of(lines[i].line, &anna);
		assert_string_equal(text, lines[i].shown);
		free(text);
	}
	text = colors_of("<ben> hi", &nobody);
	assert_string_equal(text, "<ben> hi\n");
	free(text);
}

static void
test_the_bell_is_for_our_name(void **state)
{
	static const struct display_options bell = { .bell = true };
	static const struct {
		const char *line;
		bool rings;
	} lines[] = {
		{ "<ben> Anna, are you there?", true },
		{ "* ben looks at anna", true },
		{ "[ben] psst", true },
		{ "<ben> annalena is not", false },
		{ "<ben> nor is joanna", false },
		{ "<ben> nor \xc3\xa4nna or anna\xc3\xa4", false },
		{ "*** anna joined", false },
		{ "[to ben] anna says", false },
		{ "2026-11-21T22:30:00Z <ben> anna", false },
	};
	char shown[128];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(lines); i++) {
		snprintf(shown, sizeof(shown), "%s\n%s", lines[i].line,
		    lines[i].rings ? "\a" : "");
		expect_line(&bell, &anna, lines[i].line, shown);
	}
	expect_line(&bell, &nobody, "<ben> anna", "<ben> anna\n");
}

static void
test_we_know_who_we_are(void **state)
{
	static const char *const greetings[] = {
		"*** you are guest1 in main; /help lists the commands",
		"*** you are guest1 in main",
	};
	static const char *const strange[] = { "", "<ben> hi", "*** you are ",
		"*** you are guest1", "*** you are guest1 in ",
		"<ben> *** you are guest1 in main" };
	static const struct {
		const char *line, *name, *room;
	} lines[] = {
		{ "<ben> *** you are now known as fool", "guest1", "main" },
		{ "*** ben is now known as fool", "guest1", "main" },
		{ "*** you are now known as anna", "anna", "main" },
		{ "*** you are anna in ops", "anna", "ops" },
		{ "*** you are now known as ", "anna", "ops" },
	};
	struct chat chat;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(strange); i++) {
		chat_greet(&chat, strange[i], strlen(strange[i]));
		assert_false(chat.on);
	}
	for (i = 0; i < COUNT_OF(greetings); i++) {
		chat_greet(&chat, greetings[i], strlen(greetings[i]));
		assert_true(chat.on);
		assert_string_equal(chat.name, "guest1");
		assert_string_equal(chat.room, "main");
	}
	for (i = 0; i < COUNT_OF(lines); i++) {
		chat_follow(&chat, lines[i].line, strlen(lines[i].line));
		assert_string_equal(chat.name, lines[i].name);
		assert_string_equal(chat.room, lines[i].room);
	}
}

static void
add_name(struct names *names, const char *name)
{
	names_add(names, &(struct chat_text){ name, strlen(name) });
}

static void
test_names_the_latest_first(void **state)
{
	struct names names = { 0 };
	char name[16];
	size_t i;

	(void)state;
	assert_null(names_get(&names, 0));
	add_name(&names, "anna");
	add_name(&names, "ben");
	add_name(&names, "anna");
	add_name(&names, "");
	assert_string_equal(names_get(&names, 0), "anna");
	assert_string_equal(names_get(&names, 1), "ben");
	assert_null(names_get(&names, 2));
	for (i = 0; i < 2 * NAMES_MAX; i++) {
		snprintf(name, sizeof(name), "n%zu", i);
		add_name(&names, name);
	}
	assert_string_equal(names_get(&names, 0), "n127");
	assert_string_equal(names_get(&names, NAMES_MAX - 1), "n64");
	assert_null(names_get(&names, NAMES_MAX));
}

/* Completion shows them, and sequences begin with ESC or with U+009B. */
static void
test_names_that_would_move_the_cursor(void **state)
{
	static const char *const harmful[] = { "a\033[J", "a\xc2\x9bJ",
		"a\xe2\x80\xae", "a\x9bJ", "\xe2\x80" };
	struct names names = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(harmful); i++)
		add_name(&names, harmful[i]);
	assert_null(names_get(&names, 0));
	add_name(&names, "\xe6\x97\xa5");
	assert_string_equal(names_get(&names, 0), "\xe6\x97\xa5");
}

static bool
rename_in(struct names *names, const char *line)
{
	struct chat_line parts;
	struct chat_text name;

	chat_parse(line, strlen(line), &parts);
	if (!chat_renames(&parts, &name))
		return false;
	names_rename(names, &parts.name, &name);
	return true;
}

static void
test_a_new_name_takes_the_place_of_the_old_one(void **state)
{
	static const char *const others[] = { "<ben> is now known as carla",
		"* ben is now known as carla", "*** ben joined",
		"*** you are now known as carla" };
	struct names names = { 0 };
	size_t i;

	(void)state;
	add_name(&names, "carla");
	add_name(&names, "guest1");
	add_name(&names, "ben");
	for (i = 0; i < COUNT_OF(others); i++)
		assert_false(rename_in(&names, others[i]));
	assert_true(rename_in(&names, "*** guest1 is now known as carla"));
	assert_string_equal(names_get(&names, 0), "carla");
	assert_string_equal(names_get(&names, 1), "ben");
	assert_null(names_get(&names, 2));
	/* One who was not seen before. */
	assert_true(rename_in(&names, "*** guest2 is now known as dora"));
	assert_string_equal(names_get(&names, 0), "dora");
	assert_string_equal(names_get(&names, 2), "ben");
	assert_null(names_get(&names, 3));
}

static void
test_rows_of_what_is_typed(void **state)
{
	static const struct {
		const char *text;
		int row; /* in 10 columns */
		bool is_full;
	} texts[] = {
		{ "", 0, false },
		{ "123456789", 0, false },
		{ "1234567890", 0, true },
		{ "12345678901234567890", 1, true },
		{ "中中中中", 0, false },
		{ "1中中中中", 0, false },
		{ "1中中中中中", 1, false },
		{ "e\xcc\x81"
		  "e\xcc\x81"
		  "12345",
		    0, false },
		{ "\t1", 0, false },
		{ "\t12", 0, true },
		{ "\001\001\001\001\001", 0, true },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff", 0, false },
	};
	size_t i;

	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	for (i = 0; i < COUNT_OF(texts); i++) {
		bool is_full;

		assert_int_equal(
		    rows_before_end(texts[i].text, 10, &is_full), texts[i].row);
		assert_int_equal(is_full, texts[i].is_full);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_gets_through_to_the_terminal),
		cmocka_unit_test(test_the_time_is_that_of_the_line),
		cmocka_unit_test(test_colors_are_for_names),
		cmocka_unit_test(test_the_bell_is_for_our_name),
		cmocka_unit_test(test_we_know_who_we_are),
		cmocka_unit_test(test_names_the_latest_first),
		cmocka_unit_test(test_names_that_would_move_the_cursor),
		cmocka_unit_test(
		    test_a_new_name_takes_the_place_of_the_old_one),
		cmocka_unit_test(test_rows_of_what_is_typed),
	};

	return cmocka_run_group_tests_name("display", tests, NULL, NULL);
}
