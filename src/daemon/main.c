/* SPDX-License-Identifier: ISC */
/* tcprelayd: options, start, run, stop. See tcprelayd(8). */
#include "config.h"

#include "common/address.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "daemon/conf.h"
#include "daemon/conf_rules.h"
#include "daemon/history.h"
#include "daemon/privileges.h"
#include "daemon/sandbox.h"
#include "daemon/server.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 2 /* wrong usage or configuration */

#define FAULT_SIZE 1024

struct options {
	const char *conf_path; /* NULL: the default one */
	int conf_kept;	       /* a descriptor of it, or -1 */
	bool conf_read;	       /* once already */
	const char **listen;   /* instead of the configuration's */
	size_t listen_count;
	unsigned verbose;
	bool test;
	bool wrong; /* an address of listen, which was said */
};

/* What opens a socket next would otherwise get our messages. */
static void
open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd != -1 && fd <= STDERR_FILENO);
	if (fd != -1)
		close(fd);
}

/* Those that would end the process before the server handles them. */
static void
mask_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigprocmask(how, &set, NULL);
}

static void
print_usage(FILE *to)
{
	fprintf(to,
	    "usage: tcprelayd [-c FILE] [-l ADDRESS]... [-t] [-v]... [-h] "
	    "[-V]\n");
}

static void
print_help(void)
{
	print_usage(stdout);
	printf("Relay lines between everybody who connects.\n\n"
	       "  -c, --config FILE     read FILE instead of\n"
	       "                        %s\n"
	       "  -l, --listen ADDRESS  listen there instead of where the\n"
	       "                        configuration says:\n"
	       "                        %s\n"
	       "  -t, --test            check the configuration and exit\n"
	       "  -v, --verbose         log more; each -v is one level\n"
	       "  -h, --help            show this and exit\n"
	       "  -V, --version         show the version and exit\n\n"
	       "See tcprelayd(8) and tcprelay.conf(5).\n",
	    TCPRELAY_CONF, ADDRESS_FORMS);
}

static _Noreturn void
usage_error(void)
{
	print_usage(stderr);
	fprintf(stderr, "Try 'tcprelayd --help'.\n");
	exit(EXIT_USAGE);
}

/* What cannot be read was not shown. */
static _Noreturn void
exit_shown(void)
{
	if (fflush(stdout) == EOF || ferror(stdout)) {
		fprintf(stderr, "tcprelayd: standard output: %s\n",
		    strerror(errno));
		exit(EXIT_FAILURE);
	}
	exit(EXIT_SUCCESS);
}

static void
add_listen(struct options *options, const char *text)
{
	struct address address;
	const char *why;

	options->listen[options->listen_count++] = text;
	if (address_parse(text, &address, &why) == 0)
		return;
	fprintf(stderr, "tcprelayd: -l %s: %s; allowed: %s\n", text, why,
	    ADDRESS_FORMS);
	options->wrong = true;
}

