/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/server.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "daemon/admission.h"
#include "daemon/conf.h"
#include "daemon/conn.h"
#include "daemon/history.h"
#include "daemon/inherited.h"
#include "daemon/listeners.h"
#include "daemon/metrics.h"
#include "daemon/notify.h"
#include "daemon/people.h"
#include "daemon/privileges.h"
#include "daemon/room.h"
#include "daemon/spare.h"
#include "daemon/stats.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/*
 * Most passes of a turn. Senders that write little at a time, but on and on,
 * would otherwise make lines wait until a batch is full.
 */
#define PASSES_MAX 16

/* Turns in which input that came before SIGTERM is still read. */
#define LAST_TURNS_MAX 64

/* Descriptors that are no clients: listeners, the log, libevent's own. */
#define OTHER_FILES 64

struct server {
	struct event_base *base;
	struct conf *conf; /* at this address as long as the server lives */
	server_load *load;
	void *load_arg;
	struct stats stats;
	struct conn_set *conns;
	struct rooms *rooms;
	struct people *people; /* NULL in mode relay */
	struct admission *admission;
	struct inherited *inherited;
	struct listeners *listeners;
	struct spare *spare;	 /* see there */
	struct metrics *metrics; /* or NULL */
	struct notify notify;
	struct event *sigterm, *sigint, *sighup, *sigusr1;
	struct event *deadline; /* of the drain */
	bool stopping;		/* accepts no more, drains */
	bool stopped, failed;
};

void
server_accept(struct server *server, int fd, const struct sockaddr *peer,
    socklen_t peer_length, const struct listener_rules *rules)
{
	admission_accept(server->admission, fd, peer, peer_length, rules);
}

static void
on_accept(int fd, const struct sockaddr *peer, socklen_t peer_length,
    const struct listener_rules *rules, void *arg)
{
	server_accept(arg, fd, peer, peer_length, rules);
}

static void
on_stop(evutil_socket_t number, short what, void *arg)
{
	struct server *server = arg;
	struct timeval limit = { .tv_sec = server->conf->shutdown_seconds };

	(void)what;
	if (server->stopping) {
		log_info("stopping at once signal=%s", strsignal((int)number));
		server->stopped = true;
		return;
	}
	log_info("stopping signal=%s clients=%zu", strsignal((int)number),
	    conn_set_count(server->conns));
	listeners_close(server->listeners);
	metrics_set_draining(server->metrics);
	server->stopping = true;
	event_add(server->deadline, &limit);
	notify_stopping(&server->notify, limit.tv_sec);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;

	(void)fd;
	(void)what;
	log_warn("not everything was taken in time clients=%zu",
	    conn_set_count(server->conns));
	server->stopped = true;
}

/* Of the rooms that there may be. */
static rlim_t
count_transcripts(const struct conf *conf)
{
	if (conf->history_directory == NULL)
		return 0;
	return conf->listen_count +
	    (conf->mode == CONF_MODE_CHAT ? (rlim_t)conf->rooms : 0);
}

/* Every client is a descriptor, and some are needed besides. */
static void
raise_descriptor_limit(const struct conf *conf)
{
	rlim_t needed = (rlim_t)conf->clients + ADMISSION_NEWCOMERS_MAX +
	    ADMISSION_REFUSALS_MAX + count_transcripts(conf) + OTHER_FILES;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur >= needed)
		return;
	limit.rlim_cur = needed < limit.rlim_max ? needed : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur < needed)
		log_warn("limits.clients is %jd, but this process may have "
			 "only %ju files open; needed: %ju",
		    (intmax_t)conf->clients, (uintmax_t)limit.rlim_cur,
		    (uintmax_t)needed);
}

static void
log_report(const char *message, void *arg)
{
	(void)arg;
	log_warn("%s", message);
}

static void
log_fault(const char *message, void *arg)
{
	(void)arg;
	log_error("%s", message);
}

static void
guard_secrets(const struct conf *conf)
{
	if (conf->secret != NULL || conf->tls != NULL)
		privileges_forbid_dumps();
}

