/* SPDX-License-Identifier: ISC */
/*
 * What a member that is behind still has to get, and what becomes of one that
 * is too far behind: slow_client.policy.
 *
 * A member whose socket does not take all of a fan-out keeps its place in the
 * batch and goes on from there when its socket drains. At most
 * BACKLOG_QUEUE_BYTES of references are queued for it at a time, more than a
 * line only where that is longer, so a stalled member costs a few hundred bytes
 * whatever it has missed. What is queued always ends where a line ends.
 *
 * The brake lets senders wait for it a little. After that, when more than
 * slow_client.backlog_bytes wait for it,
 *
 *   - "disconnect" closes it;
 *   - "skip" leaves out the oldest half of that, all that was queued among it
 *     but for the rest of the line that is on its way, and but for what the
 *     member alone was told and what comes before that, of which a copy is
 *     kept: so a member that has stopped refers to nothing old. A replay is
 *     left out, though, and what the member was told after it;
 *   - "pause" never gets here, for senders wait as long as it takes.
 */
#ifndef BACKLOG_H
#define BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

struct batch_cursor;
struct member;

#define BACKLOG_QUEUE_BYTES 65536

/*
 * The member falls behind: it goes on from the cursor. What was fanned out ends
 * at until.
 */
void backlog_begin(
    struct member *member, const struct batch_cursor *cursor, uint64_t until);

/* Queues more for a member that is behind, if there is space. */
void backlog_feed(struct member *member);

/* Its connection has drained. */
void backlog_resume(struct member *member);

/* Of a member that is behind: more has been fanned out, up to until. */
void backlog_judge(struct member *member, uint64_t until);

/*
 * Whether more than slow_client.backlog_bytes wait for the member, of this room
 * and of those where it was before; or anything at all, while too much is kept
 * for those who have left. Nothing waits for one that takes no output any more.
 */
bool backlog_is_full(const struct member *member);

/*
 * The member has left its room. When its connection will be drained, all that
 * it has missed is queued now; otherwise it is let go.
 */
void backlog_leave(struct member *member, bool drained);

/*
 * Of a member that is behind: where in the bytes of its room its peer's kernel
 * has acknowledged them. A system call.
 */
int64_t backlog_acknowledged_bytes(const struct member *member);

/* Bytes of a replay that are still queued, and of what was queued before. */
uint64_t backlog_replay_bytes(const struct member *member);

#endif
