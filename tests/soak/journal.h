/* SPDX-License-Identifier: ISC */
/* What the daemon's log says, held against what the crowd did. */
#ifndef JOURNAL_H
#define JOURNAL_H

/* A relay_sink; arg is the crowd. Ends the run when a line must not be. */
void journal_line(char *line, void *arg);

#endif
