/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/member.h"

#include "common/xmalloc.h"
#include "daemon/backlog.h"
#include "daemon/conf.h"
#include "daemon/conn.h"
#include "daemon/fanout.h"
#include "daemon/rate.h"
#include "daemon/room.h"

#include <stdlib.h>

static void
on_lines(const char *lines, size_t length, void *arg)
{
	struct member *member = arg;

	conn_count_lines_in(
	    member->conn, room_gather(member->room, member, lines, length));
}

static void
on_rate_ready(void *arg)
{
	struct member *member = arg;

	conn_resume_input(member->conn, CONN_PAUSE_RATE);
}

size_t
member_allowance(struct member *member, const char *bytes, size_t length)
{
	const struct rooms *rooms = member->room->rooms;
	const struct conf *conf = rooms->conf;
	size_t taken;

	if (conf->lines_per_second == 0)
		return length;
	if (member->rate == NULL)
		member->rate = rate_new(
		    rooms->base, conf->burst_lines, on_rate_ready, member);
	taken = rate_take(member->rate, bytes, length, conf->lines_per_second,
	    conf->burst_lines);
	if (taken < length)
		conn_pause_input(member->conn, CONN_PAUSE_RATE);
	return taken;
}

static size_t
on_input(struct conn *conn, const char *bytes, size_t length, void *owner)
{
	struct member *member = owner;
	size_t limit = (size_t)member->room->rooms->conf->line_bytes;
	size_t taken = member_allowance(member, bytes, length);

	if (line_feed(&member->framer, bytes, taken, limit, on_lines, member) ==
	    -1)
		conn_close(conn, CONN_LINE_TOO_LONG);
	return taken;
}

static void
on_end_of_input(struct conn *conn, void *owner)
{
	struct member *member = owner;

	(void)conn;
	line_finish(&member->framer, on_lines, member);
}

static void
on_drained(struct conn *conn, void *owner)
{
	(void)conn;
	backlog_resume(owner);
}

static void
on_leave(struct conn *conn, bool drained, void *owner)
{
	struct member *member = owner;
	struct room *room = member->room;

	(void)conn;
	room_leave(room, member);
	backlog_leave(member, drained);
	room_release(room);
	line_clear(&member->framer);
	rate_free(member->rate);
	free(member);
}

static const struct conn_handler handler = {
	.on_input = on_input,
	.on_end_of_input = on_end_of_input,
	.on_drained = on_drained,
	.on_leave = on_leave,
};

void
member_new(struct conn *conn, struct room *room)
{
	struct member *member = xcalloc(1, sizeof(*member));

	member->room = room;
	member->conn = conn;
	conn_set_handler(conn, &handler, member);
	room_join(room, member);
	fanout_replay(member, SIZE_MAX);
}
