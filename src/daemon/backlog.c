/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/backlog.h"

#include "common/address.h"
#include "common/log.h"
#include "daemon/batch.h"
#include "daemon/brake.h"
#include "daemon/conf.h"
#include "daemon/conn.h"
#include "daemon/member.h"
#include "daemon/peer.h"
#include "daemon/room.h"
#include "daemon/stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/uio.h>

#define COPIED_BYTES 1024

/* People are told where they were left out; programs are sent lines alone. */
static void
queue_notice(struct member *member)
{
	char notice[64];
	int length;

	if (member->room->rooms->conf->mode != CONF_MODE_CHAT ||
	    !conn_takes_output(member->conn))
		return;
	length = snprintf(notice, sizeof(notice),
	    "*** %" PRIu64 " lines are missing here\n", member->skipped);
	conn_queue_copy(member->conn, notice, (size_t)length);
	member->told_end = conn_output_bytes(member->conn);
}

/* What was left out, once the member goes on after it, or leaves. */
static void
tell_skipped(struct member *member)
{
	char name[ADDRESS_TEXT_SIZE];

	if (member->skipped == 0)
		return;
	log_info("left out peer=%s room=%s skipped=%" PRIu64,
	    peer_name(conn_peer(member->conn), name, sizeof(name)),
	    member->room->name, member->skipped);
	queue_notice(member);
	member->skipped = 0;
}

static void
catch_up(struct member *member)
{
	batch_unref(member->behind);
	member->behind = NULL;
	brake_catch_up(member);
}

static void
release_batch(void *arg)
{
	batch_unpin(arg);
}

/* A reference takes 1 KiB: what is shorter is copied. */
static void
queue_run(struct conn *conn, struct batch *batch, const struct iovec *run)
{
	if (run->iov_len < COPIED_BYTES)
		conn_queue_copy(conn, run->iov_base, run->iov_len);
	else
		conn_queue_reference(conn, run->iov_base, run->iov_len,
		    release_batch, batch_pin(batch));
}

/* Moves a member that is behind; its reference goes along. */
static void
advance(struct member *member, const struct batch_cursor *cursor)
{
	struct batch *old = member->behind;

	member->behind = batch_ref(cursor->batch);
	member->behind_offset = cursor->offset;
	batch_unref(old);
}

/*
 * Queues what a member has missed: references until BACKLOG_QUEUE_BYTES wait,
 * or, for one that leaves, to the end.
 */
static void
feed(struct member *member, uint64_t until, size_t queue_bytes)
{
	struct batch_cursor cursor = batch_cursor_at(
	    member->behind, member->behind_offset, &member->origin);
	struct iovec run;

	tell_skipped(member);
	while (conn_queued_bytes(member->conn) < queue_bytes) {
		if (!batch_next_run(&cursor, &member->origin, until, &run)) {
			catch_up(member);
			return;
		}
		queue_run(member->conn, cursor.batch, &run);
	}
	advance(member, &cursor);
}

/* What was fanned out last ended here. */
static uint64_t
fanned_out_position(const struct room *room)
{
	return room->from->position + room->from->fanned_out;
}

/* Bytes that are still queued of its output up to that end. */
static uint64_t
queued_up_to(const struct member *member, uint64_t end)
{
	uint64_t sent =
	    conn_output_bytes(member->conn) - conn_queued_bytes(member->conn);

	return end > sent ? end - sent : 0;
}

uint64_t
backlog_replay_bytes(const struct member *member)
{
	return queued_up_to(member, member->replay_end);
}

void
backlog_leave(struct member *member, bool drained)
{
	if (member->behind == NULL)
		return;
	if (drained) {
		feed(member, fanned_out_position(member->room), SIZE_MAX);
		return;
	}
	tell_skipped(member);
	catch_up(member);
}

int64_t
backlog_acknowledged_bytes(const struct member *member)
{
	return (int64_t)(member->behind->position + member->behind_offset) -
	    (int64_t)conn_unacknowledged_bytes(member->conn);
}

/*
 * Bytes that are kept for the member, its own lines among them: they hold the
 * batches just as long.
 */
static uint64_t
waiting_bytes(const struct member *member, uint64_t until)
{
	uint64_t queued =
	    conn_queued_bytes(member->conn) - backlog_replay_bytes(member);

	if (member->behind == NULL)
		return queued;
	return queued + until -
	    (member->behind->position + member->behind_offset);
}

bool
backlog_is_full(const struct member *member)
{
	const struct rooms *rooms = member->room->rooms;
	uint64_t until =
	    member->behind == NULL ? 0 : fanned_out_position(member->room);
	uint64_t most = rooms_keep_too_much(rooms)
	    ? 0
	    : (uint64_t)rooms->conf->backlog_bytes;

	return conn_takes_output(member->conn) &&
	    waiting_bytes(member, until) > most;
}

/* Leaves out whole lines, the oldest ones, until no more than kept wait. */
static void
skip(struct member *member, uint64_t until, uint64_t kept)
{
	struct batch_cursor cursor = batch_cursor_at(
	    member->behind, member->behind_offset, &member->origin);
	uint64_t lines = conn_trim_queue(
	    member->conn, queued_up_to(member, member->told_end));

	if (batch_cursor_position(&cursor) + kept < until)
		lines += batch_skip(&cursor, &member->origin,
		    batch_line_end(cursor.batch, until - kept));
	advance(member, &cursor);
	member->replay_end = 0;
	/* What stays, stays: a long line is not copied again each time. */
	member->told_end = conn_output_bytes(member->conn);
	member->skipped += lines;
	member->room->rooms->stats->lines_skipped += lines;
}

void
backlog_judge(struct member *member, uint64_t until)
{
	const struct conf *conf = member->room->rooms->conf;
	uint64_t limit = (uint64_t)conf->backlog_bytes;

	if (!brake_update(member, waiting_bytes(member, until), limit))
		return;
	if (conf->policy == CONF_POLICY_SKIP)
		skip(member, until, limit / 2);
	else
		conn_close(member->conn, CONN_TOO_SLOW);
}

void
backlog_begin(
    struct member *member, const struct batch_cursor *cursor, uint64_t until)
{
	member->behind = batch_ref(cursor->batch);
	member->behind_offset = cursor->offset;
	brake_fall_behind(member);
	if (!conn_is_queued(member->conn)) {
		brake_forgive(member);
		feed(member, until, BACKLOG_QUEUE_BYTES);
	}
	if (member->behind != NULL)
		backlog_judge(member, until);
}

void
backlog_feed(struct member *member)
{
	if (member->behind != NULL)
		feed(member, fanned_out_position(member->room),
		    BACKLOG_QUEUE_BYTES);
}

void
backlog_resume(struct member *member)
{
	backlog_feed(member);
	if (member->behind != NULL)
		backlog_judge(member, fanned_out_position(member->room));
}
