/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/options.h"

#include "client/prompt.h"
#include "common/secret.h"

#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE   2
#define STRINGIFY(x) #x
#define TO_STRING(x) STRINGIFY(x)
#define DEFAULT_PORT TO_STRING(ADDRESS_DEFAULT_PORT)
/* Loopback, of both address families, without looking up a name. */
#define DEFAULT_ADDRESS	   ":" DEFAULT_PORT
#define DEFAULT_TIMESTAMPS "%H:%M"

/* Values for getopt_long(3) of options that have no short form. */
enum {
	OPTION_COLOR = 256,
	OPTION_TIMESTAMPS,
	OPTION_BELL,
	OPTION_NO_BELL,
	OPTION_NO_RECONNECT,
	OPTION_SECRET_FILE,
	OPTION_TLS,
	OPTION_NO_TLS,
	OPTION_CA,
	OPTION_CERT,
	OPTION_KEY,
	OPTION_INSECURE
};

static void
print_usage(FILE *to)
{
	fprintf(to, "usage: tcprelay [OPTION]... [ADDRESS | HOST [PORT]]\n");
}

/* All of it fits a screen of 24 rows. */
static void
print_help(void)
{
	print_usage(stdout);
	printf("Talk to a relay: at a terminal, or as a pipe.\n"
	       "  ADDRESS: %s; without one,\n"
	       "  $TCPRELAY, or this machine; without a port, " DEFAULT_PORT
	       "\n\n",
	    ADDRESS_FORMS);
	fputs("  -n, --nick NAME           ask for this name, in chat mode\n"
	      "  -r, --receive-only        do not read standard input\n"
	      "  -s, --send-only           do not print what arrives\n"
	      "  -R, --reconnect           connect again when the connection "
	      "is lost\n"
	      "  -w, --timeout SECONDS     give up connecting, and waiting at "
	      "the end\n"
	      "  -4, --ipv4, -6, --ipv6    use only such addresses\n"
	      "      --secret-file FILE    show the relay the secret in FILE; "
	      "-: ask\n"
	      "      --tls --ca FILE --cert FILE --key FILE --insecure    "
	      "encrypt: tcprelay(1)\n"
	      "      --color=WHEN          colours: auto, always or never\n"
	      "      --timestamps[=FORMAT] show the time, as strftime(3) "
	      "does\n"
	      "      --bell                ring when somebody says your name\n"
	      "  -v, --verbose             tell how the connection goes\n"
	      "  -h, --help, -V, --version show this, or the version\n\n",
	    stdout);
	printf("Defaults are in ~/.config/tcprelay/config. Exit status: 0 the "
	       "relay closed\nafter the end of input, 1 it closed before or "
	       "could not be reached, 2 wrong\nusage. See tcprelay(1); the "
	       "relay is tcprelayd(8), configured by\n%s.\n",
	    TCPRELAY_CONF);
}

static _Noreturn void
usage_error(void)
{
	print_usage(stderr);
	fprintf(stderr, "Try 'tcprelay --help'.\n");
	exit(EXIT_USAGE);
}

/* What cannot be read was not shown. */
static _Noreturn void
exit_shown(void)
{
	if (fflush(stdout) == EOF || ferror(stdout))
		err(EXIT_FAILURE, "standard output");
	exit(EXIT_SUCCESS);
}

static int
parse_timeout(const char *text)
{
	char *end;
	long seconds = strtol(text, &end, 10);

	if (end != text && *end == '\0' && seconds >= 1 &&
	    seconds <= SETTINGS_TIMEOUT_MAX)
		return (int)seconds;
	warnx("-w %s: not a number of seconds; allowed: 1 to %d", text,
	    SETTINGS_TIMEOUT_MAX);
	usage_error();
}

static const char *
parse_nick(const char *text)
{
	const char *why;

	if (settings_check_nick(text, &why) == 0)
		return text;
	warnx("-n %s: %s; allowed: " SETTINGS_NICK_FORM, text, why);
	usage_error();
}

static enum settings_color
parse_color(const char *text)
{
	static const char *const words[] = { [SETTINGS_AUTO] = "auto",
		[SETTINGS_ALWAYS] = "always",
		[SETTINGS_NEVER] = "never" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0)
			return (enum settings_color)i;
	warnx("--color=%s: not known; allowed: " SETTINGS_COLORS, text);
	usage_error();
}