/* Either all of the new settings hold afterwards, or all of the old ones. */
static int
reload(struct server *server)
{
	struct conf *new = server->load(log_fault, server->load_arg);

	if (new == NULL)
		return -1;
	if (history_check(new) == -1 ||
	    listeners_set(server->listeners, new) == -1) {
		conf_free(new);
		return -1;
	}
	conf_replace(server->conf, new, log_report, NULL);
	log_open((enum log_target)server->conf->log_target,
	    (enum log_level)server->conf->log_level);
	raise_descriptor_limit(server->conf);
	guard_secrets(server->conf);
	rooms_update(server->rooms);
	conn_set_update(server->conns);
	inherited_report_unused(server->inherited);
	return 0;
}

static void
on_sighup(evutil_socket_t number, short what, void *arg)
{
	struct server *server = arg;
	int result;

	(void)number;
	(void)what;
	if (server->stopping)
		return;
	notify_reloading(&server->notify);
	result = reload(server);
	/* Whatever came of it: logrotate(8) may have moved them. */
	rooms_reopen_transcripts(server->rooms);
	if (result == 0) {
		server->stats.reloads++;
		log_info("reloaded clients=%zu", conn_set_count(server->conns));
	} else {
		server->stats.reloads_failed++;
		log_error("not reloaded; all stays as it was");
	}
	notify_ready(&server->notify);
}

static uint64_t
heap_bytes(void)
{
#ifdef HAVE_MALLINFO2
	struct mallinfo2 heap = mallinfo2();

	return heap.uordblks + heap.hblkhd;
#else
	return 0;
#endif
}

/* Fills in what is known elsewhere. */
static const struct stats *
measure(void *arg)
{
	struct server *server = arg;

	server->stats.clients = conn_set_count(server->conns);
	rooms_measure(server->rooms);
	server->stats.heap_bytes = heap_bytes();
	return &server->stats;
}

static void
describe(char *text, size_t size, void *arg)
{
	const struct server *server = arg;

	snprintf(text, size, "clients=%zu lines_in=%" PRIu64,
	    conn_set_count(server->conns), server->stats.lines_in);
}

static void
on_sigusr1(evutil_socket_t number, short what, void *arg)
{
	struct server *server = arg;

	(void)number;
	(void)what;
	stats_log(measure(server));
}

static struct event *
add_signal(struct server *server, int number, event_callback_fn on_signal)
{
	struct event *event =
	    evsignal_new(server->base, number, on_signal, server);

	event_add(event, NULL);
	return event;
}

static int
open_sockets(struct server *server)
{
	const struct conf *conf = server->conf;

	if (conf->metrics_listen != NULL) {
		server->metrics =
		    metrics_new(server->base, conf->metrics_listen,
			conf->metrics_permissions, measure, server);
		if (server->metrics == NULL)
			return -1;
	}
	server->inherited = inherited_new();
	if (server->inherited == NULL)
		return -1;
	server->spare = spare_new();
	server->listeners = listeners_new(&(struct listener_shared){
	    .base = server->base,
	    .inherited = server->inherited,
	    .spare = server->spare,
	    .stats = &server->stats,
	    .accept = on_accept,
	    .arg = server,
	});
	if (listeners_set(server->listeners, conf) == -1)
		return -1;
	return inherited_report_unused(server->inherited) == 0 ? 0 : -1;
}

