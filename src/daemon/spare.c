/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/spare.h"

#include "common/xmalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURNED_AWAY_MAX 64

struct spare {
	int fd; /* -1: another process was quicker */
};

static void
take_back(struct spare *spare)
{
	if (spare->fd == -1)
		spare->fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
give_up(struct spare *spare)
{
	if (spare->fd != -1)
		close(spare->fd);
	spare->fd = -1;
}

struct spare *
spare_new(void)
{
	struct spare *spare = xmalloc(sizeof(*spare));

	spare->fd = -1;
	take_back(spare);
	return spare;
}

void
spare_free(struct spare *spare)
{
	if (spare == NULL)
		return;
	give_up(spare);
	free(spare);
}

int
spare_turn_away(struct spare *spare, int listening)
{
	static const char message[] = "tcprelayd: too many open files\n";
	int fd, count = 0;

	while (count < TURNED_AWAY_MAX) {
		give_up(spare);
		fd = accept4(
		    listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd == -1 && errno != EAGAIN && count == 0)
			count = -1;
		if (fd == -1)
			break;
		send(fd, message, sizeof(message) - 1, MSG_NOSIGNAL);
		close(fd);
		count++;
	}
	take_back(spare);
	return count;
}
