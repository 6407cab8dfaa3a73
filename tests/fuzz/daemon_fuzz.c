/* SPDX-License-Identifier: ISC */
/*
 * A whole daemon, in this process, over socket pairs. The input is a script:
 * players connect, speak, cut their lines, read, stop reading, half-close,
 * leave; time passes; the settings are read again. After each step the daemon
 * runs until nothing moves, and all that every player has heard is held
 * against the ledger of the soak (tests/soak/ledger.h): whole lines, once, in
 * one order, all of them, and nobody is dropped who reads.
 *
 * An operation is a byte, the lower half what and the upper half who, and a
 * byte of how much.
 */
#include "config.h"

#include "fuzz.h"
#include "player.h"
#include "soak/ledger.h"
#include "soak/speech.h"
#include "soak/verdict.h"
#include "virtual_clock.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "daemon/conf.h"
#include "daemon/listener.h"
#include "daemon/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PLAYERS	  8
#define ROOMS	  2 /* each with a witness */
#define ALL	  (ROOMS + PLAYERS)
#define STEPS_MAX 400

/* Lines, more than a backlog and the sockets hold. */
#define MUCH 64

/* By then whoever is waited for has come, or gone. */
#define PATIENCE_MS 120000

struct play {
	const uint8_t *script;
	size_t left;
	struct server *server;
	struct chance chance;
	struct speakers speakers;
	struct ledger ledgers[ROOMS];
	unsigned settings;	    /* which of them the next reload finds */
	bool was_skipping;	    /* once */
	struct player players[ALL]; /* the witnesses first */
};

enum { DISCONNECT, SKIP, PAUSE, POLICIES };
static const char *const policies[POLICIES] = { "disconnect", "skip", "pause" };

static void
report(const char *message, void *arg)
{
	(void)arg;
	broken("%s", message);
}

/* The settings: a policy, how long a backlog, how many lines a second. */
static struct conf *
load(conf_report *unused, void *arg)
{
	struct play *play = arg;
	char text[512];
	struct conf *conf;

	(void)unused;
	snprintf(text, sizeof(text),
	    "listen = \":0\"; log = { level = \"error\"; };"
	    "limits = { line_bytes = %d; stall_seconds = 1;"
	    " lines_per_second = %d; burst_lines = 3; };"
	    "slow_client = { policy = \"%s\"; backlog_bytes = %d; };"
	    "shutdown_seconds = 3600;",
	    PLAYER_LINE_BYTES, play->settings & 16 ? 50 : 0,
	    policies[play->settings % POLICIES],
	    play->settings & 32 ? 20000 : 1024);
	conf = conf_parse(text, "fuzz", report, NULL);
	conf_clear_listen(conf);
	return conf;
}

static void
come(struct play *play, struct player *player, int room, bool witness)
{
	static const struct sockaddr local = { .sa_family = AF_UNIX };
	static const char *const names[ROOMS] = { "main", "side" };
	const struct listener_rules rules = { .room = names[room] };
	int fd = player_connect(
	    player, &play->ledgers[room], &play->chance, witness);

	server_accept(play->server, fd, &local, sizeof(sa_family_t), &rules);
}

/*
 * Those that read get what there is; the witnesses come first. Returns whether
 * anything moved.
 */
static bool
run_players(struct play *play)
{
	struct pollfd pollers[ALL];
	bool moved = false;
	int i;

	for (i = 0; i < ALL; i++)
		pollers[i] = (struct pollfd){
			.fd = play->players[i].fd,
			.events = play->players[i].reads ? POLLIN : 0,
		};
	/* libFuzzer has a timer. */
	while (poll(pollers, ALL, 0) == -1)
		if (errno != EINTR)
			cannot("poll: %s", strerror(errno));
	for (i = 0; i < ALL; i++) {
		struct player *player = &play->players[i];

		player->moved = false;
		player_run(player, pollers[i].revents != 0);
		moved |= player->moved;
	}
	return moved;
}

/* Until nothing moves, and nothing has the time before either. */
static void
run(struct play *play)
{
	bool moved;
	int quiet = 0, i;

	while (quiet < 2) {
		moved = server_turn(play->server, false);
		moved |= run_players(play);
		quiet = moved ? 0 : quiet + 1;
	}
	for (i = 0; i < ALL; i++)
		if (play->players[i].fd != -1 && play->players[i].ahead)
			broken("player %u heard what the witness did not",
			    play->players[i].reader.self);
}

static void
pass_time(struct play *play, unsigned ms, unsigned steps)
{
	while (steps-- > 0) {
		virtual_clock_advance_ms(ms);
		run(play);
	}
}

/* Its last line has to be whole, or not be there at all. */
static void
leave(struct player *player)
{
	player_send(player, SIZE_MAX);
	if (player->out_length == 0 && !player->half)
		player_drop(player);
}

static void
stop_reading(const struct play *play, struct player *player)
{
	player->reads = false;
	player->was_slow = true;
	player->reader.may_miss = play->was_skipping;
}

enum {
	CONNECT,
	SAY,
	SAY_SOME,
	SAY_MUCH,
	SEND_SOME,
	SEND,
	END,
	END_MID_LINE,
	LEAVE,
	BABBLE,
	READ,
	READ_NOT,
	READ_SOME,
	TIME,
	LONG_TIME,
	RELOAD
};

