/* SPDX-License-Identifier: ISC */
/*
 * A terminal as a person sees it: tmux with a server of its own, in a
 * directory of its own, which is also the home of what runs there. A test
 * presses keys and waits for what is to be on the screen; it wakes when
 * something was written to it.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>

struct screen {
	char directory[64];
	int changes; /* becomes readable when something is written */
};

/* Whether there is a tmux; says that the group is skipped if not. */
bool screen_is_there(void);

/* Runs a shell's command in a window of that size. */
struct screen *screen_start(int columns, int rows, const char *command);

/*
 * As that, the client at this address with these options; the screen then
 * shows its exit status, as "exit 0".
 */
struct screen *screen_start_client(
    int columns, int rows, const char *address, const char *options);

/* Ends what still runs there. */
void screen_stop(struct screen *screen);

/* Types text as it is. */
void screen_type(struct screen *screen, const char *text);
/* Presses a key by its name, send-keys in tmux(1): "Enter", "C-c". */
void screen_press(struct screen *screen, const char *key);
/* Pastes as terminals do that bracket what is pasted. */
void screen_paste(struct screen *screen, const char *text);
void screen_resize(struct screen *screen, int columns, int rows);

/* Waits until the text is somewhere on the screen. */
void screen_await(struct screen *screen, const char *text);
/*
 * Waits until the screen is that, without the spaces at the end of rows and
 * without empty rows at its end.
 */
void screen_expect(struct screen *screen, const char *text);
/* As screen_expect(), with the escape sequences that make colours. */
void screen_expect_colors(struct screen *screen, const char *text);

/* What tmux knows of it, by a format of tmux(1); good until the next call. */
const char *screen_ask(struct screen *screen, const char *format);

/* What is on the screen; good until the next call. */
const char *screen_text(struct screen *screen);

#endif
