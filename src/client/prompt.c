/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/prompt.h"

#include "common/secret.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CTRL_C	    '\003'
#define EXIT_SIGINT (128 + SIGINT)

static bool
has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd == -1)
		return false;
	close(fd);
	return true;
}

/*
 * getpass(3) is said to be obsolete because it is not in POSIX any more; no
 * library here has what it does. It gives Ctrl-C as a character, so that the
 * terminal is never left without an echo.
 */
struct secret *
prompt_secret(const char **why)
{
	struct secret *secret;
	char *text;

	if (!has_terminal()) {
		*why = "there is no terminal to ask at";
		return NULL;
	}
	text = getpass("Secret: ");
	if (text == NULL) {
		*why = "it cannot be read from the terminal";
		return NULL;
	}
	if (strchr(text, CTRL_C) != NULL)
		exit(EXIT_SIGINT);
	secret = secret_new(text, strlen(text), why);
	if (secret == NULL)
		*why = "it has to have 1 to 1024 bytes";
	explicit_bzero(text, strlen(text));
	return secret;
}
