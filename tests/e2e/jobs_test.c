/* SPDX-License-Identifier: ISC */
/*
 * The client as a job of a shell: a terminal that is left without echo while it
 * is stopped, one that shows nothing of what is typed when it goes on.
 */
#include "config.h"

#include "fake.h"
#include "harness.h"
#include "screen.h"

#include <stdio.h>
#include <unistd.h>

/* Ctrl-Z and fg, in a shell with job control. */
static void
test_it_stops_and_goes_on(void **state)
{
	char address[64] = "", command[256];
	int server = fake_relay(address, sizeof(address), 1), peer;
	struct screen *screen =
	    screen_start(60, 10, "PS1='$ ' exec bash --norc --noprofile");

	(void)state;
	screen_await(screen, "$");
	snprintf(command, sizeof(command), "clear; %s %s\n", client_program(),
	    address);
	screen_type(screen, command);
	peer = fake_accept(server);
	screen_await(screen, ">");
	screen_type(screen, "half of");
	screen_await(screen, "> half of");
	screen_press(screen, "C-z");
	screen_await(screen, "Stopped");
	send_text(peer, "while it was stopped\n");
	/* A terminal as a shell wants it: what is typed is echoed. */
	screen_type(screen, "echo a'b'c; fg\n");
	screen_await(screen, "\nabc\n");
	screen_await(screen, "while it was stopped\n> half of");
	screen_type(screen, " a line\n");
	expect_text(peer, "half of a line\n");
	screen_press(screen, "C-d");
	expect_end(peer);
	close(peer);
	screen_await(screen, "\n$");
	screen_stop(screen);
	close(server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_it_stops_and_goes_on),
	};

	if (!screen_is_there())
		return 0;
	return cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
