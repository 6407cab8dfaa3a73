/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/settings.h"

#include "client/chat.h"
#include "client/xdg.h"
#include "common/address.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
check_address(const char *text, const char **why)
{
	struct address address;

	return address_parse_words(text, NULL, &address, why);
}

/* The relay has its own idea of a name; this is so that it is one word. */
int
settings_check_nick(const char *text, const char **why)
{
	size_t length = strlen(text), i = 0;

	while (i < length && (unsigned char)text[i] > ' ' && text[i] != 0x7f)
		i++;
	*why = "not a name";
	return length > 0 && length < CHAT_NAME_SIZE && i == length ? 0 : -1;
}

/* "" is one, too: no time. */
static int
check_format(const char *text, const char **why)
{
	(void)text;
	(void)why;
	return 0;
}

/* clang-format off */
#define FIELD(name) .offset = offsetof(struct settings, name)

const struct conf_key settings_keys[] = {
	{ "address", CONF_STRING, FIELD(address),
	  .check = check_address, .allowed = "HOST, " ADDRESS_FORMS,
	  .help = "the relay, when none is given" },
	{ "nick", CONF_STRING, FIELD(nick),
	  .check = settings_check_nick, .allowed = SETTINGS_NICK_FORM,
	  .help = "the name to ask for in chat mode" },
	{ "reconnect", CONF_FLAG, FIELD(reconnect),
	  .help = "connect again when the connection is lost" },
	{ "timeout_seconds", CONF_INTEGER, FIELD(timeout_seconds),
	  .min = 0, .max = SETTINGS_TIMEOUT_MAX,
	  .help = "give up connecting, and waiting at the end; 0: never" },
	{ "tls", CONF_FLAG, FIELD(tls),
	  .help = "speak TLS" },
	{ "ca", CONF_STRING, FIELD(ca),
	  .help = "a PEM file with the issuers that are trusted" },
	{ "cert", CONF_STRING, FIELD(cert),
	  .help = "a PEM file with a certificate to show" },
	{ "key", CONF_STRING, FIELD(key),
	  .help = "a PEM file with its private key" },
	{ "color", CONF_CHOICE, FIELD(color),
	  .choices = SETTINGS_COLORS, .fallback = SETTINGS_AUTO,
	  .help = "whether there are colours" },
	{ "timestamps", CONF_STRING, FIELD(timestamps),
	  .check = check_format, .allowed = "any text",
	  .help = "show the time, as strftime(3) does" },
	{ "bell", CONF_FLAG, FIELD(bell),
	  .help = "ring when somebody says our name" },
	{ .name = NULL },
};
/* clang-format on */

static const struct conf_table table = { .keys = settings_keys };

static void
report(const char *message, void *arg)
{
	(void)arg;
	fprintf(stderr, "%s\n", message);
}

int
settings_load(struct settings *settings)
{
	char *path = xdg_path("XDG_CONFIG_HOME", ".config", "config");
	const struct conf_source source = { path, -1, false };
	int result = 0;

	memset(settings, 0, sizeof(*settings));
	conf_table_default(settings_keys, settings);
	if (path != NULL && access(path, F_OK) == 0)
		result =
		    conf_table_load(&source, &table, settings, report, NULL);
	free(path);
	return result;
}

void
settings_clear(struct settings *settings)
{
	conf_table_clear(settings_keys, settings);
}
