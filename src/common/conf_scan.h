/* SPDX-License-Identifier: ISC */
/*
 * Finds in a configuration what libconfig 1.5 lets pass in silence or dies of:
 * an integer that does not fit in 32 bits and has no L after it (it wraps), a
 * comment that does not end (the rest of the file is no more), and an included
 * file that cannot be read (when it is a directory, libconfig's scanner leaves
 * the process). And a key that is set twice, which libconfig does not name.
 */
#ifndef CONF_SCAN_H
#define CONF_SCAN_H

#include "common/conf_source.h"

enum conf_scan_result {
	CONF_SCAN_GOOD,
	CONF_SCAN_WRONG,     /* reported; libconfig can read it all the same */
	CONF_SCAN_UNREADABLE /* reported; libconfig must not see it */
};

/*
 * Scans content, of a file called name, and the files that it includes, which
 * are in directory (NULL: the working directory).
 */
enum conf_scan_result conf_scan(const char *content, const char *name,
    const char *directory, conf_report *report, void *arg);

#endif