static void
act(struct play *play, struct player *player, unsigned what, unsigned how)
{
	switch (what) {
	case SAY:
		player_say(player, SPEECH_MIN + how * 2);
		player_send(player, SIZE_MAX);
		break;
	case SAY_SOME:
		player_say(player, SPEECH_MIN + how);
		player_send(player, how);
		break;
	case SAY_MUCH:
		for (how = how < MUCH ? how : MUCH; how > 0; how--)
			player_say(player, PLAYER_LINE_BYTES);
		player_send(player, SIZE_MAX);
		break;
	case SEND_SOME:
		player_send(player, how + 1);
		break;
	case SEND:
		player_send(player, SIZE_MAX);
		break;
	case END_MID_LINE:
		player_say_half(player);
		player->wants_fin = true;
		break;
	case END:
		player->wants_fin = true;
		break;
	case LEAVE:
		leave(player);
		break;
	case BABBLE:
		player_babble(player);
		player_send(player, SIZE_MAX);
		break;
	case READ:
		player->reads = true;
		break;
	case READ_NOT:
		stop_reading(play, player);
		break;
	case READ_SOME:
		player_read(player, how * 16 + 1);
		break;
	default:
		break;
	}
}

static void
reload(struct play *play, unsigned settings)
{
	int i;

	play->settings = settings;
	play->was_skipping |= settings % POLICIES == SKIP;
	for (i = ROOMS; i < ALL; i++)
		play->players[i].reader.may_miss =
		    play->players[i].was_slow && play->was_skipping;
	raise(SIGHUP);
}

static void
step(struct play *play)
{
	unsigned what = play->script[0] & 15, who = play->script[0] >> 4;
	unsigned how = play->script[1];
	struct player *player = &play->players[ROOMS + who % PLAYERS];

	play->script += 2;
	play->left -= 2;
	if (what == TIME)
		pass_time(play, 20, how % 16);
	else if (what == LONG_TIME)
		pass_time(play, how * 100, 1);
	else if (what == RELOAD)
		reload(play, how);
	else if (what == CONNECT && player->fd == -1)
		come(play, player, (int)(how % ROOMS), false);
	else if (what != CONNECT && player->fd != -1)
		act(play, player, what, how);
	run(play);
}

static bool
is_quiet(const struct play *play)
{
	int i;

	for (i = ROOMS; i < ALL; i++)
		if (play->players[i].fd != -1 &&
		    (play->players[i].out_length > 0 ||
			play->players[i].wants_fin || play->players[i].babbled))
			return false;
	return play->ledgers[0].waiting_bytes == 0 &&
	    play->ledgers[1].waiting_bytes == 0;
}

static void
finish(struct player *player)
{
	if (player->fd == -1)
		return;
	player->reads = true;
	player->wants_fin |= player->half;
	player_send(player, SIZE_MAX);
}

/* Everybody reads, says what it has begun, and hears all. */
static void
settle(struct play *play)
{
	struct speech missing;
	unsigned ms = 0;
	int i;

	do {
		for (i = ROOMS; i < ALL; i++)
			finish(&play->players[i]);
		pass_time(play, 100, 1);
		ms += 100;
	} while (ms < PATIENCE_MS && !is_quiet(play));
	if (!is_quiet(play))
		broken("not all is relayed that was said");
	for (i = ROOMS; i < ALL; i++) {
		const struct player *player = &play->players[i];

		if (player->fd != -1 && !player->reader.may_miss &&
		    !ledger_heard_all(player->ledger, &player->reader,
			player->ledger->count, &missing))
			broken("missing: line %u of speaker %u, for player %u",
			    missing.number, missing.speaker,
			    player->reader.self);
	}
}

/* The daemon is told to end, or all leave: nobody is left behind. */
static void
end(struct play *play, bool by_signal)
{
	int i;

	for (i = 0; i < ALL; i++) {
		struct player *player = &play->players[i];

		player->wants_fin = true;
		player->has_fin |= by_signal;
		player->must_hear = player->witness || player->fd == -1
		    ? 0
		    : player->ledger->count;
	}
	if (by_signal) {
		raise(SIGTERM);
		if (server_run(play->server) == -1)
			broken("the daemon failed");
		run_players(play);
	} else {
		pass_time(play, 100, 3);
	}
	for (i = 0; i < ALL; i++)
		if (play->players[i].fd != -1)
			broken(
			    "player %u is left", play->players[i].reader.self);
}

static void
begin(struct play *play)
{
	static bool once;
	int i;

	memset(play, 0, offsetof(struct play, players));
	for (i = 0; i < ALL; i++)
		player_init(&play->players[i]);
	chance_seed(&play->chance, 1);
	if (!once) {
		xmalloc_use_in_libevent();
		log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
		speech_init(&play->chance);
		once = true;
	}
	play->server = server_new(load(report, play), load, play);
	for (i = 0; i < ROOMS; i++) {
		play->ledgers[i].room = i == 0 ? "main" : "side";
		play->ledgers[i].speakers = &play->speakers;
		come(play, &play->players[i], i, true);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct play play;
	int steps, i;

	if (size < 1)
		return 0;
	begin(&play);
	play.script = data + 1;
	play.left = size - 1;
	for (steps = 0; steps < STEPS_MAX && play.left >= 2; steps++)
		step(&play);
	settle(&play);
	end(&play, data[0] & 1);
	server_free(play.server);
	speakers_clear(&play.speakers);
	free(play.speakers.list);
	for (i = 0; i < ROOMS; i++)
		ledger_clear(&play.ledgers[i]);
	return 0;
}
