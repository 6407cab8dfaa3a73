/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client.h"

#include "crowd.h"
#include "speech.h"
#include "verdict.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define READ_BYTES 65536

/* What a client prepares at a time: some short lines, or a long one. */
#define OUT_BYTES (2 * SPEECH_MAX)

/*
 * Bytes in a room that were said and that its witness has not heard. With a
 * long line on top that is all that a reader can have waiting for it that
 * always reads: far less than makes the daemon's policy act, so that each line
 * it misses is a fault; and little enough for all to be read in a moment.
 */
#define WINDOW_BYTES 65536

/* A client that breaks off has at most so many of them. */
#define LOSS_BYTES 4096

/* What it says at a time, but for one long line. */
#define BURST_BYTES 16384

/*
 * Of one that reads slowly little is to stay in the kernel. With much less than
 * this Linux drops what it has no room for, and waits long to send it again.
 */
#define SMALL_BUFFER 65536

static void
name_peer(struct client *client)
{
	struct sockaddr_in in;
	socklen_t length = sizeof(in);

	if (client->local) {
		snprintf(client->peer, sizeof(client->peer),
		    "unix:uid=%d,pid=%d", (int)getuid(), (int)getpid());
		return;
	}
	getsockname(client->wire.fd, (void *)&in, &length);
	snprintf(client->peer, sizeof(client->peer), "%s:%u",
	    inet_ntoa(in.sin_addr), ntohs(in.sin_port));
}

