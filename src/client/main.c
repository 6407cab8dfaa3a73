/* SPDX-License-Identifier: ISC */
/* tcprelay: options, and what they set in motion. See tcprelay(1). */
#include "config.h"

#include "client/connection.h"
#include "client/pipe.h"
#include "common/address.h"
#include "common/xmalloc.h"

#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXIT_USAGE   2
#define TIMEOUT_MAX  86400 /* seconds */
#define STRINGIFY(x) #x
#define TO_STRING(x) STRINGIFY(x)
#define DEFAULT_PORT TO_STRING(ADDRESS_DEFAULT_PORT)
/* Loopback, of both address families, without looking up a name. */
#define DEFAULT_ADDRESS ":" DEFAULT_PORT

static void
print_usage(FILE *to)
{
	fprintf(to,
	    "usage: tcprelay [-46hrsvV] [-w SECONDS] [ADDRESS | HOST "
	    "[PORT]]\n");
}

static void
print_help(void)
{
	print_usage(stdout);
	printf("Send the lines of standard input to a relay and print what "
	       "arrives.\n\n"
	       "  ADDRESS: %s;\n"
	       "  port " DEFAULT_PORT " after a HOST alone; " DEFAULT_ADDRESS
	       ", this machine, when there is none\n\n",
	    ADDRESS_FORMS);
	fputs("  -r, --receive-only     do not read standard input\n"
	      "  -s, --send-only        do not print what arrives\n"
	      "  -w, --timeout SECONDS  give up connecting to an address "
	      "after that,\n"
	      "                         and waiting for the relay at the end\n"
	      "  -4, --ipv4             use IPv4 addresses only\n"
	      "  -6, --ipv6             use IPv6 addresses only\n"
	      "  -v, --verbose          tell how the connection goes\n"
	      "  -h, --help             show this and exit\n"
	      "  -V, --version          show the version and exit\n\n",
	    stdout);
	printf("Exit status: 0 the relay closed after the end of input, 1 it "
	       "closed before\nor could not be reached, 2 wrong usage. See "
	       "tcprelay(1); the relay is\ntcprelayd(8), configured by "
	       "%s.\n",
	    TCPRELAY_CONF);
}

static _Noreturn void
usage_error(void)
{
	print_usage(stderr);
	fprintf(stderr, "Try 'tcprelay --help'.\n");
	exit(EXIT_USAGE);
}

static int
parse_timeout(const char *text)
{
	char *end;
	long seconds = strtol(text, &end, 10);

	if (end != text && *end == '\0' && seconds >= 1 &&
	    seconds <= TIMEOUT_MAX)
		return (int)seconds;
	warnx("-w %s: not a number of seconds; allowed: 1 to %d", text,
	    TIMEOUT_MAX);
	usage_error();
}

static void
parse_address(int argc, char **argv, struct address *address)
{
	const char *host = argc > 0 ? argv[0] : DEFAULT_ADDRESS;
	const char *port = argc > 1 ? argv[1] : NULL;
	const char *why;

	if (argc > 2) {
		warnx("%s: unexpected argument", argv[2]);
		usage_error();
	}
	if (address_parse_words(host, port, address, &why) == 0)
		return;
	warnx("%s%s%s: %s; allowed: %s", host, port == NULL ? "" : " ",
	    port == NULL ? "" : port, why, ADDRESS_FORMS);
	usage_error();
}

static void
parse_options(int argc, char **argv, struct connection_options *connection,
    struct pipe_options *pipe)
{
	static const struct option longs[] = {
		{ "receive-only", no_argument, NULL, 'r' },
		{ "send-only", no_argument, NULL, 's' },
		{ "timeout", required_argument, NULL, 'w' },
		{ "ipv4", no_argument, NULL, '4' },
		{ "ipv6", no_argument, NULL, '6' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "rsw:46vhV", longs, NULL)) !=
	    -1) {
		switch (option) {
		case 'r':
			pipe->receive_only = connection->receive_only = true;
			break;
		case 's':
			pipe->send_only = true;
			break;
		case 'w':
			connection->timeout_seconds = parse_timeout(optarg);
			break;
		case '4':
			connection->family = AF_INET;
			break;
		case '6':
			connection->family = AF_INET6;
			break;
		case 'v':
			connection->verbose = true;
			break;
		case 'h':
			print_help();
			exit(EXIT_SUCCESS);
		case 'V':
			printf("tcprelay %s\n", PACKAGE_VERSION);
			exit(EXIT_SUCCESS);
		default:
			usage_error();
		}
	}
	if (!pipe->receive_only || !pipe->send_only)
		return;
	warnx("-r and -s leave nothing to do");
	usage_error();
}

/* Or the connection could become what somebody takes for standard output. */
static void
open_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* One that takes any descriptor: epoll refuses regular files. */
static struct event_base *
new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	event_config_require_features(config, EV_FEATURE_FDS);
	base = event_base_new_with_config(config);
	event_config_free(config);
	if (base == NULL)
		errx(EXIT_FAILURE, "no event loop");
	return base;
}

int
main(int argc, char **argv)
{
	struct connection_options connection = { .family = AF_UNSPEC };
	struct pipe_options pipe = { 0 };
	struct address address;
	struct event_base *base;
	enum connection_end how;

	open_standard_descriptors();
	parse_options(argc, argv, &connection, &pipe);
	parse_address(argc - optind, argv + optind, &address);
	xmalloc_use_in_libevent();
	/* libevent writes to sockets without MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	base = new_base();
	how = pipe_run(base, &address, &connection, &pipe);
	event_base_free(base);
	return how == CONNECTION_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE;
}
