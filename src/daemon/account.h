/* SPDX-License-Identifier: ISC */
/*
 * The accounts of this machine: whose names nobody else may bear. Asks the
 * system each time, as getpwnam(3) does; where that asks a directory server, it
 * waits for it.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include "daemon/name.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether an account has that name, or one that is the same as a name. Where
 * that cannot be found out, for want of descriptors, any name may be one.
 */
bool account_exists(const char *name);

/*
 * The account of a user as a name. Returns 0, or -1 when there is none, or its
 * name cannot be one.
 */
int account_name(char name[NAME_SIZE], uid_t uid);

#endif
