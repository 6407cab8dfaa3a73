/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/dial.h"

#include "client/lookup.h"
#include "client/secure.h"
#include "common/address.h"
#include "common/tls.h"
#include "common/xmalloc.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One that does not speak TLS says nothing at all. */
#define HANDSHAKE_SECONDS 30

struct dial {
	struct event_base *base;
	const struct address *address;
	const struct dial_options *options;
	const struct dial_handler *handler;
	void *arg;
	struct lookup *lookup; /* of the endpoints */
	struct endpoint *endpoints;
	size_t endpoint_count;
	size_t next;		 /* of the endpoints, to be tried */
	struct bufferevent *bev; /* to the one that is tried, or NULL */
	char peer[ADDRESS_TEXT_SIZE];
	struct event *timeout;
	struct evbuffer *why; /* of all that failed */
	bool refused;	      /* by the last one */
};

static void
tell(const struct dial *dial, const char *text)
{
	char step[ADDRESS_TEXT_SIZE + TLS_TEXT_SIZE];

	snprintf(step, sizeof(step), "%s: %s", dial->peer, text);
	dial->handler->on_step(step, dial->arg);
}

static void
fail(struct dial *dial)
{
	evbuffer_add(dial->why, "", 1);
	dial->handler->on_failed((const char *)evbuffer_pullup(dial->why, -1),
	    dial->refused, dial->arg);
}

static void try_next(struct dial *dial);

static void
attempt_failed(struct dial *dial, const char *why)
{
	struct evbuffer *all = dial->why;

	event_del(dial->timeout);
	/* It might come to life when nobody wants it any more. */
	bufferevent_free(dial->bev);
	dial->bev = NULL;
	tell(dial, why);
	evbuffer_add_printf(all, "%s%s: %s",
	    evbuffer_get_length(all) == 0 ? "cannot connect to " : ", ",
	    dial->peer, why);
	try_next(dial);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct dial *dial = arg;
	int error = EVUTIL_SOCKET_ERROR();
	char text[TLS_TEXT_SIZE];

	if (!(what & BEV_EVENT_CONNECTED)) {
		attempt_failed(dial,
		    secure_failure(
			bev, error, &dial->refused, text, sizeof(text)));
		return;
	}
	event_del(dial->timeout);
	dial->bev = NULL;
	dial->handler->on_connected(bev, dial->peer, dial->arg);
}

static void
on_timeout(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	attempt_failed(arg, strerror(ETIMEDOUT));
}

/* Not that of a bufferevent: libevent 2.1 goes on with one that was stopped. */
static void
start_timeout(struct dial *dial)
{
	struct timeval limit = { .tv_sec = dial->options->timeout_seconds };

	if (limit.tv_sec == 0 && dial->options->tls != NULL)
		limit.tv_sec = HANDSHAKE_SECONDS;
	if (limit.tv_sec > 0)
		event_add(dial->timeout, &limit);
}

static struct bufferevent *
new_bufferevent(const struct dial *dial)
{
	const char *host = dial->address->host;

	if (dial->options->tls != NULL)
		return secure_new(dial->base, dial->options->tls,
		    host[0] == '\0' ? "localhost" : host);
	return bufferevent_socket_new(
	    dial->base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
}

static void
try_next(struct dial *dial)
{
	const struct endpoint *endpoint;

	if (dial->next == dial->endpoint_count) {
		fail(dial);
		return;
	}
	endpoint = &dial->endpoints[dial->next++];
	endpoint_format(&endpoint->sa.any, endpoint->length, dial->peer,
	    sizeof(dial->peer));
	tell(dial, "connecting");
	dial->refused = false;
	dial->bev = new_bufferevent(dial);
	bufferevent_setcb(dial->bev, NULL, NULL, on_event, dial);
	start_timeout(dial);
	if (bufferevent_socket_connect(
		dial->bev, &endpoint->sa.any, (int)endpoint->length) == -1)
		attempt_failed(dial, strerror(errno));
}

static void
on_lookup(struct endpoint *list, size_t count, const char *why, void *arg)
{
	struct dial *dial = arg;
	char name[ADDRESS_TEXT_SIZE];

	if (list == NULL) {
		address_format(dial->address, name, sizeof(name));
		evbuffer_add_printf(dial->why, "%s: %s", name, why);
		fail(dial);
		return;
	}
	dial->endpoints = list;
	dial->endpoint_count = count;
	try_next(dial);
}

struct dial *
dial_start(struct event_base *base, const struct address *address,
    const struct dial_options *options, const struct dial_handler *handler,
    void *arg)
{
	struct dial *dial = xcalloc(1, sizeof(*dial));

	dial->base = base;
	dial->address = address;
	dial->options = options;
	dial->handler = handler;
	dial->arg = arg;
	dial->why = evbuffer_new();
	dial->timeout = evtimer_new(base, on_timeout, dial);
	dial->lookup =
	    lookup_start(base, address, options->family, on_lookup, dial);
	return dial;
}

void
dial_free(struct dial *dial)
{
	if (dial->bev != NULL)
		bufferevent_free(dial->bev);
	lookup_free(dial->lookup);
	evbuffer_free(dial->why);
	event_free(dial->timeout);
	free(dial->endpoints);
	free(dial);
}
