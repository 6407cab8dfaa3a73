/* SPDX-License-Identifier: ISC */
/*
 * One connection of the crowd: what it says, what it is told. The crowd owns
 * its clients; whatever goes wrong with one ends the process.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "proto.h"

#include <stddef.h>
#include <stdint.h>

/* Of one read: so that reading costs us less than sending costs the server. */
#define CLIENT_READ_BYTES 262144

struct crowd;

enum client_state {
	CLIENT_NEW,
	CLIENT_CONNECTING,
	CLIENT_JOINING,
	CLIENT_READY,
	CLIENT_STALLED,
	CLIENT_CLOSED,
};

struct client {
	int fd;
	struct ssl_st *tls; /* or NULL */
	size_t pending;	    /* of a record that has to be sent again */
	enum client_state state;
	enum proto_role role;
	uint32_t number;     /* among those of its role */
	uint32_t events;     /* that epoll waits for */
	struct lines *lines; /* to send; NULL for a receiver */
	uint64_t *next;	     /* number of the next line, by sender */
	uint64_t heard_bytes;
	char *rest; /* the part of a frame that was read */
	size_t rest_bytes;
	char *out; /* to send between two lines */
	size_t out_bytes;
};

/* Begins to connect. */
void client_open(struct crowd *crowd, struct client *client);

/* What epoll reported. */
void client_event(struct crowd *crowd, struct client *client, uint32_t events);

/* Queues some bytes to be sent between two lines. */
void client_say(struct crowd *crowd, struct client *client, const char *bytes,
    size_t length);

/* Sends what is queued and what is in its ring, as far as that goes. */
void client_flush(struct crowd *crowd, struct client *client);

/* Waits for other events from now on. */
void client_wait_for(
    struct crowd *crowd, struct client *client, uint32_t events);

#endif
