/* SPDX-License-Identifier: ISC */
/*
 * A configuration file, and the table of its keys: one row a key, which says
 * where its value goes. The loader, its messages and the check for unknown
 * keys are made from the table. The daemon has one, and the client.
 *
 * The struct that a table fills, called base here, belongs to the caller;
 * conf_table_clear() frees what the rows have put there.
 */
#ifndef CONF_TABLE_H
#define CONF_TABLE_H

#include "common/conf_source.h"

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So much of a long value is repeated: what is allowed comes after it. */
#define CONF_SHOWN_BYTES 1024

struct conf_reader;

/* Its field is an int64_t where nothing else is said. */
enum conf_type {
	CONF_INTEGER,
	CONF_FLAG,	  /* true or false */
	CONF_CHOICE,	  /* one of the words in choices */
	CONF_PERMISSIONS, /* octal, in a string */
	CONF_STRING,	  /* a char *, or NULL */
	CONF_STRINGS,	  /* a struct conf_strings */
	CONF_OWN	  /* loaded by who has the table */
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

struct conf_strings {
	char **texts;
	size_t count;
};

struct conf_table {
	const struct conf_key *keys; /* ends with a row that has no name */
	/* Loads a value of CONF_OWN. */
	void (*load_own)(struct conf_reader *reader, config_setting_t *setting,
	    const char *name, void *base);
	/* When each value is good: what none can tell by itself; or NULL. */
	void (*check)(
	    struct conf_reader *reader, const config_t *config, void *base);
};

/* Sets what a file does not have to. The fields have to be zero. */
void conf_table_default(const struct conf_key *keys, void *base);
void conf_table_clear(const struct conf_key *keys, void *base);

/*
 * Reads a file into base. Returns 0, or -1 when there is any error; every error
 * of the file is reported, each as "FILE:LINE: KEY: what is wrong; what is
 * allowed" or, about the file as a whole, "FILE: what is wrong".
 */
int conf_table_load(const struct conf_source *source,
    const struct conf_table *table, void *base, conf_report *report, void *arg);

/* As conf_table_load() of a file named name with this content. */
int conf_table_parse(const char *content, const char *name,
    const struct conf_table *table, void *base, conf_report *report, void *arg);

/* For load_own and check. */

/* An error at a setting's line. */
void conf_table_complain(struct conf_reader *reader,
    const config_setting_t *setting, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Loads every setting of a group that the keys call by this prefix. */
void conf_table_load_group(struct conf_reader *reader,
    const struct conf_key *keys, config_setting_t *settings, const char *group,
    void *base);
void conf_table_load_value(struct conf_reader *reader,
    const struct conf_key *key, config_setting_t *setting, const char *name,
    void *base);
/* The row of a name, or NULL. */
const struct conf_key *conf_table_find(
    const struct conf_key *keys, const char *name);

#endif
