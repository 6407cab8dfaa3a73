/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/listeners.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "daemon/conf.h"
#include "daemon/conf_rules.h"

#include <stdbool.h>
#include <stdlib.h>

#define TEXT_SIZE 512

struct listeners {
	struct listener_shared shared;
	struct listener **all;
	size_t count;
	bool started; /* new ones accept at once */
};

/* On the way from one set to the next. */
struct change {
	struct listeners *old;
	struct listener **next; /* in the order of the settings */
	bool *is_new;
	size_t count;
};

struct listeners *
listeners_new(const struct listener_shared *shared)
{
	struct listeners *listeners = xcalloc(1, sizeof(*listeners));

	listeners->shared = *shared;
	return listeners;
}

/* The open listener of that address, which is taken out, or NULL. */
static struct listener *
take(struct listeners *listeners, const struct conf_listen *conf)
{
	struct listener *listener;
	size_t i;

	for (i = 0; i < listeners->count; i++) {
		listener = listeners->all[i];
		if (listener != NULL && listener_is_for(listener, conf)) {
			listeners->all[i] = NULL;
			return listener;
		}
	}
	return NULL;
}

/* Goes on where one cannot be opened, so that the log has all of these. */
static int
find_or_open(struct change *change, const struct conf *conf)
{
	struct listeners *old = change->old;
	size_t i;

	for (i = 0; i < conf->listen_count; i++) {
		const struct conf_listen *wanted = &conf->listen[i];
		struct listener *listener = take(old, wanted);

		change->is_new[change->count] = listener == NULL;
		if (listener == NULL)
			listener = listener_new(&old->shared, wanted);
		if (listener != NULL)
			change->next[change->count++] = listener;
	}
	return change->count == conf->listen_count ? 0 : -1;
}

/* With sockets of systemd the address says nothing. */
static int
check_secret(const struct change *change, const struct conf *conf)
{
	char text[TEXT_SIZE];
	int result = 0;
	size_t i;

	for (i = 0; i < change->count; i++) {
		if (conf_rules_check_secret(conf, &conf->listen[i],
			listener_open_address(change->next[i]), text,
			sizeof(text)) == 0)
			continue;
		log_error("cannot listen address=%s error=\"%s\"",
		    LOG_VALUE(conf->listen[i].address_text), text);
		result = -1;
	}
	return result;
}

static void
put_back(struct listeners *listeners, struct listener *listener)
{
	size_t i = 0;

	while (listeners->all[i] != NULL)
		i++;
	listeners->all[i] = listener;
}

static void
undo(struct change *change)
{
	size_t i;

	for (i = 0; i < change->count; i++)
		if (change->is_new[i])
			listener_free(change->next[i]);
		else
			put_back(change->old, change->next[i]);
	free(change->next);
}

static void
carry_out(struct change *change, const struct conf *conf)
{
	struct listeners *listeners = change->old;
	size_t i;

	for (i = 0; i < listeners->count; i++)
		if (listeners->all[i] != NULL)
			listener_report_end(listeners->all[i]);
	listeners_close(listeners);
	listeners->all = change->next;
	listeners->count = change->count;
	for (i = 0; i < listeners->count; i++)
		if (!change->is_new[i])
			listener_update(listeners->all[i], &conf->listen[i]);
		else if (listeners->started)
			listener_start(listeners->all[i]);
}

void
listeners_start(struct listeners *listeners)
{
	size_t i;

	for (i = 0; i < listeners->count; i++)
		listener_start(listeners->all[i]);
	listeners->started = true;
}

int
listeners_set(struct listeners *listeners, const struct conf *conf)
{
	struct change change = {
		.old = listeners,
		.next = xcalloc(conf->listen_count, sizeof(*change.next)),
		.is_new = xcalloc(conf->listen_count, sizeof(*change.is_new)),
	};
	int result = find_or_open(&change, conf);

	if (result == 0)
		result = check_secret(&change, conf);
	if (result == 0)
		carry_out(&change, conf);
	else
		undo(&change);
	free(change.is_new);
	return result;
}

void
listeners_give(const struct listeners *listeners, uid_t user, gid_t group)
{
	size_t i;

	for (i = 0; i < listeners->count; i++)
		listener_give(listeners->all[i], user, group);
}

void
listeners_close(struct listeners *listeners)
{
	size_t i;

	for (i = 0; i < listeners->count; i++)
		listener_free(listeners->all[i]);
	free(listeners->all);
	listeners->all = NULL;
	listeners->count = 0;
}

void
listeners_free(struct listeners *listeners)
{
	if (listeners == NULL)
		return;
	listeners_close(listeners);
	free(listeners);
}
