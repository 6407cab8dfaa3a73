/* SPDX-License-Identifier: ISC */
/*
 * Runs a fuzz target over the files of a directory: the one that it is given,
 * or, for a program called line_replay, $TCPRELAY_CORPUS/line. Speaks TAP.
 */
#include "config.h"

#include "fuzz.h"

#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_BYTES_MAX (1 << 20)

static void
replay(const char *directory, const char *name)
{
	static uint8_t data[INPUT_BYTES_MAX];
	char path[8192];
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "r");
	if (file == NULL)
		err(1, "%s", path);
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	printf("ok - %s\n", name);
}

static int
is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
name_corpus(const char *program, char *directory, size_t size)
{
	const char *base = strrchr(program, '/');
	const char *corpora = getenv("TCPRELAY_CORPUS");

	base = base == NULL ? program : base + 1;
	if (corpora == NULL)
		errx(1, "TCPRELAY_CORPUS is not set");
	snprintf(
	    directory, size, "%s/%.*s", corpora, (int)strcspn(base, "_"), base);
}

int
main(int argc, char **argv)
{
	struct dirent **entries;
	char directory[4096];
	int i, count;

	if (argc > 1)
		snprintf(directory, sizeof(directory), "%s", argv[1]);
	else
		name_corpus(argv[0], directory, sizeof(directory));
	count = scandir(directory, &entries, is_input, alphasort);
	if (count <= 0)
		err(1, "%s", directory);
	for (i = 0; i < count; i++) {
		replay(directory, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	printf("1..%d\n", count);
	return 0;
}
