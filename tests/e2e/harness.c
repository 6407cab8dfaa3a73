/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "harness.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONF_NAME "tcprelay.conf"

/* Options of the client, with those that are given. */
#define OPTIONS_MAX 32

pid_t
start_client(struct relay *relay, const char *const options[],
    int standard_input, int output, int error)
{
	const char *argv[OPTIONS_MAX] = { client_program() };
	size_t i;

	for (i = 0; options[i] != NULL; i++)
		argv[i + 1] = options[i];
	argv[i + 1] = relay->address;
	argv[i + 2] = NULL;
	return start_program(argv, standard_input, output, error);
}

const char *
relay_path(const struct relay *relay, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", relay->directory, name);
	return path;
}

/* Reads more of the log; false at its end. */
static bool
read_log(struct relay *relay)
{
	ssize_t got = read(relay->log_fd, relay->log + relay->log_length,
	    sizeof(relay->log) - 1 - relay->log_length);

	if (got <= 0)
		return false;
	relay->log_length += (size_t)got;
	relay->log[relay->log_length] = '\0';
	return true;
}

/* The next whole line that has the text in it, or NULL. */
static const char *
next_line(struct relay *relay, const char *text)
{
	static char line[4096];
	char *end;

	while ((end = strchr(relay->log + relay->log_seen, '\n')) != NULL) {
		snprintf(line, sizeof(line), "%.*s",
		    (int)(end - relay->log - (ssize_t)relay->log_seen),
		    relay->log + relay->log_seen);
		relay->log_seen = (size_t)(end + 1 - relay->log);
		if (strstr(line, text) != NULL)
			return line;
	}
	return NULL;
}

const char *
relay_await_log(struct relay *relay, const char *text)
{
	const char *line;

	while ((line = next_line(relay, text)) == NULL)
		if (!read_log(relay))
			fail_msg("the log ended without \"%s\":\n%s", text,
			    relay->log);
	return line;
}

/* "... listening address=127.0.0.1:PORT room=..." */
static void
note_address(struct relay *relay, const char *line)
{
	const char *address = strstr(line, "address=") + strlen("address=");
	int length = (int)strcspn(address, " ");

	if (relay->port != 0 || strncmp(address, "unix:", 5) == 0)
		return;
	snprintf(
	    relay->address, sizeof(relay->address), "%.*s", length, address);
	relay->port =
	    (unsigned)strtoul(strrchr(relay->address, ':') + 1, NULL, 10);
}

void
relay_configure(const struct relay *relay, const char *conf)
{
	const char *user = getenv("TCPRELAY_TEST_USER");
	char text[2048];
	size_t length = 0;

	for (; *conf != '\0'; conf++) {
		assert_in_range(length, 0, sizeof(text) - 128);
		if (strncmp(conf, "%s", 2) == 0) {
			length += (size_t)sprintf(
			    text + length, "%s", relay->directory);
			conf++;
		} else {
			text[length++] = *conf;
		}
	}
	text[length] = '\0';
	if (user != NULL && strstr(text, "user =") == NULL)
		length +=
		    (size_t)sprintf(text + length, "\nuser = \"%s\";", user);
	write_file(relay_path(relay, CONF_NAME), text, length);
}

void
relay_reload(struct relay *relay, const char *conf)
{
	relay_configure(relay, conf);
	kill(relay->pid, SIGHUP);
	relay_await_log(relay, "reloaded");
}

void
give_to_daemon(const char *path)
{
	const struct passwd *user = getpwnam("_tcprelay");

	if (user == NULL)
		user = getpwnam("nobody");
	if (geteuid() == 0 && user != NULL &&
	    getenv("TCPRELAY_TEST_USER") == NULL)
		assert_int_equal(chown(path, user->pw_uid, user->pw_gid), 0);
}

/* Starts the daemon in its directory. */
static void
launch(struct relay *relay, unsigned listeners)
{
	char conf_path[128];
	const char *argv[] = { daemon_program(), "-v", "-c", conf_path, NULL };
	int ends[2];

	strcpy(conf_path, relay_path(relay, CONF_NAME));
	make_pipe(ends);
	/* The log is read when a test waits for it: it has to fit till then. */
	fcntl(ends[0], F_SETPIPE_SZ, (int)sizeof(relay->log));
	relay->pid =
	    start_program_with_files(argv, -1, -1, ends[1], relay->files);
	relay->log_fd = ends[0];
	close(ends[1]);
	while (listeners-- > 0)
		note_address(relay, relay_await_log(relay, "listening"));
}

