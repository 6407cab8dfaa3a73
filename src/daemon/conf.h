/* SPDX-License-Identifier: ISC */
/*
 * The daemon's settings, as tcprelay.conf(5) describes them.
 *
 * A struct conf owns everything in it; conf_free() frees it all. The fields
 * are filled from a file by the table in conf_keys.c; the command line may
 * then replace some. Modules borrow the one of the server: a reload replaces
 * what is in it, so they read a setting when they need it and keep no pointer
 * into it.
 */
#ifndef CONF_H
#define CONF_H

#include "common/address.h"
#include "common/conf_table.h"

#include <stddef.h>
#include <stdint.h>

#define CONF_NO_PERMISSIONS (-1) /* what umask(2) leaves */

enum conf_mode { CONF_MODE_RELAY, CONF_MODE_CHAT };
enum conf_policy {
	CONF_POLICY_DISCONNECT,
	CONF_POLICY_SKIP,
	CONF_POLICY_PAUSE
};

struct conf_listen {
	char *address_text; /* as the user wrote it */
	struct address address;
	char *room;
	char *socket_name;		 /* of systemd's, or NULL */
	struct conf_strings allow, deny; /* for cidr_parse() */
	int64_t permissions; /* of a Unix socket, or CONF_NO_PERMISSIONS */
	char *group;	     /* of a Unix socket, or NULL */
	struct conf_strings allow_users, allow_groups; /* for ids_find_...() */
	int64_t tls; /* whether its clients speak TLS */
};

struct conf {
	struct conf_listen *listen;
	size_t listen_count;
	int64_t mode; /* enum conf_mode */
	int64_t clients;
	int64_t clients_per_address; /* 0: any number */
	int64_t idle_seconds;	     /* 0: for ever */
	int64_t rooms;
	int64_t line_bytes;
	int64_t handshake_seconds;
	int64_t lines_per_second, burst_lines;
	int64_t policy; /* enum conf_policy */
	int64_t backlog_bytes;
	int64_t stall_seconds;
	int64_t history_lines;	 /* 0: none */
	char *history_directory; /* or NULL */
	int64_t quiet_above;
	int64_t keepalive_seconds;
	char *secret_file;
	struct secret *secret; /* what is in it; NULL: none is needed */
	int64_t allow_plain_secret;
	char *tls_certificate, *tls_key, *tls_client_ca;
	struct tls *tls;    /* what is in those; NULL without them */
	int64_t log_level;  /* enum log_level */
	int64_t log_target; /* enum log_target */
	char *user;
	int64_t shutdown_seconds;
	char *metrics_listen;	     /* or NULL */
	int64_t metrics_permissions; /* of a Unix socket, as above */
};

/* The defaults. */
struct conf *conf_new(void);
void conf_free(struct conf *conf);

/*
 * Reads a file. Returns the settings, or NULL when there is any error; every
 * error of the file is reported, each as "FILE:LINE: KEY: what is wrong; what
 * is allowed" or, about the file as a whole, "FILE: what is wrong".
 */
struct conf *conf_load(
    const struct conf_source *source, conf_report *report, void *arg);

/* As conf_load() of a file named name with this content. */
struct conf *conf_parse(
    const char *content, const char *name, conf_report *report, void *arg);

/*
 * Gives conf, which keeps its address, the contents of new, and frees new and
 * what was. A key that needs a restart keeps its old value; each that would
 * have changed is reported.
 */
void conf_replace(
    struct conf *conf, struct conf *new, conf_report *report, void *arg);

/*
 * Replaces what is listened on, once cleared, by addresses one after another.
 * conf_add_listen() returns 0, or -1 with *why as address_parse() sets it.
 */
void conf_clear_listen(struct conf *conf);
int conf_add_listen(struct conf *conf, const char *address, const char **why);

/* Appends a listener without an address, with defaults else; for conf_load.c */
struct conf_listen *conf_append_listen(struct conf *conf);

#endif
