/* SPDX-License-Identifier: ISC */
/*
 * reference: what the kernel alone costs. Reads 64 KiB at most of one client,
 * sends that to each of the others, and that is all: it knows no lines, and
 * waits for whoever does not read. Prints the port it listens on at 127.0.0.1,
 * which is the argument or else a free one, and serves until it is killed.
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES  65536
#define EVENTS_MAX  256
#define CLIENTS_MAX 65536

/* Descriptors of all clients; and, by descriptor, the index of each. */
struct clients {
	int fds[CLIENTS_MAX];
	int index[CLIENTS_MAX];
	int count;
};

static _Noreturn void
fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void
raise_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur =
	    limit.rlim_max < CLIENTS_MAX ? limit.rlim_max : CLIENTS_MAX;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int
listen_on(uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	struct sockaddr *sa = (struct sockaddr *)&in;
	socklen_t length = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    bind(fd, sa, length) == -1 || listen(fd, SOMAXCONN) == -1 ||
	    getsockname(fd, sa, &length) == -1)
		fail("reference: listen");
	printf("%u\n", (unsigned)ntohs(in.sin_port));
	fflush(stdout);
	return fd;
}

static void
watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1)
		fail("reference: epoll_ctl");
}

static void
accept_all(struct clients *clients, int epoll, int listener)
{
	int fd, on = 1;

	while ((fd = accept(listener, NULL, NULL)) != -1) {
		if (fd >= CLIENTS_MAX) {
			close(fd);
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		clients->index[fd] = clients->count;
		clients->fds[clients->count++] = fd;
		watch(epoll, fd);
	}
}

static void
remove_client(struct clients *clients, int fd)
{
	int last = clients->fds[--clients->count];

	clients->fds[clients->index[fd]] = last;
	clients->index[last] = clients->index[fd];
	close(fd);
}

static void
relay(struct clients *clients, int from, char *buffer)
{
	ssize_t length = recv(from, buffer, READ_BYTES, MSG_DONTWAIT);
	int i;

	if (length <= 0) {
		remove_client(clients, from);
		return;
	}
	for (i = 0; i < clients->count; i++)
		/* Who is gone is noticed when it is read from. */
		if (clients->fds[i] != from)
			(void)send(clients->fds[i], buffer, (size_t)length,
			    MSG_NOSIGNAL);
}

int
main(int argc, char **argv)
{
	static struct clients clients;
	static char buffer[READ_BYTES];
	struct epoll_event events[EVENTS_MAX];
	int epoll = epoll_create1(0), listener, count, i;

	raise_limit();
	listener =
	    listen_on(argc > 1 ? (uint16_t)strtoul(argv[1], NULL, 10) : 0);
	watch(epoll, listener);
	while ((count = epoll_wait(epoll, events, EVENTS_MAX, -1)) != -1) {
		for (i = 0; i < count; i++) {
			if (events[i].data.fd == listener)
				accept_all(&clients, epoll, listener);
			else
				relay(&clients, events[i].data.fd, buffer);
		}
	}
	fail("reference: epoll_wait");
}
