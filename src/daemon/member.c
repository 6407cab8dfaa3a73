/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/member.h"

#include "common/xmalloc.h"
#include "daemon/conf.h"
#include "daemon/conn.h"
#include "daemon/fanout.h"
#include "daemon/room.h"

#include <stdlib.h>

static void
on_lines(const char *lines, size_t length, void *arg)
{
	struct member *member = arg;

	conn_count_lines_in(
	    member->conn, room_gather(member->room, member, lines, length));
}

static bool
on_input(struct conn *conn, const char *bytes, size_t length, void *owner)
{
	struct member *member = owner;
	size_t limit = (size_t)member->room->rooms->conf->line_bytes;

	if (line_feed(
		&member->framer, bytes, length, limit, on_lines, member) == -1)
		conn_close(conn, CONN_LINE_TOO_LONG);
	/* A full batch ends the turn: what comes after it would only wait. */
	return !member->room->rooms->batch_full;
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
	fanout_resume(owner);
}

static void
on_leave(struct conn *conn, bool drained, void *owner)
{
	struct member *member = owner;

	(void)conn;
	room_leave(member->room, member);
	fanout_leave(member, drained);
	line_clear(&member->framer);
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
