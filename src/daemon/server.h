/* SPDX-License-Identifier: ISC */
/*
 * The daemon as a whole: the turn of the loop, signals, and how the modules
 * are wired together.
 */
#ifndef SERVER_H
#define SERVER_H

#include "daemon/conf.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

struct listener_rules;
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

/* Takes over an accepted, non-blocking socket. */
void server_accept(struct server *server, int fd, const struct sockaddr *peer,
    socklen_t peer_length, const struct listener_rules *rules);

/*
 * One turn: gathers lines in passes, until a pass brings none, a batch is
 * full, or there were enough; fans them out; answers; frees the connections
 * that were closed meanwhile. The first pass may wait for something to happen.
 * Returns whether there were lines.
 */
bool server_turn(struct server *server, bool wait);

/* Relays until it is told to stop. Returns 0, or -1 when the loop failed. */
int server_run(struct server *server);

void server_free(struct server *server);

#endif
