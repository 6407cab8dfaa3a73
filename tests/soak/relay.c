/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "relay.h"

#include "speech.h"
#include "verdict.h"
#include "wire.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 32

/*
 * The last number of the address that a door is at, 127.0.0.N: a reload knows a
 * listener by its address.
 */
static const int door_numbers[DOORS] = {
	[DOOR_MAIN] = 1,
	[DOOR_SIDE] = 2,
	[DOOR_MAIN_TLS] = 3,
};
#define PATH_SIZE 128

/* Of the log, with a verdict. */
#define SHOWN_BYTES 1500

void
relay_configure(const struct relay *relay, enum conf_variant variant)
{
	char path[PATH_SIZE], new[PATH_SIZE];
	FILE *file;

	/* It may just be reading the one that is there. */
	snprintf(path, sizeof(path), "%s/tcprelay.conf", relay->directory);
	snprintf(new, sizeof(new), "%s/new", relay->directory);
	file = fopen(new, "we");
	if (file == NULL)
		cannot("%s: %s", new, strerror(errno));
	fprintf(file, "listen = ( \"unix:%s/sock\",\n", relay->directory);
	if (variant == CONF_MORE)
		fprintf(file, "  \"unix:%s/more\",\n", relay->directory);
	if (relay->door_count == DOORS)
		fprintf(
		    file, "  { address = \"127.0.0.3:0\"; tls = true; },\n");
	fprintf(file,
	    "  \"127.0.0.1:0\",\n"
	    "  { address = \"127.0.0.2:0\"; room = \"side\"; } );\n"
	    "mode = \"%s\";\n"
	    "limits = { clients = %u; line_bytes = %d; "
	    "stall_seconds = 1; };\n"
	    "slow_client = { policy = \"%s\"; backlog_bytes = %u; };\n"
	    "shutdown_seconds = 10;\n%s",
	    relay->mode, relay->clients_max, SPEECH_MAX - 1, relay->policy,
	    relay->backlog_bytes,
	    variant == CONF_WRONG ? "colour = \"blue\";\n" : "");
	if (relay->door_count == DOORS)
		fprintf(file,
		    "tls = { certificate = \"%s/tls.pem\"; "
		    "key = \"%s/tls.key\"; };\n",
		    relay->directory, relay->directory);
	if (fclose(file) != 0 || rename(new, path) == -1)
		cannot("%s: %s", path, strerror(errno));
}

void
relay_reload(const struct relay *relay, enum conf_variant variant)
{
	relay_configure(relay, variant);
	kill(relay->pid, SIGHUP);
}

void
relay_ask(const struct relay *relay)
{
	kill(relay->pid, SIGUSR1);
}

/* The words of $TCPRELAY_TEST_WRAPPER, then the daemon's. */
static void
run(struct relay *relay, const char *program)
{
	const char *variable = getenv("TCPRELAY_TEST_WRAPPER");
	char wrapper[256], path[PATH_SIZE], *words[WORDS_MAX], *word;
	size_t count = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* What it keeps for the next one to ask would count as allocated. */
	setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1);
	snprintf(
	    wrapper, sizeof(wrapper), "%s", variable == NULL ? "" : variable);
	snprintf(path, sizeof(path), "%s/tcprelay.conf", relay->directory);
	for (word = strtok(wrapper, " \t"); word != NULL && count < 24;
	     word = strtok(NULL, " \t"))
		words[count++] = word;
	words[count++] = (char *)program;
	words[count++] = (char *)"-c";
	words[count++] = path;
	words[count] = NULL;
	execvp(words[0], words);
	perror(words[0]);
	_exit(127);
}

static void
spawn(struct relay *relay, const char *program)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1)
		cannot("pipe: %s", strerror(errno));
	fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
	relay->pid = fork();
	if (relay->pid == -1)
		cannot("fork: %s", strerror(errno));
	if (relay->pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		run(relay, program);
	}
	close(ends[1]);
	relay->log_fd = ends[0];
}

static void
set_unix_door(struct relay *relay)
{
	struct door *door = &relay->doors[DOOR_MAIN_UNIX];
	struct sockaddr_un *un = (void *)&door->address;

	un->sun_family = AF_UNIX;
	snprintf(
	    un->sun_path, sizeof(un->sun_path), "%s/sock", relay->directory);
	door->length = sizeof(*un);
}

