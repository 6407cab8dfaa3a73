/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "room_fixture.h"

#include "common/log.h"
#include "daemon/conf.h"
#include "daemon/conn.h"
#include "daemon/member.h"
#include "daemon/peer.h"
#include "daemon/room.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

void
fixture_begin(void)
{
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
}

int
fixture_set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->base = event_base_new();
	f->conf = conf_new();
	f->conns = conn_set_new(f->base, f->conf, &f->stats);
	f->rooms = rooms_new(f->base, f->conf, &f->stats);
	f->room = rooms_get(f->rooms, "main");
	*state = f;
	return 0;
}

int
fixture_tear_down(void **state)
{
	struct fixture *f = *state;

	conn_set_free(f->conns);
	rooms_free(f->rooms);
	event_base_free(f->base);
	conf_free(f->conf);
	free(f);
	return 0;
}

int
join(struct fixture *f)
{
	const union peer peer = { .local.family = AF_UNIX };
	int ends[2], flags = SOCK_STREAM | SOCK_NONBLOCK;

	assert_int_equal(socketpair(AF_UNIX, flags, 0, ends), 0);
	member_new(conn_new(f->conns, ends[0], &peer, "room=main"), f->room);
	return ends[1];
}

void
turn(struct fixture *f)
{
	event_base_loop(f->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	rooms_fan_out(f->rooms);
	conn_set_reap(f->conns);
}

void
write_line(int fd, unsigned number)
{
	char line[LINE_BYTES + 16];

	snprintf(line, sizeof(line), "%08u%*s\n", number, LINE_BYTES - 9, "");
	assert_int_equal(write(fd, line, LINE_BYTES), LINE_BYTES);
}

void
say(struct fixture *f, int fd, unsigned number)
{
	write_line(fd, number);
	turn(f);
}

unsigned
hear(struct fixture *f, int fd, unsigned expected)
{
	char line[LINE_BYTES + 1] = "";
	size_t have = 0;
	int idle = 0;

	while (idle < 3) {
		ssize_t got = read(fd, line + have, LINE_BYTES - have);

		if (got <= 0) {
			idle++;
			turn(f);
			continue;
		}
		idle = 0;
		have += (size_t)got;
		if (have < LINE_BYTES)
			continue;
		assert_int_equal(line[LINE_BYTES - 1], '\n');
		assert_int_equal(strtoul(line, NULL, 10), expected);
		expected++;
		have = 0;
	}
	assert_int_equal(have, 0);
	return expected;
}
