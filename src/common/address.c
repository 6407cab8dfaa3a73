/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/address.h"

#include "common/xmalloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIX_PREFIX "unix:"

static int
fail(const char **why, const char *message)
{
	*why = message;
	return -1;
}

static int
parse_port(const char *text, in_port_t *port, const char **why)
{
	unsigned long value = 0;
	const char *digit;

	if (*text == '\0')
		return fail(why, "the port is missing");
	for (digit = text; *digit != '\0'; digit++) {
		if (*digit < '0' || *digit > '9')
			return fail(why, "the port is not a number");
		value = value * 10 + (unsigned long)(*digit - '0');
		if (value > UINT16_MAX)
			return fail(why, "the port is over 65535");
	}
	*port = (in_port_t)value;
	return 0;
}

static int
set_host(
    struct address *address, const char *host, size_t length, const char **why)
{
	if (length >= sizeof(address->host))
		return fail(why, "the host name is too long");
	/* getaddrinfo(3) takes it for every address. */
	if (length == 1 && host[0] == '*')
		return fail(why, "every address is written as :PORT");
	if (memchr(host, '[', length) != NULL ||
	    memchr(host, ']', length) != NULL)
		return fail(why, "[ and ] go around an IPv6 address");
	memcpy(address->host, host, length);
	address->host[length] = '\0';
	return 0;
}

static int
parse_unix(const char *path, struct address *address, const char **why)
{
	if (path[0] != '/')
		return fail(why, "the path of a Unix socket begins with /");
	if (strlen(path) >= sizeof(address->path))
		return fail(why, "the path of the Unix socket is too long");
	address->family = ADDRESS_UNIX;
	strcpy(address->path, path);
	return 0;
}

/* With a zone or without, "fe80::1%eth0". */
static bool
is_ipv6(const char *host, size_t length)
{
	char number[INET6_ADDRSTRLEN];
	struct in6_addr in6;
	size_t end = 0;

	while (end < length && host[end] != '%')
		end++;
	if (end >= sizeof(number))
		return false;
	memcpy(number, host, end);
	number[end] = '\0';
	return inet_pton(AF_INET6, number, &in6) == 1;
}

int
address_parse(const char *text, struct address *address, const char **why)
{
	const char *colon = strrchr(text, ':');
	const char *host = text;
	size_t length;

	memset(address, 0, sizeof(*address));
	if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
		return parse_unix(text + strlen(UNIX_PREFIX), address, why);
	if (colon == NULL)
		return fail(why, "the port is missing");
	length = (size_t)(colon - text);
	if (text[0] == '[') {
		if (length < 3 || colon[-1] != ']' ||
		    !is_ipv6(text + 1, length - 2))
			return fail(why, "[ needs IPV6]:PORT after it");
		host++;
		length -= 2;
	} else if (memchr(text, ':', length) != NULL) {
		return fail(why, "an IPv6 address needs [ ] around it");
	}
	if (set_host(address, host, length, why) == -1)
		return -1;
	return parse_port(colon + 1, &address->port, why);
}

int
address_parse_words(const char *host, const char *port, struct address *address,
    const char **why)
{
	size_t length = strlen(host);
	bool bracketed =
	    length > 2 && host[0] == '[' && host[length - 1] == ']';
	const char *name = host + bracketed;
	bool alone;

	length -= 2 * (size_t)bracketed;
	alone = memchr(name, ':', length) == NULL || is_ipv6(name, length);
	if (port == NULL && !alone)
		return address_parse(host, address, why);
	if (!alone)
		return fail(why, "what a port follows has to be a host alone");
	if (length == 0)
		return fail(why, "the host is missing");
	memset(address, 0, sizeof(*address));
	address->port = ADDRESS_DEFAULT_PORT;
	if (set_host(address, name, length, why) == -1)
		return -1;
	return port == NULL ? 0 : parse_port(port, &address->port, why);
}

static bool
is_loopback(in_addr_t ip)
{
	return ntohl(ip) >> 24 == IN_LOOPBACKNET;
}

bool
address_is_loopback(const struct address *address)
{
	struct in6_addr in6;
	struct in_addr in;

	if (address->family == ADDRESS_UNIX)
		return true;
	if (inet_pton(AF_INET, address->host, &in) == 1)
		return is_loopback(in.s_addr);
	return inet_pton(AF_INET6, address->host, &in6) == 1 &&
	    IN6_IS_ADDR_LOOPBACK(&in6);
}

bool
address_is_local(const struct address *address)
{
	return address_is_loopback(address) ||
	    strcmp(address->host, "localhost") == 0;
}

