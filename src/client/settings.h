/* SPDX-License-Identifier: ISC */
/*
 * The client's configuration: ~/.config/tcprelay/config, as tcprelay(1)
 * describes it.
 *
 * A struct settings owns its strings; settings_clear() frees them.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "common/conf_table.h"

#include <stdint.h>

enum settings_color { SETTINGS_AUTO, SETTINGS_ALWAYS, SETTINGS_NEVER };

struct settings {
	char *address; /* for address_parse_words(), or NULL */
	char *nick;    /* or NULL */
	int64_t reconnect;
	int64_t timeout_seconds; /* 0: none */
	int64_t tls;
	char *ca, *cert, *key; /* files, or NULL */
	int64_t color;	       /* enum settings_color */
	char *timestamps;      /* strftime(3), or NULL */
	int64_t bell;
};

#define SETTINGS_TIMEOUT_MAX 86400
#define SETTINGS_COLORS	     "auto always never"

/* One row a key; see common/conf_table.h. */
extern const struct conf_key settings_keys[];

/*
 * The defaults, and what the file has, if there is one. Returns 0, or -1 with
 * every error told on standard error.
 */
int settings_load(struct settings *settings);
void settings_clear(struct settings *settings);

/* Whether that can be a name: 0, or -1 with *why. */
int settings_check_nick(const char *text, const char **why);
#define SETTINGS_NICK_FORM "one word of 1 to 32 bytes"

#endif
