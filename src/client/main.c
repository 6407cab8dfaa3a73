/* SPDX-License-Identifier: ISC */
/* tcprelay: what the user wants, set in motion. See tcprelay(1). */
#include "config.h"

#include "client/options.h"
#include "client/pipe.h"
#include "client/terminal.h"
#include "common/xmalloc.h"

#include <err.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/*
 * Lines are UTF-8, whatever the user's language is. readline looks into the
 * environment on its own.
 */
static void
set_locale(void)
{
	setlocale(LC_CTYPE, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setenv("LC_ALL", "C.UTF-8", 1);
	setlocale(LC_CTYPE, "");
	setlocale(LC_TIME, "");
}

static int
run(struct event_base *base, struct options *options)
{
	bool shown = isatty(STDOUT_FILENO);

	options->session.whole_lines = shown;
	if (shown && isatty(STDIN_FILENO) && !options->session.receive_only)
		return terminal_run(base, &options->address, &options->session,
		    &options->display);
	return pipe_run(base, &options->address, &options->session,
	    shown ? &options->display : NULL);
}

int
main(int argc, char **argv)
{
	struct options options;
	struct event_base *base;
	int result;

	open_standard_descriptors();
	set_locale();
	options_parse(argc, argv, &options);
	xmalloc_use_in_libevent();
	/* libevent writes to sockets without MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	base = new_base();
	result = run(base, &options);
	/* A bufferevent whose callback is due is freed after that only. */
	event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_free(base);
	options_clear(&options);
	return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
