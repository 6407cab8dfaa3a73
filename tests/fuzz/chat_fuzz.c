/* SPDX-License-Identifier: ISC */
/*
 * A whole chat: three people, one of them vouched for, who send any bytes in
 * any pieces, read or do not, and leave. Whatever they do, each gets whole
 * lines of clean text that begin as the manual says, and in the end all is
 * free.
 *
 * The input is a row of moves: a byte, of which two bits say who, and six how
 * many bytes that one sends; they follow. With none of them it reads. The
 * fourth person, who is not there, has one of the others leave.
 */
#include "config.h"

#include "fuzz.h"

#include "common/log.h"
#include "common/text.h"
#include "common/xmalloc.h"
#include "daemon/conf.h"
#include "daemon/conn.h"
#include "daemon/peer.h"
#include "daemon/people.h"
#include "daemon/person.h"
#include "daemon/room.h"
#include "daemon/stats.h"
#include "daemon/telnet.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEOPLE	   3
#define LINE_BYTES 20

struct world {
	struct event_base *base;
	struct conf *conf;
	struct stats stats;
	struct conn_set *conns;
	struct rooms *rooms;
	struct people *people;
	int fds[PEOPLE]; /* -1: it has left */
	char *heard[PEOPLE];
	size_t heard_length[PEOPLE];
};

static void
turn(struct world *world)
{
	event_base_loop(world->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	rooms_fan_out(world->rooms);
	people_end_turn(world->people);
	conn_set_reap(world->conns);
}

static void
arrive(struct world *world, int who)
{
	const union peer peer = { .local.family = AF_UNIX };
	int ends[2], flags = SOCK_STREAM | SOCK_NONBLOCK;

	if (socketpair(AF_UNIX, flags, 0, ends) == -1)
		abort();
	person_new(world->people,
	    conn_new(world->conns, ends[0], &peer, "room=main"),
	    rooms_get(world->rooms, "main"), who == 0 ? "root" : NULL);
	world->fds[who] = ends[1];
}

static void
begin(struct world *world)
{
	int who;

	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	memset(world, 0, sizeof(*world));
	world->base = event_base_new();
	world->conf = conf_new();
	world->conf->mode = CONF_MODE_CHAT;
	world->conf->line_bytes = LINE_BYTES;
	world->conf->rooms = 3;
	world->conf->quiet_above = 2;
	world->conf->history_lines = 3;
	world->conns = conn_set_new(world->base, world->conf, &world->stats);
	world->rooms = rooms_new(world->base, world->conf, &world->stats);
	world->people = people_new(world->rooms);
	for (who = 0; who < PEOPLE; who++)
		arrive(world, who);
}

/* "2026-11-22T09:11:20Z " */
static size_t
time_length(const char *line, size_t length)
{
	return length > 21 && line[0] == '2' && line[19] == 'Z' ? 21 : 0;
}

static void
check_line(const char *line, size_t length)
{
	char clean[1024];
	size_t skip = time_length(line, length);

	FUZZ_ASSERT(length <= sizeof(clean) / TEXT_GROWTH);
	FUZZ_ASSERT(text_clean(clean, line, length) == length);
	FUZZ_ASSERT(memcmp(clean, line, length) == 0);
	line += skip;
	length -= skip;
	FUZZ_ASSERT(length > 2);
	FUZZ_ASSERT((line[0] == '<' && memmem(line, length, "> ", 2) != NULL) ||
	    (line[0] == '[' && memmem(line, length, "] ", 2) != NULL) ||
	    memcmp(line, "* ", 2) == 0 || memcmp(line, "***", 3) == 0);
}

static void
hear(struct world *world, int who)
{
	char bytes[4096];
	ssize_t length;

	while (world->fds[who] != -1 &&
	    (length = read(world->fds[who], bytes, sizeof(bytes))) > 0) {
		size_t had = world->heard_length[who];

		world->heard[who] =
		    xrealloc(world->heard[who], had + (size_t)length);
		memcpy(world->heard[who] + had, bytes, (size_t)length);
		world->heard_length[who] += (size_t)length;
		turn(world);
	}
}

static void
leave(struct world *world, int who)
{
	close(world->fds[who]);
	world->fds[who] = -1;
}

/* A telnet client was answered; that is no line, and stands between them. */
static void
remove_marks(struct world *world, int who)
{
	const size_t length = strlen(TELNET_MARK);
	char *heard = world->heard[who], *mark;

	if (heard == NULL)
		return;
	while ((mark = memmem(heard, world->heard_length[who], TELNET_MARK,
		    length)) != NULL) {
		FUZZ_ASSERT(mark > heard && mark[-1] == '\n');
		world->heard_length[who] -= length;
		memmove(mark, mark + length,
		    world->heard_length[who] - (size_t)(mark - heard));
	}
}

static void
check_heard(const struct world *world, int who)
{
	const char *at = world->heard[who], *end;
	size_t left = world->heard_length[who];

	/* The first is the greeting. */
	FUZZ_ASSERT(left == 0 || memcmp(at, "*** you are ", 12) == 0);
	while (left > 0 && (end = memchr(at, '\n', left)) != NULL) {
		check_line(at, (size_t)(end - at));
		left -= (size_t)(end - at) + 1;
		at = end + 1;
	}
	FUZZ_ASSERT(left == 0);
}

/* Everybody stops sending, and reads to the end. */
static void
end(struct world *world)
{
	int who, i;

	for (who = 0; who < PEOPLE; who++)
		if (world->fds[who] != -1)
			shutdown(world->fds[who], SHUT_WR);
	for (i = 0; i < 1000 && world->rooms->member_count > 0; i++) {
		turn(world);
		for (who = 0; who < PEOPLE; who++)
			hear(world, who);
	}
	FUZZ_ASSERT(world->rooms->member_count == 0);
	FUZZ_ASSERT(world->people->by_key == NULL);
	/* None is a listener's but main. */
	FUZZ_ASSERT(world->rooms->count == 1);
	for (who = 0; who < PEOPLE; who++) {
		remove_marks(world, who);
		check_heard(world, who);
		if (world->fds[who] != -1)
			close(world->fds[who]);
		free(world->heard[who]);
	}
	conn_set_free(world->conns);
	people_free(world->people);
	rooms_free(world->rooms);
	event_base_free(world->base);
	conf_free(world->conf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world world;
	size_t length;
	int who;

	begin(&world);
	while (size > 0) {
		who = data[0] & 3;
		length = data[0] >> 2;
		data++;
		size--;
		if (who == PEOPLE) {
			who = (int)(length % PEOPLE);
			length = 0;
			if (world.fds[who] != -1)
				leave(&world, who);
		} else if (length == 0) {
			hear(&world, who);
		} else if (world.fds[who] != -1) {
			length = length < size ? length : size;
			if (write(world.fds[who], data, length) == -1)
				length = 0;
		}
		if (length > size)
			length = size;
		turn(&world);
		data += length;
		size -= length;
	}
	end(&world);
	return 0;
}
