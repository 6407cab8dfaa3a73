/* SPDX-License-Identifier: ISC */
/* A file with a secret, in a directory of its own, for a daemon to read. */
#ifndef SECRET_H
#define SECRET_H

#include <sys/types.h>

#define SECRET_CONF_SIZE 1024

struct relay;

struct secret_file {
	char directory[64], path[96];
	char conf[SECRET_CONF_SIZE]; /* that makes a daemon ask for it */
};

/* The daemon may read it if the mode lets its owner; conf goes into conf. */
struct secret_file secret_make(
    const char *content, mode_t mode, const char *conf);
void secret_remove(const struct secret_file *secret);

/* A daemon whose secret is "sesame", in a file that is gone by now. */
struct relay *secret_start(const char *conf);

#endif
