/* SPDX-License-Identifier: ISC */
/*
 * A client of the daemon in the fuzz target: its end of a socket pair, what it
 * has still to send, and whether what it hears is right. Whatever is not ends
 * the run with a verdict.
 *
 * A player owns its descriptor; player_drop() lets go of it, as the end of its
 * connection does.
 */
#ifndef PLAYER_H
#define PLAYER_H

#include "soak/ledger.h"

#include <stdbool.h>
#include <stddef.h>

struct chance;

#define PLAYER_LINE_BYTES 600 /* limits.line_bytes */
#define PLAYER_BYTES	  (1 << 16)

struct player {
	int fd; /* -1: there is none */
	struct ledger *ledger;
	struct chance *chance;
	struct reader reader;
	bool witness;
	bool reads;
	bool was_slow; /* may be dropped, or miss lines */
	bool babbled;  /* it said more than a line may have */
	bool wants_fin, has_fin;
	bool half;  /* its last line has no LF */
	bool ahead; /* of the witness */
	bool moved; /* something came or went; for the caller to clear */
	size_t must_hear;
	size_t in_length, out_length;
	/* Never cleared: that took as long as some runs. */
	char in[PLAYER_BYTES], out[PLAYER_BYTES];
};

/* Nobody yet. */
void player_init(struct player *player);
/*
 * Connects, at a time when nothing is on its way. Returns the daemon's end,
 * non-blocking, for the caller.
 */
int player_connect(struct player *player, struct ledger *ledger,
    struct chance *chance, bool witness);
void player_drop(struct player *player);

/* Reads up to limit bytes and checks them. */
void player_read(struct player *player, size_t limit);
/* What it does of itself: reads, if there is input; leaves, if it wants to. */
void player_run(struct player *player, bool has_input);

/* Puts a line, of that length, in what is to be sent; if it may still speak. */
void player_say(struct player *player, size_t length);
/* A last line that has no LF. */
void player_say_half(struct player *player);
/* More than a line may have: it is closed, and none of that is relayed. */
void player_babble(struct player *player);
/* Sends up to limit bytes of that. */
void player_send(struct player *player, size_t limit);

#endif
