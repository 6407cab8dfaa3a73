/* SPDX-License-Identifier: ISC */
/* What a run of the load generator is to do. A plain value. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct protocol;

struct tls;

struct options {
	struct sockaddr_storage server;
	socklen_t server_length;
	const struct protocol *protocol;
	pid_t pid;
	uint32_t receivers, senders, stalled; /* stalled: of the receivers */
	uint32_t line_bytes;		      /* with the LF */
	uint32_t window;      /* lines that are on their way, of all senders */
	uint32_t write_lines; /* at most, in one write; or 0 */
	uint32_t rate;	      /* lines a second, instead of a window; or 0 */
	uint64_t lines;	      /* or 0: */
	double seconds;
	double warm_up; /* of that, sent before what is measured */
	double timeout_seconds;
	uint32_t burst; /* clients that come in at one time */
	bool idle;
	struct tls *tls; /* or NULL */
};

/* Exits with a message when they are wrong. */
void options_parse(struct options *options, int argc, char **argv);

#endif
