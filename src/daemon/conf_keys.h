/* SPDX-License-Identifier: ISC */
/*
 * The table of configuration keys: one row a key. The loader, its messages,
 * the check for unknown keys, and the test that the man page and the sample
 * name every key and its default are all made from it. To add a key, add a
 * field to a struct of conf.h and a row here, then run the tests: they say
 * what else has to learn of it.
 */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Its field is an int64_t where nothing else is said. */
enum conf_type {
	CONF_INTEGER,
	CONF_FLAG,	  /* true or false */
	CONF_CHOICE,	  /* one of the words in choices */
	CONF_PERMISSIONS, /* octal, in a string */
	CONF_STRING,	  /* a char *, or NULL */
	CONF_STRINGS,	  /* a struct conf_strings */
	CONF_LISTENERS	  /* a string, an array of strings, or groups */
};

struct conf_key {
	const char *name; /* with its group: "limits.clients", "listen.room" */
	enum conf_type type;
	size_t offset; /* of its field */
	int64_t fallback, min, max;
	const char *fallback_text; /* of a string; NULL: it has no default */
	const char *choices;	   /* "a b c": the numbers 0, 1, 2 */
	/* Whether a string, or each of the strings, is good: 0, or -1 with
	 * *why. */
	int (*check)(const char *text, const char **why);
	const char *allowed; /* by check, for a message */
	bool restart;	     /* a reload leaves it as it is */
	const char *help;
};

/* Keys of the file. Each table ends with a row that has no name. */
extern const struct conf_key conf_keys[];
/* Keys of one group in listen, whose fields are in a struct conf_listen. */
extern const struct conf_key conf_listen_keys[];

#define CONF_DEFAULT_LISTEN "127.0.0.1:7575"
#define CONF_DEFAULT_ROOM   "main"

#endif
