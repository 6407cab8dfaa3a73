/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/conf_scan.h"

#include "common/conf_table.h"
#include "common/conf_values.h"
#include "common/xmalloc.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INCLUDE_DEPTH 10 /* libconfig's own limit */
#define INCLUDE_WORD  "@include"
#define MESSAGE_SIZE  (2 * PATH_MAX)
#define WHY_SIZE      256
#define NAME_SIZE     128

struct scan {
	const char *name, *directory;
	const char *at; /* the next byte */
	unsigned line;
	unsigned depth;	     /* of includes */
	char key[NAME_SIZE]; /* what a value belongs to, as "limits.rooms" */
	size_t group_length; /* of it is the group, with its dot */
	unsigned key_line;
	char before; /* what the last token began with */
	struct conf_strings *places;
	struct conf_strings *set; /* the keys that have been */
	conf_report *report;
	void *arg;
	enum conf_scan_result result;
};

static void
complain(struct scan *scan, enum conf_scan_result result, unsigned line,
    const char *key, const char *what)
{
	char message[2 * MESSAGE_SIZE];

	snprintf(message, sizeof(message), "%s:%u: %s: %s", scan->name, line,
	    key, what);
	scan->report(message, scan->arg);
	if (scan->result < result)
		scan->result = result;
}

/* To the end of what begins here; counts the lines that are passed. */
static void
skip_to(struct scan *scan, const char *end)
{
	while (*scan->at != '\0' && strncmp(scan->at, end, strlen(end)) != 0) {
		if (*scan->at == '\n')
			scan->line++;
		scan->at++;
	}
}

/* libconfig wants its end. */
static void
skip_short_comment(struct scan *scan)
{
	skip_to(scan, "\n");
	if (*scan->at == '\0')
		complain(scan, CONF_SCAN_UNREADABLE, scan->line, "#",
		    "the comment does not end; allowed: a line end after it");
}

/* Without an end it would be the rest of the file. */
static void
skip_comment(struct scan *scan)
{
	unsigned line = scan->line;

	scan->at += strlen("/*");
	skip_to(scan, "*/");
	if (*scan->at != '\0')
		scan->at += strlen("*/");
	else
		complain(scan, CONF_SCAN_UNREADABLE, line, "/*",
		    "the comment does not end; allowed: /* ... */");
}

/* One in a list has no name in front; several in a row are one. */
static void
note_place(const struct scan *scan)
{
	char place[MESSAGE_SIZE];

	if (strchr("=:\"", scan->before) != NULL)
		return;
	snprintf(place, sizeof(place), "%s:%u", scan->name, scan->line);
	conf_strings_add(scan->places, place);
}

/* It would end after an included file. */
static void
skip_string(struct scan *scan)
{
	unsigned line = scan->line;

	note_place(scan);
	scan->before = '"';
	for (scan->at++; *scan->at != '\0' && *scan->at != '"'; scan->at++) {
		if (*scan->at == '\\' && scan->at[1] != '\0')
			scan->at++;
		if (*scan->at == '\n')
			scan->line++;
	}
	if (*scan->at == '"')
		scan->at++;
	else
		complain(scan, CONF_SCAN_UNREADABLE, line, "\"",
		    "the string does not end; allowed: \"...\"");
}

static bool
is_before_value(const char *at)
{
	at += strspn(at, " \t\r\n");
	return *at == '=' || *at == ':';
}

/* Of the second one libconfig says the line only. */
static void
set_key(struct scan *scan)
{
	struct conf_strings *set = scan->set;
	size_t i;

	for (i = 0; i < set->count; i++)
		if (strcmp(set->texts[i], scan->key) == 0) {
			complain(scan, CONF_SCAN_UNREADABLE, scan->line,
			    scan->key,
			    "it was set before; allowed: each key once, and "
			    "all keys of a group in the same braces");
			return;
		}
	conf_strings_add(set, scan->key);
}

/* Those of a group, which may be followed by another one in a list. */
static void
forget_keys(struct conf_strings *set, const char *group)
{
	size_t length = strlen(group);

	while (set->count > 0 &&
	    strncmp(set->texts[set->count - 1], group, length) == 0)
		free(set->texts[--set->count]);
}

static void
scan_name(struct scan *scan)
{
	const char *begin = scan->at;

	while (isalnum((unsigned char)*scan->at) || *scan->at == '_' ||
	    *scan->at == '-' || *scan->at == '*')
		scan->at++;
	snprintf(scan->key + scan->group_length,
	    sizeof(scan->key) - scan->group_length, "%.*s",
	    (int)(scan->at - begin), begin);
	scan->key_line = scan->line;
	if (is_before_value(scan->at))
		set_key(scan);
}

/* What is in the braces belongs to the last name. */
static void
enter_group(struct scan *scan)
{
	size_t length = strlen(scan->key);

	scan->at++;
	if (length + 1 == sizeof(scan->key))
		return;
	strcpy(scan->key + length, ".");
	scan->group_length = length + 1;
}

