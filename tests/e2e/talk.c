/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "talk.h"

#include "fake.h"
#include "harness.h"

#include <string.h>
#include <unistd.h>

void
talk_start(struct talk *talk, int columns, int rows, const char *options)
{
	memset(talk, 0, sizeof(*talk));
	talk->server = fake_relay(talk->address, sizeof(talk->address), 1);
	talk->screen =
	    screen_start_client(columns, rows, talk->address, options);
	talk->peer = fake_accept(talk->server);
}

void
talk_await_end(struct talk *talk)
{
	expect_end(talk->peer);
	close(talk->peer);
	screen_await(talk->screen, "exit 0");
	screen_stop(talk->screen);
	close(talk->server);
}

void
talk_finish(struct talk *talk)
{
	screen_press(talk->screen, "C-d");
	talk_await_end(talk);
}
