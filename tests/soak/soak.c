/* SPDX-License-Identifier: ISC */
/*
 * Holds a daemon to its promises, for as long as one likes: hundreds of
 * clients that come, speak, read, stop, and go as chance has it, and a check
 * of every line that every one of them hears. Speaks TAP. See --help.
 */
#include "config.h"

#include "crowd.h"
#include "round.h"
#include "steady.h"
#include "verdict.h"

#include <err.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define EXIT_USAGE 2

/* Rounds, so that some clients live long, and holdings are seen often. */
#define ROUND_LEAST_MS 700
#define ROUND_MOST_MS  20000
#define LAST_ROUND_MS  300

/*
 * Several times what can be on its way to a reader that always reads; see
 * client.c. Less where a room waits until a slow one has read half of it.
 */
#define BACKLOG_BYTES	    1048576
#define PAUSE_BACKLOG_BYTES 262144

struct options {
	const char *mode, *policy, *program;
	unsigned clients;
	bool plain;
	double seconds, patience_seconds;
	uint64_t seed;
};

static const char *const policies[] = { "disconnect", "skip", "pause" };

static void
print_help(void)
{
	printf(
	    "usage: soak [OPTION]...\n"
	    "Start tcprelayd, put a crowd of clients on it, and check all\n"
	    "that they hear.\n\n"
	    "      --mode MODE        relay or chat (relay)\n"
	    "      --policy POLICY    disconnect, skip or pause "
	    "(disconnect)\n"
	    "      --seconds SECONDS  how long (5)\n"
	    "      --clients N        how many at a time (200)\n"
	    "      --plain            without TLS, which else some have\n"
	    "      --seed N           what chance depends on (the time)\n"
	    "      --patience SECONDS how long to wait for the daemon, where "
	    "it has to\n"
	    "                         do something (20)\n"
	    "      --daemon PROGRAM   ($TCPRELAYD, or ./tcprelayd)\n"
	    "      --help             show this and exit\n\n"
	    "$TCPRELAY_TEST_WRAPPER may name a command to run it under.\n"
	    "Exit status: 0 all was kept, 1 a promise is broken, 2 it could\n"
	    "not run.\n");
}

static void
set_option(struct options *options, int option)
{
	switch (option) {
	case 'm':
		options->mode = optarg;
		break;
	case 'p':
		options->policy = optarg;
		break;
	case 's':
		options->seconds = strtod(optarg, NULL);
		break;
	case 'c':
		options->clients = (unsigned)strtoul(optarg, NULL, 10);
		break;
	case 'T':
		options->plain = true;
		break;
	case 'S':
		options->seed = strtoull(optarg, NULL, 10);
		break;
	case 'P':
		options->patience_seconds = strtod(optarg, NULL);
		break;
	case 'd':
		options->program = optarg;
		break;
	case 'h':
		print_help();
		exit(EXIT_SUCCESS);
	default:
		exit(EXIT_USAGE);
	}
}

static void
parse_options(struct options *options, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "mode", required_argument, NULL, 'm' },
		{ "policy", required_argument, NULL, 'p' },
		{ "seconds", required_argument, NULL, 's' },
		{ "clients", required_argument, NULL, 'c' },
		{ "plain", no_argument, NULL, 'T' },
		{ "seed", required_argument, NULL, 'S' },
		{ "patience", required_argument, NULL, 'P' },
		{ "daemon", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *program = getenv("TCPRELAYD");
	int option;

	*options = (struct options){
		.mode = "relay",
		.policy = policies[0],
		.program = program == NULL ? "./tcprelayd" : program,
		.clients = 200,
		.seconds = 5,
		.patience_seconds = 20,
		.seed = now_ms(),
	};
	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1)
		set_option(options, option);
	if (optind < argc || options->clients < 1 || options->clients > 20000 ||
	    !(options->seconds > 0) || !(options->patience_seconds > 0))
		errx(EXIT_USAGE, "wrong usage; try --help");
}