static struct door *
find_door(struct relay *relay, int number)
{
	int i;

	for (i = 0; i < DOORS; i++)
		if (door_numbers[i] == number)
			return &relay->doors[i];
	return NULL;
}

/* "... listening address=127.0.0.N:PORT room=..." */
static void
note_door(char *line, void *arg)
{
	static const char key[] = "listening address=127.0.0.";
	struct relay *relay = arg;
	char *at = strstr(line, key);
	struct sockaddr_in *in;
	struct door *door;
	unsigned number;

	if (at == NULL)
		return;
	number = (unsigned)strtoul(at + strlen(key), &at, 10);
	door = find_door(relay, (int)number);
	if (door == NULL)
		return;
	in = (void *)&door->address;
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK + number - 1);
	in->sin_port = htons((in_port_t)strtoul(at + 1, NULL, 10));
	door->length = sizeof(*in);
}

static bool
is_open(const struct relay *relay)
{
	unsigned i;

	for (i = 0; i < relay->door_count; i++)
		if (relay->doors[i].length == 0)
			return false;
	return true;
}

static void
remove_directory(const struct relay *relay)
{
	static const char *const names[] = { "tcprelay.conf", "sock", "more",
		"tls.pem", "tls.key" };
	char path[PATH_SIZE];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(
		    path, sizeof(path), "%s/%s", relay->directory, names[i]);
		unlink(path);
	}
	rmdir(relay->directory);
}

static void
ignore(char *line, void *arg)
{
	(void)line;
	(void)arg;
}

/* The last lines of the log, and before them those about one peer. */
static void
show_log(void *arg)
{
	struct relay *relay = arg;
	size_t at, length, from, newest;

	/* Its user is another by now, which ends PR_SET_PDEATHSIG. */
	kill(relay->pid, SIGKILL);
	fcntl(relay->log_fd, F_SETFL, O_NONBLOCK);
	relay_read_log(relay, ignore, relay);
	newest = relay->log_parsed;
	from = newest > SHOWN_BYTES ? newest - SHOWN_BYTES : 0;
	from += strlen(relay->log + from) + 1;
	for (at = 0; at < newest; at += length + 1) {
		const char *line = relay->log + at;

		length = strlen(line);
		if (at >= from ||
		    (relay->about != NULL &&
			strstr(line, relay->about) != NULL))
			printf("# log: %s\n", line);
	}
	remove_directory(relay);
}

/* One that only comes and goes: the daemon has begun, and is in its loop. */
static void
call_on(const struct door *door)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char greeting[PATH_SIZE];
	ssize_t got = -1;

	if (connect(fd, (const void *)&door->address, door->length) == 0 &&
	    shutdown(fd, SHUT_WR) == 0)
		do
			got = read(fd, greeting, sizeof(greeting));
		while (got > 0);
	if (got == -1)
		broken("the daemon does not answer: %s", strerror(errno));
	close(fd);
}

/* A daemon that root starts becomes another user before it is at work. */
static void
give_to_daemon(const char *path)
{
	const struct passwd *user = getpwnam("_tcprelay");

	if (user == NULL)
		user = getpwnam("nobody");
	if (geteuid() == 0 && user != NULL &&
	    chown(path, user->pw_uid, user->pw_gid) == -1)
		cannot("%s: %s", path, strerror(errno));
}

static void
write_certificate(const struct relay *relay)
{
	char path[PATH_SIZE];

	wire_write_certificate(relay->directory);
	snprintf(path, sizeof(path), "%s/tls.key", relay->directory);
	chmod(path, 0600);
	give_to_daemon(path);
}

