/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/sandbox.h"

#include "common/log.h"

#if HAVE_SECCOMP

#include <errno.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Not in the headers of every system that runs a kernel that has them. */
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

/*
 * By name, because a system call that this machine's kernel or libseccomp does
 * not know is one that is not made.
 */
static const char *const allowed[] = {
	/* connections and files */
	"read",
	"readv",
	"pread64",
	"preadv",
	"preadv2",
	"write",
	"writev",
	"pwrite64",
	"pwritev",
	"pwritev2",
	"close",
	"close_range",
	"dup",
	"dup2",
	"dup3",
	"fcntl",
	"fcntl64",
	"lseek",
	"_llseek",
	"sendfile",
	"sendfile64",
	"recv",
	"recvfrom",
	"recvmsg",
	"recvmmsg",
	"send",
	"sendto",
	"sendmsg",
	"sendmmsg",
	"accept",
	"accept4",
	"bind",
	"connect",
	"listen",
	"getpeername",
	"getsockname",
	"getsockopt",
	"setsockopt",
	"shutdown",
	"poll",
	"ppoll",
	"ppoll_time64",
	"select",
	"_newselect",
	"pselect6",
	"pselect6_time64",
	/* the event loop */
	"epoll_create",
	"epoll_create1",
	"epoll_ctl",
	"epoll_ctl_old",
	"epoll_wait",
	"epoll_wait_old",
	"epoll_pwait",
	"epoll_pwait2",
	"eventfd",
	"eventfd2",
	"pipe",
	"pipe2",
	"timerfd_create",
	"timerfd_settime",
	"timerfd_settime64",
	"timerfd_gettime",
	"signalfd",
	"signalfd4",
	/* a reload, transcripts, the files of sockets */
	"open",
	"openat",
	"creat",
	"stat",
	"stat64",
	"lstat",
	"lstat64",
	"fstat",
	"fstat64",
	"fstatat64",
	"newfstatat",
	"statx",
	"statfs",
	"statfs64",
	"fstatfs",
	"fstatfs64",
	"access",
	"faccessat",
	"faccessat2",
	"readlink",
	"readlinkat",
	"getcwd",
	"getdents",
	"getdents64",
	"umask",
	"unlink",
	"unlinkat",
	"rename",
	"renameat",
	"renameat2",
	"mkdir",
	"mkdirat",
	"chmod",
	"fchmod",
	"fchmodat",
	"chown",
	"chown32",
	"fchown",
	"fchown32",
	"lchown",
	"lchown32",
	"fchownat",
	"ftruncate",
	"ftruncate64",
	"fallocate",
	"fsync",
	"fdatasync",
	"flock",
	"memfd_create",
	/* memory; names are looked up by libraries that are loaded then */
	"brk",
	"mmap",
	"mmap2",
	"munmap",
	"mremap",
	"mprotect",
	"madvise",
	"mlock",
	"mlock2",
	"munlock",
	"membarrier",
	/* time, signals, limits, and who we are */
	"clock_gettime",
	"clock_gettime64",
	"clock_getres",
	"clock_getres_time64",
	"clock_nanosleep",
	"clock_nanosleep_time64",
	"gettimeofday",
	"nanosleep",
	"time",
	"times",
	"pause",
	"restart_syscall",
	"rt_sigaction",
	"rt_sigpending",
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigtimedwait",
	"sigaltstack",
	"sigreturn",
	"getrlimit",
	"ugetrlimit",
	"getrusage",
	"setrlimit",
	"sysinfo",
	"uname",
	"getpid",
	"getppid",
	"gettid",
	"getpgrp",
	"getpgid",
	"getsid",
	"getuid",
	"getuid32",
	"geteuid",
	"geteuid32",
	"getgid",
	"getgid32",
	"getegid",
	"getegid32",
	"getresuid",
	"getresuid32",
	"getresgid",
	"getresgid32",
	"getgroups",
	"getgroups32",
	"getrandom",
	"getcpu",
	"sched_getaffinity",
	"sched_yield",
	"futex",
	"futex_time64",
	"futex_waitv",
	"set_robust_list",
	"set_tid_address",
	"rseq",
	"arch_prctl",
	"exit",
	"exit_group",
};

static const char *const deadly[] = { "execve", "execveat", "fork", "vfork",
	"ptrace", "process_vm_readv", "process_vm_writev" };

/* System calls of which one argument says whether they are harmless. */
static const struct {
	const char *name;
	unsigned argument;
	scmp_datum_t value;
} partly[] = {
	{ "socket", 0, AF_UNIX }, { "socket", 0, AF_INET },
	{ "socket", 0, AF_INET6 },
	{ "socket", 0, AF_NETLINK }, /* getaddrinfo(3) */
	{ "socketpair", 0, AF_UNIX }, { "ioctl", 1, FIONREAD },
	{ "ioctl", 1, SIOCOUTQ }, { "ioctl", 1, SIOCGIFINDEX },
	{ "ioctl", 1, SIOCGIFNAME }, /* fe80::1%eth0 */
	{ "ioctl", 1, TCGETS },	     /* isatty(3) */
	{ "prctl", 0, PR_SET_DUMPABLE }, { "prctl", 0, PR_GET_DUMPABLE },
	{ "prctl", 0, PR_SET_VMA }, { "prlimit64", 0, 0 }, /* of this process */
};

static int
add(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned count,
    const struct scmp_arg_cmp *argument)
{
	int number = seccomp_syscall_resolve_name(name), error;

	if (number < 0)
		return 0;
	error = seccomp_rule_add_array(filter, action, number, count, argument);
	/* Some machines have no such call of their own. */
	return error == -EDOM ? 0 : error;
}

/* The macro of libseccomp leaves a field out, which clang warns of. */
static struct scmp_arg_cmp
is_equal(unsigned argument, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){
		.arg = argument,
		.op = SCMP_CMP_EQ,
		.datum_a = value,
	};
}

static int
add_rules(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp self = is_equal(0, (scmp_datum_t)getpid());
	size_t i;
	int error = 0;

	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && error == 0; i++)
		error = add(filter, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
	for (i = 0; i < sizeof(deadly) / sizeof(deadly[0]) && error == 0; i++)
		error = add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0, NULL);
	for (i = 0; i < sizeof(partly) / sizeof(partly[0]) && error == 0; i++) {
		struct scmp_arg_cmp equal =
		    is_equal(partly[i].argument, partly[i].value);

		error = add(filter, SCMP_ACT_ALLOW, partly[i].name, 1, &equal);
	}
	/* abort(3), and nobody else */
	if (error == 0)
		error = add(filter, SCMP_ACT_ALLOW, "tgkill", 1, &self);
	return error;
}

static int
load(scmp_filter_ctx filter)
{
	int error = add_rules(filter);

	if (error != 0)
		return error;
	/* No foreign code runs here from which speculation had to be kept. */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	/* A tree: not one comparison for each call in the list. */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return seccomp_load(filter);
}

void
sandbox_enter(void)
{
	const char *wish = getenv(SANDBOX_VARIABLE);
	scmp_filter_ctx filter;
	int error;

	if (wish != NULL && strcmp(wish, "off") == 0) {
		log_warn("system calls are not filtered, as %s says",
		    SANDBOX_VARIABLE);
		return;
	}
	filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	error = filter == NULL ? -ENOMEM : load(filter);
	seccomp_release(filter);
	if (error == 0)
		log_debug("system calls are filtered");
	else
		log_warn("system calls cannot be filtered error=\"%s\"",
		    strerror(-error));
}

#else

void
sandbox_enter(void)
{
	log_debug("system calls are not filtered by this build");
}

#endif
