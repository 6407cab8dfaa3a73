/* SPDX-License-Identifier: ISC */
/* Those who have to show something first: that they speak TLS, the secret. */
#include "config.h"

#include "daemon/admission_private.h"

#include "common/address.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/secret.h"
#include "common/xmalloc.h"
#include "daemon/conf.h"
#include "daemon/conn.h"
#include "daemon/peer.h"
#include "daemon/penalty.h"
#include "daemon/room.h"

#include <stdlib.h>
#include <string.h>

/* The places of newcomers that one host may take from others. */
#define SHARE_MAX (ADMISSION_NEWCOMERS_MAX / 4)

/*
 * Who comes into a room has all sent to all others first that waits there. Of a
 * crowd with the secret in which each says something at once, each would have
 * the line of another sent; so many may come in a turn.
 */
#define LET_INS_MAX 16

/* The longest line that can be the secret, with its CR. */
#define SECRET_LINE_MAX (SECRET_BYTES_MAX + 1)

struct newcomer {
	struct conn *conn;
	struct admission *admission;
	char room[ROOM_NAME_MAX + 1];
	struct event *timer;		 /* something has to happen by then */
	uint64_t deadline_ms;		 /* clock_milliseconds() */
	char input[SECRET_LINE_MAX + 1]; /* its first line, with the LF */
	size_t length;
	bool waits;		     /* to be let in, in a later turn */
	bool dismissed;		     /* it takes no place any more */
	enum conn_reason refusal;    /* to be told as soon as TLS lets us */
	TAILQ_ENTRY(newcomer) entry; /* in the order in which they came */
	TAILQ_ENTRY(newcomer) waiting_entry;
};

static void
stop_waiting(struct newcomer *newcomer)
{
	if (newcomer->waits)
		TAILQ_REMOVE(
		    &newcomer->admission->waiting, newcomer, waiting_entry);
	newcomer->waits = false;
}

/* The newcomer takes no place any more; its connection is another's matter. */
static void
dismiss(struct newcomer *newcomer)
{
	struct admission *admission = newcomer->admission;

	if (newcomer->dismissed)
		return;
	newcomer->dismissed = true;
	stop_waiting(newcomer);
	TAILQ_REMOVE(&admission->newcomers, newcomer, entry);
	admission->newcomer_count--;
	event_free(newcomer->timer);
}

static void
newcomer_free(struct newcomer *newcomer)
{
	dismiss(newcomer);
	explicit_bzero(newcomer->input, sizeof(newcomer->input));
	free(newcomer);
}

static void
turn_away(struct newcomer *newcomer, enum conn_reason reason)
{
	dismiss(newcomer);
	conn_close(newcomer->conn, reason);
}

/* It has shown all that it had to; what comes after that is a member's. */
static void
let_in(struct newcomer *newcomer)
{
	struct admission *admission = newcomer->admission;
	struct conn *conn = newcomer->conn;
	char name[ADDRESS_TEXT_SIZE];

	dismiss(newcomer);
	admission->let_in_count++;
	if (admission_is_full(admission)) {
		admission_refuse(conn, CONN_SERVER_FULL);
		return;
	}
	log_info("admitted peer=%s room=%s",
	    peer_name(conn_peer(conn), name, sizeof(name)), newcomer->room);
	conn_meter_input(conn, false);
	admission_admit(admission, conn, newcomer->room);
	conn_resume_input(conn, CONN_PAUSE_SECRET);
	newcomer_free(newcomer);
}

static void
let_in_soon(struct newcomer *newcomer)
{
	struct admission *admission = newcomer->admission;

	if (admission->let_in_count < LET_INS_MAX &&
	    TAILQ_EMPTY(&admission->waiting)) {
		let_in(newcomer);
		return;
	}
	newcomer->waits = true;
	TAILQ_INSERT_TAIL(&admission->waiting, newcomer, waiting_entry);
	conn_pause_input(newcomer->conn, CONN_PAUSE_SECRET);
}

static void
on_next(evutil_socket_t fd, short what, void *arg)
{
	struct admission *admission = arg;
	struct newcomer *newcomer;

	(void)fd;
	(void)what;
	while (admission->let_in_count < LET_INS_MAX &&
	    (newcomer = TAILQ_FIRST(&admission->waiting)) != NULL)
		let_in(newcomer);
}

void
newcomers_end_turn(struct admission *admission)
{
	static const struct timeval at_once = { 0, 0 };

	admission->let_in_count = 0;
	if (!TAILQ_EMPTY(&admission->waiting))
		event_add(admission->next, &at_once);
}

static void
refuse_secret(struct newcomer *newcomer)
{
	struct admission *admission = newcomer->admission;
	struct conn *conn = newcomer->conn;
	const union peer *peer = conn_peer(conn);
	char name[ADDRESS_TEXT_SIZE];

	penalties_add(admission->penalties, peer, clock_milliseconds());
	log_warn("wrong secret peer=%s", peer_name(peer, name, sizeof(name)));
	dismiss(newcomer);
	admission_refuse(conn, CONN_WRONG_SECRET);
}

static void
wait_ms(struct newcomer *newcomer, uint64_t ms)
{
	struct timeval time = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000) * 1000,
	};

	event_add(newcomer->timer, &time);
}

