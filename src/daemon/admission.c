/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/admission.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "daemon/conf.h"
#include "daemon/conn.h"
#include "daemon/member.h"
#include "daemon/room.h"
#include "daemon/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct admission {
	const struct conf *conf;
	struct conn_set *conns;
	struct rooms *rooms;
	struct stats *stats;
};

/* Somebody who gets no answer would try again at once. */
static void
refuse(struct admission *admission, int fd, const struct sockaddr *peer,
    socklen_t peer_length)
{
	static const char message[] = "tcprelayd: too many clients\n";
	struct conn *conn =
	    conn_new(admission->conns, fd, peer, peer_length, "refused");

	conn_queue_copy(conn, message, sizeof(message) - 1);
	conn_close(conn, CONN_SERVER_FULL);
}

static void
close_unanswered(struct admission *admission, int fd, enum conn_reason reason)
{
	admission->stats->accepted++;
	admission->stats->closed[reason]++;
	log_debug("closed unanswered reason=\"%s\"", conn_reason_text(reason));
	close(fd);
}

void
admission_accept(struct admission *admission, int fd,
    const struct sockaddr *peer, socklen_t peer_length, const char *room)
{
	size_t limit = (size_t)admission->conf->clients;
	char label[sizeof("room=") + ROOM_NAME_MAX];

	if (conn_set_count(admission->conns) >=
	    limit + ADMISSION_REFUSALS_MAX) {
		close_unanswered(admission, fd, CONN_SERVER_FULL);
		return;
	}
	if (admission->rooms->member_count >= limit) {
		refuse(admission, fd, peer, peer_length);
		return;
	}
	snprintf(label, sizeof(label), "room=%s", room);
	member_new(conn_new(admission->conns, fd, peer, peer_length, label),
	    rooms_get(admission->rooms, room));
}

struct admission *
admission_new(const struct conf *conf, struct conn_set *conns,
    struct rooms *rooms, struct stats *stats)
{
	struct admission *admission = xmalloc(sizeof(*admission));

	*admission = (struct admission){
		.conf = conf,
		.conns = conns,
		.rooms = rooms,
		.stats = stats,
	};
	return admission;
}

void
admission_free(struct admission *admission)
{
	free(admission);
}
