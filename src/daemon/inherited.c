/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/inherited.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "daemon/bound.h"

#include <event2/util.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#else
#define SD_LISTEN_FDS_START 3

static int
sd_listen_fds_with_names(int unset, char ***names)
{
	(void)unset;
	(void)names;
	return 0;
}
#endif

struct inherited_socket {
	int fd;
	char *name;
	char address[ADDRESS_TEXT_SIZE];
	size_t users; /* who accept from it */
};

struct inherited {
	struct inherited_socket *sockets;
	size_t count;
};

/* A socket that blocked would hold up everybody when a peer is gone again. */
static int
prepare(const struct inherited_socket *one)
{
	int type = 0, listens = 0;
	socklen_t length = sizeof(int);

	if (getsockopt(one->fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
	    getsockopt(one->fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) ==
		0 &&
	    type == SOCK_STREAM && listens) {
		evutil_make_socket_nonblocking(one->fd);
		return 0;
	}
	log_error("inherited descriptor is no stream socket that listens "
		  "name=%s",
	    LOG_VALUE(one->name));
	return -1;
}

struct inherited *
inherited_new(void)
{
	struct inherited *inherited = xcalloc(1, sizeof(*inherited));
	char **names = NULL;
	int i, count = sd_listen_fds_with_names(1, &names), result = 0;
	struct bound bound;

	if (count < 0) {
		log_warn("no sockets of systemd: %s", strerror(-count));
		count = 0;
	}
	inherited->count = (size_t)count;
	inherited->sockets =
	    xcalloc((size_t)count, sizeof(*inherited->sockets));
	for (i = 0; i < count; i++) {
		struct inherited_socket *one = &inherited->sockets[i];

		one->fd = SD_LISTEN_FDS_START + i;
		one->name = names[i];
		result |= prepare(one);
		bound_take(&bound, one->fd, &one->users);
		strcpy(one->address, bound.name);
		bound_clear(&bound);
	}
	free(names);
	if (result == 0)
		return inherited;
	inherited_free(inherited);
	return NULL;
}

size_t
inherited_count(const struct inherited *inherited, const char *name)
{
	size_t i, count = 0;

	for (i = 0; i < inherited->count; i++)
		if (strcmp(inherited->sockets[i].name, name) == 0)
			count++;
	return count;
}

static int
take(struct inherited_socket *one, struct bound *bound)
{
	bound_take(bound, one->fd, &one->users);
	return 0;
}

int
inherited_take_name(struct inherited *inherited, const char *name,
    size_t number, struct bound *bound)
{
	size_t i;

	for (i = 0; i < inherited->count; i++)
		if (strcmp(inherited->sockets[i].name, name) == 0 &&
		    number-- == 0)
			return take(&inherited->sockets[i], bound);
	return -1;
}

int
inherited_take_address(
    struct inherited *inherited, const char *address, struct bound *bound)
{
	size_t i;

	for (i = 0; i < inherited->count; i++)
		if (strcmp(inherited->sockets[i].address, address) == 0)
			return take(&inherited->sockets[i], bound);
	return -1;
}

size_t
inherited_report_unused(const struct inherited *inherited)
{
	size_t i, unused = 0;

	for (i = 0; i < inherited->count; i++) {
		const struct inherited_socket *one = &inherited->sockets[i];

		if (one->users > 0)
			continue;
		unused++;
		log_error("a socket of systemd is nowhere in listen "
			  "address=%s name=%s",
		    LOG_VALUE(one->address), LOG_VALUE(one->name));
	}
	return unused;
}

void
inherited_free(struct inherited *inherited)
{
	size_t i;

	if (inherited == NULL)
		return;
	for (i = 0; i < inherited->count; i++) {
		close(inherited->sockets[i].fd);
		free(inherited->sockets[i].name);
	}
	free(inherited->sockets);
	free(inherited);
}
