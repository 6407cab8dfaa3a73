/* SPDX-License-Identifier: ISC */
/*
 * The client in a pipe that has asked for a name: one that is lost with the
 * connection, or asked for before, or after, it can be had.
 */
#include "config.h"

#include "fake.h"
#include "harness.h"
#include "piped.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

static void
test_the_name_is_asked_for_again_and_first(void **state)
{
	struct piped piped;

	(void)state;
	piped_start(&piped, "-n", "anna");
	send_text(piped.input, "one\n");
	/* Nothing is said before there is a name. */
	assert_int_equal(
	    poll(
		&(struct pollfd){ .fd = piped.peer, .events = POLLIN }, 1, 100),
	    0);
	fake_greet(piped.peer, "guest1");
	expect_text(piped.peer, "/nick anna\none\n");
	piped_lose(&piped);
	piped_come_back(&piped);
	fake_greet(piped.peer, "guest7");
	expect_text(piped.peer, "/nick anna\n");
	/* Where we are now, whatever we began with. */
	send_text(piped.peer,
	    "*** you are now known as hanna\n*** you are hanna in ops\n");
	expect_text(piped.output,
	    "*** you are guest1 in main; /help lists the commands\n"
	    "*** you are guest7 in main; /help lists the commands\n"
	    "*** you are now known as hanna\n*** you are hanna in ops\n");
	piped_lose(&piped);
	piped_come_back(&piped);
	fake_greet(piped.peer, "guest8");
	expect_text(piped.peer, "/nick hanna\n/join ops\n");
	/* A relay that knows who we are need not be asked. */
	piped_lose(&piped);
	piped_come_back(&piped);
	fake_greet(piped.peer, "hanna");
	send_text(piped.input, "two\n");
	expect_text(piped.peer, "/join ops\ntwo\n");
	piped_finish(&piped);
}

/* It may be our own, over the connection that is lost. */
static void
test_a_name_is_asked_for_again_when_it_is_free(void **state)
{
	struct piped piped;
	char errors[1024];

	(void)state;
	piped_start(&piped, "-vn", "anna");
	fake_greet(piped.peer, "guest1");
	expect_text(piped.peer, "/nick anna\n");
	send_text(piped.peer,
	    "*** somebody is called anna, or what looks the same\n"
	    "*** you are guest1 in ops\n"
	    "*** ann left (left)\n"
	    "*** anna left (went to main)\n"
	    "*** anna left (connection lost)\n");
	expect_text(piped.peer, "/nick anna\n");
	/* Now it is ours, and who leaves is another. */
	send_text(piped.peer,
	    "*** you are now known as anna\n*** anna left (left)\n");
	send_text(piped.input, "one\n");
	expect_text(piped.peer, "one\n");
	piped_finish_saying(&piped, 0, errors, sizeof(errors));
	/* What was asked for was not said. */
	assert_non_null(strstr(errors, "sent 1 lines, 4 bytes"));
}

/* Who has left asks for nothing: that would be a write to a closed socket. */
static void
test_no_name_is_asked_for_after_the_end_of_input(void **state)
{
	static const char greeting[] =
	    "*** you are guest1 in main; /help lists the commands\n";
	static const char left[] = "*** anna left (connection lost)\n";
	struct piped piped;

	(void)state;
	piped_start(&piped, "-n", "anna");
	send_text(piped.peer, greeting);
	expect_text(piped.peer, "/nick anna\n");
	close(piped.input);
	expect_end(piped.peer);
	send_text(piped.peer, left);
	expect_text(piped.output, greeting);
	expect_text(piped.output, left);
	piped_end(&piped, 0);
}

static void
test_a_relay_that_gives_no_names(void **state)
{
	struct piped piped;
	char errors[1024];

	(void)state;
	piped_start(&piped, "-vn", "anna");
	send_text(piped.input, "one\n");
	expect_text(piped.peer, "one\n");
	piped_finish_saying(&piped, 0, errors, sizeof(errors));
	assert_non_null(strstr(errors, "gives no names"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_the_name_is_asked_for_again_and_first),
		E2E_TEST(test_a_name_is_asked_for_again_when_it_is_free),
		E2E_TEST(test_no_name_is_asked_for_after_the_end_of_input),
		E2E_TEST(test_a_relay_that_gives_no_names),
	};

	return cmocka_run_group_tests_name("reconnect_name", tests, NULL, NULL);
}
