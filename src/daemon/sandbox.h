/* SPDX-License-Identifier: ISC */
/*
 * The system calls that are left once all is set up, by seccomp(2): what a
 * relay needs for its connections, its log, a reload, and the lookup of a name
 * or a user. It can start no program, and make no system call that it has no
 * use for.
 *
 * A call that starts a program or looks into another process ends the daemon
 * at once: no code of ours makes one, so somebody else's does. Every other
 * call that is not allowed fails with ENOSYS, as one that the kernel does not
 * have: libraries try new system calls first and do without where they are
 * missing, and an update of one should not end every connection.
 *
 * Tools that run inside the process need more. A build with sanitizers has no
 * filter, and for valgrind there is SANDBOX_VARIABLE.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

/* In the environment: "off" means no filter. */
#define SANDBOX_VARIABLE "TCPRELAYD_SANDBOX"

/*
 * Enters it, for good. Where the kernel has no filters, that is logged and all
 * goes on without.
 */
void sandbox_enter(void);

#endif