struct relay *
relay_start_with_files(const char *conf, unsigned listeners, unsigned files)
{
	struct relay *relay = calloc(1, sizeof(*relay));

	strcpy(relay->directory, "/tmp/tcprelay-e2e.XXXXXX");
	assert_non_null(mkdtemp(relay->directory));
	give_to_daemon(relay->directory);
	relay_configure(
	    relay, conf == NULL ? "listen = \"127.0.0.1:0\";" : conf);
	relay->files = files;
	launch(relay, listeners);
	return relay;
}

struct relay *
relay_start(const char *conf, unsigned listeners)
{
	return relay_start_with_files(conf, listeners, 0);
}

void
relay_kill_and_restart(struct relay *relay, unsigned listeners)
{
	kill(relay->pid, SIGKILL);
	assert_int_equal(await_exit(relay->pid), 128 + SIGKILL);
	close(relay->log_fd);
	relay->port = 0;
	launch(relay, listeners);
}

static void
await_end(struct relay *relay, int expected)
{
	int status = await_exit(relay->pid);

	while (read_log(relay))
		continue;
	if (status != expected)
		fail_msg("the daemon exited with %d:\n%s", status, relay->log);
	close(relay->log_fd);
	remove_directory(relay->directory);
	free(relay);
}

void
relay_await_stop(struct relay *relay)
{
	await_end(relay, 0);
}

void
relay_await_death(struct relay *relay, int number)
{
	await_end(relay, 128 + number);
}

void
relay_stop(struct relay *relay)
{
	kill(relay->pid, SIGTERM);
	relay_await_stop(relay);
}

int
relay_dial_from(const struct relay *relay, const char *address)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, address, &in.sin_addr);
	assert_int_equal(bind(fd, (const void *)&in, sizeof(in)), 0);
	in.sin_port = htons((in_port_t)relay->port);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (const void *)&in, sizeof(in)), 0);
	return fd;
}

int
relay_dial(const struct relay *relay)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons((in_port_t)relay->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const void *)&in, sizeof(in)), 0);
	return fd;
}

int
relay_connect(struct relay *relay)
{
	int fd = relay_dial(relay);

	relay_await_log(relay, "accepted");
	return fd;
}

int
relay_connect_unix(struct relay *relay, const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(un.sun_path, relay_path(relay, name));
	assert_int_equal(connect(fd, (const void *)&un, sizeof(un)), 0);
	relay_await_log(relay, "accepted");
	return fd;
}

void
send_bytes(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = write(fd, bytes, length);

		assert_int_not_equal(sent, -1);
		bytes += sent;
		length -= (size_t)sent;
	}
}

void
send_text(int fd, const char *text)
{
	send_bytes(fd, text, strlen(text));
}

void
expect_text(int fd, const char *text)
{
	char got[4096] = "";
	size_t length = strlen(text), have = 0;

	assert_in_range(length, 0, sizeof(got) - 1);
	while (have < length) {
		ssize_t part = read(fd, got + have, length - have);

		if (part <= 0)
			fail_msg("\"%s\" instead of \"%s\"", got, text);
		have += (size_t)part;
	}
	assert_string_equal(got, text);
}

void
expect_end(int fd)
{
	char byte;

	assert_int_equal(read(fd, &byte, 1), 0);
}

pid_t
start_reader(struct relay *relay, const char *path)
{
	int fd = relay_connect(relay);
	pid_t pid = fork();
	char bytes[65536];
	ssize_t got;
	FILE *file;

	assert_int_not_equal(pid, -1);
	if (pid > 0) {
		close(fd);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	file = fopen(path, "we");
	if (file == NULL)
		_exit(1);
	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, (size_t)got, file);
	_exit(got == 0 && fclose(file) == 0 ? 0 : 1);
}

static unsigned long
parse_limit(const char *text)
{
	return strcmp(text, "unlimited") == 0 ? ULONG_MAX
					      : strtoul(text, NULL, 10);
}

/* Not by prlimit(2), for which root may lack a capability in a container. */
struct relay_limit
relay_limit(const struct relay *relay, const char *name)
{
	char path[64], line[256], soft[32], hard[32];
	size_t length = strlen(name);
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/limits", (int)relay->pid);
	file = fopen(path, "re");
	assert_non_null(file);
	do
		assert_non_null(fgets(line, sizeof(line), file));
	while (strncmp(line, name, length) != 0);
	fclose(file);
	assert_int_equal(sscanf(line + length, "%31s %31s", soft, hard), 2);
	return (struct relay_limit){ parse_limit(soft), parse_limit(hard) };
}

double
relay_cpu_seconds(const struct relay *relay)
{
	unsigned long user, system;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)relay->pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file,
			     "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u "
			     "%*u %lu %lu",
			     &user, &system),
	    2);
	fclose(file);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}
