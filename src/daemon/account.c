/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/account.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>

bool
account_exists(const char *name)
{
	char *key = name_key(name);
	bool exists = getpwnam(key) != NULL ||
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