static void
connect_to(struct client *client, const struct door *door, bool tls)
{
	int fd = socket(door->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int small = SMALL_BUFFER;

	if (fd == -1)
		cannot("socket: %s", strerror(errno));
	if (client->was_slow)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (connect(fd, (const void *)&door->address, door->length) == -1)
		broken("cannot connect: %s", strerror(errno));
	wire_open(&client->wire, fd, tls);
	name_peer(client);
}

struct client *
client_new(
    struct crowd *crowd, struct ledger *ledger, const struct client_plan *plan)
{
	struct client *client = resize(NULL, 1, sizeof(*client));

	memset(client, 0, sizeof(*client));
	client->ledger = ledger;
	client->reading = plan->reading;
	client->talking = plan->talking;
	client->leaving = plan->leaving;
	client->witness = plan->witness;
	client->local = plan->door == DOOR_MAIN_UNIX;
	client->was_slow = plan->reading != READS_ALWAYS;
	ledger_join(
	    ledger, &client->reader, speakers_add(&crowd->speakers, ledger));
	client->reader.may_miss =
	    client->was_slow && crowd->policy == POLICY_SKIP;
	connect_to(client, &crowd->relay.doors[plan->door],
	    plan->door == DOOR_MAIN_TLS);
	crowd->totals.clients++;
	return client;
}

void
client_free(struct client *client)
{
	if (!client->over)
		wire_close(&client->wire);
	free(client->in);
	free(client->out);
	free(client);
}

static void
end(struct crowd *crowd, struct client *client)
{
	crowd->totals.missed += client->reader.missed;
	misses_seen(&crowd->misses, client->peer, client->reader.missed);
	if (!client->has_fin)
		misses_unknown(&crowd->misses, client->peer);
	wire_close(&client->wire);
	client->over = true;
}

/* Whether the daemon may break off its connection. */
static bool
may_be_dropped(const struct crowd *crowd, const struct client *client)
{
	if (client->leaving == LEAVES_BY_BABBLE && client->goes)
		return true;
	if (!client->was_slow)
		return false;
	return crowd->policy != POLICY_SKIP || client->has_fin;
}

/* The daemon broke it off. */
static void
on_drop(struct crowd *crowd, struct client *client, const char *how)
{
	if (!may_be_dropped(crowd, client))
		broken("client %u at %s was broken off: %s",
		    client->reader.self, client->peer, how);
	speakers_forgive(&crowd->speakers, client->reader.self);
	misses_unknown(&crowd->misses, client->peer);
	crowd->totals.dropped++;
	end(crowd, client);
}

/* It has asked for the end, and got what it was owed; or the daemon stops. */
static void
on_end_of_input(struct crowd *crowd, struct client *client)
{
	struct speech missing;
	bool complete;

	complete = client->in_length == 0 &&
	    (client->has_fin || crowd->stopping) &&
	    ledger_heard_all(
		client->ledger, &client->reader, client->must_hear, &missing);
	/* A Unix socket knows no reset. */
	if (client->was_reset ||
	    (client->local && !complete && may_be_dropped(crowd, client))) {
		on_drop(crowd, client, "reset");
		return;
	}
	if (client->in_length > 0)
		broken("client %u at %s was ended in the middle of a line",
		    client->reader.self, client->peer);
	if (!client->has_fin && !crowd->stopping)
		broken(
		    "client %u was ended without a cause", client->reader.self);
	if (!client->reader.may_miss &&
	    !ledger_heard_all(
		client->ledger, &client->reader, client->must_hear, &missing))
		broken("missing at its end: line %u of speaker %u, for client "
		       "%u",
		    missing.number, missing.speaker, client->reader.self);
	end(crowd, client);
}

static void
on_error(struct crowd *crowd, struct client *client, int error)
{
	if (error == EAGAIN || error == EINTR)
		return;
	on_drop(crowd, client, strerror(error));
}

/* False: the witness has to hear it first. */
static bool
hear(
    struct crowd *crowd, struct client *client, const char *line, size_t length)
{
	struct speech speech;

	if (!speech_read(line, length, &speech))
		broken("not a line as it was said, for client %u: %.*s%s",
		    client->reader.self, (int)(length < 100 ? length - 1 : 100),
		    line, length < 100 ? "" : "...");
	if (client->witness)
		ledger_witness(client->ledger, &speech, length);
	else if (!ledger_hear(client->ledger, &client->reader, &speech))
		return false;
	crowd->totals.delivered++;
	crowd->totals.delivered_bytes += length;
	return true;
}

static void
wait_for_witness(struct crowd *crowd, struct client *client, const char *line)
{
	if (client->ahead_since_ms == 0)
		client->ahead_since_ms = crowd->now_ms;
	else if (crowd->now_ms - client->ahead_since_ms > crowd->patience_ms)
		broken("missing: line %.17s, for the witness of room %s; "
		       "client %u has it",
		    line, client->ledger->room, client->reader.self);
}

/* Takes the whole lines; what is left waits for more, or for the witness. */
static void
consume(struct crowd *crowd, struct client *client)
{
	const char *at = client->in,
		   *end_of_in = client->in + client->in_length;
	const char *end_of_line;

	while ((end_of_line = memchr(at, '\n', (size_t)(end_of_in - at)))) {
		size_t length = (size_t)(end_of_line - at) + 1;

		if (!hear(crowd, client, at, length)) {
			wait_for_witness(crowd, client, at);
			break;
		}
		client->ahead_since_ms = 0;
		at += length;
	}
	client->in_length = (size_t)(end_of_in - at);
	if (client->in_length > SPEECH_MAX + READ_BYTES)
		broken("client %u hears a line without an end",
		    client->reader.self);
	memmove(client->in, at, client->in_length);
}

static void
read_and_check(struct crowd *crowd, struct client *client, size_t limit)
{
	size_t total = 0;
	ssize_t got;

	while (!client->over && total < limit) {
		if (client->ahead_since_ms != 0)
			consume(crowd, client);
		if (client->ahead_since_ms != 0)
			return;
		if (client->in_size - client->in_length < READ_BYTES) {
			client->in_size = client->in_length + READ_BYTES;
			client->in = resize(client->in, client->in_size, 1);
		}
		got = wire_recv(&client->wire, client->in + client->in_length,
		    limit - total < READ_BYTES ? limit - total : READ_BYTES);
		if (got == -1)
			on_error(crowd, client, errno);
		else if (got == 0)
			on_end_of_input(crowd, client);
		if (got <= 0)
			return;
		total += (size_t)got;
		client->in_length += (size_t)got;
		consume(crowd, client);
	}
}

void
client_read(struct crowd *crowd, struct client *client, size_t limit)
{
	crowd->relay.about = client->local ? NULL : client->peer;
	read_and_check(crowd, client, limit);
	crowd->relay.about = NULL;
}

static uint32_t
count_ends(const char *bytes, size_t length)
{
	uint32_t count = 0;
	const char *end_of_line;

	while ((end_of_line = memchr(bytes, '\n', length)) != NULL) {
		count++;
		length -= (size_t)(end_of_line + 1 - bytes);
		bytes = end_of_line + 1;
	}
	return count;
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
			on_error(crowd, client, errno);
		return false;
	}
	speakers_end(&crowd->speakers, client->reader.self,
	    count_ends(bytes, (size_t)sent));
	client->out_at += (size_t)sent;
	if (client->out_at == client->out_length)
		client->out_at = client->out_length = 0;
	return !client->over;
}