/* Of IPv4 and IPv6: one socket takes both. */
static bool
is_every_address(const char *host)
{
	return host[0] == '\0' || strcmp(host, "::") == 0;
}

/* 0.0.0.0 is every address of IPv4 only. */
static bool
overlap_in_ipv4(const char *host, const char *other)
{
	struct in_addr in, other_in;

	return inet_pton(AF_INET, host, &in) == 1 &&
	    inet_pton(AF_INET, other, &other_in) == 1 &&
	    (in.s_addr == INADDR_ANY || other_in.s_addr == INADDR_ANY);
}

bool
address_overlaps(const struct address *address, const struct address *other)
{
	if (address->family != other->family)
		return false;
	if (address->family == ADDRESS_UNIX)
		return strcmp(address->path, other->path) == 0;
	if (address->port == 0 || address->port != other->port)
		return false;
	return is_every_address(address->host) ||
	    is_every_address(other->host) ||
	    overlap_in_ipv4(address->host, other->host) ||
	    strcasecmp(address->host, other->host) == 0;
}

bool
endpoint_is_local(const struct sockaddr *sa)
{
	const struct sockaddr_in *in = (const void *)sa;
	const struct sockaddr_in6 *in6 = (const void *)sa;

	switch (sa->sa_family) {
	case AF_UNIX:
		return true;
	case AF_INET:
		return is_loopback(in->sin_addr.s_addr);
	case AF_INET6:
		return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	default:
		return false;
	}
}

void
address_format(const struct address *address, char *text, size_t size)
{
	unsigned port = address->port;

	if (address->family == ADDRESS_UNIX)
		snprintf(text, size, UNIX_PREFIX "%s", address->path);
	else if (strchr(address->host, ':') != NULL)
		snprintf(text, size, "[%s]:%u", address->host, port);
	else
		snprintf(text, size, "%s:%u", address->host, port);
}

static void
resolve_unix(
    const struct address *address, struct endpoint **list, size_t *count)
{
	struct endpoint *only = xcalloc(1, sizeof(*only));

	only->sa.un.sun_family = AF_UNIX;
	strcpy(only->sa.un.sun_path, address->path);
	only->length = sizeof(only->sa.un);
	*list = only;
	*count = 1;
}

int
address_resolve(const struct address *address, int family, int passive,
    struct endpoint **list, size_t *count, const char **why)
{
	struct addrinfo hints = {
		.ai_family = family,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0),
	};
	struct addrinfo *found, *ai;
	char port[sizeof("65535")];
	int error;

	if (address->family == ADDRESS_UNIX) {
		resolve_unix(address, list, count);
		return 0;
	}
	snprintf(port, sizeof(port), "%u", (unsigned)address->port);
	error = getaddrinfo(address->host[0] == '\0' ? NULL : address->host,
	    port, &hints, &found);
	if (error != 0)
		return fail(why,
		    error == EAI_SYSTEM ? strerror(errno)
					: gai_strerror(error));
	*count = 0;
	for (ai = found; ai != NULL; ai = ai->ai_next)
		(*count)++;
	*list = xcalloc(*count, sizeof(**list));
	*count = 0;
	for (ai = found; ai != NULL; ai = ai->ai_next) {
		struct endpoint *one = &(*list)[*count];

		if (ai->ai_addrlen > sizeof(one->sa))
			continue;
		memcpy(&one->sa, ai->ai_addr, ai->ai_addrlen);
		one->length = ai->ai_addrlen;
		(*count)++;
	}
	freeaddrinfo(found);
	return 0;
}

static void
format_mapped(const struct sockaddr_in6 *in6, char *text, size_t size)
{
	const uint8_t *ip = in6->sin6_addr.s6_addr + 12;

	snprintf(text, size, "%u.%u.%u.%u:%u", ip[0], ip[1], ip[2], ip[3],
	    (unsigned)ntohs(in6->sin6_port));
}

void
endpoint_format(
    const struct sockaddr *sa, socklen_t length, char *text, size_t size)
{
	char host[256], port[sizeof("65535")];

	if (sa->sa_family == AF_UNIX) {
		const struct sockaddr_un *un = (const void *)sa;
		size_t before = offsetof(struct sockaddr_un, sun_path);

		snprintf(text, size, UNIX_PREFIX "%.*s",
		    length > before ? (int)(length - before) : 0, un->sun_path);
		return;
	}
	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)sa;

		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
			format_mapped(in6, text, size);
			return;
		}
	}
	if (getnameinfo(sa, length, host, sizeof(host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
		snprintf(text, size, "unknown");
		return;
	}
	if (strchr(host, ':') != NULL)
		snprintf(text, size, "[%s]:%s", host, port);
	else
		snprintf(text, size, "%s:%s", host, port);
}
