/* SPDX-License-Identifier: ISC */
/*
 * The tables of the daemon's configuration keys, see common/conf_table.h. The
 * test that the man page and the sample name every key and its default is made
 * from them, too. To add a key, add a field to a struct of conf.h and a row
 * here, then run the tests: they say what else has to learn of it.
 */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

#include "common/conf_table.h"

/* Keys of the file. Each table ends with a row that has no name. */
extern const struct conf_key conf_keys[];
/* Keys of one group in listen, whose fields are in a struct conf_listen. */
extern const struct conf_key conf_listen_keys[];

#define CONF_DEFAULT_LISTEN "127.0.0.1:7575"
#define CONF_DEFAULT_ROOM   "main"

#endif
