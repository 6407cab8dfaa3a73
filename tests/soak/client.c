/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client.h"

#include "chat.h"
#include "crowd.h"
#include "speech.h"
#include "talk.h"
#include "verdict.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define READ_BYTES 65536

/* A client that breaks off has at most so many of them. */
#define LOSS_BYTES 4096

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
	if (crowd->is_chat && !client->witness)
		chat_introduce(crowd, client);
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
	/* In mode chat what the daemon says is counted too, and moves count. */
	if (!client->has_fin || crowd->is_chat)
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
	    (client->question.answer[0] == '\0' || crowd->stopping) &&
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
	if (client->question.answer[0] != '\0' && !crowd->stopping)
		broken("client %u was not told \"%s\"", client->reader.self,
		    client->question.answer);
	if (!client->reader.may_miss &&
	    !ledger_heard_all(
		client->ledger, &client->reader, client->must_hear, &missing))
		broken("missing at its end: line %u of speaker %u, for client "
		       "%u",
		    missing.number, missing.speaker, client->reader.self);
	end(crowd, client);
}

void
client_fail(struct crowd *crowd, struct client *client, int error)
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
	size_t head = crowd->is_chat ? CHAT_HEAD : 0;
	struct speech speech;

	if (crowd->is_chat && chat_is_told(line, length))
		return chat_take(crowd, client, line, length);
	if (!(crowd->is_chat ? chat_read(crowd, line, length, &speech)
			     : speech_read(line, length, &speech)))
		broken("not a line as it was said, for client %u: %.*s%s",
		    client->reader.self, (int)(length < 100 ? length - 1 : 100),
		    line, length < 100 ? "" : "...");
	if (client->witness)
		ledger_witness(client->ledger, &speech, length - head);
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
			client_fail(crowd, client, errno);
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

/* What the witnesses have heard by now the daemon has sent, or will. */
static void
set_end(struct client *client)
{
	client->must_hear = client->ledger->count;
	if (client->question.ledger != NULL)
		client->question.must_hear = client->question.ledger->count;
	client->has_fin = true;
	/* It may have been slow: now it has to hurry. */
	client->reading = READS_ALWAYS;
}

static void
send_fin(struct crowd *crowd, struct client *client)
{
	if (client->leaving == LEAVES_MID_LINE)
		speakers_end(&crowd->speakers, client->reader.self, 1);
	set_end(client);
	/* With TLS a half line is a last line only if its end is announced. */
	wire_end(&client->wire,
	    client->leaving == LEAVES_MID_LINE ||
		chance_percent(&crowd->chance, 50));
}

/* Takes the LF away again: what it has said has no end. */
static void
say_half(struct crowd *crowd, struct client *client)
{
	talk_say_little(crowd, client);
	client->out_length--;
}

static void
babble(struct crowd *crowd, struct client *client)
{
	static const char letters[4096] = { 'b', 'l', 'a' };

	if (wire_send(&client->wire, letters, sizeof(letters)) != -1 ||
	    errno == EAGAIN)
		return;
	client_fail(crowd, client, errno);
}

static void
close_at_once(struct crowd *crowd, struct client *client)
{
	struct linger none = { .l_onoff = 1, .l_linger = 0 };

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
	return speakers_waiting(&crowd->speakers, client->reader.self) <=
	    LOSS_BYTES;
}

static bool
says_last_word(const struct client *client)
{
	return client->leaving == LEAVES_MID_LINE ||
	    client->leaving == LEAVES_BY_QUIT;
}

void
client_leave(struct crowd *crowd, struct client *client)
{
	bool between = client->out_length == 0;

	if (client->has_fin || client->over)
		return;
	if (!client->goes && says_last_word(client)) {
		if (!between)
			return;
		if (client->leaving == LEAVES_BY_QUIT)
			talk_command(client, "/quit " CHAT_LAST_WORD);
		else
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
	talk_flush(crowd, client);
	if (client->over || client->out_length > 0)
		return;
	if (client->leaving == LEAVES_BY_BABBLE)
		babble(crowd, client);
	else if (client->leaving == LEAVES_BY_QUIT)
		set_end(client);
	else if (client->leaving != LEAVES_BY_CLOSE &&
	    client->leaving != LEAVES_BY_RESET)
		send_fin(crowd, client);
	else if (loses_little(crowd, client))
		close_at_once(crowd, client);
}
