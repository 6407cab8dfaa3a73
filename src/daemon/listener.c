/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/listener.h"

#include "common/address.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "daemon/bound.h"
#include "daemon/conf.h"
#include "daemon/gate.h"
#include "daemon/inherited.h"
#include "daemon/spare.h"
#include "daemon/stats.h"

#include <errno.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Out of descriptors: the time until accepting is tried again. */
#define PAUSE_SECONDS 1

/*
 * libevent accepts for as long as somebody waits, which in a flood is always,
 * and nobody else is heard meanwhile. After so many the others have their turn.
 */
#define ACCEPTS_MAX 64

/* One bound socket. */
struct door {
	struct listener *listener;
	struct evconnlistener *evconn;
	unsigned accepts;    /* since the last pause */
	struct event *pause; /* its end */
	struct bound bound;
};

struct listener {
	const struct listener_shared *shared;
	char *address_text;
	char *socket_name; /* or NULL */
	char *room;
	struct gate *gate;
	bool tls;
	struct door *doors;
	size_t door_count;
};

static void
pause_for(struct door *door, long seconds)
{
	const struct timeval pause = { .tv_sec = seconds };

	evconnlistener_disable(door->evconn);
	event_add(door->pause, &pause);
	door->accepts = 0;
}

static void
on_accept(struct evconnlistener *evconn, evutil_socket_t fd,
    struct sockaddr *peer, int peer_length, void *arg)
{
	struct door *door = arg;
	struct listener *listener = door->listener;
	const struct listener_rules rules = {
		.room = listener->room,
		.gate = listener->gate,
		.tls = listener->tls,
	};

	(void)evconn;
	listener->shared->accept(
	    fd, peer, (socklen_t)peer_length, &rules, listener->shared->arg);
	if (++door->accepts == ACCEPTS_MAX)
		pause_for(door, 0);
}

/*
 * A connection that cannot be accepted stays where it is, so that asking for
 * it again at once would never end.
 */
static void
on_accept_error(struct evconnlistener *evconn, void *arg)
{
	struct door *door = arg;
	const struct listener_shared *shared = door->listener->shared;
	const char *error = strerror(errno);
	int count =
	    spare_turn_away(shared->spare, evconnlistener_get_fd(evconn));

	/* accept(2) says this also where nobody waits. */
	if (count == 0)
		return;
	if (count > 0) {
		shared->stats->accepted += (uint64_t)count;
		shared->stats->closed[CONN_NO_FILES] += (uint64_t)count;
	}
	log_warn("accepting paused address=%s turned_away=%d error=\"%s\"",
	    LOG_VALUE(door->bound.name), count > 0 ? count : 0, error);
	pause_for(door, PAUSE_SECONDS);
}

static void
on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct door *door = arg;

	(void)fd;
	(void)what;
	evconnlistener_enable(door->evconn);
}

static void
open_door(
    struct door *door, struct listener *listener, const struct bound *bound)
{
	struct event_base *base = listener->shared->base;

	door->listener = listener;
	door->accepts = 0;
	door->bound = *bound;
	door->evconn = evconnlistener_new(base, on_accept, door,
	    LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED, 0, bound->fd);
	evconnlistener_set_error_cb(door->evconn, on_accept_error);
	door->pause = evtimer_new(base, on_pause_over, door);
}

static void
add_door(struct listener *listener, const struct bound *bound)
{
	open_door(&listener->doors[listener->door_count++], listener, bound);
}

static void
close_door(struct door *door)
{
	evconnlistener_free(door->evconn);
	event_free(door->pause);
	bound_clear(&door->bound);
}

static void
report(const struct door *door)
{
	const struct listener *listener = door->listener;

	log_info("listening address=%s room=%s%s", LOG_VALUE(door->bound.name),
	    listener->room, listener->tls ? " tls=true" : "");
}

static void
start_door(struct door *door)
{
	evconnlistener_enable(door->evconn);
	report(door);
}

/* Names often have an IPv6 address on a machine that has none. */
static bool
is_missing_here(int error)
{
	return error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
}

/* Of "every address": IPv6 takes both, but some kernels do without it. */
static int
wildcard_family(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return AF_INET;
	close(fd);
	return AF_INET6;
}

/* A socket of systemd at this address, or a new one. */
static int
open_socket(struct listener *listener, const struct conf_listen *conf,
    const struct endpoint *endpoint, struct bound *bound)
{
	char name[ADDRESS_TEXT_SIZE];

	endpoint_format(
	    &endpoint->sa.any, endpoint->length, name, sizeof(name));
	if (inherited_take_address(listener->shared->inherited, name, bound) ==
	    0)
		return 0;
	return bound_open(bound, endpoint, conf->permissions, conf->group);
}

/* The sockets of systemd that the settings call by a name, if there are any. */
static bool
take_named(struct listener *listener, const struct conf_listen *conf)
{
	struct inherited *inherited = listener->shared->inherited;
	struct bound bound;
	size_t i, count;

	if (conf->socket_name == NULL)
		return false;
	count = inherited_count(inherited, conf->socket_name);
	listener->doors = xcalloc(count, sizeof(*listener->doors));
	for (i = 0; i < count; i++)
		if (inherited_take_name(
			inherited, conf->socket_name, i, &bound) == 0)
			add_door(listener, &bound);
	return listener->door_count > 0;
}