static void
parse_options(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "listen", required_argument, NULL, 'l' },
		{ "test", no_argument, NULL, 't' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	options->listen = xcalloc((size_t)argc, sizeof(*options->listen));
	while (
	    (option = getopt_long(argc, argv, "c:l:tvhV", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			options->conf_path = optarg;
			break;
		case 'l':
			add_listen(options, optarg);
			break;
		case 't':
			options->test = true;
			break;
		case 'v':
			options->verbose++;
			break;
		case 'h':
			print_help();
			exit_shown();
		case 'V':
			printf("tcprelayd %s\n", PACKAGE_VERSION);
			exit_shown();
		default:
			usage_error();
		}
	}
	if (optind == argc)
		return;
	fprintf(stderr, "tcprelayd: %s: unexpected argument\n", argv[optind]);
	usage_error();
}

static void
report_to_stderr(const char *message, void *arg)
{
	(void)arg;
	log_bare_error(message);
}

static const char *
conf_path(const struct options *options)
{
	return options->conf_path == NULL ? TCPRELAY_CONF : options->conf_path;
}

/* The file is optional only where the command line says all that is needed. */
static struct conf *
read_conf(const struct options *options, conf_report *report, void *arg)
{
	const struct conf_source source = {
		.path = conf_path(options),
		.kept = options->conf_kept,
		.again = options->conf_read,
	};
	bool defaults = options->conf_path == NULL &&
	    options->listen_count > 0 && access(TCPRELAY_CONF, F_OK) == -1;

	if (defaults)
		return conf_new();
	return conf_load(&source, report, arg);
}

static int
apply_listen(struct conf *conf, const struct options *options,
    conf_report *report, void *arg)
{
	char text[FAULT_SIZE], message[2 * FAULT_SIZE];
	const char *why;
	int result = 0;
	size_t i;

	if (options->listen_count > 0)
		conf_clear_listen(conf);
	for (i = 0; i < options->listen_count; i++) {
		conf_add_listen(conf, options->listen[i], &why);
		if (conf_rules_check_listener(
			conf, &conf->listen[i], text, sizeof(text)) == 0)
			continue;
		snprintf(message, sizeof(message), "tcprelayd: -l: %s", text);
		report(message, arg);
		result = -1;
	}
	return result;
}

/* What the file and the options say together: at the start, and on SIGHUP. */
static struct conf *
configure(conf_report *report, void *arg)
{
	const struct options *options = arg;
	struct conf *conf = read_conf(options, report, arg);

	if (conf == NULL)
		return NULL;
	if (apply_listen(conf, options, report, arg) == -1) {
		conf_free(conf);
		return NULL;
	}
	conf->log_level += options->verbose;
	if (conf->log_level > LOG_LEVEL_DEBUG)
		conf->log_level = LOG_LEVEL_DEBUG;
	return conf;
}

/* What root could read and the user cannot is found out now, not on SIGHUP. */
static void
warn_unreadable(const char *path, const struct account *account)
{
	if (path != NULL && access(path, R_OK) == -1 && errno != ENOENT)
		log_warn("SIGHUP will find this unreadable path=\"%s\" user=%s",
		    path, account->name);
}

/* Takes over conf. */
static int
serve(struct conf *conf, struct options *options, const struct account *account)
{
	struct server *server = server_new(conf, configure, options);
	int result;

	if (server == NULL)
		return EXIT_FAILURE;
	server_give(server, account->user, account->group);
	result = privileges_drop(account);
	if (result == 0)
		result = history_check(conf);
	if (result == 0) {
		warn_unreadable(conf->secret_file, account);
		warn_unreadable(conf->tls_certificate, account);
		warn_unreadable(conf->tls_key, account);
		warn_unreadable(conf->tls_client_ca, account);
		sandbox_enter();
		mask_signals(SIG_UNBLOCK);
		log_end_start();
		result = server_run(server);
	}
	server_free(server);
	return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run(struct options *options)
{
	struct conf *conf = configure(report_to_stderr, options);
	struct account account;
	char message[FAULT_SIZE];
	const char *why;

	if (conf == NULL)
		return EXIT_USAGE;
	options->conf_read = true;
	if (options->test) {
		conf_free(conf);
		printf("tcprelayd: the configuration is valid\n");
		return EXIT_SUCCESS;
	}
	if (privileges_account(conf, &account, &why) == -1) {
		snprintf(message, sizeof(message), "%s: user: %s",
		    conf->user == NULL ? "tcprelayd" : conf_path(options), why);
		log_bare_error(message);
		conf_free(conf);
		return EXIT_USAGE;
	}
	log_open(
	    (enum log_target)conf->log_target, (enum log_level)conf->log_level);
	log_take_libevent();
	return serve(conf, options, &account);
}

int
main(int argc, char **argv)
{
	struct options options = { 0 };
	int status;

	open_standard_files();
	mask_signals(SIG_BLOCK);
	parse_options(argc, argv, &options);
	options.conf_kept = open(conf_path(&options), O_RDONLY | O_CLOEXEC);
	xmalloc_use_in_libevent();
	status = options.wrong ? EXIT_USAGE : run(&options);
	free(options.listen);
	return status;
}
