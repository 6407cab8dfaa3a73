/* SPDX-License-Identifier: ISC */
/*
 * Guards against lines that the client without readline does not say: a last
 * one that Ctrl-D ended. It is built in here, whatever the client has.
 */
#include "config.h"

#include "unit.h"

#include "client/editor.h"

#include <string.h>
#include <unistd.h>

struct typed {
	char text[128];
};

static void
on_line(const char *line, bool shown, void *arg)
{
	struct typed *typed = arg;

	assert_true(shown);
	strcat(strcat(typed->text, line), ";");
}

static void
on_end(void *arg)
{
	struct typed *typed = arg;

	strcat(typed->text, "end");
}

static const struct editor_handler handler = {
	.on_line = on_line,
	.on_end = on_end,
};

static void
expect(const char *keys, const char *text)
{
	struct event_base *base = event_base_new();
	struct typed typed = { "" };
	struct editor *editor;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
	assert_int_equal(write(ends[1], keys, strlen(keys)), strlen(keys));
	close(ends[1]);
	editor = editor_new(base, &handler, &typed);
	/* Until there is nothing to wait for: the end has come. */
	event_base_dispatch(base);
	assert_string_equal(typed.text, text);
	editor_free(editor);
	event_base_free(base);
}

static void
test_all_that_was_typed_is_said(void **state)
{
	(void)state;
	expect("", "end");
	expect("one\n", "one;end");
	expect("one\n\ntwo", "one;;two;end");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_that_was_typed_is_said),
	};

	return cmocka_run_group_tests_name("editor_plain", tests, NULL, NULL);
}
