/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "fake.h"

#include "harness.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Without a listener the port is still ours: a socket is bound to it, and no
 * other program gets it before the relay comes back.
 */
static void
keep_port(const struct sockaddr_in *in)
{
	static int kept = -1;
	int yes = 1;

	if (kept != -1)
		close(kept);
	kept = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(kept, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	assert_int_equal(bind(kept, (const void *)in, sizeof(*in)), 0);
}

int
fake_relay(char *address, size_t size, int backlog)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t length = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	if (address[0] != '\0')
		in.sin_port = htons(
		    (in_port_t)strtoul(strrchr(address, ':') + 1, NULL, 10));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	assert_int_equal(bind(fd, (const void *)&in, sizeof(in)), 0);
	getsockname(fd, (void *)&in, &length);
	/* Two can be bound to it as long as none listens. */
	keep_port(&in);
	assert_int_equal(listen(fd, backlog), 0);
	snprintf(address, size, "127.0.0.1:%u", ntohs(in.sin_port));
	return fd;
}

int
fake_accept(int server)
{
	int peer = accept4(server, NULL, NULL, SOCK_CLOEXEC);

	assert_int_not_equal(peer, -1);
	return peer;
}

void
fake_greet(int peer, const char *name)
{
	char line[128];

	snprintf(line, sizeof(line),
	    "*** you are %s in main; /help lists the commands\n", name);
	send_text(peer, line);
}
