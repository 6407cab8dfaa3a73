/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/metrics.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "daemon/bound.h"
#include "daemon/stats.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define CONNECTIONS_MAX	 16
#define LIFETIME_SECONDS 5 /* of a connection, whatever it does */
#define PAUSE_SECONDS	 1 /* when one cannot be accepted */
#define HEADERS_MAX	 8192
#define BODY_MAX	 1024

/*
 * A connection of evhttp, which does not limit them and tells only of the end
 * of one that made a request. So each has a reference of its own to its
 * bufferevent, until evhttp tells or its time is up.
 */
struct visit {
	struct metrics *metrics;
	struct bufferevent *bev;
	struct event *lifetime;
	TAILQ_ENTRY(visit) entry;
};

struct metrics {
	struct event_base *base;
	struct evhttp *http;
	struct evconnlistener *evconn;
	struct bound bound;
	metrics_measure *measure;
	void *arg;
	TAILQ_HEAD(, visit) visits; /* in the order in which they came */
	unsigned visit_count;
	bool draining;
};

int
metrics_check_address(const char *text, const char **why)
{
	struct address address;

	if (address_parse(text, &address, why) == -1)
		return -1;
	if (address_is_loopback(&address))
		return 0;
	*why = "not an address that only this machine reaches";
	return -1;
}

static void
end_visit(struct visit *visit)
{
	struct metrics *metrics = visit->metrics;

	TAILQ_REMOVE(&metrics->visits, visit, entry);
	event_free(visit->lifetime);
	bufferevent_decref(visit->bev);
	free(visit);
	if (metrics->visit_count-- == CONNECTIONS_MAX &&
	    metrics->evconn != NULL)
		evconnlistener_enable(metrics->evconn);
}

/* evhttp lets go of a connection whose socket is at an end. */
static void
on_lifetime_over(evutil_socket_t fd, short what, void *arg)
{
	struct visit *visit = arg;

	(void)fd;
	(void)what;
	shutdown(bufferevent_getfd(visit->bev), SHUT_RDWR);
	end_visit(visit);
}

/*
 * Connections that say nothing must not keep one waiting that asks something,
 * so the oldest goes. The next is accepted when it has gone, not before: a
 * crowd would take all descriptors in one pass.
 */
static void
make_space(struct metrics *metrics)
{
	evconnlistener_disable(metrics->evconn);
	event_active(TAILQ_FIRST(&metrics->visits)->lifetime, EV_TIMEOUT, 0);
}

static struct bufferevent *
on_connection(struct event_base *base, void *arg)
{
	static const struct timeval lifetime = { .tv_sec = LIFETIME_SECONDS };
	struct metrics *metrics = arg;
	struct visit *visit = xcalloc(1, sizeof(*visit));

	visit->metrics = metrics;
	visit->bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_incref(visit->bev);
	visit->lifetime = evtimer_new(base, on_lifetime_over, visit);
	event_add(visit->lifetime, &lifetime);
	TAILQ_INSERT_TAIL(&metrics->visits, visit, entry);
	if (++metrics->visit_count == CONNECTIONS_MAX)
		make_space(metrics);
	return visit->bev;
}

static void
on_close(struct evhttp_connection *connection, void *arg)
{
	struct metrics *metrics = arg;
	struct bufferevent *bev = evhttp_connection_get_bufferevent(connection);
	struct visit *visit;

	TAILQ_FOREACH (visit, &metrics->visits, entry)
		if (visit->bev == bev) {
			end_visit(visit);
			return;
		}
}

static void
reply(struct metrics *metrics, struct evhttp_request *request, int status,
    const char *reason, const char *type, struct evbuffer *body)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

	evhttp_connection_set_closecb(
	    evhttp_request_get_connection(request), on_close, metrics);
	evhttp_add_header(headers, "Content-Type", type);
	evhttp_add_header(headers, "Connection", "close");
	/* libevent would send the body to a HEAD, too. */
	evhttp_send_reply(request, status, reason,
	    evhttp_request_get_command(request) == EVHTTP_REQ_HEAD ? NULL
								   : body);
	evbuffer_free(body);
}

static void
on_metrics(struct evhttp_request *request, void *arg)
{
	struct metrics *metrics = arg;
	struct evbuffer *body = evbuffer_new();

	stats_write(metrics->measure(metrics->arg), body);
	reply(metrics, request, HTTP_OK, "OK",
	    "text/plain; version=0.0.4; charset=utf-8", body);
}

