/* SPDX-License-Identifier: ISC */
/*
 * Any text as an address: it is taken or refused with a reason, and what was
 * taken, written again, means the same.
 *
 * A text with a NUL in it is two words, as on the client's command line.
 */
#include "config.h"

#include "fuzz.h"

#include "common/address.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

static void
check(const struct address *address)
{
	FUZZ_ASSERT(memchr(address->host, '\0', sizeof(address->host)) != NULL);
	FUZZ_ASSERT(memchr(address->path, '\0', sizeof(address->path)) != NULL);
	if (address->family == ADDRESS_UNIX)
		FUZZ_ASSERT(address->path[0] == '/');
	else
		FUZZ_ASSERT(address->family == ADDRESS_TCP);
}

static void
parse(const char *text)
{
	struct address address, again;
	char written[ADDRESS_TEXT_SIZE], rewritten[ADDRESS_TEXT_SIZE];
	const char *why = NULL;

	if (address_parse(text, &address, &why) == -1) {
		FUZZ_ASSERT(why != NULL && why[0] != '\0');
		return;
	}
	check(&address);
	address_format(&address, written, sizeof(written));
	FUZZ_ASSERT(address_parse(written, &again, &why) == 0);
	FUZZ_ASSERT(again.family == address.family);
	FUZZ_ASSERT(again.port == address.port);
	FUZZ_ASSERT(strcmp(again.host, address.host) == 0);
	FUZZ_ASSERT(strcmp(again.path, address.path) == 0);
	address_format(&again, rewritten, sizeof(rewritten));
	FUZZ_ASSERT(strcmp(written, rewritten) == 0);
}

static void
parse_words(const char *host, const char *port)
{
	struct address address;
	const char *why = NULL;

	if (address_parse_words(host, port, &address, &why) == 0)
		check(&address);
	else
		FUZZ_ASSERT(why != NULL && why[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmalloc(size + 1);
	size_t first;

	memcpy(text, data, size);
	text[size] = '\0';
	first = strlen(text);
	parse(text);
	parse_words(text, first < size ? text + first + 1 : NULL);
	free(text);
	return 0;
}
