/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "talk.h"

#include "chat.h"
#include "crowd.h"
#include "speech.h"
#include "verdict.h"

#include <errno.h>
#include <string.h>

/* What a client prepares at a time: some short lines, or a long one. */
#define OUT_BYTES (2 * SPEECH_MAX)

/* The longest of those that are short. */
#define LITTLE_BYTES 100

/*
 * Bytes in a room that were said and that its witness has not heard. With a
 * long line on top that is all that a reader can have waiting for it that
 * always reads: far less than makes the daemon's policy act, so that each line
 * it misses is a fault; and little enough for all to be read in a moment.
 */
#define WINDOW_BYTES 65536

/* What it says at a time, but for one long line. */
#define BURST_BYTES 16384

/* The LF of lines count, for whom they are lines of; that of a command not. */
static void
count_ends(struct crowd *crowd, const struct client *client, size_t length)
{
	size_t at, until = client->out_at + length;

	for (at = client->out_at; at < until; at++) {
		const char *end = memchr(client->out + at, '\n', until - at);

		if (end == NULL)
			return;
		at = (size_t)(end - client->out);
		if (at < client->command_at)
			speakers_end(
			    &crowd->speakers, client->before_command, 1);
		else if (at >= client->command_end)
			speakers_end(&crowd->speakers, client->reader.self, 1);
	}
}

/* One piece; false when the socket is full, or gone. */
static bool
send_piece(struct crowd *crowd, struct client *client, size_t length)
{
	const char *bytes = client->out + client->out_at;
	ssize_t sent = wire_send(&client->wire, bytes, length);

	if (sent == -1) {
		/*
		 * Something may be there to be read before that; the read that
		 * finds the end is not told of a reset again.
		 */
		client->was_reset |= errno == ECONNRESET;
		if (errno == EPIPE || errno == ECONNRESET)
			client_read(crowd, client, SIZE_MAX);
		else
			client_fail(crowd, client, errno);
		return false;
	}
	count_ends(crowd, client, (size_t)sent);
	client->out_at += (size_t)sent;
	if (client->out_at == client->out_length) {
		client->out_at = client->out_length = 0;
		client->command_at = client->command_end = 0;
	}
	return !client->over;
}

void
talk_flush(struct crowd *crowd, struct client *client)
{
	int pieces = client->talking == DRIBBLES ? 1 : 4;

	while (pieces-- > 0 && client->out_length > 0 && !client->over) {
		size_t left = client->out_length - client->out_at;
		size_t length = left;

		if (client->talking == DRIBBLES)
			length = chance_between(&crowd->chance, 1, 9);
		else if (pieces > 0 && chance_percent(&crowd->chance, 50))
			length = chance_between(&crowd->chance, 1, left);
		if (client->wire.again > 0)
			length = client->wire.again;
		if (!send_piece(crowd, client, length < left ? length : left))
			return;
	}
}

static void
need_out(struct client *client)
{
	if (client->out == NULL)
		client->out = resize(NULL, OUT_BYTES, 1);
}

void
talk_say(struct crowd *crowd, struct client *client, size_t length)
{
	uint32_t self = client->reader.self;
	struct speech speech = {
		.speaker = self,
		.number = crowd->speakers.list[self].begun++,
	};

	need_out(client);
	speech_make(
	    &speech, &crowd->chance, client->out + client->out_length, length);
	client->out_length += length;
	speakers_begin(&crowd->speakers, self, length);
	crowd->totals.said++;
}

void
talk_say_little(struct crowd *crowd, struct client *client)
{
	talk_say(crowd, client,
	    chance_between(&crowd->chance, SPEECH_MIN, LITTLE_BYTES));
}

void
talk_command(struct client *client, const char *command)
{
	size_t length = strlen(command);

	need_out(client);
	client->before_command = client->reader.self;
	client->command_at = client->out_length;
	memcpy(client->out + client->out_length, command, length);
	client->out_length += length;
	client->out[client->out_length++] = '\n';
	client->command_end = client->out_length;
}

static size_t
line_length(struct crowd *crowd, enum talking talking)
{
	struct chance *chance = &crowd->chance;

	if (talking == DRIBBLES)
		return chance_between(chance, SPEECH_MIN, LITTLE_BYTES);
	if (chance_below(chance, 1000) == 0)
		return chance_between(chance, SPEECH_MIN, SPEECH_MAX);
	if (chance_percent(chance, 3))
		return chance_between(chance, SPEECH_MIN, 4096);
	return chance_between(chance, SPEECH_MIN, 160);
}

/* A newcomer says that it is there; it has to hear all from then on. */
static unsigned
lines_wanted(struct crowd *crowd, const struct client *client)
{
	const struct speaker *self = &crowd->speakers.list[client->reader.self];

	if (client->talking == SAYS_NOTHING)
		return 0;
	if (self->begun == 0)
		return 1;
	if (crowd->settling || self->ledger->waiting_bytes > WINDOW_BYTES)
		return 0;
	/* It may be long until that is heard: see bytes_to_hear(). */
	if (client->reading == READS_NOT && self->waiting_bytes > 0)
		return 0;
	if (client->talking == SAYS_MUCH)
		return (unsigned)chance_below(&crowd->chance, 100);
	return chance_percent(&crowd->chance, 2);
}

static void
say_some(struct crowd *crowd, struct client *client)
{
	unsigned lines = lines_wanted(crowd, client);

	for (; lines > 0 && client->out_length < BURST_BYTES; lines--)
		talk_say(crowd, client, line_length(crowd, client->talking));
}

void
talk(struct crowd *crowd, struct client *client)
{
	if (client->out_length == 0 && !client->goes) {
		say_some(crowd, client);
		if (crowd->is_chat && chat_ask(crowd, client))
			say_some(crowd, client);
	}
	talk_flush(crowd, client);
}
