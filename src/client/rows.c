/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/rows.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define TAB_COLUMNS 8

/* Takes a character's bytes; what is none takes a column for each byte. */
static wchar_t
next_character(const char **at, size_t *left)
{
	mbstate_t state = { 0 };
	wchar_t character;
	size_t size = mbrtowc(&character, *at, *left, &state);

	if (size == 0 || size > *left) {
		character = L'?';
		size = 1;
	}
	*at += size;
	*left -= size;
	return character;
}

int
rows_before_end(const char *text, int columns, bool *is_full)
{
	size_t left = strlen(text);
	int row = 0, column = 0;

	while (left > 0) {
		wchar_t character = next_character(&text, &left);
		int width = wcwidth(character);

		if (character == L'\t')
			width = TAB_COLUMNS - column % TAB_COLUMNS;
		else if (width < 0)
			width = 2;
		/* A wide one is not cut in two. */
		if (column + width > columns) {
			row++;
			column = 0;
		}
		column += width;
	}
	*is_full = column >= columns;
	return row;
}
