/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "place.h"

#include "fake.h"
#include "harness.h"

#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
place_open(struct place *place)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };

	memset(place, 0, sizeof(*place));
	strcpy(place->home, "/tmp/tcprelay-e2e.XXXXXX");
	assert_non_null(mkdtemp(place->home));
	setenv("HOME", place->home, 1);
	setenv("XDG_STATE_HOME", place->home, 1);
	setenv("TERM", "xterm", 1);
	unsetenv("XDG_CONFIG_HOME");
	place->server = fake_relay(place->address, sizeof(place->address), 1);
	assert_int_equal(
	    openpty(&place->person, &place->tty, NULL, NULL, &size), 0);
	fcntl(place->person, F_SETFD, FD_CLOEXEC);
	fcntl(place->tty, F_SETFD, FD_CLOEXEC);
	tcgetattr(place->tty, &place->before);
}

void
place_start(struct place *place, int input, int output)
{
	const char *argv[] = { client_program(), place->address, NULL };

	place->client = start_program(argv, input, output, place->tty);
	place->peer = fake_accept(place->server);
}

void
place_close_terminal(struct place *place)
{
	close(place->server);
	close(place->person);
	close(place->tty);
	remove_directory(place->home);
}

void
place_close(struct place *place)
{
	close(place->peer);
	place_close_terminal(place);
}

const char *
place_await_shown(const struct place *place, const char *text)
{
	static char shown[65536];
	size_t length = 0, wanted = strlen(text);

	while (length < wanted ||
	    memcmp(shown + length - wanted, text, wanted) != 0) {
		assert_in_range(length, 0, sizeof(shown) - 2);
		assert_int_equal(read(place->person, shown + length, 1), 1);
		length++;
	}
	shown[length] = '\0';
	return shown;
}

void
place_expect_restored(const struct place *place)
{
	struct termios after;

	assert_int_equal(tcgetattr(place->tty, &after), 0);
	assert_int_equal(after.c_lflag, place->before.c_lflag);
	assert_int_equal(after.c_iflag, place->before.c_iflag);
	assert_int_equal(after.c_oflag, place->before.c_oflag);
	assert_memory_equal(after.c_cc, place->before.c_cc, sizeof(after.c_cc));
}

void
place_type(struct place *place, const char *keys, const char *arrives)
{
	place_start(place, place->tty, place->tty);
	place_await_shown(place, "> ");
	send_text(place->person, keys);
	expect_text(place->peer, arrives);
	send_text(place->person, "\004");
	expect_end(place->peer);
	close(place->peer);
	assert_int_equal(await_exit(place->client), 0);
}
