/* SPDX-License-Identifier: ISC */
/*
 * One client: how it reads, how it leaves, and whether what the daemon does to
 * it is right; talk.h has how it speaks. Whatever is not ends the run with a
 * verdict.
 *
 * A client owns its socket and its buffers; crowd.c frees it when it is over.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "chat.h"
#include "ledger.h"
#include "relay.h"
#include "wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crowd;

enum reading { READS_ALWAYS, READS_SLOWLY, READS_NOT };
enum talking { SAYS_NOTHING, SAYS_LITTLE, SAYS_MUCH, DRIBBLES };

enum leaving {
	STAYS,		  /* to the end of the round */
	LEAVES_WITH_FIN,  /* and reads on, to the end */
	LEAVES_MID_LINE,  /* the same, with a last line that has no LF */
	LEAVES_BY_CLOSE,  /* maybe with something unread */
	LEAVES_BY_RESET,  /* maybe in the middle of a line */
	LEAVES_BY_BABBLE, /* says more than a line may have */
	LEAVES_BY_QUIT,	  /* mode chat's command */
	LEAVINGS
};

struct client {
	struct wire wire;
	struct ledger *ledger;
	struct reader reader;
	enum reading reading;
	enum talking talking;
	enum leaving leaving;
	bool witness;
	bool local;			 /* over a Unix socket */
	bool was_slow;			 /* may be dropped, or miss lines */
	bool goes;			 /* it is time to leave */
	bool has_fin;			 /* and it has sent its FIN */
	bool was_reset;			 /* as a send found */
	bool over;			 /* the socket is closed */
	bool watched, watched_for_input; /* by epoll */
	size_t must_hear;	 /* up to here in the ledger, by its end */
	uint64_t ahead_since_ms; /* waits for the witness, or 0 */
	uint64_t go_ms;		 /* when it goes */
	char *in, *out;
	size_t in_length, in_size;
	size_t out_at, out_length;
	/* Of a command in it: where; and who says what is before it. */
	size_t command_at, command_end;
	uint32_t before_command;
	bool greeted;
	struct question question;
	char peer[64]; /* as the daemon calls it */
};

/* How a client is to be. */
struct client_plan {
	int door;
	enum reading reading;
	enum talking talking;
	enum leaving leaving;
	bool witness;
};

/* Connects. */
struct client *client_new(
    struct crowd *crowd, struct ledger *ledger, const struct client_plan *plan);
void client_free(struct client *client);

/* Reads what is there, up to limit bytes, and checks it. */
void client_read(struct crowd *crowd, struct client *client, size_t limit);

/* A call for its socket failed with this errno. */
void client_fail(struct crowd *crowd, struct client *client, int error);

/* It was told to go: it does, as it leaves. */
void client_leave(struct crowd *crowd, struct client *client);

#endif
