/* SPDX-License-Identifier: ISC */
/* What a process has cost so far, as the kernel tells. Owns nothing. */
#ifndef PROC_H
#define PROC_H

#include <stdint.h>
#include <sys/types.h>

struct proc {
	uint64_t cpu_ns;	     /* of all threads, those that ended too */
	uint64_t user_ms, system_ms; /* the same, in clock ticks */
	uint64_t rss_kib, hwm_kib;   /* resident memory, and its peak */
};

/* How the CPUs of this machine were used, all of them, in clock ticks. */
struct proc_machine {
	uint64_t all, idle;
};

void proc_read_machine(struct proc_machine *machine);

/* Returns 0, or -1 when there is no such process. */
int proc_read(pid_t pid, struct proc *proc);

#endif