void
client_flush(struct crowd *crowd, struct client *client)
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

void
client_say(struct crowd *crowd, struct client *client, size_t length)
{
	uint32_t self = client->reader.self;
	struct speech speech = {
		.speaker = self,
		.number = crowd->speakers.list[self].begun++,
	};

	if (client->out == NULL)
		client->out = resize(NULL, OUT_BYTES, 1);
	speech_make(
	    &speech, &crowd->chance, client->out + client->out_length, length);
	client->out_length += length;
	speakers_begin(&crowd->speakers, self, length);
	crowd->totals.said++;
}

static size_t
line_length(struct crowd *crowd, enum talking talking)
{
	struct chance *chance = &crowd->chance;

	if (talking == DRIBBLES)
		return chance_between(chance, SPEECH_MIN, 100);
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
	if (client->talking == SAYS_NOTHING)
		return 0;
	if (crowd->speakers.list[client->reader.self].begun == 0)
		return 1;
	if (crowd->settling || client->ledger->waiting_bytes > WINDOW_BYTES)
		return 0;
	if (client->talking == SAYS_MUCH)
		return (unsigned)chance_below(&crowd->chance, 100);
	return chance_percent(&crowd->chance, 2);
}

void
client_talk(struct crowd *crowd, struct client *client)
{
	unsigned lines;

	if (client->out_length == 0 && !client->goes)
		for (lines = lines_wanted(crowd, client);
		     lines > 0 && client->out_length < BURST_BYTES; lines--)
			client_say(
			    crowd, client, line_length(crowd, client->talking));
	client_flush(crowd, client);
}

static void
send_fin(struct crowd *crowd, struct client *client)
{
	if (client->leaving == LEAVES_MID_LINE)
		speakers_end(&crowd->speakers, client->reader.self, 1);
	client->must_hear = client->ledger->count;
	client->has_fin = true;
	/* With TLS a half line is a last line only if its end is announced. */
	wire_end(&client->wire,
	    client->leaving == LEAVES_MID_LINE ||
		chance_percent(&crowd->chance, 50));
	/* It may have been slow: now it has to hurry. */
	if (client->reading != READS_ALWAYS)
		client->reading = READS_ALWAYS;
}

/* Takes the LF away again: what it has said has no end. */
static void
say_half(struct crowd *crowd, struct client *client)
{
	client_say(crowd, client, line_length(crowd, DRIBBLES));
	client->out_length--;
}

static void
babble(struct crowd *crowd, struct client *client)
{
	static const char letters[4096] = { 'b', 'l', 'a' };

	if (wire_send(&client->wire, letters, sizeof(letters)) != -1 ||
	    errno == EAGAIN)
		return;
	on_error(crowd, client, errno);
}

static void
close_at_once(struct crowd *crowd, struct client *client)
{
	struct linger none = { .l_onoff = 1, .l_linger = 0 };

	if (crowd->speakers.list[client->reader.self].waiting_bytes >
	    LOSS_BYTES)
		return;
	if (client->leaving == LEAVES_BY_RESET)
		setsockopt(client->wire.fd, SOL_SOCKET, SO_LINGER, &none,
		    sizeof(none));
	speakers_forgive(&crowd->speakers, client->reader.self);
	end(crowd, client);
}

/* Its own lines that are on their way may be lost with it: not too many. */
static bool
loses_little(const struct crowd *crowd, const struct client *client)
{
	return crowd->speakers.list[client->reader.self].waiting_bytes <=
	    LOSS_BYTES;
}

void
client_leave(struct crowd *crowd, struct client *client)
{
	bool between = client->out_length == 0;

	if (client->has_fin || client->over)
		return;
	if (!client->goes && client->leaving == LEAVES_MID_LINE) {
		if (!between)
			return;
		say_half(crowd, client);
	}
	if (!client->goes)
		crowd->totals.leavings[client->leaving]++;
	client->goes = true;
	/* A Unix socket knows no reset: a half line would be a last line. */
	if (client->leaving == LEAVES_BY_RESET && !client->local &&
	    loses_little(crowd, client)) {
		close_at_once(crowd, client);
		return;
	}
	client_flush(crowd, client);
	if (client->over || client->out_length > 0)
		return;
	if (client->leaving == LEAVES_BY_BABBLE)
		babble(crowd, client);
	else if (client->leaving != LEAVES_BY_CLOSE &&
	    client->leaving != LEAVES_BY_RESET)
		send_fin(crowd, client);
	else if (loses_little(crowd, client))
		close_at_once(crowd, client);
}
