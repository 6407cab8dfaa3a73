/* SPDX-License-Identifier: ISC */
/* What is said of a configuration: one message a line. */
#ifndef REPORTS_H
#define REPORTS_H

#include "unit.h"

/* With a count of 0 it is empty. */
struct reports {
	char text[8192];
	int count;
};

/* A conf_report, for a struct reports. */
void reports_add(const char *message, void *arg);

#endif