static void
on_health(struct evhttp_request *request, void *arg)
{
	struct metrics *metrics = arg;
	struct evbuffer *body = evbuffer_new();

	evbuffer_add_printf(
	    body, "%s\n", metrics->draining ? "draining" : "ready");
	if (metrics->draining)
		reply(metrics, request, HTTP_SERVUNAVAIL, "Service Unavailable",
		    "text/plain", body);
	else
		reply(metrics, request, HTTP_OK, "OK", "text/plain", body);
}

static void
on_other(struct evhttp_request *request, void *arg)
{
	struct metrics *metrics = arg;
	struct evbuffer *body = evbuffer_new();

	evbuffer_add_printf(body, "there are /metrics and /healthz\n");
	reply(metrics, request, HTTP_NOTFOUND, "Not Found", "text/plain", body);
}

/* Of an address that was checked there is exactly one endpoint. */
static int
open_socket(
    struct metrics *metrics, const char *address_text, int64_t permissions)
{
	struct address address;
	struct endpoint *endpoints;
	const char *why;
	size_t count;
	int result;

	address_parse(address_text, &address, &why);
	if (address_resolve(&address, AF_UNSPEC, 1, &endpoints, &count, &why) ==
	    -1) {
		log_error("cannot serve metrics address=%s error=\"%s\"",
		    LOG_VALUE(address_text), why);
		return -1;
	}
	result = bound_open(&metrics->bound, endpoints, permissions, NULL);
	free(endpoints);
	if (result == -1)
		log_error("cannot serve metrics address=%s error=\"%s\"",
		    LOG_VALUE(address_text), strerror(errno));
	return result;
}

static void
on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	evconnlistener_enable(arg);
}

/*
 * What cannot be accepted stays there, and would be tried again at once. The
 * argument of the listener is evhttp's, so the timer is the base's. Nothing
 * else enables the listener meanwhile, for it was not disabled before.
 */
static void
on_accept_error(struct evconnlistener *evconn, void *http)
{
	static const struct timeval pause = { .tv_sec = PAUSE_SECONDS };

	(void)http;
	log_warn("serving metrics paused error=\"%s\"", strerror(errno));
	evconnlistener_disable(evconn);
	event_base_once(evconnlistener_get_base(evconn), -1, EV_TIMEOUT,
	    on_pause_over, evconn, &pause);
}

static void
start_http(struct metrics *metrics)
{
	struct evhttp *http = evhttp_new(metrics->base);

	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_max_headers_size(http, HEADERS_MAX);
	evhttp_set_max_body_size(http, BODY_MAX);
	evhttp_set_timeout(http, LIFETIME_SECONDS);
	evhttp_set_bevcb(http, on_connection, metrics);
	evhttp_set_cb(http, "/metrics", on_metrics, metrics);
	evhttp_set_cb(http, "/healthz", on_health, metrics);
	evhttp_set_gencb(http, on_other, metrics);
	metrics->http = http;
	metrics->evconn = evconnlistener_new(metrics->base, NULL, NULL,
	    LEV_OPT_CLOSE_ON_EXEC, 0, metrics->bound.fd);
	evconnlistener_set_error_cb(metrics->evconn, on_accept_error);
	evhttp_bind_listener(http, metrics->evconn);
}

struct metrics *
metrics_new(struct event_base *base, const char *address_text,
    int64_t permissions, metrics_measure *measure, void *arg)
{
	struct metrics *metrics = xcalloc(1, sizeof(*metrics));

	metrics->base = base;
	metrics->measure = measure;
	metrics->arg = arg;
	TAILQ_INIT(&metrics->visits);
	if (open_socket(metrics, address_text, permissions) == -1) {
		free(metrics);
		return NULL;
	}
	start_http(metrics);
	log_info("serving metrics address=%s", LOG_VALUE(metrics->bound.name));
	return metrics;
}

void
metrics_set_draining(struct metrics *metrics)
{
	if (metrics != NULL)
		metrics->draining = true;
}

void
metrics_give(const struct metrics *metrics, uid_t user, gid_t group)
{
	if (metrics != NULL && bound_give(&metrics->bound, user, group) == -1)
		log_warn("cannot give away address=%s error=\"%s\"",
		    LOG_VALUE(metrics->bound.name), strerror(errno));
}

void
metrics_free(struct metrics *metrics)
{
	if (metrics == NULL)
		return;
	metrics->evconn = NULL;
	evhttp_free(metrics->http);
	while (!TAILQ_EMPTY(&metrics->visits))
		end_visit(TAILQ_FIRST(&metrics->visits));
	bound_clear(&metrics->bound);
	free(metrics);
}
