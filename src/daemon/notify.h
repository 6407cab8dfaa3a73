/* SPDX-License-Identifier: ISC */
/*
 * What the service manager is told, sd_notify(3): the state of the daemon, a
 * line of status, and that it is alive. Without a manager that wants to know,
 * all of this does nothing and costs nothing.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

/* Writes the line of status. */
typedef void notify_describe(char *text, size_t size, void *arg);

struct notify {
	struct event *tick; /* NULL: nobody wants to know */
	bool due;	    /* since the last turn */
	notify_describe *describe;
	void *arg;
	char status[128]; /* that was told */
};

void notify_init(struct notify *notify, struct event_base *base,
    notify_describe *describe, void *arg);
void notify_clear(struct notify *notify);

void notify_ready(struct notify *notify);
/* notify_ready() has to follow, whatever came of it. */
void notify_reloading(struct notify *notify);
/* The daemon will stop within so many seconds. */
void notify_stopping(struct notify *notify, long seconds);

void notify_tell(struct notify *notify);

/*
 * A turn of the loop has ended. A timer only says that it is time to tell;
 * that it is told here means that the loop still turns.
 */
static inline void
notify_turn(struct notify *notify)
{
	if (notify->due)
		notify_tell(notify);
}

#endif