/* Another group of a list belongs to the same name. */
static void
leave_group(struct scan *scan)
{
	const char *dot;

	scan->at++;
	if (scan->group_length == 0)
		return;
	scan->key[scan->group_length] = '\0';
	forget_keys(scan->set, scan->key);
	scan->key[scan->group_length - 1] = '\0';
	dot = strrchr(scan->key, '.');
	scan->group_length = dot == NULL ? 0 : (size_t)(dot + 1 - scan->key);
}

static void
scan_number(struct scan *scan)
{
	const char *begin = scan->at;
	char what[MESSAGE_SIZE / 2], *end;
	long long value;

	errno = 0;
	value = strtoll(begin, &end,
	    begin[0] == '0' && tolower((unsigned char)begin[1]) == 'x' ? 16
								       : 10);
	scan->at = end;
	if (*end == '.' || tolower((unsigned char)*end) == 'e') {
		strtod(begin, &end);
		scan->at = end;
		return;
	}
	scan->at += strspn(end, "L");
	if (errno != ERANGE &&
	    (*end == 'L' || (value >= INT32_MIN && value <= INT32_MAX)))
		return;
	snprintf(what, sizeof(what),
	    "%.*s does not fit in %d bits; allowed: smaller numbers%s",
	    (int)(end - begin), begin, *end == 'L' ? 64 : 32,
	    *end == 'L' ? "" : ", or an L after it");
	complain(scan, CONF_SCAN_WRONG, scan->key_line, scan->key, what);
}

static void scan_all(struct scan *scan);

static void
scan_include(struct scan *scan)
{
	char path[PATH_MAX], what[PATH_MAX + WHY_SIZE];
	/* libconfig reads it once more. */
	const struct conf_source source = { path, -1, true };
	struct scan inner = *scan;
	const char *begin, *end, *why;
	char *content;

	scan->at += strlen(INCLUDE_WORD);
	scan->at += strspn(scan->at, " \t");
	begin = scan->at + strspn(scan->at, "\"");
	end = begin + strcspn(begin, "\"\\\n");
	if (begin != scan->at + 1 || *end != '"') {
		complain(scan, CONF_SCAN_UNREADABLE, scan->line, INCLUDE_WORD,
		    "not a name in quotes; allowed: @include \"FILE\", "
		    "without a backslash");
		return;
	}
	scan->at = end + 1;
	if (scan->depth == INCLUDE_DEPTH) {
		complain(scan, CONF_SCAN_UNREADABLE, scan->line, INCLUDE_WORD,
		    "too many files within files; allowed: ten levels");
		return;
	}
	snprintf(path, sizeof(path), "%s/%.*s",
	    scan->directory == NULL ? "." : scan->directory, (int)(end - begin),
	    begin);
	content = conf_source_read(&source, &why);
	if (content == NULL) {
		snprintf(what, sizeof(what),
		    "%s: %s; allowed: a file beside the configuration",
		    scan->directory == NULL ? path + 2 : path, why);
		complain(
		    scan, CONF_SCAN_UNREADABLE, scan->line, INCLUDE_WORD, what);
		return;
	}
	inner.name = path;
	inner.at = content;
	inner.line = 1;
	inner.depth++;
	scan_all(&inner);
	scan->result = inner.result;
	scan->before = inner.before;
	free(content);
}

static void
scan_token(struct scan *scan)
{
	const char *at = scan->at;

	if (strncmp(at, INCLUDE_WORD, strlen(INCLUDE_WORD)) == 0) {
		scan_include(scan);
		return;
	}
	scan->before = at[0];
	if (isalpha((unsigned char)at[0]) || at[0] == '*')
		scan_name(scan);
	else if (at[0] == '{')
		enter_group(scan);
	else if (at[0] == '}')
		leave_group(scan);
	else if (isdigit((unsigned char)at[0]) ||
	    ((at[0] == '-' || at[0] == '+') && isdigit((unsigned char)at[1])))
		scan_number(scan);
	else
		scan->at++;
}

static void
scan_all(struct scan *scan)
{
	while (*scan->at != '\0' && scan->result != CONF_SCAN_UNREADABLE) {
		const char *at = scan->at;

		if (at[0] == '#' || (at[0] == '/' && at[1] == '/'))
			skip_short_comment(scan);
		else if (at[0] == '/' && at[1] == '*')
			skip_comment(scan);
		else if (at[0] == '"')
			skip_string(scan);
		else if (!isspace((unsigned char)at[0]))
			scan_token(scan);
		else if (*scan->at++ == '\n')
			scan->line++;
	}
}

enum conf_scan_result
conf_scan(const char *content, const char *name, const char *directory,
    struct conf_strings *places, conf_report *report, void *arg)
{
	struct conf_strings set = { NULL, 0 };
	struct scan scan = {
		.name = name,
		.directory = directory,
		.at = content,
		.line = 1,
		.places = places,
		.set = &set,
		.report = report,
		.arg = arg,
	};

	scan_all(&scan);
	forget_keys(&set, "");
	free(set.texts);
	return scan.result;
}
