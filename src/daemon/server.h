/* SPDX-License-Identifier: ISC */
/*
 * The daemon as a whole: the turn of the loop, signals, and how the modules
 * are wired together.
 */
#ifndef SERVER_H
#define SERVER_H

#include "daemon/conf.h"

#include <sys/types.h>

struct server;

/* Reads the settings again: new ones, or NULL when they have an error. */
typedef struct conf *server_load(conf_report *report, void *arg);

/*
 * Opens every listener. Returns NULL when one failed, which is logged. Takes
 * over conf either way. load(load_arg) is for SIGHUP.
 */
struct server *server_new(struct conf *conf, server_load *load, void *load_arg);

/* Gives what it has bound to the user that the process is going to be. */
void server_give(const struct server *server, uid_t user, gid_t group);

/* Relays until it is told to stop. Returns 0, or -1 when the loop failed. */
int server_run(struct server *server);

void server_free(struct server *server);

#endif
