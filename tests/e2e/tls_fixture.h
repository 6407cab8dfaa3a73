/* SPDX-License-Identifier: ISC */
/*
 * What the tests of TLS begin with: certificates, made once for a group in a
 * directory that goes in the end, and a daemon that has one.
 */
#ifndef TLS_FIXTURE_H
#define TLS_FIXTURE_H

#include "harness.h"
#include "tls_peer.h"

/*
 * Certificates and keys, as NAME.pem and NAME.key: server, for localhost and
 * 127.0.0.1, heavy, the same with RSA, other, for other.example, and old, which
 * has expired; person,
 * mailbox, former and future for clients; stranger, by an authority that nobody
 * knows.
 */
struct test_files {
	char directory[64], authority[96];
};

/* For cmocka_run_group_tests(); the state of a group is a struct test_files. */
int tls_set_up(void **state);
int tls_tear_down(void **state);

/*
 * A relay with TLS on its first listener, and a plain Unix socket. tls and rest
 * are added to its configuration, within the group tls and after it.
 */
struct relay *tls_relay_start(
    const struct test_files *files, const char *tls, const char *rest);
/* The same with another certificate. */
struct relay *tls_relay_start_as(const struct test_files *files,
    const char *name, const char *tls, const char *rest);
/* A member over TLS, and one over the Unix socket. */
struct tls_peer *tls_join(struct relay *relay, const struct test_files *files);
int tls_join_plain(struct relay *relay);

/* The next connection that ends does for this reason. */
void tls_expect_closed(struct relay *relay, const char *reason);

#endif