static bool
is_chat(const char *mode)
{
	if (strcmp(mode, "relay") != 0 && strcmp(mode, "chat") != 0)
		errx(EXIT_USAGE, "--mode %s: there is none of that name", mode);
	return strcmp(mode, "chat") == 0;
}

static enum policy
find_policy(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
		if (strcmp(policies[i], name) == 0)
			return (enum policy)i;
	errx(EXIT_USAGE, "--policy %s: there is none of that name", name);
}

static void
raise_descriptor_limit(unsigned clients)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < clients + 64)
		cannot("only %ju files may be open", (uintmax_t)limit.rlim_max);
}

static void
init(struct crowd *crowd, const struct options *options)
{
	int room;

	memset(crowd, 0, sizeof(*crowd));
	crowd->is_chat = is_chat(options->mode);
	crowd->policy = find_policy(options->policy);
	chance_seed(&crowd->chance, options->seed);
	speech_init(&crowd->chance);
	raise_descriptor_limit(options->clients);
	signal(SIGPIPE, SIG_IGN);
	for (room = 0; room < ROOMS; room++) {
		crowd->ledgers[room].room = room == ROOM_MAIN ? "main" : "side";
		crowd->ledgers[room].speakers = &crowd->speakers;
	}
	crowd->target = options->clients;
	crowd->clients =
	    resize(NULL, options->clients, sizeof(*crowd->clients));
	crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
	relay_start(&crowd->relay, options->program, options->mode,
	    options->policy, options->clients + 64,
	    crowd->policy == POLICY_PAUSE ? PAUSE_BACKLOG_BYTES : BACKLOG_BYTES,
	    wire_has_tls() && !options->plain);
	crowd->patience_ms = (uint64_t)(options->patience_seconds * 1000);
	if (crowd->relay.wrapped)
		crowd->patience_ms *= 10;
}

static void
report(const struct crowd *crowd, const struct steady *steady)
{
	const struct totals *totals = &crowd->totals;

	printf("ok 1 - promises kept mode=%s policy=%s\n", crowd->relay.mode,
	    crowd->relay.policy);
	printf("# rounds=%ju clients=%ju said=%ju delivered=%ju "
	       "delivered_mib=%ju dropped=%ju missed=%ju reloads=%ju "
	       "names=%ju moves=%ju\n",
	    (uintmax_t)totals->rounds, (uintmax_t)totals->clients,
	    (uintmax_t)totals->said, (uintmax_t)totals->delivered,
	    (uintmax_t)totals->delivered_bytes >> 20,
	    (uintmax_t)totals->dropped, (uintmax_t)totals->missed,
	    (uintmax_t)totals->reloads, (uintmax_t)totals->names,
	    (uintmax_t)totals->moves);
	steady_report(steady);
}

static uint64_t
round_length(struct crowd *crowd, const struct options *options)
{
	uint64_t most = (uint64_t)(options->seconds * 1000 / 4);

	if (most > ROUND_MOST_MS)
		most = ROUND_MOST_MS;
	if (most < ROUND_LEAST_MS)
		return ROUND_LEAST_MS;
	return chance_between(&crowd->chance, ROUND_LEAST_MS, most);
}

int
main(int argc, char **argv)
{
	static struct crowd crowd;
	struct options options;
	struct steady steady;
	uint64_t end_ms;

	parse_options(&options, argc, argv);
	printf("1..1\n# soak --mode %s --policy %s --seconds %g --clients %u "
	       "--seed "
	       "%ju\n",
	    options.mode, options.policy, options.seconds, options.clients,
	    (uintmax_t)options.seed);
	fflush(stdout);
	init(&crowd, &options);
	verdict_name(options.policy);
	steady_begin(&steady, &crowd);
	end_ms = now_ms() + (uint64_t)(options.seconds * 1000);
	do {
		round_run(&crowd, round_length(&crowd, &options));
		steady_check(&steady, &crowd);
	} while (now_ms() < end_ms);
	round_run_last(&crowd, LAST_ROUND_MS);
	report(&crowd, &steady);
	return EXIT_SUCCESS;
}
