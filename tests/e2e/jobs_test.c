/* SPDX-License-Identifier: ISC */
/*
 * The client as a job of a shell: a terminal that is left without echo while it
 * is stopped, one that shows nothing of what is typed when it goes on, keys for
 * the shell that are taken for a secret.
 */
#include "config.h"

#include "fake.h"
#include "harness.h"
#include "screen.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A shell with job control, and the relay's end of the client's connection. */
struct job {
	char address[64];
	int server, peer;
	struct screen *screen;
};

/*
 * Types the client's command, with that after it. -b: the shell tells what
 * becomes of its jobs at once, not at its next prompt.
 */
static void
start(struct job *job, const char *after)
{
	char command[256];

	memset(job, 0, sizeof(*job));
	job->server = fake_relay(job->address, sizeof(job->address), 1);
	job->screen =
	    screen_start(60, 10, "PS1='$ ' exec bash --norc --noprofile -b");
	screen_await(job->screen, "$");
	snprintf(command, sizeof(command), "clear; %s %s%s\n", client_program(),
	    job->address, after);
	screen_type(job->screen, command);
}

static void
finish(struct job *job)
{
	screen_press(job->screen, "C-d");
	expect_end(job->peer);
	close(job->peer);
	screen_await(job->screen, "\n$");
	screen_stop(job->screen);
	close(job->server);
}

static void
stop_in_mid_line(struct job *job)
{
	start(job, "");
	job->peer = fake_accept(job->server);
	screen_await(job->screen, ">");
	screen_type(job->screen, "half of");
	screen_await(job->screen, "> half of");
	screen_press(job->screen, "C-z");
	screen_await(job->screen, "Stopped");
}

static void
test_it_stops_and_goes_on(void **state)
{
	struct job job;

	(void)state;
	stop_in_mid_line(&job);
	send_text(job.peer, "while it was stopped\n");
	/* A terminal as a shell wants it: what is typed is echoed. */
	screen_type(job.screen, "echo a'b'c; fg\n");
	screen_await(job.screen, "\nabc\n");
	screen_await(job.screen, "while it was stopped\n> half of");
	screen_type(job.screen, " a line\n");
	expect_text(job.peer, "half of a line\n");
	finish(&job);
}

static void
test_it_waits_for_the_terminal(void **state)
{
	struct job job;

	(void)state;
	stop_in_mid_line(&job);
	screen_type(job.screen, "clear; bg\n");
	screen_await(job.screen, "&\n");
	screen_await(job.screen, "Stopped");
	screen_type(job.screen, "clear; fg\n");
	screen_await(job.screen, "\n> half of");
	screen_type(job.screen, " a line\n");
	expect_text(job.peer, "half of a line\n");
	finish(&job);
}

/*
 * Not after it has had the terminal once more. Its connection tells of it: a
 * shell may leave out to say so (bash 5.2 on a busy machine).
 */
static void
test_it_can_be_ended_while_it_is_stopped(void **state)
{
	struct job job;

	(void)state;
	stop_in_mid_line(&job);
	screen_type(job.screen, "clear; kill %1\n");
	expect_end(job.peer);
	close(job.peer);
	screen_stop(job.screen);
	close(job.server);
}

static void
test_it_starts_in_the_background(void **state)
{
	struct job job;

	(void)state;
	start(&job, " &");
	screen_await(job.screen, "Stopped");
	screen_type(job.screen, "clear; fg\n");
	screen_await(job.screen, "\n>");
	job.peer = fake_accept(job.server);
	screen_type(job.screen, "shown");
	screen_await(job.screen, "\n> shown");
	screen_press(job.screen, "Enter");
	expect_text(job.peer, "shown\n");
	finish(&job);
}

static void
test_it_asks_for_a_secret_again(void **state)
{
	struct job job;

	(void)state;
	start(&job, " --secret-file - &");
	screen_await(job.screen, "Stopped");
	screen_type(job.screen, "clear; fg\n");
	screen_await(job.screen, "\nSecret:");
	screen_type(job.screen, "half of");
	screen_press(job.screen, "C-z");
	screen_await(job.screen, "Stopped");
	screen_type(job.screen, "clear; echo a'b'c; fg\n");
	screen_await(job.screen, "abc\n");
	screen_await(job.screen, "\nSecret:");
	screen_type(job.screen, "sesame\n");
	job.peer = fake_accept(job.server);
	expect_text(job.peer, "sesame\n");
	finish(&job);
}

static void
test_ctrl_c_is_no_secret(void **state)
{
	struct job job;

	(void)state;
	start(&job, " --secret-file -");
	screen_await(job.screen, "Secret:");
	screen_type(job.screen, "half of");
	screen_press(job.screen, "C-c");
	screen_await(job.screen, "\n$");
	screen_type(job.screen, "echo a'b'c, $?\n");
	screen_await(job.screen, "abc, 130\n");
	screen_stop(job.screen);
	close(job.server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_it_stops_and_goes_on),
		E2E_TEST(test_it_waits_for_the_terminal),
		E2E_TEST(test_it_can_be_ended_while_it_is_stopped),
		E2E_TEST(test_it_starts_in_the_background),
		E2E_TEST(test_it_asks_for_a_secret_again),
		E2E_TEST(test_ctrl_c_is_no_secret),
	};

	if (!screen_is_there())
		return 0;
	return cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
