/* SPDX-License-Identifier: ISC */
/*
 * The daemon as a whole: the turn of the loop, signals, and how the modules
 * are wired together.
 */
#ifndef SERVER_H
#define SERVER_H

struct conf;
struct server;

/*
 * Opens every listener. Returns NULL when one failed, which is logged. Takes
 * over conf either way.
 */
struct server *server_new(struct conf *conf);

/* Relays until it is told to stop. Returns 0, or -1 when the loop failed. */
int server_run(struct server *server);

void server_free(struct server *server);

#endif
