/* SPDX-License-Identifier: ISC */
/*
 * The daemon's log: to standard error or to syslog(3), one line an event. On
 * standard error a line begins with its time, or, where that is the systemd
 * journal, with the journal's level prefix.
 *
 * Like standard error itself there is one log in a process, so its level and
 * target are this module's own state. No other module of the daemon has any.
 *
 * Lines are "event key=value ...". What a client chose may be in them: each is
 * cleaned as text_clean() does, so that it is one line and moves no cursor.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};
enum log_target { LOG_TARGET_STDERR, LOG_TARGET_SYSLOG };

/* Before this is called, lines go to standard error at level info. */
void log_open(enum log_target target, enum log_level level);
/* Whether lines of this level are written: for those that cost something. */
bool log_is_open_to(enum log_level level);

/* Until this is called, errors go to standard error, whatever the target: it
 * may be that nobody takes what is sent to syslog. */
void log_end_start(void);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Of key=value: in quotes where there is a space in it. Good as long as the
 * block that it is in. */
#define LOG_VALUE_SIZE	512
#define LOG_VALUE(text) log_value((text), (char[LOG_VALUE_SIZE]){ "" })
const char *log_value(const char *text, char quoted[LOG_VALUE_SIZE]);

/*
 * To standard error, whatever the target, and without the time and level that
 * a person who has just typed a command does not need; the journal gets its
 * level.
 */
void log_bare_error(const char *message);

/* Sends what libevent has to say to this log. */
void log_take_libevent(void);

#endif
