/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/fanout.h"

#include "common/clock.h"
#include "common/count.h"
#include "daemon/backlog.h"
#include "daemon/batch.h"
#include "daemon/conn.h"
#include "daemon/history.h"
#include "daemon/member.h"
#include "daemon/room.h"
#include "daemon/stats.h"

#include <stdint.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * Runs in one send. A member has few: one a batch, and one after each of its
 * own lines that stood apart, of which a turn makes at most one a pass. The
 * rest of a member that has more is queued.
 */
#define RUNS_MAX 64

/*
 * A large round for many is put into a file in memory once and sent from there
 * with sendfile(2): the kernel then refers to the same pages for everybody,
 * where send(2) would allocate and copy them for each. From these sizes on that
 * is worth the file; see HACKING. The file is a new one each time, because its
 * pages are in use until the last peer has read them.
 */
#define SHARE_BYTES   24576
#define SHARE_MEMBERS 16

/* Runs of bytes for one send. */
struct runs {
	struct iovec iov[RUNS_MAX];
	int count;
	size_t bytes;
	bool complete; /* to the end of the round */
};

/* One fan-out of a room. */
struct round {
	struct batch *from; /* begins at this batch, */
	uint32_t offset;    /* after what was sent of it before; */
	uint64_t until;	    /* ends before this position */
	uint32_t lines;
	struct runs whole; /* for all that did not speak in it, */
	int file;	   /* and the same in a file, or -1 */
};

/*
 * What is queued for a member always ends where a line ends, so these lines
 * may follow it wherever the member is.
 */
void
fanout_tell(struct member *member, const char *lines, size_t length)
{
	struct conn *conn = member->conn;
	struct iovec run = { .iov_base = (char *)lines, .iov_len = length };
	size_t sent;

	room_fan_out(member->room);
	if (!conn_takes_output(conn) || length == 0)
		return;
	backlog_feed(member);
	sent = conn_is_queued(conn) ? 0 : conn_send(conn, &run, 1);
	conn_count_lines_out(conn, count_lines(lines, sent));
	if (sent < length && conn_takes_output(conn))
		conn_queue_copy(conn, lines + sent, length - sent);
	/* What comes after a replay is left out with it: that can be long. */
	if (backlog_replay_bytes(member) == 0)
		member->told_end = conn_output_bytes(conn);
}

static void
on_piece_released(void *arg)
{
	history_unpin(arg);
}

static void
queue_piece(
    struct history_chunk *chunk, const char *bytes, size_t length, void *arg)
{
	struct member *member = arg;

	conn_queue_reference(
	    member->conn, bytes, length, on_piece_released, history_pin(chunk));
}

bool
fanout_replay(struct member *member, size_t lines)
{
	room_fan_out(member->room);
	if (!conn_takes_output(member->conn) ||
	    backlog_replay_bytes(member) > 0)
		return false;
	backlog_feed(member);
	history_each_piece(member->room->history, lines, queue_piece, member);
	member->replay_end = conn_output_bytes(member->conn);
	return true;
}

static void
collect(struct runs *runs, struct batch_cursor *cursor,
    const struct batch_origin *origin, uint64_t until)
{
	struct iovec *run;

	runs->count = 0;
	runs->bytes = 0;
	runs->complete = false;
	while (runs->count < RUNS_MAX) {
		run = &runs->iov[runs->count];
		if (!batch_next_run(cursor, origin, until, run)) {
			runs->complete = true;
			return;
		}
		runs->bytes += run->iov_len;
		runs->count++;
	}
}

/* Moves the cursor over the first bytes, and counts the lines in them. */
static uint64_t
seek(struct batch_cursor *cursor, const struct batch_origin *origin,
    uint64_t until, size_t bytes)
{
	struct iovec run;
	uint64_t lines = 0;

	while (bytes > 0 && batch_next_run(cursor, origin, until, &run)) {
		if (run.iov_len > bytes) {
			cursor->offset -= (uint32_t)(run.iov_len - bytes);
			run.iov_len = bytes;
		}
		lines += count_lines(run.iov_base, run.iov_len);
		bytes -= run.iov_len;
	}
	return lines;
}

