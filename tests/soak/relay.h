/* SPDX-License-Identifier: ISC */
/*
 * The daemon that is checked: a process of its own, with a directory for its
 * configuration and its Unix socket. It ends when this program does. Its log
 * is read all the time, or it would have to wait.
 */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Two rooms, and three ways into the first; the last one if there is TLS. */
enum { DOOR_MAIN, DOOR_MAIN_UNIX, DOOR_SIDE, DOOR_MAIN_TLS, DOORS };

/* The same, with a listener more, and with an error. */
enum conf_variant { CONF_BASE, CONF_MORE, CONF_WRONG, CONF_VARIANTS };

struct door {
	struct sockaddr_storage address;
	socklen_t length;
};

struct relay {
	pid_t pid;
	int log_fd;
	char directory[64];
	const char *mode, *policy;
	unsigned clients_max, backlog_bytes;
	struct door doors[DOORS];
	unsigned door_count;
	char log[1 << 17]; /* the last of it */
	size_t log_length;
	size_t log_parsed;
	bool log_ended;
	const char *about;   /* a peer that a verdict shows the log of */
	uint64_t heap_bytes; /* what it said last that it has allocated */
	bool heap_told;
	bool wrapped; /* under valgrind, say: slow, and memory is not its own */
};

#define HOLDINGS_SIZE 2048

/* What a process holds. */
struct holdings {
	unsigned descriptors;
	char open[HOLDINGS_SIZE]; /* " NUMBER=FILE" of each, or of the first */
	uint64_t heap_bytes;	  /* that it has allocated, as it says */
	uint64_t memory_kib;	  /* of them and of others, resident */
};

/* Takes a whole line of the log, a NUL for its LF. */
typedef void relay_sink(char *line, void *arg);

/* Starts the program and waits until it is at work. */
void relay_start(struct relay *relay, const char *program, const char *mode,
    const char *policy, unsigned clients, unsigned backlog_bytes, bool tls);

/* Writes its configuration, for the next reload. */
void relay_configure(const struct relay *relay, enum conf_variant variant);
/* And has it reload. */
void relay_reload(const struct relay *relay, enum conf_variant variant);

/* Reads what has come of the log. */
void relay_read_log(struct relay *relay, relay_sink *sink, void *arg);

/* Has it write its counters to the log. */
void relay_ask(const struct relay *relay);

void relay_holdings(const struct relay *relay, struct holdings *holdings);

/* After it was told to stop: waits, checks how it ended, and clears up. */
void relay_await_end(struct relay *relay, relay_sink *sink, void *arg);

#endif