void
relay_start(struct relay *relay, const char *program, const char *mode,
    const char *policy, unsigned clients, unsigned backlog_bytes, bool tls)
{
	memset(relay, 0, sizeof(*relay));
	relay->mode = mode;
	relay->policy = policy;
	relay->wrapped = getenv("TCPRELAY_TEST_WRAPPER") != NULL;
	strcpy(relay->directory, "/tmp/tcprelay-soak.XXXXXX");
	if (mkdtemp(relay->directory) == NULL)
		cannot("%s: %s", relay->directory, strerror(errno));
	give_to_daemon(relay->directory);
	relay->door_count = tls ? DOORS : DOOR_MAIN_TLS;
	if (tls)
		write_certificate(relay);
	relay->clients_max = clients;
	relay->backlog_bytes = backlog_bytes;
	relay_configure(relay, CONF_BASE);
	set_unix_door(relay);
	spawn(relay, program);
	verdict_on_broken(show_log, relay);
	while (!is_open(relay)) {
		relay_read_log(relay, note_door, relay);
		if (relay->log_ended)
			broken("the daemon did not start");
	}
	call_on(&relay->doors[DOOR_MAIN]);
	if (fcntl(relay->log_fd, F_SETFL, O_NONBLOCK) == -1)
		cannot("fcntl: %s", strerror(errno));
}

/* Half of the buffer is kept for a verdict. */
static void
make_room(struct relay *relay)
{
	size_t half = sizeof(relay->log) / 2;

	if (relay->log_length < sizeof(relay->log))
		return;
	if (relay->log_parsed < half)
		cannot("a log line of over %zu bytes", half);
	memmove(relay->log, relay->log + half, half);
	relay->log_length -= half;
	relay->log_parsed -= half;
}

void
relay_read_log(struct relay *relay, relay_sink *sink, void *arg)
{
	ssize_t got;
	char *end;

	make_room(relay);
	got = read(relay->log_fd, relay->log + relay->log_length,
	    sizeof(relay->log) - relay->log_length);
	if (got <= 0) {
		relay->log_ended = got == 0;
		return;
	}
	relay->log_length += (size_t)got;
	while ((end = memchr(relay->log + relay->log_parsed, '\n',
		    relay->log_length - relay->log_parsed)) != NULL) {
		char *line = relay->log + relay->log_parsed;

		*end = '\0';
		relay->log_parsed = (size_t)(end + 1 - relay->log);
		sink(line, arg);
	}
}

/*
 * Counts what is open, and says what it is. A daemon that has a key for TLS
 * shows that only to root: elsewhere nothing is counted.
 */
static void
list_descriptors(pid_t pid, struct holdings *holdings)
{
	char path[PATH_SIZE], target[PATH_SIZE];
	struct dirent *entry;
	size_t length = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	directory = opendir(path);
	holdings->descriptors = 0;
	strcpy(holdings->open, " unknown");
	if (directory == NULL && errno == EACCES)
		return;
	if (directory == NULL)
		broken("the daemon is gone");
	while ((entry = readdir(directory)) != NULL) {
		ssize_t got;

		if (entry->d_name[0] == '.')
			continue;
		holdings->descriptors++;
		got = readlinkat(
		    dirfd(directory), entry->d_name, target, sizeof(target));
		if (got == -1 || length + 2 * PATH_SIZE > HOLDINGS_SIZE)
			continue;
		length += (size_t)sprintf(holdings->open + length, " %.9s=%.*s",
		    entry->d_name, (int)got, target);
	}
	closedir(directory);
}

/* What it allocated, without the pages of programs and libraries. */
static uint64_t
anonymous_kib(pid_t pid)
{
	char path[PATH_SIZE], line[256];
	uint64_t kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		broken("the daemon is gone");
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "RssAnon:", 8) == 0)
			kib = strtoull(line + 8, NULL, 10);
	fclose(file);
	return kib;
}

void
relay_holdings(const struct relay *relay, struct holdings *holdings)
{
	list_descriptors(relay->pid, holdings);
	holdings->heap_bytes = relay->heap_bytes;
	holdings->memory_kib = anonymous_kib(relay->pid);
}

void
relay_await_end(struct relay *relay, relay_sink *sink, void *arg)
{
	int status;

	fcntl(relay->log_fd, F_SETFL, 0);
	while (!relay->log_ended)
		relay_read_log(relay, sink, arg);
	if (waitpid(relay->pid, &status, 0) == -1)
		cannot("waitpid: %s", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		broken("the daemon ended with %s %d",
		    WIFEXITED(status) ? "status" : "signal",
		    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	close(relay->log_fd);
	remove_directory(relay);
}
