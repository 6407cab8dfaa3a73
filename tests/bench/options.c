/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "options.h"

#include "fail.h"
#include "lines.h"
#include "proto.h"

#include "common/tls.h"

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: load --connect HOST:PORT --pid PID [OPTION]...\n"
    "       load --free-port\n"
    "Load a relay on this machine, check every delivery, print figures.\n\n"
    "  --connect HOST:PORT  a loopback address\n"
    "  --pid PID            the server's process, to be measured\n"
    "  --protocol NAME      raw, chat, nats, redis, mqtt or irc (raw)\n"
    "  --receivers N        (100)\n"
    "  --senders P          (1)\n"
    "  --line-bytes B       of a line with its LF (64)\n"
    "  --window W           lines not yet delivered everywhere (256)\n"
    "  --write-lines N      at most so many in one write (all there are)\n"
    "  --rate R             lines a second, instead of a window\n"
    "  --lines COUNT        send so many,\n"
    "  --seconds S          or as long as this (1)\n"
    "  --warm-up PERCENT    of that, before what is measured (25)\n"
    "  --stalled K          receivers that stop reading once they are in (0)\n"
    "  --tls                encrypt; any certificate will do\n"
    "  --idle               only connect, and measure that\n"
    "  --burst N            clients that come in at one time (64)\n"
    "  --timeout S          fail when all is not over by then (60)\n"
    "  --free-port          print a free loopback port, and exit\n";

enum name {
	CONNECT,
	PID,
	PROTOCOL,
	RECEIVERS,
	SENDERS,
	LINE_BYTES,
	WINDOW,
	WRITE_LINES,
	RATE,
	LINES,
	SECONDS,
	WARM_UP,
	STALLED,
	IDLE,
	TLS,
	BURST,
	TIMEOUT,
	FREE_PORT,
	HELP,
};

static const struct option names[] = {
	{ "connect", required_argument, NULL, CONNECT },
	{ "pid", required_argument, NULL, PID },
	{ "protocol", required_argument, NULL, PROTOCOL },
	{ "receivers", required_argument, NULL, RECEIVERS },
	{ "senders", required_argument, NULL, SENDERS },
	{ "line-bytes", required_argument, NULL, LINE_BYTES },
	{ "window", required_argument, NULL, WINDOW },
	{ "write-lines", required_argument, NULL, WRITE_LINES },
	{ "rate", required_argument, NULL, RATE },
	{ "lines", required_argument, NULL, LINES },
	{ "seconds", required_argument, NULL, SECONDS },
	{ "warm-up", required_argument, NULL, WARM_UP },
	{ "stalled", required_argument, NULL, STALLED },
	{ "idle", no_argument, NULL, IDLE },
	{ "tls", no_argument, NULL, TLS },
	{ "burst", required_argument, NULL, BURST },
	{ "timeout", required_argument, NULL, TIMEOUT },
	{ "free-port", no_argument, NULL, FREE_PORT },
	{ "help", no_argument, NULL, HELP },
	{ NULL, 0, NULL, 0 },
};

static uint64_t
number(const char *text, uint64_t min, uint64_t max)
{
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || end == text || value < min ||
	    value > max)
		fail("%s: not a number from %ju to %ju", text, (uintmax_t)min,
		    (uintmax_t)max);
	return value;
}

static double
seconds(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (*end != '\0' || end == text || !(value > 0 && value <= 3600))
		fail("%s: not a time above 0, up to 3600 seconds", text);
	return value;
}

static bool
is_loopback(const struct sockaddr *sa)
{
	const void *address = sa;
	const struct sockaddr_in *in = address;
	const struct sockaddr_in6 *in6 = address;

	if (sa->sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

/* This much load is nothing to send over a network by mistake. */
static void
set_server(struct options *options, const char *text)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found;
	const char *colon = strrchr(text, ':');
	char host[64];

	if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
		fail("%s: not HOST:PORT", text);
	if (text[0] == '[' && colon[-1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)(colon - text - 2),
		    text + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
		fail("%s: not a numeric address and port", text);
	if (!is_loopback(found->ai_addr))
		fail("%s: not a loopback address", text);
	memcpy(&options->server, found->ai_addr, found->ai_addrlen);
	options->server_length = found->ai_addrlen;
	freeaddrinfo(found);
}

static _Noreturn void
print_free_port(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t length = sizeof(in);
	struct sockaddr *sa = (struct sockaddr *)&in;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || bind(fd, sa, length) == -1 ||
	    getsockname(fd, sa, &length) == -1)
		fail("no free port: %s", strerror(errno));
	printf("%u\n", (unsigned)ntohs(in.sin_port));
	exit(EXIT_SUCCESS);
}

static struct tls *
new_tls(void)
{
	static const struct tls_files none = { 0 };
	struct tls_fault fault;
	struct tls *tls = tls_client_new(&none, true, &fault);

	if (tls == NULL)
		fail("%s", fault.text);
	return tls;
}

static void
set_protocol(struct options *options, const char *name)
{
	options->protocol = proto_find(name);
	if (options->protocol == NULL)
		fail("%s: no such protocol", name);
}

static void
set(struct options *options, enum name name, const char *value)
{
	switch (name) {
	case CONNECT:
		set_server(options, value);
		break;
	case PID:
		options->pid = (pid_t)number(value, 1, INT32_MAX);
		break;
	case PROTOCOL:
		set_protocol(options, value);
		break;
	case RECEIVERS:
		options->receivers = (uint32_t)number(value, 1, 100000);
		break;
	case SENDERS:
		options->senders = (uint32_t)number(value, 1, 10000);
		break;
	case LINE_BYTES:
		options->line_bytes =
		    (uint32_t)number(value, LINES_TEXT_MIN + 1, 65536);
		break;
	case WINDOW:
		options->window = (uint32_t)number(value, 1, 1000000);
		break;
	case WRITE_LINES:
		options->write_lines = (uint32_t)number(value, 1, 1000000);
		break;
	case RATE:
		options->rate = (uint32_t)number(value, 1, 1000000);
		break;
	case LINES:
		options->lines = number(value, 1, UINT32_MAX);
		break;
	case SECONDS:
		options->seconds = seconds(value);
		break;
	case WARM_UP:
		options->warm_up = (double)number(value, 0, 1000) / 100;
		break;
	case STALLED:
		options->stalled = (uint32_t)number(value, 0, 100000);
		break;
	case IDLE:
		options->idle = true;
		break;
	case TLS:
		options->tls = new_tls();
		break;
	case BURST:
		options->burst = (uint32_t)number(value, 2, 100000);
		break;
	case TIMEOUT:
		options->timeout_seconds = seconds(value);
		break;
	case FREE_PORT:
		print_free_port();
	case HELP:
		fputs(usage, stdout);
		exit(EXIT_SUCCESS);
	}
}

void
options_parse(struct options *options, int argc, char **argv)
{
	int name;

	*options = (struct options){
		.protocol = proto_find("raw"),
		.receivers = 100,
		.senders = 1,
		.line_bytes = 64,
		.window = 256,
		.seconds = 1,
		.warm_up = 0.25,
		.burst = 64,
		.timeout_seconds = 60,
	};
	while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (name == '?')
			exit(EXIT_FAILURE);
		set(options, (enum name)name, optarg);
	}
	if (optind < argc || options->server_length == 0 || options->pid == 0) {
		fputs(usage, stderr);
		exit(EXIT_FAILURE);
	}
	if (options->stalled >= options->receivers)
		fail("somebody must read: more receivers than --stalled");
}