static void
take_address(const char *from, const char *host, const char *port,
    struct address *address)
{
	const char *why;

	if (address_parse_words(host, port, address, &why) == 0)
		return;
	warnx("%s%s%s%s: %s; allowed: %s", from, host, port == NULL ? "" : " ",
	    port == NULL ? "" : port, why, ADDRESS_FORMS);
	usage_error();
}

static void
parse_address(int argc, char **argv, struct options *options)
{
	const char *environment = getenv("TCPRELAY");

	if (argc > 2) {
		warnx("%s: unexpected argument", argv[2]);
		usage_error();
	}
	if (argc > 0)
		take_address(
		    "", argv[0], argc > 1 ? argv[1] : NULL, &options->address);
	else if (environment != NULL && environment[0] != '\0')
		take_address(
		    "$TCPRELAY: ", environment, NULL, &options->address);
	else if (options->settings.address != NULL)
		take_address(
		    "", options->settings.address, NULL, &options->address);
	else
		take_address("", DEFAULT_ADDRESS, NULL, &options->address);
}

/* https://no-color.org: the variable counts when it is not empty. */
static bool
want_color(int64_t color)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (color != SETTINGS_AUTO)
		return color == SETTINGS_ALWAYS;
	return (no == NULL || no[0] == '\0') && term != NULL &&
	    strcmp(term, "dumb") != 0;
}

