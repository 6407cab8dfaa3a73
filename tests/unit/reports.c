/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "reports.h"

#include <stdio.h>
#include <string.h>

void
reports_add(const char *message, void *arg)
{
	struct reports *reports = arg;
	size_t length = strlen(reports->text);

	snprintf(reports->text + length, sizeof(reports->text) - length, "%s\n",
	    message);
	reports->count++;
}
