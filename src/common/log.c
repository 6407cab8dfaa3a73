/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/log.h"

#include "common/text.h"

#include <event2/event.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 4096 /* bytes; the rest of a longer line is cut off */

static const struct {
	const char *name;
	int priority; /* syslog(3)'s, and the journal's prefix */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", LOG_ERR },
	[LOG_LEVEL_WARN] = { "warn", LOG_WARNING },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

static struct {
	enum log_target target;
	enum log_level level;
	bool journal;
	bool started;
} state = { .level = LOG_LEVEL_INFO };

/* systemd.exec(5), JOURNAL_STREAM: the device and inode of the journal. */
static bool
stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat st;

	return stream != NULL &&
	    sscanf(stream, "%ju:%ju", &device, &inode) == 2 &&
	    fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device &&
	    st.st_ino == inode;
}

void
log_open(enum log_target target, enum log_level level)
{
	state.target = target;
	state.level = level;
	state.journal = stderr_is_journal();
	if (target == LOG_TARGET_SYSLOG)
		openlog("tcprelayd", LOG_PID, LOG_DAEMON);
}

void
log_end_start(void)
{
	state.started = true;
}

bool
log_is_open_to(enum log_level level)
{
	return level <= state.level;
}

static void write_line(enum log_level level, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* One write(2) a line, so that lines of several processes do not mix. */
static void
write_stderr(enum log_level level, const char *line)
{
	char stamp[sizeof("2026-01-01T00:00:00")];
	struct timespec now;
	struct tm utc;

	if (state.journal) {
		fprintf(stderr, "<%d>%s\n", levels[level].priority, line);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	fprintf(stderr, "%s.%03ldZ %s: %s\n", stamp, now.tv_nsec / 1000000,
	    levels[level].name, line);
}

/* What it is made of came from others: it is one line, and safe to be shown. */
static const char *
clean(const char *text, char line[LINE_SIZE * TEXT_GROWTH])
{
	line[text_clean(line, text, strnlen(text, LINE_SIZE - 1))] = '\0';
	return line;
}

static void
write_line(enum log_level level, const char *format, va_list args)
{
	char text[LINE_SIZE], line[LINE_SIZE * TEXT_GROWTH];

	if (!log_is_open_to(level))
		return;
	vsnprintf(text, sizeof(text), format, args);
	clean(text, line);
	if (state.target == LOG_TARGET_SYSLOG)
		syslog(levels[level].priority, "%s", line);
	if (state.target == LOG_TARGET_STDERR ||
	    (level == LOG_LEVEL_ERROR && !state.started))
		write_stderr(level, line);
}

#define DEFINE_LOG(name, level)                                                \
	void name(const char *format, ...)                                     \
	{                                                                      \
		va_list args;                                                  \
                                                                               \
		va_start(args, format);                                        \
		write_line(level, format, args);                               \
		va_end(args);                                                  \
	}

DEFINE_LOG(log_error, LOG_LEVEL_ERROR)
DEFINE_LOG(log_warn, LOG_LEVEL_WARN)
DEFINE_LOG(log_info, LOG_LEVEL_INFO)
DEFINE_LOG(log_debug, LOG_LEVEL_DEBUG)

const char *
log_value(const char *text, char quoted[LOG_VALUE_SIZE])
{
	if (strchr(text, ' ') == NULL)
		return text;
	snprintf(quoted, LOG_VALUE_SIZE, "\"%s\"", text);
	return quoted;
}

void
log_bare_error(const char *message)
{
	char line[LINE_SIZE * TEXT_GROWTH];

	if (stderr_is_journal())
		fprintf(stderr, "<%d>", levels[LOG_LEVEL_ERROR].priority);
	fprintf(stderr, "%s\n", clean(message, line));
}

static void
on_libevent_log(int severity, const char *message)
{
	switch (severity) {
	case EVENT_LOG_ERR:
		log_error("libevent: %s", message);
		break;
	case EVENT_LOG_WARN:
		log_warn("libevent: %s", message);
		break;
	default:
		log_debug("libevent: %s", message);
		break;
	}
}

void
log_take_libevent(void)
{
	event_set_log_callback(on_libevent_log);
}