static const char short_options[] = "n:rsRw:46vhV";
static const struct option long_options[] = {
	{ "nick", required_argument, NULL, 'n' },
	{ "receive-only", no_argument, NULL, 'r' },
	{ "send-only", no_argument, NULL, 's' },
	{ "reconnect", no_argument, NULL, 'R' },
	{ "timeout", required_argument, NULL, 'w' },
	{ "ipv4", no_argument, NULL, '4' },
	{ "ipv6", no_argument, NULL, '6' },
	{ "color", required_argument, NULL, OPTION_COLOR },
	{ "timestamps", optional_argument, NULL, OPTION_TIMESTAMPS },
	{ "bell", no_argument, NULL, OPTION_BELL },
	{ "no-bell", no_argument, NULL, OPTION_NO_BELL },
	{ "no-reconnect", no_argument, NULL, OPTION_NO_RECONNECT },
	{ "secret-file", required_argument, NULL, OPTION_SECRET_FILE },
	{ "tls", no_argument, NULL, OPTION_TLS },
	{ "no-tls", no_argument, NULL, OPTION_NO_TLS },
	{ "ca", required_argument, NULL, OPTION_CA },
	{ "cert", required_argument, NULL, OPTION_CERT },
	{ "key", required_argument, NULL, OPTION_KEY },
	{ "insecure", no_argument, NULL, OPTION_INSECURE },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static void
take_option(int option, struct options *options)
{
	struct dial_options *dial = &options->session.dial;

	switch (option) {
	case 'n':
		options->session.nick = parse_nick(optarg);
		break;
	case 'r':
		options->session.receive_only = true;
		break;
	case 's':
		options->session.send_only = true;
		break;
	case 'R':
		options->session.reconnect = true;
		break;
	case 'w':
		dial->timeout_seconds = parse_timeout(optarg);
		break;
	case '4':
		dial->family = AF_INET;
		break;
	case '6':
		dial->family = AF_INET6;
		break;
	case OPTION_COLOR:
		options->settings.color = parse_color(optarg);
		break;
	case OPTION_TIMESTAMPS:
		options->display.timestamps =
		    optarg != NULL ? optarg : DEFAULT_TIMESTAMPS;
		break;
	case OPTION_BELL:
		options->display.bell = true;
		break;
	case OPTION_NO_BELL:
		options->display.bell = false;
		break;
	case OPTION_NO_RECONNECT:
		options->session.reconnect = false;
		break;
	case OPTION_SECRET_FILE:
		options->secret_file = optarg;
		break;
	case OPTION_TLS:
		options->wants_tls = true;
		break;
	case OPTION_NO_TLS:
		options->wants_tls = false;
		break;
	case OPTION_CA:
		options->files.ca = optarg;
		break;
	case OPTION_CERT:
		options->files.certificate = optarg;
		break;
	case OPTION_KEY:
		options->files.key = optarg;
		break;
	case OPTION_INSECURE:
		options->insecure = true;
		break;
	case 'v':
		options->session.verbose = true;
		break;
	case 'h':
		print_help();
		exit_shown();
	case 'V':
		printf("tcprelay %s\n", PACKAGE_VERSION);
		exit_shown();
	default:
		usage_error();
	}
}

/* The last thing of all: somebody may have to type it. */
static void
take_secret(struct options *options)
{
	const char *file = options->secret_file, *why;

	if (file == NULL)
		return;
	options->secret = strcmp(file, "-") == 0
	    ? prompt_secret(&why)
	    : secret_read(file, geteuid(), &why);
	if (options->secret == NULL)
		errx(EXIT_USAGE, "--secret-file %s: %s", file, why);
	options->session.secret = options->secret;
}

static void
use_settings(struct options *options)
{
	const struct settings *settings = &options->settings;

	options->session.nick = settings->nick;
	options->session.reconnect = settings->reconnect;
	options->session.dial.timeout_seconds = (int)settings->timeout_seconds;
	options->display.timestamps = settings->timestamps;
	options->display.bell = settings->bell;
	options->wants_tls = settings->tls;
	options->files.ca = settings->ca;
	options->files.certificate = settings->cert;
	options->files.key = settings->key;
}

/*
 * Who gives one of these thinks that it protects something. What is in the
 * configuration may wait there for --tls.
 */
static const char *
find_vain_option(const struct options *options)
{
	const struct tls_files *files = &options->files;
	const struct settings *settings = &options->settings;

	if (options->insecure)
		return "--insecure is for --tls";
	if (files->ca != settings->ca)
		return "--ca is for --tls";
	if (files->certificate != settings->cert)
		return "--cert is for --tls";
	if (files->key != settings->key)
		return "--key is for --tls";
	return NULL;
}

/* What of TLS makes no sense, or NULL. */
static const char *
find_tls_fault(const struct options *options)
{
	const struct tls_files *files = &options->files;

	if (!options->wants_tls)
		return find_vain_option(options);
	if (!tls_is_available())
		return "--tls: this tcprelay was built without it";
	if (options->address.family == ADDRESS_UNIX)
		return "--tls: not over a Unix socket, which needs none";
	if (files->key != NULL && files->certificate == NULL)
		return "--key needs --cert";
	if (options->insecure && files->ca != NULL)
		return "--ca and --insecure exclude each other";
	return NULL;
}

/* A key may be in the file of its certificate. */
static void
load_tls(struct options *options)
{
	const char *fault = find_tls_fault(options);
	struct tls_fault bad;

	if (fault != NULL) {
		warnx("%s", fault);
		usage_error();
	}
	if (!options->wants_tls)
		return;
	if (options->files.key == NULL)
		options->files.key = options->files.certificate;
	options->tls = tls_client_new(&options->files, options->insecure, &bad);
	if (options->tls == NULL)
		errx(EXIT_USAGE, "%s", bad.text);
	options->session.dial.tls = options->tls;
	if (options->insecure)
		warnx("--insecure: anybody could be the relay, and read and "
		      "change everything");
}

void
options_parse(int argc, char **argv, struct options *options)
{
	int option, loaded;

	*options = (struct options){ 0 };
	loaded = settings_load(&options->settings);
	use_settings(options);
	while ((option = getopt_long(
		    argc, argv, short_options, long_options, NULL)) != -1)
		take_option(option, options);
	/* Not before: somebody may need the help for it. */
	if (loaded == -1)
		exit(EXIT_USAGE);
	if (options->session.receive_only && options->session.send_only) {
		warnx("-r and -s leave nothing to do");
		usage_error();
	}
	options->display.color = want_color(options->settings.color);
	parse_address(argc - optind, argv + optind, options);
	load_tls(options);
	take_secret(options);
}

void
options_clear(struct options *options)
{
	secret_free(options->secret);
	settings_clear(&options->settings);
	tls_free(options->tls);
}