static int
open_doors(struct listener *listener, const struct conf_listen *conf)
{
	bool every_address = conf->address.family == ADDRESS_TCP &&
	    conf->address.host[0] == '\0';
	struct endpoint *endpoints;
	const char *why;
	struct bound bound;
	size_t i, count;
	int error = 0;

	if (take_named(listener, conf))
		return 0;
	if (address_resolve(&conf->address,
		every_address ? wildcard_family() : AF_UNSPEC, 1, &endpoints,
		&count, &why) == -1) {
		log_error("cannot listen address=%s error=\"%s\"",
		    LOG_VALUE(conf->address_text), why);
		return -1;
	}
	free(listener->doors);
	listener->doors = xcalloc(count, sizeof(*listener->doors));
	for (i = 0; i < count; i++) {
		if (open_socket(listener, conf, &endpoints[i], &bound) == 0) {
			add_door(listener, &bound);
			continue;
		}
		error = errno;
		if (!is_missing_here(error))
			break;
	}
	free(endpoints);
	if (i == count && listener->door_count > 0)
		return 0;
	log_error("cannot listen address=%s error=\"%s%s\"",
	    LOG_VALUE(conf->address_text), strerror(error),
	    error == EACCES && conf->address.family == ADDRESS_TCP
		? "; only root can bind this port, at the start"
		: "");
	return -1;
}

struct listener *
listener_new(
    const struct listener_shared *shared, const struct conf_listen *conf)
{
	struct listener *listener = xcalloc(1, sizeof(*listener));

	listener->shared = shared;
	listener->address_text = xstrdup(conf->address_text);
	if (conf->socket_name != NULL)
		listener->socket_name = xstrdup(conf->socket_name);
	listener->room = xstrdup(conf->room);
	listener->gate = gate_new(conf);
	listener->tls = conf->tls;
	if (open_doors(listener, conf) == 0)
		return listener;
	listener_free(listener);
	return NULL;
}

void
listener_start(struct listener *listener)
{
	size_t i;

	for (i = 0; i < listener->door_count; i++)
		start_door(&listener->doors[i]);
}

const char *
listener_open_address(const struct listener *listener)
{
	size_t i;

	for (i = 0; i < listener->door_count; i++) {
		const struct bound *bound = &listener->doors[i].bound;
		struct endpoint own = { .length = sizeof(own.sa) };

		getsockname(bound->fd, &own.sa.any, &own.length);
		if (!endpoint_is_local(&own.sa.any))
			return bound->name;
	}
	return NULL;
}

bool
listener_is_for(const struct listener *listener, const struct conf_listen *conf)
{
	const char *name = listener->socket_name;

	if (strcmp(listener->address_text, conf->address_text) != 0)
		return false;
	return name == NULL || conf->socket_name == NULL
	    ? name == conf->socket_name
	    : strcmp(name, conf->socket_name) == 0;
}

/* Nobody can reach a Unix socket whose file somebody has removed. */
static int
renew_door(struct door *door, const struct conf_listen *conf)
{
	struct listener *listener = door->listener;
	struct endpoint *endpoint;
	struct bound bound;
	const char *why;
	size_t count;
	int result;

	address_resolve(&conf->address, AF_UNIX, 1, &endpoint, &count, &why);
	result = bound_open(&bound, endpoint, conf->permissions, conf->group);
	free(endpoint);
	if (result == -1)
		return -1;
	close_door(door);
	open_door(door, listener, &bound);
	start_door(door);
	return 0;
}

static void
update_door(struct door *door, const struct conf_listen *conf)
{
	const char *failed = "change permissions";

	if (bound_set_permissions(
		&door->bound, conf->permissions, conf->group) == 0)
		return;
	if (errno == ENOENT) {
		if (renew_door(door, conf) == 0)
			return;
		failed = "make the socket anew";
	}
	log_warn("cannot %s address=%s error=\"%s\"", failed,
	    LOG_VALUE(door->bound.name), strerror(errno));
}

void
listener_update(struct listener *listener, const struct conf_listen *conf)
{
	bool changed = strcmp(listener->room, conf->room) != 0 ||
	    listener->tls != (conf->tls != 0);
	size_t i;

	free(listener->room);
	listener->room = xstrdup(conf->room);
	listener->tls = conf->tls;
	gate_free(listener->gate);
	listener->gate = gate_new(conf);
	for (i = 0; i < listener->door_count; i++) {
		if (changed)
			report(&listener->doors[i]);
		update_door(&listener->doors[i], conf);
	}
}

void
listener_report_end(const struct listener *listener)
{
	size_t i;

	for (i = 0; i < listener->door_count; i++)
		log_info("given up address=%s",
		    LOG_VALUE(listener->doors[i].bound.name));
}

void
listener_give(const struct listener *listener, uid_t user, gid_t group)
{
	size_t i;

	for (i = 0; i < listener->door_count; i++)
		if (bound_give(&listener->doors[i].bound, user, group) == -1)
			log_warn("cannot give away address=%s error=\"%s\"",
			    LOG_VALUE(listener->address_text), strerror(errno));
}

void
listener_free(struct listener *listener)
{
	size_t i;

	if (listener == NULL)
		return;
	for (i = 0; i < listener->door_count; i++)
		close_door(&listener->doors[i]);
	free(listener->doors);
	free(listener->address_text);
	free(listener->socket_name);
	free(listener->room);
	gate_free(listener->gate);
	free(listener);
}
