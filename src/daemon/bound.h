/* SPDX-License-Identifier: ISC */
/*
 * One socket that is bound and queues connections, and the file that a Unix
 * socket leaves. The caller keeps the struct; bound_clear() closes the socket
 * and removes the file. One that somebody else has bound stays as it is.
 */
#ifndef BOUND_H
#define BOUND_H

#include "common/address.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct bound {
	int fd;
	char *path;	  /* of a Unix socket that was bound here, or NULL */
	struct stat file; /* what it was then */
	size_t *users;	  /* of one that is somebody else's, or NULL */
	char name[ADDRESS_TEXT_SIZE]; /* the address that it got */
};

/*
 * Binds the address. permissions of a Unix socket, or CONF_NO_PERMISSIONS; its
 * group, or NULL.
 * Returns 0, or -1 and errno, and then nothing is left of it.
 *
 * Of this and the functions below the error is ESTALE when somebody has put
 * another file in the place of the socket: that one is left alone.
 */
int bound_open(struct bound *bound, const struct endpoint *endpoint,
    int64_t permissions, const char *group);

/*
 * The same for a socket that somebody else has bound and listens on, and is
 * going to close; *users counts those who have taken it.
 */
void bound_take(struct bound *bound, int fd, size_t *users);

/* Changes who may use a Unix socket. Returns 0, or -1 and errno. */
int bound_set_permissions(
    const struct bound *bound, int64_t permissions, const char *group);

/*
 * Gives the file of a Unix socket to the user that the process is going to be,
 * so that it can change and, where the directory lets it, remove it then; and
 * to its group, unless it was given to another. Returns 0, or -1 and errno.
 */
int bound_give(const struct bound *bound, uid_t user, gid_t group);

void bound_clear(struct bound *bound);

#endif
