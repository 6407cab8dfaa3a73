/* SPDX-License-Identifier: ISC */
/*
 * Which user the daemon runs as, and how it becomes that for good.
 *
 * Started as root, it binds its addresses and reads its secrets as root and
 * then switches to "user". Where that is not set it becomes the owner of
 * history.directory, for it has to write there, or else _tcprelay or, where
 * there is no such user, nobody. So it runs as root only if "user" says so, or
 * that directory is root's. Started as another user it stays that, and "user"
 * has to agree.
 */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <sys/types.h>

struct conf;

struct account {
	char name[256];
	uid_t user;
	gid_t group;
};

/*
 * Who the daemon is going to run as. Returns 0, or -1 with *why set to a static
 * text that says why it cannot be.
 */
int privileges_account(
    const struct conf *conf, struct account *account, const char **why);

/*
 * Becomes that account, with its groups and without any capability, and checks
 * that there is no way back. Nor could a program that it starts gain anything.
 * Returns 0, or -1, which is logged.
 */
int privileges_drop(const struct account *account);

/* Leaves no memory dump behind, in which a secret or a key could be found. */
void privileges_forbid_dumps(void);

#endif
