/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/gate.h"

#include "common/cidr.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "daemon/conf.h"
#include "daemon/ids.h"
#include "daemon/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct networks {
	struct cidr *all;
	size_t count;
};

struct ids {
	id_t *all; /* users or groups, which have the same type on Linux */
	size_t count;
};

struct gate {
	struct networks deny, allow;
	struct ids users, groups;
	bool only_allowed; /* who is in no list that allows may not */
};

/* The settings have been checked, so each of them is good. */
static void
read_networks(struct networks *networks, const struct conf_strings *strings)
{
	const char *why;
	size_t i;

	networks->all = xcalloc(strings->count, sizeof(*networks->all));
	for (i = 0; i < strings->count; i++)
		cidr_parse(strings->texts[i], &networks->all[i], &why);
	networks->count = strings->count;
}

/* An account that has gone since they were checked lets nobody in. */
static void
read_ids(struct ids *ids, const struct conf_strings *strings,
    int (*find)(const char *text, id_t *id))
{
	size_t i;

	ids->all = xcalloc(strings->count, sizeof(*ids->all));
	for (i = 0; i < strings->count; i++)
		if (find(strings->texts[i], &ids->all[ids->count]) == 0)
			ids->count++;
}

struct gate *
gate_new(const struct conf_listen *conf)
{
	struct gate *gate;

	if (conf->deny.count + conf->allow.count + conf->allow_users.count +
		conf->allow_groups.count ==
	    0)
		return NULL;
	gate = xcalloc(1, sizeof(*gate));
	read_networks(&gate->deny, &conf->deny);
	read_networks(&gate->allow, &conf->allow);
	read_ids(&gate->users, &conf->allow_users, ids_find_user);
	read_ids(&gate->groups, &conf->allow_groups, ids_find_group);
	gate->only_allowed = conf->allow.count + conf->allow_users.count +
		conf->allow_groups.count >
	    0;
	return gate;
}

void
gate_free(struct gate *gate)
{
	if (gate == NULL)
		return;
	free(gate->deny.all);
	free(gate->allow.all);
	free(gate->users.all);
	free(gate->groups.all);
	free(gate);
}

static bool
has_address(const struct networks *networks, const struct sockaddr *address)
{
	size_t i;

	for (i = 0; i < networks->count; i++)
		if (cidr_contains(&networks->all[i], address))
			return true;
	return false;
}

static bool
has_id(const struct ids *ids, id_t id)
{
	size_t i;

	for (i = 0; i < ids->count; i++)
		if (ids->all[i] == id)
			return true;
	return false;
}

/* SO_PEERCRED tells one group, and the others are only here; unix(7). */
static bool
has_one_of_its_groups(const struct ids *ids, int fd)
{
	socklen_t size = 0;
	gid_t *groups;
	size_t i;
	bool found = false;

	if (ids->count == 0)
		return false;
	/* Fails for want of space, and says how much that is. */
	getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size);
	groups = xmalloc(size + sizeof(*groups));
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == -1) {
		log_warn("SO_PEERGROUPS: %s", strerror(errno));
		size = 0;
	}
	for (i = 0; i < size / sizeof(*groups); i++)
		found = found || has_id(ids, groups[i]);
	free(groups);
	return found;
}

static bool
has_user(const struct gate *gate, int fd, const struct ucred *user)
{
	return has_id(&gate->users, user->uid) ||
	    has_id(&gate->groups, user->gid) ||
	    has_one_of_its_groups(&gate->groups, fd);
}

bool
gate_admits(const struct gate *gate, int fd, const union peer *peer)
{
	if (peer->any.sa_family == AF_UNIX)
		return !gate->only_allowed ||
		    has_user(gate, fd, &peer->local.credentials);
	if (has_address(&gate->deny, &peer->any))
		return false;
	return !gate->only_allowed || has_address(&gate->allow, &peer->any);
}
