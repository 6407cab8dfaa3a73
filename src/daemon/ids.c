/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/ids.h"

#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The number -1 stands for none in system calls, so it is not one. */
static int
parse_number(const char *text, id_t *number)
{
	size_t length = strspn(text, "0123456789");
	unsigned long value;

	if (length == 0 || length > 10 || text[length] != '\0')
		return -1;
	value = strtoul(text, NULL, 10);
	if (value >= UINT32_MAX)
		return -1;
	*number = (id_t)value;
	return 0;
}

int
ids_find_user(const char *text, uid_t *user)
{
	const struct passwd *account = getpwnam(text);

	if (account == NULL)
		return parse_number(text, user);
	*user = account->pw_uid;
	return 0;
}

int
ids_find_group(const char *text, gid_t *group)
{
	const struct group *entry = getgrnam(text);

	if (entry == NULL)
		return parse_number(text, group);
	*group = entry->gr_gid;
	return 0;
}

int
ids_check_user(const char *text, const char **why)
{
	uid_t user;

	if (ids_find_user(text, &user) == 0)
		return 0;
	*why = "there is no such user";
	return -1;
}

int
ids_check_account(const char *text, const char **why)
{
	if (getpwnam(text) != NULL)
		return 0;
	*why = "there is no such user";
	return -1;
}

int
ids_check_group(const char *text, const char **why)
{
	gid_t group;

	if (ids_find_group(text, &group) == 0)
		return 0;
	*why = "there is no such group";
	return -1;
}
