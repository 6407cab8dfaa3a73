/* SPDX-License-Identifier: ISC */
/*
 * tls_reference: what the kernel and OpenSSL alone cost. Reads what one client
 * has sent, as many records as fit a batch of tcprelayd's, and writes that to
 * each of the others in full records: it knows no lines, and waits for whoever
 * does not read. Prints the port it listens on at 127.0.0.1, and serves until
 * it is killed.
 */
#include "config.h"

#include "common/socket.h"
#include "common/tls.h"

#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH_BYTES 131072
#define EVENTS_MAX  256
#define CLIENTS_MAX 16384

/* By descriptor; those that are there are also listed. */
struct clients {
	struct ssl_st *sessions[CLIENTS_MAX];
	int fds[CLIENTS_MAX];
	int count;
};

static int
listen_on_free_port(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr *sa = (struct sockaddr *)&in;
	socklen_t length = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || bind(fd, sa, length) == -1 ||
	    listen(fd, SOMAXCONN) == -1 || getsockname(fd, sa, &length) == -1)
		err(EXIT_FAILURE, "listen");
	printf("%u\n", (unsigned)ntohs(in.sin_port));
	fflush(stdout);
	return fd;
}

static void
watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1)
		err(EXIT_FAILURE, "epoll_ctl");
}

static void
accept_one(struct clients *clients, const struct tls *tls, int epoll, int door)
{
	int fd = accept(door, NULL, NULL), on = 1;

	if (fd == -1 || fd >= CLIENTS_MAX)
		err(EXIT_FAILURE, "accept");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	clients->sessions[fd] = tls_accept(tls, fd);
	/* The load looks first whether there is somebody at all. */
	if (tls_handshake(clients->sessions[fd]) == -1) {
		tls_session_free(clients->sessions[fd]);
		close(fd);
		return;
	}
	clients->fds[clients->count++] = fd;
	watch(epoll, fd);
}

static void
send_all(struct ssl_st *session, const char *bytes, size_t length)
{
	size_t part;

	for (; length > 0; length -= part, bytes += part) {
		part = length < TLS_RECORD_BYTES ? length : TLS_RECORD_BYTES;
		(void)tls_write(session, bytes, part);
	}
}

static void
relay(struct clients *clients, int from, char *batch)
{
	size_t length = 0;
	ssize_t got;
	int i;

	do {
		got = tls_read(clients->sessions[from], batch + length,
		    BATCH_BYTES - length);
		/* The load has ended. */
		if (got <= 0)
			exit(EXIT_SUCCESS);
		length += (size_t)got;
	} while (
	    length + TLS_RECORD_BYTES <= BATCH_BYTES && socket_has_input(from));
	for (i = 0; i < clients->count; i++)
		if (clients->fds[i] != from)
			send_all(
			    clients->sessions[clients->fds[i]], batch, length);
}

int
main(int argc, char **argv)
{
	static struct clients clients;
	static char batch[BATCH_BYTES];
	struct epoll_event events[EVENTS_MAX];
	int epoll = epoll_create1(0), door, count, i;
	struct tls_files files = { 0 };
	struct tls_fault fault;
	struct tls *tls;

	if (argc != 3)
		errx(2, "usage: tls_reference CERTIFICATE KEY");
	files.certificate = argv[1];
	files.key = argv[2];
	tls = tls_server_new(&files, &fault);
	if (tls == NULL)
		errx(2, "%s", fault.text);
	signal(SIGPIPE, SIG_IGN);
	door = listen_on_free_port();
	watch(epoll, door);
	while ((count = epoll_wait(epoll, events, EVENTS_MAX, -1)) != -1)
		for (i = 0; i < count; i++) {
			int fd = events[i].data.fd;

			if (fd == door)
				accept_one(&clients, tls, epoll, door);
			else
				relay(&clients, fd, batch);
		}
	err(EXIT_FAILURE, "epoll_wait");
}