/* The socket took only so much of the round. */
static void
stop_short(const struct round *round, struct member *member, size_t sent)
{
	struct batch_cursor cursor =
	    batch_cursor_at(round->from, round->offset, &member->origin);

	conn_count_lines_out(
	    member->conn, seek(&cursor, &member->origin, round->until, sent));
	backlog_begin(member, &cursor, round->until);
}

static void
send_runs(const struct round *round, struct member *member,
    const struct runs *runs, uint32_t own_lines)
{
	size_t sent = 0;

	if (runs == &round->whole && round->file != -1 &&
	    conn_takes_files(member->conn))
		sent = conn_send_file(member->conn, round->file, runs->bytes);
	else if (runs->count > 0)
		sent = conn_send(member->conn, runs->iov, runs->count);
	if (sent == runs->bytes && runs->complete)
		conn_count_lines_out(member->conn, round->lines - own_lines);
	else if (conn_takes_output(member->conn))
		stop_short(round, member, sent);
}

static void
fan_out_to(const struct round *round, struct member *member)
{
	struct batch_cursor cursor;
	struct runs runs;

	if (!conn_takes_output(member->conn))
		return;
	if (member->behind != NULL) {
		backlog_judge(member, round->until);
		return;
	}
	if (conn_is_queued(member->conn)) {
		stop_short(round, member, 0);
		return;
	}
	if (member->origin.serial < round->from->serial) {
		send_runs(round, member, &round->whole, 0);
		return;
	}
	cursor = batch_cursor_at(round->from, round->offset, &member->origin);
	collect(&runs, &cursor, &member->origin, round->until);
	send_runs(round, member, &runs, cursor.own_lines);
}

/*
 * Returns a file with the runs in it, or -1 when they are better sent as such.
 */
static int
share(const struct runs *runs, size_t members)
{
	int file;

	if (runs->bytes < SHARE_BYTES || members < SHARE_MEMBERS)
		return -1;
	file = memfd_create("lines", MFD_CLOEXEC);
	if (file == -1)
		return -1;
	if (pwritev(file, runs->iov, runs->count, 0) == (ssize_t)runs->bytes)
		return file;
	close(file);
	return -1;
}

static void
begin(struct round *round, const struct room *room)
{
	static const struct batch_origin nobody = { .id = 0 };
	struct batch_cursor cursor;
	const struct batch *batch;

	round->from = room->from;
	round->offset = room->from->fanned_out;
	round->until = batch_end(room->tail);
	round->lines = 0;
	for (batch = room->from; batch != NULL; batch = batch->next)
		round->lines += batch->lines;
	cursor = batch_cursor_at(round->from, round->offset, &nobody);
	collect(&round->whole, &cursor, &nobody, round->until);
	round->file = share(&round->whole, room->member_count);
}

/* Everybody has it, or keeps it by a reference of their own. */
static void
end(struct room *room)
{
	struct batch *batch;

	for (batch = room->from; batch != NULL; batch = batch->next)
		batch_set_fanned_out(batch);
	batch_ref(room->tail);
	batch_unref(room->from);
	room->from = room->tail;
	if (room->tail->references > 1 || room->tail->pins > 0)
		return;
	if (room->tail->size == BATCH_BYTES) {
		batch_rewind(room->tail);
		return;
	}
	/* It was made for one long line. */
	room->tail = batch_new(BATCH_BYTES, room->from);
	batch_unref(room->from);
	room->from = room->tail;
}

void
fanout_room(struct room *room)
{
	struct round round;
	size_t i;

	begin(&round, room);
	for (i = 0; i < room->member_count; i++) {
		/* A send leaves little of them in the cache. */
		if (i + 1 < room->member_count)
			conn_prefetch(room->members[i + 1]->conn);
		if (i + 2 < room->member_count)
			__builtin_prefetch(room->members[i + 2]);
		fan_out_to(&round, room->members[i]);
	}
	if (round.file != -1) {
		room->rooms->stats->shared_rounds++;
		close(round.file);
	}
	stats_count_batch(room->rooms->stats,
	    round.until - (round.from->position + round.offset), round.lines,
	    clock_nanoseconds() - room->waiting_since);
	end(room);
}
