/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/bound.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "daemon/conf.h"
#include "daemon/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A socket file that nobody listens on was left by a process that died. */
static void
remove_stale(const struct endpoint *endpoint)
{
	struct stat st;
	int fd;

	if (lstat(endpoint->sa.un.sun_path, &st) == -1 || !S_ISSOCK(st.st_mode))
		return;
	/* A living one with a full queue says EAGAIN. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	if (connect(fd, &endpoint->sa.any, endpoint->length) == -1 &&
	    errno == ECONNREFUSED) {
		log_info("removed stale socket path=\"%s\"",
		    endpoint->sa.un.sun_path);
		unlink(endpoint->sa.un.sun_path);
	}
	close(fd);
}

static int
set_flag(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

/* [::] takes IPv4 as well, whatever net.ipv6.bindv6only says. */
static int
prepare(int fd, const struct endpoint *endpoint)
{
	if (set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1) == -1)
		return -1;
	if (endpoint->sa.any.sa_family != AF_INET6)
		return 0;
	return set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
}

static bool
is_own(const struct bound *bound, const struct stat *st)
{
	return st->st_dev == bound->file.st_dev &&
	    st->st_ino == bound->file.st_ino;
}

/*
 * The file itself, to be changed by the descriptor. Who may write to the
 * directory can put another file in its place at any time, a link or a second
 * name of one that is not theirs; root must not change that for them.
 */
static int
open_file(const struct bound *bound, struct stat *st)
{
	int file = open(bound->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (file == -1)
		return -1;
	if (fstat(file, st) == 0 && S_ISSOCK(st->st_mode) &&
	    st->st_nlink == 1 && is_own(bound, st))
		return file;
	close(file);
	errno = ESTALE;
	return -1;
}

static int
set_owner(int file, uid_t user, gid_t group)
{
	return fchownat(file, "", user, group, AT_EMPTY_PATH);
}

/* fchmod(2) does not take what O_PATH has opened. */
static int
set_mode(int file, mode_t mode)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(file)];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	return chmod(path, mode);
}

static int
set_group(int file, const struct stat *st, const char *group)
{
	gid_t number;

	if (ids_find_group(group, &number) == -1) {
		errno = EINVAL;
		return -1;
	}
	return number == st->st_gid ? 0 : set_owner(file, (uid_t)-1, number);
}

/* The group first: it must not have for a moment what the old one had. */
static int
change(int file, const struct stat *st, int64_t permissions, const char *group)
{
	if (group != NULL && set_group(file, st, group) == -1)
		return -1;
	if (permissions == CONF_NO_PERMISSIONS ||
	    (st->st_mode & 0777) == (mode_t)permissions)
		return 0;
	return set_mode(file, (mode_t)permissions);
}

int
bound_set_permissions(
    const struct bound *bound, int64_t permissions, const char *group)
{
	struct stat st;
	int file, result;

	if (bound->path == NULL)
		return 0;
	file = open_file(bound, &st);
	if (file == -1)
		return -1;
	result = change(file, &st, permissions, group);
	close(file);
	return result;
}

/*
 * The file is made with its permissions. The mask is that of the process, which
 * has only this thread.
 */
static int
bind_with_permissions(
    int fd, const struct endpoint *endpoint, int64_t permissions)
{
	mode_t old;
	int result;

	if (permissions == CONF_NO_PERMISSIONS)
		return bind(fd, &endpoint->sa.any, endpoint->length);
	old = umask(~(mode_t)permissions & 0777);
	result = bind(fd, &endpoint->sa.any, endpoint->length);
	umask(old);
	return result;
}

static int
bind_unix(struct bound *bound, const struct endpoint *endpoint,
    int64_t permissions, const char *group)
{
	const char *path = endpoint->sa.un.sun_path;

	remove_stale(endpoint);
	if (bind_with_permissions(bound->fd, endpoint, permissions) == -1)
		return -1;
	bound->path = xstrdup(path);
	lstat(path, &bound->file);
	/* Nobody can connect before listen(2), so this is in time. */
	return bound_set_permissions(bound, permissions, group);
}

static int
bind_tcp(struct bound *bound, const struct endpoint *endpoint)
{
	if (prepare(bound->fd, endpoint) == -1)
		return -1;
	return bind(bound->fd, &endpoint->sa.any, endpoint->length);
}

static void
set_name(struct bound *bound)
{
	struct endpoint own = { .length = sizeof(own.sa) };

	getsockname(bound->fd, &own.sa.any, &own.length);
	endpoint_format(
	    &own.sa.any, own.length, bound->name, sizeof(bound->name));
}

int
bound_open(struct bound *bound, const struct endpoint *endpoint,
    int64_t permissions, const char *group)
{
	int family = endpoint->sa.any.sa_family, result, error;

	memset(bound, 0, sizeof(*bound));
	bound->fd =
	    socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bound->fd == -1)
		return -1;
	result = family == AF_UNIX
	    ? bind_unix(bound, endpoint, permissions, group)
	    : bind_tcp(bound, endpoint);
	if (result == 0 && listen(bound->fd, SOMAXCONN) == 0) {
		set_name(bound);
		return 0;
	}
	error = errno;
	bound_clear(bound);
	errno = error;
	return -1;
}

void
bound_take(struct bound *bound, int fd, size_t *users)
{
	memset(bound, 0, sizeof(*bound));
	bound->fd = fd;
	bound->users = users;
	++*users;
	set_name(bound);
}

int
bound_give(const struct bound *bound, uid_t user, gid_t group)
{
	struct stat st;
	int file, result;

	if (bound->path == NULL)
		return 0;
	file = open_file(bound, &st);
	if (file == -1)
		return -1;
	result =
	    set_owner(file, user, st.st_gid == getegid() ? group : (gid_t)-1);
	close(file);
	return result;
}

/*
 * After root was given up, the directory may be one in which the file cannot be
 * removed. It is stale then, and the next start removes it.
 */
static void
remove_file(const char *path)
{
	if (unlink(path) == -1)
		log_info("left the socket to the next start path=\"%s\" "
			 "error=\"%s\"",
		    path, strerror(errno));
}

void
bound_clear(struct bound *bound)
{
	struct stat st;

	/* Another daemon may have put its own in the place. */
	if (bound->path != NULL && lstat(bound->path, &st) == 0 &&
	    is_own(bound, &st))
		remove_file(bound->path);
	free(bound->path);
	bound->path = NULL;
	if (bound->users != NULL)
		--*bound->users;
	else
		close(bound->fd);
}
