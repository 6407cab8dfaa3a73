/* SPDX-License-Identifier: ISC */
/*
 * From an address to accepted sockets. A listener is everything that one
 * entry of "listen" stands for: a socket for each address that a name has.
 * Freeing it closes its sockets and removes the file of a Unix socket.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/socket.h>

struct conf_listen;
struct gate;
struct inherited;
struct listener;
struct spare;
struct stats;

/* For those who come in there; good during a listener_accept(). */
struct listener_rules {
	const char *room;
	const struct gate *gate; /* NULL: everybody may */
	bool tls;
};

/* Takes over an accepted, non-blocking socket. */
typedef void listener_accept(int fd, const struct sockaddr *peer,
    socklen_t peer_length, const struct listener_rules *rules, void *arg);

/* What all listeners of a daemon have in common. All of it is borrowed. */
struct listener_shared {
	struct event_base *base;
	struct inherited *inherited;
	struct spare *spare;
	struct stats *stats;
	listener_accept *accept;
	void *arg;
};

/*
 * Binds every address, or takes the socket that is bound to it already, and
 * queues its connections; none is accepted before listener_start(). Returns
 * NULL when any of them failed, which is logged, and then nothing is left of
 * it.
 */
struct listener *listener_new(
    const struct listener_shared *shared, const struct conf_listen *conf);

/* Accepts, and logs where. */
void listener_start(struct listener *listener);

/*
 * The name of a socket of it that other machines can reach, or NULL; it need
 * not be what the settings say, where it is systemd's.
 */
const char *listener_open_address(const struct listener *listener);

/* Whether it was made for this address, as the user wrote it, and name. */
bool listener_is_for(
    const struct listener *listener, const struct conf_listen *conf);

/*
 * Takes over settings for the same address; they are for newcomers. Makes a
 * Unix socket anew whose file is gone. What fails is logged.
 */
void listener_update(struct listener *listener, const struct conf_listen *conf);

/* Logs that a reload has taken it away. */
void listener_report_end(const struct listener *listener);

/* As bound_give() for its Unix sockets; what fails is logged. */
void listener_give(const struct listener *listener, uid_t user, gid_t group);

/* Stops accepting and frees; NULL is allowed. */
void listener_free(struct listener *listener);

#endif
