/* SPDX-License-Identifier: ISC */
/* Where a user's own files are: the XDG Base Directory Specification. */
#ifndef XDG_H
#define XDG_H

/*
 * A file of ours, for free(3): below the directory that the variable names, or
 * else below one in the user's home. NULL when neither is known.
 */
char *xdg_path(const char *variable, const char *in_home, const char *name);

#endif
