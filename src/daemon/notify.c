/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/notify.h"

#include "common/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Between two lines of status; and tells of life in a watchdog's time. */
#define STATUS_SECONDS 5
#define FEEDS	       3

/* A stop takes this much longer than the drain. */
#define STOP_SECONDS 5

#if HAVE_SYSTEMD
#include <systemd/sd-daemon.h>

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
tell(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* There is nobody to tell of a failure. */
	(void)sd_notify(0, text);
}

/* Microseconds between two ticks; 0: nobody wants to know. */
static uint64_t
tick_time(void)
{
	uint64_t tick = STATUS_SECONDS * 1000000, watchdog;

	if (getenv("NOTIFY_SOCKET") == NULL)
		return 0;
	if (sd_watchdog_enabled(0, &watchdog) > 0 && watchdog / FEEDS < tick)
		tick = watchdog / FEEDS;
	return tick;
}
#else
static void
tell(const char *format, ...)
{
	(void)format;
}

static uint64_t
tick_time(void)
{
	return 0;
}
#endif

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct notify *notify = arg;

	(void)fd;
	(void)what;
	notify->due = true;
}

void
notify_init(struct notify *notify, struct event_base *base,
    notify_describe *describe, void *arg)
{
	uint64_t time = tick_time();
	struct timeval tick = {
		.tv_sec = (time_t)(time / 1000000),
		.tv_usec = (suseconds_t)(time % 1000000),
	};

	*notify = (struct notify){ .describe = describe, .arg = arg };
	if (time == 0)
		return;
	notify->tick = event_new(base, -1, EV_PERSIST, on_tick, notify);
	event_add(notify->tick, &tick);
}

void
notify_clear(struct notify *notify)
{
	if (notify->tick != NULL)
		event_free(notify->tick);
	notify->tick = NULL;
}

/* The status, if it is another than the last one that was told. */
static void
tell_status(struct notify *notify)
{
	char status[sizeof(notify->status)];

	notify->describe(status, sizeof(status), notify->arg);
	if (strcmp(status, notify->status) == 0)
		return;
	strcpy(notify->status, status);
	tell("STATUS=%s", status);
}

void
notify_tell(struct notify *notify)
{
	notify->due = false;
	tell("WATCHDOG=1");
	tell_status(notify);
}

void
notify_ready(struct notify *notify)
{
	if (notify->tick == NULL)
		return;
	tell("READY=1");
	tell_status(notify);
}

void
notify_reloading(struct notify *notify)
{
	if (notify->tick == NULL)
		return;
	/* Names may have to be looked up, which takes its time. */
	tell("WATCHDOG=1");
	tell(
	    "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_nanoseconds() / 1000);
}

void
notify_stopping(struct notify *notify, long seconds)
{
	if (notify->tick != NULL)
		tell("STOPPING=1\nEXTEND_TIMEOUT_USEC=%ld000000",
		    seconds + STOP_SECONDS);
}
