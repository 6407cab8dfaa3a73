/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/listener.h"

#include "common/address.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "daemon/conf.h"

#include <errno.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Out of descriptors: the time until accepting is tried again. */
#define PAUSE_SECONDS 1

struct listener;

/* One bound socket. */
struct door {
	struct listener *listener;
	struct evconnlistener *evconn;
	struct event *pause;
	char name[ADDRESS_TEXT_SIZE];
};

struct listener {
	struct event_base *base;
	char *address_text;
	char *room;
	char *path;	   /* of the Unix socket that was bound, or NULL */
	struct stat bound; /* what it was then */
	listener_accept *accept;
	void *arg;
	struct door *doors;
	size_t door_count;
};

static void
on_accept(struct evconnlistener *evconn, evutil_socket_t fd,
    struct sockaddr *peer, int peer_length, void *arg)
{
	struct door *door = arg;
	struct listener *listener = door->listener;

	(void)evconn;
	listener->accept(
	    fd, peer, (socklen_t)peer_length, listener->room, listener->arg);
}

/*
 * A connection that cannot be accepted stays where it is, so that asking for
 * it again at once would never end.
 */
static void
on_accept_error(struct evconnlistener *evconn, void *arg)
{
	static const struct timeval pause = { .tv_sec = PAUSE_SECONDS };
	struct door *door = arg;

	log_warn("accepting paused address=%s error=\"%s\"", door->name,
	    strerror(errno));
	evconnlistener_disable(evconn);
	event_add(door->pause, &pause);
}

static void
on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct door *door = arg;

	(void)fd;
	(void)what;
	evconnlistener_enable(door->evconn);
}

/* A socket file that nobody listens on was left by a process that died. */
static void
remove_stale(const struct endpoint *endpoint)
{
	struct stat st;
	int fd;

	if (stat(endpoint->sa.un.sun_path, &st) == -1 || !S_ISSOCK(st.st_mode))
		return;
	/* A living one with a full queue says EAGAIN. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	if (connect(fd, &endpoint->sa.any, endpoint->length) == -1 &&
	    errno == ECONNREFUSED) {
		log_info(
		    "removed stale socket path=%s", endpoint->sa.un.sun_path);
		unlink(endpoint->sa.un.sun_path);
	}
	close(fd);
}

static int
set_flag(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

/*
 * "Every address" is one IPv6 socket that takes IPv4 as well; an IPv6 address
 * that was written out is that address alone, so that both can be listed.
 */
static int
prepare(int fd, const struct endpoint *endpoint, bool every_address)
{
	if (set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1) == -1)
		return -1;
	if (endpoint->sa.any.sa_family != AF_INET6)
		return 0;
	return set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, !every_address);
}

static int
set_permissions(const struct listener *listener, const struct conf_listen *conf)
{
	if (conf->permissions == CONF_NO_PERMISSIONS)
		return 0;
	return chmod(listener->path, (mode_t)conf->permissions);
}

static int
bind_unix(struct listener *listener, int fd, const struct endpoint *endpoint,
    const struct conf_listen *conf)
{
	const char *path = endpoint->sa.un.sun_path;

	remove_stale(endpoint);
	if (bind(fd, &endpoint->sa.any, endpoint->length) == -1)
		return -1;
	listener->path = xstrdup(path);
	stat(path, &listener->bound);
	/* Nobody can connect before listen(2), so this is in time. */
	return set_permissions(listener, conf);
}

