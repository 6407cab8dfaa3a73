/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/admission_private.h"

#include "common/address.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "daemon/account.h"
#include "daemon/conf.h"
#include "daemon/conn.h"
#include "daemon/gate.h"
#include "daemon/listener.h"
#include "daemon/member.h"
#include "daemon/peer.h"
#include "daemon/person.h"
#include "daemon/room.h"
#include "daemon/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

size_t
admission_leaving_count(const struct admission *admission)
{
	return conn_set_count(admission->conns) - admission->newcomer_count -
	    admission->rooms->member_count;
}

static void
close_unanswered(struct admission *admission, int fd, enum conn_reason reason)
{
	admission->stats->accepted++;
	admission->stats->closed[reason]++;
	log_debug("closed unanswered reason=\"%s\"", conn_reason_text(reason));
	close(fd);
}

/* Asked before anything is spent on the connection. */
static bool
is_denied(const struct gate *gate, int fd, const union peer *peer)
{
	char name[ADDRESS_TEXT_SIZE];

	if (gate == NULL || gate_admits(gate, fd, peer))
		return false;
	log_info("denied peer=%s", peer_name(peer, name, sizeof(name)));
	return true;
}

static const char *
refusal_text(enum conn_reason reason)
{
	switch (reason) {
	case CONN_WRONG_SECRET:
		return "tcprelayd: wrong secret\n";
	case CONN_ADDRESS_FULL:
		return "tcprelayd: too many clients from your address\n";
	default:
		return "tcprelayd: too many clients\n";
	}
}

void
admission_refuse(struct conn *conn, enum conn_reason reason)
{
	const char *text = refusal_text(reason);

	conn_queue_copy(conn, text, strlen(text));
	conn_close(conn, reason);
}

bool
admission_is_full(const struct admission *admission)
{
	return admission->rooms->member_count >=
	    (size_t)admission->conf->clients;
}

static bool
is_address_full(const struct admission *admission, const union peer *peer)
{
	size_t limit = (size_t)admission->conf->clients_per_address;

	return limit > 0 &&
	    conn_set_count_address(admission->conns, peer) >= limit;
}

static enum conn_reason
find_refusal(const struct admission *admission, const union peer *peer)
{
	if (admission_is_full(admission))
		return CONN_SERVER_FULL;
	return is_address_full(admission, peer) ? CONN_ADDRESS_FULL
						: CONN_NO_REASON;
}

/* The name of a certificate, with "_" for what is not in the name of a person:
 * the dots and the @ of an address. */
static int
certificate_name(const struct conn *conn, char name[NAME_SIZE])
{
	char text[NAME_SIZE], *at;

	if (!conn_vouched_name(conn, text, sizeof(text)))
		return -1;
	for (at = text; (at = strpbrk(at, " .@'+")) != NULL;)
		*at = '_';
	return name_make(name, text);
}

/* The name that the kernel or a certificate vouches for, or NULL. */
static const char *
vouched_name(const struct conn *conn, char name[NAME_SIZE])
{
	const union peer *peer = conn_peer(conn);

	if (certificate_name(conn, name) == 0)
		return name;
	if (peer->any.sa_family != AF_UNIX ||
	    account_name(name, peer->local.credentials.uid) == -1)
		return NULL;
	return name;
}

void
admission_admit(
    struct admission *admission, struct conn *conn, const char *room_name)
{
	struct room *room = rooms_get(admission->rooms, room_name);
	char name[NAME_SIZE];

	if (admission->people == NULL)
		member_new(conn, room);
	else
		person_new(
		    admission->people, conn, room, vouched_name(conn, name));
}

static bool
is_crowded(const struct admission *admission)
{
	return conn_set_count(admission->conns) >=
	    (size_t)admission->conf->clients + admission->newcomer_count +
	    ADMISSION_REFUSALS_MAX;
}

/*
 * Those who are on their way out, and do not go, have only the places that
 * nobody else needs.
 */
static void
make_place(struct admission *admission)
{
	if (is_crowded(admission))
		conn_set_reap(admission->conns);
	if (is_crowded(admission))
		conn_set_hurry(admission->conns);
}

void
admission_accept(struct admission *admission, int fd,
    const struct sockaddr *address, socklen_t address_length,
    const struct listener_rules *rules)
{
	union peer peer;
	enum conn_reason refusal;
	char label[sizeof("room=") + ROOM_NAME_MAX];
	struct conn *conn;

	peer_set(&peer, fd, address, address_length);
	if (is_denied(rules->gate, fd, &peer)) {
		close_unanswered(admission, fd, CONN_DENIED);
		return;
	}
	refusal = find_refusal(admission, &peer);
	if (refusal != CONN_NO_REASON &&
	    admission_leaving_count(admission) >= ADMISSION_REFUSALS_MAX) {
		close_unanswered(admission, fd, refusal);
		return;
	}
	if (refusal == CONN_NO_REASON)
		make_place(admission);
	snprintf(label, sizeof(label), "room=%s", rules->room);
	conn = conn_new(admission->conns, fd, &peer,
	    refusal == CONN_NO_REASON ? label : "refused");
	if (refusal == CONN_NO_REASON)
		conn_count_address(conn);
	if (rules->tls)
		conn_start_tls(conn, admission->conf->tls);
	if (rules->tls ||
	    (refusal == CONN_NO_REASON && admission->conf->secret != NULL))
		newcomer_new(admission, conn, rules->room, refusal);
	else if (refusal != CONN_NO_REASON)
		admission_refuse(conn, refusal);
	else
		admission_admit(admission, conn, rules->room);
}

struct admission *
admission_new(struct event_base *base, const struct conf *conf,
    struct conn_set *conns, struct rooms *rooms, struct people *people,
    struct stats *stats)
{
	struct admission *admission = xcalloc(1, sizeof(*admission));

	admission->base = base;
	admission->conf = conf;
	admission->conns = conns;
	admission->rooms = rooms;
	admission->people = people;
	admission->stats = stats;
	newcomers_init(admission);
	return admission;
}

void
admission_free(struct admission *admission)
{
	newcomers_clear(admission);
	free(admission);
}

void
admission_end_turn(struct admission *admission)
{
	newcomers_end_turn(admission);
}
