/* SPDX-License-Identifier: ISC */
/*
 * A newcomer against a model that sees the whole stream at once: whatever the
 * cuts, what follows the secret reaches the room, once, and nothing of anybody
 * else does.
 *
 * The first byte seeds the cuts, the rest is the stream.
 */
#include "config.h"

#include "fuzz.h"

#include "common/log.h"
#include "common/secret.h"
#include "daemon/admission.h"
#include "daemon/conf.h"
#include "daemon/conn.h"
#include "daemon/listener.h"
#include "daemon/member.h"
#include "daemon/peer.h"
#include "daemon/room.h"
#include "daemon/stats.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STREAM_BYTES_MAX 8192

static const char sesame[] = "sesame";

struct world {
	struct event_base *base;
	struct conf *conf;
	struct stats stats;
	struct conn_set *conns;
	struct rooms *rooms;
	struct admission *admission;
	int newcomer, reader; /* the clients' ends */
};

static void
connect_pair(int ends[2])
{
	int flags = SOCK_STREAM | SOCK_NONBLOCK;

	FUZZ_ASSERT(socketpair(AF_UNIX, flags, 0, ends) == 0);
}

static void
world_open(struct world *world)
{
	static const struct listener_rules rules = { .room = "main" };
	static const union peer peer = { .local.family = AF_UNIX };
	const char *why;
	int ends[2];

	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	world->base = event_base_new();
	world->conf = conf_new();
	world->conf->secret = secret_new(sesame, strlen(sesame), &why);
	world->conns = conn_set_new(world->base, world->conf, &world->stats);
	world->rooms = rooms_new(world->base, world->conf, &world->stats);
	world->admission = admission_new(world->base, world->conf, world->conns,
	    world->rooms, NULL, &world->stats);
	connect_pair(ends);
	world->reader = ends[1];
	member_new(conn_new(world->conns, ends[0], &peer, "r"),
	    rooms_get(world->rooms, "main"));
	connect_pair(ends);
	world->newcomer = ends[1];
	admission_accept(
	    world->admission, ends[0], &peer.any, sizeof(peer), &rules);
}

static void
turn(struct world *world)
{
	event_base_loop(world->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	rooms_fan_out(world->rooms);
	conn_set_reap(world->conns);
	admission_end_turn(world->admission);
}

static void
world_close(struct world *world)
{
	conn_set_free(world->conns);
	admission_free(world->admission);
	rooms_free(world->rooms);
	event_base_free(world->base);
	conf_free(world->conf);
	close(world->newcomer);
	close(world->reader);
}

/* What the room hears: its beginning in the stream, and how much. */
static size_t
model(const char *stream, size_t length, size_t *begin)
{
	const char *end = memchr(stream, '\n', length), *last;
	size_t line = end == NULL ? 0 : (size_t)(end - stream);

	*begin = line + 1;
	if (end == NULL)
		return 0;
	if (line > 0 && stream[line - 1] == '\r')
		line--;
	if (line != strlen(sesame) || memcmp(stream, sesame, line) != 0)
		return 0;
	last = memrchr(stream, '\n', length);
	return (size_t)(last - end);
}

static void
send_in_pieces(
    struct world *world, const char *stream, size_t length, unsigned cuts)
{
	size_t at = 0, piece;

	while (at < length) {
		cuts = cuts * 1103515245u + 12345u;
		piece = 1 + (cuts >> 16) % 997;
		if (piece > length - at)
			piece = length - at;
		if (write(world->newcomer, stream + at, piece) == -1)
			return;
		at += piece;
		turn(world);
	}
	turn(world);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char heard[STREAM_BYTES_MAX + 1];
	struct world world = { 0 };
	size_t begin, expected;
	ssize_t got;

	if (size < 1 || size > STREAM_BYTES_MAX)
		return 0;
	expected = model((const char *)data + 1, size - 1, &begin);
	world_open(&world);
	send_in_pieces(&world, (const char *)data + 1, size - 1, data[0]);
	got = read(world.reader, heard, sizeof(heard));
	FUZZ_ASSERT(got == (expected == 0 ? -1 : (ssize_t)expected));
	FUZZ_ASSERT(
	    expected == 0 || memcmp(heard, data + 1 + begin, expected) == 0);
	/* Nobody who is not in hears anything. */
	got = read(world.newcomer, heard, sizeof(heard));
	FUZZ_ASSERT(got <= 0 ||
	    (expected == 0 &&
		memcmp(heard, "tcprelayd: wrong secret\n", (size_t)got) == 0));
	world_close(&world);
	return 0;
}
