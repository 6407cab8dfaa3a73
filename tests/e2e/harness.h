/* SPDX-License-Identifier: ISC */
/*
 * A real daemon, and connections to it. Nothing here sleeps: a test waits for a
 * log line, for bytes, for the end of a process.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include "programs.h"

/* A running daemon, with a directory of its own that goes when it does. */
struct relay {
	pid_t pid;
	int log_fd;
	char directory[64];
	char log[1 << 20];
	size_t log_length;
	size_t log_seen;  /* of it was waited for */
	char address[64]; /* of its first TCP listener */
	unsigned port;
	unsigned files; /* it may have open; 0: any number */
};

/*
 * Starts a daemon with this configuration, in which %s stands for the
 * directory, and waits until it listens at the number of addresses. NULL:
 * 127.0.0.1, a free port.
 */
struct relay *relay_start(const char *conf, unsigned listeners);
/* One that may have so many files open. */
struct relay *relay_start_with_files(
    const char *conf, unsigned listeners, unsigned files);

/* kill -9; and a new daemon in the same directory, with the same settings. */
void relay_kill_and_restart(struct relay *relay, unsigned listeners);

/*
 * Started as root, the daemon switches to a user, who can then do with this
 * file or directory what it should; relay_start() does it for the daemon's own.
 * Started by another user there is nothing to do. With TCPRELAY_TEST_USER=root
 * in the environment it does not switch, to write what it has counted, say.
 */
void give_to_daemon(const char *path);

/* Writes its configuration file anew, as relay_start() does. */
void relay_configure(const struct relay *relay, const char *conf);
/* And lets it reload that, which has to go well. */
void relay_reload(struct relay *relay, const char *conf);

/* Waits for the next log line that has the text in it, and returns it. */
const char *relay_await_log(struct relay *relay, const char *text);

/* Asks the daemon to stop, checks that it exits with 0, and frees. */
void relay_stop(struct relay *relay);
/* As that, for a daemon that was told to stop, */
void relay_await_stop(struct relay *relay);
/* and for one that a signal ends. */
void relay_await_death(struct relay *relay, int number);

/* A file in the daemon's directory; the name is good until the next call. */
const char *relay_path(const struct relay *relay, const char *name);

/* CPU time that it has used. */
double relay_cpu_seconds(const struct relay *relay);

/* A line of its limits, "Max open files"; what is unlimited is ULONG_MAX. */
struct relay_limit {
	unsigned long soft, hard;
};
struct relay_limit relay_limit(const struct relay *relay, const char *name);

/* A blocking connection to the first TCP listener that was accepted. */
int relay_connect(struct relay *relay);
/* One that the kernel has queued; the daemon may not accept it. */
int relay_dial(const struct relay *relay);
/* From an address of this machine. */
int relay_dial_from(const struct relay *relay, const char *address);
/* The same to a Unix socket in the daemon's directory. */
int relay_connect_unix(struct relay *relay, const char *name);

/* Writes all, and it fails the test if that cannot be. */
void send_text(int fd, const char *text);
void send_bytes(int fd, const char *bytes, size_t length);
/* Reads exactly that; the connection goes on. */
void expect_text(int fd, const char *text);
/* Reads up to the end, which has to come at once after that. */
void expect_end(int fd);

/* A connection that copies what it is sent to a file, in a process. */
pid_t start_reader(struct relay *relay, const char *path);

/* The client, with the address of the relay as last argument. */
pid_t start_client(struct relay *relay, const char *const options[],
    int standard_input, int output, int error);

#endif
