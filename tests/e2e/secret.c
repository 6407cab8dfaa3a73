/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "harness.h"
#include "secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct secret_file
secret_make(const char *content, mode_t mode, const char *conf)
{
	struct secret_file secret;

	strcpy(secret.directory, "/tmp/tcprelay-access.XXXXXX");
	assert_non_null(mkdtemp(secret.directory));
	assert_int_equal(chmod(secret.directory, 0755), 0);
	snprintf(
	    secret.path, sizeof(secret.path), "%s/secret", secret.directory);
	write_file(secret.path, content, strlen(content));
	assert_int_equal(chmod(secret.path, mode), 0);
	give_to_daemon(secret.path);
	snprintf(secret.conf, sizeof(secret.conf),
	    "listen = \"127.0.0.1:0\";\n"
	    "access = { secret_file = \"%s\"; };\n%s",
	    secret.path, conf);
	return secret;
}

void
secret_remove(const struct secret_file *secret)
{
	unlink(secret->path);
	rmdir(secret->directory);
}

struct relay *
secret_start(const char *conf)
{
	struct secret_file secret = secret_make("sesame\n", 0600, conf);
	struct relay *relay = relay_start(secret.conf, 1);

	secret_remove(&secret);
	return relay;
}
