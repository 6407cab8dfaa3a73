/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "player.h"

#include "soak/chance.h"
#include "soak/speech.h"
#include "soak/verdict.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Little, so that a player is soon behind. */
#define SEND_BUFFER 4096

static void
set_send_buffer(int fd)
{
	int size = SEND_BUFFER;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

void
player_init(struct player *player)
{
	memset(player, 0, offsetof(struct player, in));
	player->fd = -1;
}

int
player_connect(struct player *player, struct ledger *ledger,
    struct chance *chance, bool witness)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		ends) == -1)
		cannot("socketpair: %s", strerror(errno));
	player_init(player);
	player->fd = ends[0];
	player->ledger = ledger;
	player->chance = chance;
	player->witness = witness;
	player->reads = true;
	ledger_join(
	    ledger, &player->reader, speakers_add(ledger->speakers, ledger));
	/* Nothing is on its way now, so it hears all from here on. */
	player->reader.began = true;
	set_send_buffer(ends[1]);
	return ends[1];
}

static void
disconnect(struct player *player)
{
	close(player->fd);
	player->fd = -1;
}

void
player_drop(struct player *player)
{
	speakers_forgive(player->ledger->speakers, player->reader.self);
	disconnect(player);
}

static bool
may_be_dropped(const struct player *player)
{
	return player->was_slow || player->babbled;
}

static void
on_end(struct player *player)
{
	struct speech missing;

	player->moved = true;
	/* On a Unix socket a drop cannot be told from an end. */
	if (may_be_dropped(player))
		player_drop(player);
	else if (player->has_fin && player->in_length == 0 &&
	    ledger_heard_all(
		player->ledger, &player->reader, player->must_hear, &missing))
		disconnect(player);
	else
		broken("player %u was dropped, or misses lines",
		    player->reader.self);
}

/* False: the witness has to hear it first. */
static bool
hear(struct player *player, const char *line, size_t length)
{
	struct speech speech;

	if (!speech_read(line, length, &speech))
		broken("not a line as it was said, for player %u: %.*s",
		    player->reader.self, (int)length, line);
	if (!player->witness)
		return ledger_hear(player->ledger, &player->reader, &speech);
	ledger_witness(player->ledger, &speech, length);
	return true;
}

static void
consume(struct player *player)
{
	char *at = player->in, *end = player->in + player->in_length, *lf;

	player->ahead = false;
	while ((lf = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		if (!hear(player, at, (size_t)(lf + 1 - at))) {
			player->ahead = true;
			break;
		}
		at = lf + 1;
	}
	player->in_length = (size_t)(end - at);
	if (!player->ahead && player->in_length > PLAYER_LINE_BYTES)
		broken("player %u hears a line without an end",
		    player->reader.self);
	memmove(player->in, at, player->in_length);
}

void
player_read(struct player *player, size_t limit)
{
	size_t space = PLAYER_BYTES - player->in_length;
	ssize_t got;

	if (player->ahead)
		consume(player);
	if (player->ahead)
		return;
	got = recv(player->fd, player->in + player->in_length,
	    limit < space ? limit : space, 0);
	if (got == -1 && errno == EAGAIN)
		return;
	if (got <= 0) {
		on_end(player);
		return;
	}
	player->moved = true;
	player->in_length += (size_t)got;
	consume(player);
}

static uint32_t
count_ends(const char *bytes, size_t length)
{
	const char *end = bytes + length;
	uint32_t count = 0;

	while ((bytes = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL) {
		bytes++;
		count++;
	}
	return count;
}

void
player_send(struct player *player, size_t limit)
{
	size_t length = limit < player->out_length ? limit : player->out_length;
	ssize_t sent;

	if (length == 0)
		return;
	sent = send(player->fd, player->out, length, MSG_NOSIGNAL);
	/* An error is found when it reads. */
	if (sent <= 0)
		return;
	player->moved = true;
	speakers_end(player->ledger->speakers, player->reader.self,
	    count_ends(player->out, (size_t)sent));
	player->out_length -= (size_t)sent;
	memmove(player->out, player->out + sent, player->out_length);
}

static void
send_fin(struct player *player)
{
	if (player->half)
		speakers_end(player->ledger->speakers, player->reader.self, 1);
	player->has_fin = true;
	player->must_hear = player->witness ? 0 : player->ledger->count;
	shutdown(player->fd, SHUT_WR);
	player->moved = true;
}

void
player_run(struct player *player, bool has_input)
{
	if (player->fd != -1 && player->reads && (has_input || player->ahead))
		player_read(player, SIZE_MAX);
	if (player->fd != -1 && player->wants_fin && !player->has_fin) {
		player_send(player, SIZE_MAX);
		if (player->out_length == 0)
			send_fin(player);
	}
}

void
player_say(struct player *player, size_t length)
{
	struct speech speech = { .speaker = player->reader.self };

	if (player->out_length + length > PLAYER_BYTES || player->half ||
	    player->wants_fin || player->babbled)
		return;
	speech.number = player->ledger->speakers->list[speech.speaker].begun++;
	speech_make(
	    &speech, player->chance, player->out + player->out_length, length);
	player->out_length += length;
	speakers_begin(player->ledger->speakers, speech.speaker, length);
}

void
player_say_half(struct player *player)
{
	size_t before = player->out_length;

	player_say(player, SPEECH_MIN);
	if (player->out_length == before)
		return;
	player->out_length--;
	player->half = true;
}

/* Longer than allowed: it is closed, and nothing of that is relayed. */
void
player_babble(struct player *player)
{
	if (player->half || player->wants_fin || player->babbled ||
	    player->out_length + PLAYER_LINE_BYTES + 1 > PLAYER_BYTES)
		return;
	memset(player->out + player->out_length, 'b', PLAYER_LINE_BYTES + 1);
	player->out_length += PLAYER_LINE_BYTES + 1;
	player->babbled = true;
}
