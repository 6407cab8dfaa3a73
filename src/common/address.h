/* SPDX-License-Identifier: ISC */
/*
 * Addresses as users write them, and the socket addresses that they stand
 * for. The forms are the same everywhere: HOST:PORT, [IPV6]:PORT, :PORT,
 * unix:/PATH.
 *
 * A struct address is a plain value and owns nothing.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ADDRESS_DEFAULT_PORT 7575
#define ADDRESS_FORMS	     "HOST:PORT, [IPV6]:PORT, :PORT or unix:/PATH"

/* Room for what address_format() and endpoint_format() write, NUL included. */
#define ADDRESS_TEXT_SIZE 320

enum address_family { ADDRESS_TCP, ADDRESS_UNIX };

struct address {
	enum address_family family;
	char host[256]; /* "": every address of this machine */
	in_port_t port; /* host byte order */
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
};

/* One socket address. */
struct endpoint {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} sa;
	socklen_t length;
};

/*
 * Parses text. Returns 0, or -1 with *why set to a static text that says what
 * is wrong.
 */
int address_parse(const char *text, struct address *address, const char **why);

/*
 * For a command line: as address_parse(), and also HOST alone (port NULL, the
 * default port is meant) and HOST and PORT as two words.
 */
int address_parse_words(const char *host, const char *port,
    struct address *address, const char **why);

/* Whether it is a Unix socket, or a loopback address in numbers. */
bool address_is_loopback(const struct address *address);
/* Whether only this machine can reach it: that, or "localhost". No other name
 * is looked up. */
bool address_is_local(const struct address *address);

/*
 * Whether both cannot be listened on at a time, as far as it can be told
 * without a look-up: they are the same, or one is every address, of IPv4
 * perhaps, with the same port.
 */
bool address_overlaps(
    const struct address *address, const struct address *other);

/* Writes the address as it is written, or as much of it as fits. */
void address_format(const struct address *address, char *text, size_t size);

/*
 * Finds the socket addresses to bind (passive) or to connect to, of one
 * address family or of all (AF_UNSPEC); blocks while a name is looked up.
 * "Every address" is the wildcard for a passive caller, loopback for another.
 * Returns 0 and a list that the caller frees with free(3), or -1 with *why set
 * as getaddrinfo(3) would put it.
 */
int address_resolve(const struct address *address, int family, int passive,
    struct endpoint **list, size_t *count, const char **why);

/* Whether what comes there crosses no network. */
bool endpoint_is_local(const struct sockaddr *sa);

/*
 * Writes a socket address in the forms above; an IPv4 address that is mapped
 * into IPv6 is written as the IPv4 address that it is.
 */
void endpoint_format(
    const struct sockaddr *sa, socklen_t length, char *text, size_t size);

#endif
