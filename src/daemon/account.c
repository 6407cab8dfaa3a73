/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/account.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * getpwnam(3) finds no Debian-exim by the key debian-exim, and, where no more
 * files can be opened, no account at all.
 */
static bool
may_be_local(const char *key)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *account;
	bool found = false;

	if (file == NULL)
		return errno != ENOENT;
	while (!found && (account = fgetpwent(file)) != NULL)
		found = strcasecmp(account->pw_name, key) == 0;
	fclose(file);
	return found;
}

bool
account_exists(const char *name)
{
	char *key = name_key(name);
	bool exists = may_be_local(key) || getpwnam(key) != NULL ||
	    (strcmp(key, name) != 0 && getpwnam(name) != NULL);

	free(key);
	return exists;
}

int
account_name(char name[NAME_SIZE], uid_t uid)
{
	const struct passwd *account = getpwuid(uid);

	return account == NULL ? -1 : name_make(name, account->pw_name);
}
