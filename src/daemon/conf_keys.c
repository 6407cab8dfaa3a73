/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/conf_keys.h"

#include "common/address.h"
#include "common/cidr.h"
#include "common/log.h"
#include "daemon/conf.h"
#include "daemon/ids.h"
#include "daemon/metrics.h"
#include "daemon/room.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

static int
check_address(const char *text, const char **why)
{
	struct address address;

	return address_parse(text, &address, why);
}

static int
check_cidr(const char *text, const char **why)
{
	struct cidr cidr;

	return cidr_parse(text, &cidr, why);
}

static int
check_room(const char *text, const char **why)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";
	size_t length = strlen(text);

	if (length > 0 && length <= ROOM_NAME_MAX &&
	    strspn(text, allowed) == length)
		return 0;
	*why = "not the name of a room";
	return -1;
}

static int
check_directory(const char *text, const char **why)
{
	struct stat st;

	if (text[0] != '/')
		*why = "not an absolute path";
	else if (stat(text, &st) == -1)
		*why = strerror(errno);
	else if (!S_ISDIR(st.st_mode))
		*why = "not a directory";
	else
		return 0;
	return -1;
}

/* clang-format off */
#define FIELD(name) .offset = offsetof(struct conf, name)

const struct conf_key conf_keys[] = {
	{ "listen", CONF_OWN, FIELD(listen),
	  .help = "where to listen" },
	{ "mode", CONF_CHOICE, FIELD(mode),
	  .choices = "relay chat", .fallback = CONF_MODE_RELAY,
	  .restart = true,
	  .help = "relay: lines as they are; chat: people with names" },
	{ "limits.clients", CONF_INTEGER, FIELD(clients),
	  .fallback = 1000, .min = 1, .max = 1000000,
	  .help = "clients at one time; more are told so and closed" },
	{ "limits.clients_per_address", CONF_INTEGER, FIELD(clients_per_address),
	  .fallback = 0, .min = 0, .max = 1000000,
	  .help = "clients with the same address; more are told so and "
	          "closed; 0: any number" },
	{ "limits.idle_seconds", CONF_INTEGER, FIELD(idle_seconds),
	  .fallback = 0, .min = 0, .max = 31536000,
	  .help = "a client that sends nothing for so long is closed; 0: "
	          "never" },
	{ "limits.rooms", CONF_INTEGER, FIELD(rooms),
	  .fallback = 100, .min = 1, .max = 100000,
	  .help = "rooms in mode chat; when there are as many, nobody makes "
	          "one more" },
	{ "limits.line_bytes", CONF_INTEGER, FIELD(line_bytes),
	  .fallback = 65536, .min = 1, .max = 16777216,
	  .help = "longest line, its LF not counted; a longer one closes "
	          "its sender" },
	{ "limits.handshake_seconds", CONF_INTEGER, FIELD(handshake_seconds),
	  .fallback = 10, .min = 1, .max = 3600,
	  .help = "longest time from the connection to the end of the TLS "
	          "handshake, or the right secret" },
	{ "limits.lines_per_second", CONF_INTEGER, FIELD(lines_per_second),
	  .fallback = 0, .min = 0, .max = 1000000,
	  .help = "lines that a client may send; what is over it is read "
	          "later; 0: any number" },
	{ "limits.burst_lines", CONF_INTEGER, FIELD(burst_lines),
	  .fallback = 20, .min = 1, .max = 1000000,
	  .help = "lines that it may send at once before that" },
	{ "limits.stall_seconds", CONF_INTEGER, FIELD(stall_seconds),
	  .fallback = 30, .min = 1, .max = 86400,
	  .help = "how long senders wait for a client that reads nothing, "
	          "with slow_client.policy = \"pause\"" },
	{ "slow_client.policy", CONF_CHOICE, FIELD(policy),
	  .choices = "disconnect skip pause", .fallback = CONF_POLICY_DISCONNECT,
	  .help = "what happens to a client that reads too slowly" },
	{ "slow_client.backlog_bytes", CONF_INTEGER, FIELD(backlog_bytes),
	  .fallback = 1048576, .min = 1024, .max = 1099511627776,
	  .help = "what may wait for one client before the policy acts" },
	{ "history.lines", CONF_INTEGER, FIELD(history_lines),
	  .fallback = 0, .min = 0, .max = 10000,
	  .help = "how many of the last lines of its room a newcomer is "
	          "shown" },
	{ "history.directory", CONF_STRING, FIELD(history_directory),
	  .check = check_directory,
	  .allowed = "the absolute path of a directory",
	  .help = "where transcripts are written, one for each room" },
	{ "chat.quiet_above", CONF_INTEGER, FIELD(quiet_above),
	  .fallback = 50, .min = 0, .max = 1000000,
	  .help = "where more people are in a room, it is not told who comes "
	          "and goes" },
	{ "keepalive_seconds", CONF_INTEGER, FIELD(keepalive_seconds),
	  .fallback = 60, .min = 1, .max = 32767,
	  .help = "a peer that vanished is closed within about twice this" },
	{ "access.secret_file", CONF_STRING, FIELD(secret_file),
	  .allowed = "the path of a file that only its owner may read",
	  .help = "its first line is what a client has to send first" },
	{ "access.allow_plain_secret", CONF_FLAG, FIELD(allow_plain_secret),
	  .help = "the secret may cross a network in plain text" },
	{ "tls.certificate", CONF_STRING, FIELD(tls_certificate),
	  .allowed = "the path of a PEM file with certificates",
	  .help = "the certificate, and those that lead from it to a known "
	          "issuer" },
	{ "tls.key", CONF_STRING, FIELD(tls_key),
	  .allowed = "the path of a PEM file with the certificate's key, not "
		     "encrypted",
	  .help = "its private key" },
	{ "tls.client_ca", CONF_STRING, FIELD(tls_client_ca),
	  .allowed = "the path of a PEM file with certificates",
	  .help = "the issuers of the certificates that clients have to "
	          "show" },
	{ "log.level", CONF_CHOICE, FIELD(log_level),
	  .choices = "error warn info debug", .fallback = LOG_LEVEL_INFO,
	  .help = "the least important lines that are logged" },
	{ "log.target", CONF_CHOICE, FIELD(log_target), .restart = true,
	  .choices = "stderr syslog", .fallback = LOG_TARGET_STDERR,
	  .help = "where the log goes" },
	{ "user", CONF_STRING, FIELD(user), .restart = true,
	  .check = ids_check_account, .allowed = "the name of a user",
	  .help = "the user that root switches to when all is bound" },
	{ "shutdown_seconds", CONF_INTEGER, FIELD(shutdown_seconds),
	  .fallback = 5, .min = 1, .max = 3600,
	  .help = "longest wait for clients to take what is queued for them" },
	{ "metrics.listen", CONF_STRING, FIELD(metrics_listen),
	  .check = metrics_check_address, .allowed = METRICS_ADDRESSES,
	  .restart = true,
	  .help = "where the counters are served over HTTP" },
	{ "metrics.permissions", CONF_PERMISSIONS, FIELD(metrics_permissions),
	  .fallback = CONF_NO_PERMISSIONS, .min = 0, .max = 0777,
	  .restart = true,
	  .help = "who may connect to it if it is a Unix socket, in octal" },
	{ .name = NULL },
};