struct server *
server_new(struct conf *conf, server_load *load, void *load_arg)
{
	struct server *server = xcalloc(1, sizeof(*server));
	struct event_config *config = event_config_new();

	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	server->base = event_base_new_with_config(config);
	event_config_free(config);
	server->conf = conf;
	server->load = load;
	server->load_arg = load_arg;
	if (server->base == NULL) {
		log_error("no event loop: %s", strerror(errno));
		server_free(server);
		return NULL;
	}
	server->conns = conn_set_new(server->base, conf, &server->stats);
	server->rooms = rooms_new(server->base, conf, &server->stats);
	if (conf->mode == CONF_MODE_CHAT)
		server->people = people_new(server->rooms);
	server->admission = admission_new(server->base, conf, server->conns,
	    server->rooms, server->people, &server->stats);
	server->deadline = evtimer_new(server->base, on_deadline, server);
	server->sigterm = add_signal(server, SIGTERM, on_stop);
	server->sigint = add_signal(server, SIGINT, on_stop);
	server->sighup = add_signal(server, SIGHUP, on_sighup);
	server->sigusr1 = add_signal(server, SIGUSR1, on_sigusr1);
	/* libevent writes to sockets without MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	/* A transcript over RLIMIT_FSIZE is an error of its write. */
	signal(SIGXFSZ, SIG_IGN);
	raise_descriptor_limit(conf);
	guard_secrets(conf);
	notify_init(&server->notify, server->base, describe, server);
	if (open_sockets(server) == 0)
		return server;
	server_free(server);
	return NULL;
}

void
server_give(const struct server *server, uid_t user, gid_t group)
{
	listeners_give(server->listeners, user, group);
	metrics_give(server->metrics, user, group);
}

/* One pass over the sockets that are ready; waits for one if it may. */
static void
pass(struct server *server, bool wait)
{
	if (event_base_loop(server->base,
		EVLOOP_ONCE | (wait ? 0 : EVLOOP_NONBLOCK)) == -1) {
		log_error("the event loop failed: %s", strerror(errno));
		server->failed = server->stopped = true;
	}
}

/*
 * One at a time, because libevent lets go of its output in the next pass. Not
 * when we stop: then all leave, and the time for that is limited.
 */
static void
limit_drains(const struct server *server)
{
	if (!server->stopping && rooms_keep_too_much(server->rooms))
		conn_set_limit_drains(
		    server->conns, rooms_pinned_max(server->rooms));
}

bool
server_turn(struct server *server, bool wait)
{
	struct rooms *rooms = server->rooms;
	uint64_t start = rooms->gathered_bytes, before;
	unsigned passes = 0;

	do {
		before = rooms->gathered_bytes;
		pass(server, wait && passes == 0);
		passes++;
	} while (rooms->gathered_bytes > before && !rooms->batch_full &&
	    passes < PASSES_MAX);
	rooms_fan_out(rooms);
	if (server->people != NULL) {
		people_end_turn(server->people);
		/* Of those who have come into another room meanwhile. */
		rooms_fan_out(rooms);
	}
	conn_set_end_turn(server->conns);
	admission_end_turn(server->admission);
	limit_drains(server);
	notify_turn(&server->notify);
	return rooms->gathered_bytes > start;
}

int
server_run(struct server *server)
{
	unsigned turns = 0;

	rooms_update(server->rooms);
	listeners_start(server->listeners);
	notify_ready(&server->notify);
	while (!server->stopping && !server->stopped)
		server_turn(server, true);
	/* What had come when we were told to stop is relayed like the rest. */
	rooms_release_brakes(server->rooms);
	while (!server->stopped && turns < LAST_TURNS_MAX &&
	    server_turn(server, false))
		turns++;
	conn_set_close(server->conns, CONN_SHUTDOWN);
	conn_set_reap(server->conns);
	while (!server->stopped && conn_set_count(server->conns) > 0)
		server_turn(server, true);
	return server->failed ? -1 : 0;
}

void
server_free(struct server *server)
{
	listeners_free(server->listeners);
	spare_free(server->spare);
	inherited_free(server->inherited);
	metrics_free(server->metrics);
	if (server->base != NULL) {
		conn_set_free(server->conns);
		admission_free(server->admission);
		if (server->people != NULL)
			people_free(server->people);
		rooms_free(server->rooms);
		notify_clear(&server->notify);
		event_free(server->deadline);
		event_free(server->sigterm);
		event_free(server->sigint);
		event_free(server->sighup);
		event_free(server->sigusr1);
		event_base_free(server->base);
	}
	conf_free(server->conf);
	free(server);
}
