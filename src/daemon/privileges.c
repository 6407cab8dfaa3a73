/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/privileges.h"

#include "common/log.h"
#include "daemon/conf.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* In this order. */
#define DEFAULT_USER	   "_tcprelay"
#define OTHER_DEFAULT_USER "nobody"

static int
fail(const char **why, const char *message)
{
	*why = message;
	return -1;
}

static int
log_failure(const char *call)
{
	log_error(
	    "cannot switch user call=%s error=\"%s\"", call, strerror(errno));
	return -1;
}

static void
set_account(struct account *account, const struct passwd *entry)
{
	snprintf(account->name, sizeof(account->name), "%s", entry->pw_name);
	account->user = entry->pw_uid;
	account->group = entry->pw_gid;
}

/* Returns -1 when there is no directory, or no name for its owner. */
static int
find_owner(const char *directory, struct account *account)
{
	const struct passwd *entry;
	struct stat st;

	if (directory == NULL || stat(directory, &st) == -1)
		return -1;
	entry = getpwuid(st.st_uid);
	if (entry == NULL)
		return -1;
	set_account(account, entry);
	return 0;
}

static int
find_default(const struct conf *conf, struct account *account, const char **why)
{
	static const char *const names[] = { DEFAULT_USER, OTHER_DEFAULT_USER };
	const struct passwd *entry;
	size_t i;

	if (find_owner(conf->history_directory, account) == 0)
		return 0;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		entry = getpwnam(names[i]);
		if (entry == NULL)
			continue;
		set_account(account, entry);
		return 0;
	}
	return fail(why,
	    "this is root, and there is none of the users that it would "
	    "switch to, " DEFAULT_USER ", " OTHER_DEFAULT_USER "; set user");
}

int
privileges_account(
    const struct conf *conf, struct account *account, const char **why)
{
	const struct passwd *entry;

	memset(account, 0, sizeof(*account));
	if (conf->user == NULL && geteuid() == 0)
		return find_default(conf, account, why);
	if (conf->user == NULL) {
		account->user = geteuid();
		account->group = getegid();
		return 0;
	}
	entry = getpwnam(conf->user);
	if (entry == NULL)
		return fail(why, "there is no such user");
	set_account(account, entry);
	if (geteuid() != 0 && geteuid() != account->user)
		return fail(why,
		    "only root can switch to another user; allowed: who starts "
		    "it");
	return 0;
}

/* Even those that setresuid() leaves: the inheritable ones. */
static int
clear_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return (int)syscall(SYS_capset, &header, none);
}

static bool
has_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
	size_t i;

	if (syscall(SYS_capget, &header, data) == -1)
		return true;
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		if ((data[i].effective | data[i].permitted |
			data[i].inheritable) != 0)
			return true;
	return false;
}

static bool
could_come_back(const struct account *account)
{
	uid_t real, effective, saved;

	if (setresuid((uid_t)-1, 0, (uid_t)-1) == 0 || setuid(0) == 0 ||
	    setgid(0) == 0)
		return true;
	return getresuid(&real, &effective, &saved) == -1 ||
	    real != account->user || effective != account->user ||
	    saved != account->user || has_capabilities();
}

/* Groups first: without root they could not be changed any more. */
static int
become(const struct account *account)
{
	if (initgroups(account->name, account->group) == -1)
		return log_failure("initgroups");
	if (setresgid(account->group, account->group, account->group) == -1)
		return log_failure("setresgid");
	if (setresuid(account->user, account->user, account->user) == -1)
		return log_failure("setresuid");
	if (clear_capabilities() == -1)
		return log_failure("capset");
	if (could_come_back(account)) {
		log_error("cannot switch user error=\"it could come back\"");
		return -1;
	}
	log_info("switched user user=%s uid=%u gid=%u", account->name,
	    (unsigned)account->user, (unsigned)account->group);
	return 0;
}

int
privileges_drop(const struct account *account)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return log_failure("PR_SET_NO_NEW_PRIVS");
	if (geteuid() != 0)
		return 0;
	if (account->user != 0)
		return become(account);
	log_warn("running as root, as user or the owner of history.directory "
		 "says");
	return 0;
}

void
privileges_forbid_dumps(void)
{
	static const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		log_warn("cannot forbid dumps error=\"%s\"", strerror(errno));
}
