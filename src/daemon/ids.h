/* SPDX-License-Identifier: ISC */
/* The numbers of users and groups, as settings name them: by name or number. */
#ifndef IDS_H
#define IDS_H

#include <sys/types.h>

/* Returns 0, or -1 when the system knows no such user or group. */
int ids_find_user(const char *text, uid_t *user);
int ids_find_group(const char *text, gid_t *group);

/* For the table of keys: 0, or -1 with *why. */
int ids_check_user(const char *text, const char **why);
int ids_check_account(const char *text, const char **why); /* a name */
int ids_check_group(const char *text, const char **why);

#endif
