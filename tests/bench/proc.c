/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "proc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * A file of /proc, of a process or (pid 0) of all; cut off at size - 1 bytes.
 */
static int
read_file(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64] = "/proc/";
	FILE *file;
	size_t length;

	if (pid > 0)
		snprintf(path, sizeof(path), "/proc/%d/", (int)pid);
	strcat(path, name);
	file = fopen(path, "r");
	if (file == NULL)
		return -1;
	length = fread(text, 1, size - 1, file);
	fclose(file);
	text[length] = '\0';
	return length > 0 ? 0 : -1;
}

/* proc(5): utime and stime are fields 14 and 15; the name is field 2. */
static int
read_times(pid_t pid, struct proc *proc)
{
	uint64_t tick_ms = 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
	char text[1024], *at;
	int i;

	if (read_file(pid, "stat", text, sizeof(text)) == -1)
		return -1;
	at = strrchr(text, ')');
	for (i = 2; at != NULL && i < 14; i++)
		at = strchr(at + 1, ' ');
	if (at == NULL)
		return -1;
	proc->user_ms = strtoull(at, &at, 10) * tick_ms;
	proc->system_ms = strtoull(at, NULL, 10) * tick_ms;
	return 0;
}

/* A clock tick is 10 ms, so the time that counts comes from the CPU clock. */
static int
read_cpu(pid_t pid, struct proc *proc)
{
	struct timespec time;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 ||
	    clock_gettime(clock, &time) == -1)
		return -1;
	proc->cpu_ns =
	    (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
	return 0;
}

static uint64_t
kib_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at == NULL ? 0 : strtoull(at + strlen(key), NULL, 10);
}

static int
read_memory(pid_t pid, struct proc *proc)
{
	char text[4096];

	if (read_file(pid, "status", text, sizeof(text)) == -1)
		return -1;
	proc->rss_kib = kib_after(text, "\nVmRSS:");
	proc->hwm_kib = kib_after(text, "\nVmHWM:");
	return 0;
}

/* proc(5), /proc/stat: user nice system idle iowait irq softirq steal. */
void
proc_read_machine(struct proc_machine *machine)
{
	char text[256], *at = text + sizeof("cpu");
	uint64_t ticks;
	int i;

	memset(machine, 0, sizeof(*machine));
	if (read_file(0, "stat", text, sizeof(text)) == -1)
		return;
	for (i = 0; i < 8; i++) {
		ticks = strtoull(at, &at, 10);
		machine->all += ticks;
		if (i == 3 || i == 4)
			machine->idle += ticks;
	}
}

int
proc_read(pid_t pid, struct proc *proc)
{
	if (read_times(pid, proc) == -1 || read_cpu(pid, proc) == -1)
		return -1;
	return read_memory(pid, proc);
}