/* Returns a socket that queues connections, or -1 and errno. */
static int
listen_on(struct listener *listener, const struct endpoint *endpoint,
    const struct conf_listen *conf)
{
	int family = endpoint->sa.any.sa_family;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int result, error;

	if (fd == -1)
		return -1;
	if (family == AF_UNIX)
		result = bind_unix(listener, fd, endpoint, conf);
	else if ((result = prepare(
		      fd, endpoint, conf->address.host[0] == '\0')) == 0)
		result = bind(fd, &endpoint->sa.any, endpoint->length);
	if (result == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static void
add_door(struct listener *listener, int fd)
{
	struct door *door = &listener->doors[listener->door_count++];
	struct endpoint bound = { .length = sizeof(bound.sa) };

	getsockname(fd, &bound.sa.any, &bound.length);
	endpoint_format(
	    &bound.sa.any, bound.length, door->name, sizeof(door->name));
	door->listener = listener;
	door->evconn = evconnlistener_new(listener->base, on_accept, door,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED, 0,
	    fd);
	evconnlistener_set_error_cb(door->evconn, on_accept_error);
	door->pause = evtimer_new(listener->base, on_pause_over, door);
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

static int
open_doors(struct listener *listener, const struct conf_listen *conf)
{
	bool every_address = conf->address.family == ADDRESS_TCP &&
	    conf->address.host[0] == '\0';
	struct endpoint *endpoints;
	const char *why;
	size_t i, count;
	int fd, error = 0;

	if (address_resolve(&conf->address,
		every_address ? wildcard_family() : AF_UNSPEC, 1, &endpoints,
		&count, &why) == -1) {
		log_error("cannot listen address=%s error=\"%s\"",
		    conf->address_text, why);
		return -1;
	}
	listener->doors = xcalloc(count, sizeof(*listener->doors));
	for (i = 0; i < count; i++) {
		fd = listen_on(listener, &endpoints[i], conf);
		if (fd != -1) {
			add_door(listener, fd);
			continue;
		}
		error = errno;
		if (!is_missing_here(error))
			break;
	}
	free(endpoints);
	if (i == count && listener->door_count > 0)
		return 0;
	log_error("cannot listen address=%s error=\"%s\"", conf->address_text,
	    strerror(error));
	return -1;
}

struct listener *
listener_new(struct event_base *base, const struct conf_listen *conf,
    listener_accept *accept, void *arg)
{
	struct listener *listener = xcalloc(1, sizeof(*listener));

	listener->base = base;
	listener->address_text = xstrdup(conf->address_text);
	listener->room = xstrdup(conf->room);
	listener->accept = accept;
	listener->arg = arg;
	if (open_doors(listener, conf) == 0)
		return listener;
	listener_free(listener);
	return NULL;
}

void
listener_start(struct listener *listener)
{
	size_t i;

	for (i = 0; i < listener->door_count; i++) {
		struct door *door = &listener->doors[i];

		evconnlistener_enable(door->evconn);
		log_info(
		    "listening address=%s room=%s", door->name, listener->room);
	}
}

bool
listener_is_at(const struct listener *listener, const char *address_text)
{
	return strcmp(listener->address_text, address_text) == 0;
}

void
listener_update(struct listener *listener, const struct conf_listen *conf)
{
	if (strcmp(listener->room, conf->room) != 0)
		log_info("listening address=%s room=%s", listener->address_text,
		    conf->room);
	free(listener->room);
	listener->room = xstrdup(conf->room);
	if (listener->path != NULL && set_permissions(listener, conf) == -1)
		log_warn("cannot change permissions path=%s error=\"%s\"",
		    listener->path, strerror(errno));
}

/* Another daemon may have put its own in the place. */
static void
remove_own(const struct listener *listener)
{
	struct stat now;

	if (stat(listener->path, &now) == 0 &&
	    now.st_dev == listener->bound.st_dev &&
	    now.st_ino == listener->bound.st_ino)
		unlink(listener->path);
}

void
listener_free(struct listener *listener)
{
	size_t i;

	if (listener == NULL)
		return;
	for (i = 0; i < listener->door_count; i++) {
		evconnlistener_free(listener->doors[i].evconn);
		event_free(listener->doors[i].pause);
	}
	if (listener->path != NULL)
		remove_own(listener);
	free(listener->doors);
	free(listener->path);
	free(listener->address_text);
	free(listener->room);
	free(listener);
}
