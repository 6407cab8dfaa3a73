/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/lookup.h"

#include "common/xmalloc.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/*
 * What the thread works on. It cannot be stopped, so the last one of the two
 * that know it, the thread and the lookup, frees it.
 */
struct job {
	struct address address;
	int family;
	struct endpoint *list;
	size_t count;
	const char *why;
	int done; /* eventfd(2), or -1 */
	atomic_int users;
};

struct lookup {
	struct job *job;
	struct event *event; /* the job is done */
	lookup_done *on_done;
	void *arg;
};

static void
leave(struct job *job)
{
	if (atomic_fetch_sub(&job->users, 1) > 1)
		return;
	close(job->done);
	free(job->list);
	free(job);
}

static void
work(struct job *job)
{
	if (address_resolve(&job->address, job->family, 0, &job->list,
		&job->count, &job->why) == -1)
		job->list = NULL;
	eventfd_write(job->done, 1);
	leave(job);
}

static void *
run(void *arg)
{
	work(arg);
	return NULL;
}

/* Signals are for the loop's thread. */
static int
start_thread(struct job *job)
{
	sigset_t all, before;
	pthread_t thread;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, NULL, run, job);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		pthread_detach(thread);
	return error == 0 ? 0 : -1;
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct lookup *lookup = arg;
	struct job *job = lookup->job;
	struct endpoint *list = job->list;

	(void)fd;
	(void)what;
	job->list = NULL;
	lookup->on_done(list, job->count, job->why, lookup->arg);
}

struct lookup *
lookup_start(struct event_base *base, const struct address *address, int family,
    lookup_done *on_done, void *arg)
{
	struct lookup *lookup = xcalloc(1, sizeof(*lookup));
	struct job *job = xcalloc(1, sizeof(*job));

	job->address = *address;
	job->family = family;
	job->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_init(&job->users, 2);
	lookup->job = job;
	lookup->on_done = on_done;
	lookup->arg = arg;
	lookup->event = event_new(base, job->done, EV_READ, on_event, lookup);
	event_add(lookup->event, NULL);
	/* Without a thread it takes as long as it takes. */
	if (job->done == -1 || start_thread(job) == -1) {
		work(job);
		event_active(lookup->event, EV_READ, 1);
	}
	return lookup;
}

void
lookup_free(struct lookup *lookup)
{
	if (lookup == NULL)
		return;
	event_free(lookup->event);
	leave(lookup->job);
	free(lookup);
}
