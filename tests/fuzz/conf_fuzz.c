/* SPDX-License-Identifier: ISC */
/*
 * Any text as a configuration: it is taken, with every value in its range, or
 * refused with a message. Includes would read files of this machine and are
 * left to the tests.
 */
#include "config.h"

#include "fuzz.h"

#include "common/xmalloc.h"
#include "daemon/conf.h"
#include "daemon/conf_keys.h"

#include <stdlib.h>
#include <string.h>

static void
count(const char *message, void *arg)
{
	unsigned *messages = arg;

	FUZZ_ASSERT(strchr(message, ':') != NULL);
	(*messages)++;
}

static void
check_ranges(const struct conf *conf)
{
	const struct conf_key *key;
	size_t i;

	for (key = conf_keys; key->name != NULL; key++) {
		int64_t value;

		if (key->type != CONF_INTEGER)
			continue;
		memcpy(&value, (const char *)conf + key->offset, sizeof(value));
		FUZZ_ASSERT(value >= key->min && value <= key->max);
	}
	FUZZ_ASSERT(conf->listen_count > 0);
	for (i = 0; i < conf->listen_count; i++) {
		FUZZ_ASSERT(conf->listen[i].address_text != NULL);
		FUZZ_ASSERT(conf->listen[i].room != NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmalloc(size + 1);
	struct conf *conf;
	unsigned messages = 0;

	memcpy(text, data, size);
	text[size] = '\0';
	if (strstr(text, "@include") == NULL) {
		conf = conf_parse(text, "fuzz", count, &messages);
		FUZZ_ASSERT((conf == NULL) == (messages > 0));
		if (conf != NULL)
			check_ranges(conf);
		conf_free(conf);
	}
	free(text);
	return 0;
}