/* Looks at what has come, if its host may show a secret now. */
static void
examine(struct newcomer *newcomer)
{
	struct admission *admission = newcomer->admission;
	const struct secret *secret = admission->conf->secret;
	size_t length = newcomer->length;
	bool whole = length > 0 && newcomer->input[length - 1] == '\n';
	uint64_t now = clock_milliseconds(), wait;

	if (!whole && length < sizeof(newcomer->input))
		return;
	wait = penalties_wait_ms(
	    admission->penalties, conn_peer(newcomer->conn), now);
	if (wait > 0) {
		conn_pause_input(newcomer->conn, CONN_PAUSE_SECRET);
		/* It is we who take that time. */
		newcomer->deadline_ms += wait;
		wait_ms(newcomer, wait);
		return;
	}
	/* A reload may have taken the secret away: then any line is good. */
	if (whole &&
	    (secret == NULL ||
		secret_matches(secret, newcomer->input, length - 1)))
		let_in_soon(newcomer);
	else
		refuse_secret(newcomer);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct newcomer *newcomer = arg;
	uint64_t now = clock_milliseconds();

	(void)fd;
	(void)what;
	/* It is we who take that time. */
	if (newcomer->waits)
		return;
	if (now >= newcomer->deadline_ms) {
		turn_away(newcomer, CONN_NOT_ADMITTED);
		return;
	}
	wait_ms(newcomer, newcomer->deadline_ms - now);
	examine(newcomer);
}

/* TLS is spoken; a secret may still have to come. */
static void
on_ready(struct conn *conn, void *owner)
{
	struct newcomer *newcomer = owner;

	if (newcomer->refusal != CONN_NO_REASON) {
		dismiss(newcomer);
		admission_refuse(conn, newcomer->refusal);
	} else if (newcomer->admission->conf->secret == NULL) {
		let_in(newcomer);
	}
}

/* Takes the first line alone, or as much as is too long for a secret. */
static size_t
on_input(struct conn *conn, const char *bytes, size_t length, void *owner)
{
	struct newcomer *newcomer = owner;
	size_t space = sizeof(newcomer->input) - newcomer->length;
	size_t taken = length < space ? length : space;
	const char *end = memchr(bytes, '\n', taken);

	(void)conn;
	/* What waits is read none the less once it takes no output. */
	if (newcomer->waits)
		return 0;
	if (end != NULL)
		taken = (size_t)(end - bytes) + 1;
	memcpy(newcomer->input + newcomer->length, bytes, taken);
	newcomer->length += taken;
	examine(newcomer);
	return taken;
}

/* Only a few are told why, or those who come to be refused could fill the
 * daemon. */
static void
on_leave(struct conn *conn, bool drained, void *owner)
{
	struct newcomer *newcomer = owner;
	const struct admission *admission = newcomer->admission;

	newcomer_free(newcomer);
	if (drained && conn_reason_is_refusal(conn_end_reason(conn)) &&
	    admission_leaving_count(admission) > ADMISSION_REFUSALS_MAX)
		conn_close(conn, CONN_CROWDED_OUT);
}

static const struct conn_handler handler = {
	.on_ready = on_ready,
	.on_input = on_input,
	.on_leave = on_leave,
};

/* Whose place the next newcomer takes. */
static struct newcomer *
find_oldest(struct admission *admission, const union peer *peer)
{
	struct newcomer *newcomer, *own = NULL;
	size_t own_count = 0;

	TAILQ_FOREACH (newcomer, &admission->newcomers, entry) {
		if (!peer_is_same_host(conn_peer(newcomer->conn), peer))
			continue;
		if (own == NULL)
			own = newcomer;
		own_count++;
	}
	return own_count >= SHARE_MAX ? own
				      : TAILQ_FIRST(&admission->newcomers);
}

void
newcomer_new(struct admission *admission, struct conn *conn, const char *room,
    enum conn_reason refusal)
{
	struct newcomer *newcomer = xcalloc(1, sizeof(*newcomer));
	uint64_t limit_ms = (uint64_t)admission->conf->handshake_seconds * 1000;

	if (admission->newcomer_count == ADMISSION_NEWCOMERS_MAX) {
		turn_away(
		    find_oldest(admission, conn_peer(conn)), CONN_CROWDED_OUT);
		/* Not at the end of the turn: many may come in this one. */
		conn_set_reap(admission->conns);
	}
	newcomer->conn = conn;
	newcomer->admission = admission;
	newcomer->refusal = refusal;
	strncpy(newcomer->room, room, ROOM_NAME_MAX);
	newcomer->timer = evtimer_new(admission->base, on_timer, newcomer);
	newcomer->deadline_ms = clock_milliseconds() + limit_ms;
	wait_ms(newcomer, limit_ms);
	TAILQ_INSERT_TAIL(&admission->newcomers, newcomer, entry);
	admission->newcomer_count++;
	conn_meter_input(conn, true);
	conn_set_handler(conn, &handler, newcomer);
}

void
newcomers_init(struct admission *admission)
{
	TAILQ_INIT(&admission->newcomers);
	TAILQ_INIT(&admission->waiting);
	admission->next = evtimer_new(admission->base, on_next, admission);
	admission->penalties = penalties_new();
}

void
newcomers_clear(struct admission *admission)
{
	event_free(admission->next);
	penalties_free(admission->penalties);
}
