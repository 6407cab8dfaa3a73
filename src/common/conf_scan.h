/* SPDX-License-Identifier: ISC */
/*
 * Finds in a configuration what libconfig 1.5 lets pass in silence or dies of:
 * an integer that does not fit in 32 bits and has no L after it (it wraps), a
 * comment, or the name of an included file, that does not end (the rest of the
 * file is no more), a string that does not (it goes on after an included file),
 * and an included file that cannot be read (when it is a directory, libconfig's
 * scanner leaves the process). And what it says too little of: a key that is
 * set twice, a comment without a line end at the end of a file, and the place
 * of a string in a list, for which it takes that of what follows the string.
 */
#ifndef CONF_SCAN_H
#define CONF_SCAN_H

#include "common/conf_source.h"

struct conf_strings;

enum conf_scan_result {
	CONF_SCAN_GOOD,
	CONF_SCAN_WRONG,     /* reported; libconfig can read it all the same */
	CONF_SCAN_UNREADABLE /* reported; libconfig must not see it */
};

/*
 * Scans content, of a file called name, and the files that it includes, which
 * are in directory (NULL: the working directory). Adds to places, as FILE:LINE,
 * where each string is that is in a list or an array, in their order.
 */
enum conf_scan_result conf_scan(const char *content, const char *name,
    const char *directory, struct conf_strings *places, conf_report *report,
    void *arg);

#endif