#undef FIELD
#define FIELD(name) .offset = offsetof(struct conf_listen, name)

const struct conf_key conf_listen_keys[] = {
	{ "listen.address", CONF_STRING, FIELD(address_text),
	  .check = check_address, .allowed = ADDRESS_FORMS,
	  .help = "the address; the only key that a group must have" },
	{ "listen.room", CONF_STRING, FIELD(room),
	  .check = check_room, .allowed = "1 to 32 letters, digits, _ and -",
	  .fallback_text = CONF_DEFAULT_ROOM,
	  .help = "the room that its clients come into" },
	{ "listen.tls", CONF_FLAG, FIELD(tls), .fallback = false,
	  .help = "whether its clients speak TLS" },
	{ "listen.socket_name", CONF_STRING, FIELD(socket_name),
	  .help = "sockets of systemd that are used instead, by their name" },
	{ "listen.allow", CONF_STRINGS, FIELD(allow),
	  .check = check_cidr, .allowed = CIDR_FORMS,
	  .help = "who may connect; nobody else may" },
	{ "listen.deny", CONF_STRINGS, FIELD(deny),
	  .check = check_cidr, .allowed = CIDR_FORMS,
	  .help = "who may not connect, whatever allow says" },
	{ "listen.permissions", CONF_PERMISSIONS, FIELD(permissions),
	  .fallback = CONF_NO_PERMISSIONS, .min = 0, .max = 0777,
	  .help = "who may connect to a Unix socket, in octal" },
	{ "listen.group", CONF_STRING, FIELD(group),
	  .check = ids_check_group, .allowed = "the name or number of a group",
	  .help = "the group of a Unix socket" },
	{ "listen.allow_users", CONF_STRINGS, FIELD(allow_users),
	  .check = ids_check_user, .allowed = "names or numbers of users",
	  .help = "who may connect to a Unix socket; nobody else may" },
	{ "listen.allow_groups", CONF_STRINGS, FIELD(allow_groups),
	  .check = ids_check_group, .allowed = "names or numbers of groups",
	  .help = "the same for those who are in one of these groups" },
	{ .name = NULL },
};
/* clang-format on */
