/* SPDX-License-Identifier: ISC */
/*
 * A chat as a person sees it: times, colours and names that are somebody
 * else's, words that Tab completes to what the relay does not know, a screen
 * that is not the one that README shows.
 */
#include "config.h"

#include "fake.h"
#include "harness.h"
#include "talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
test_a_chat_in_colors_with_the_time(void **state)
{
	struct talk talk;

	(void)state;
	talk_start(&talk, 60, 10, "--timestamps=@ --color=always");
	fake_greet(talk.peer, "anna");
	send_text(talk.peer,
	    "2026-11-22T09:11:20Z <ben> before\n<ben> hi\n* ben waves\n");
	screen_await(talk.screen, "@ * ben waves");
	screen_type(talk.screen, "hello");
	screen_press(talk.screen, "Enter");
	screen_await(talk.screen, "@ > hello");
	screen_expect(talk.screen,
	    "@ *** you are anna in main; /help lists the commands\n"
	    "@ <ben> before\n@ <ben> hi\n@ * ben waves\n@ > hello\n>");
	expect_text(talk.peer, "hello\n");
	talk_finish(&talk);
}

static void
test_tab_completes_commands_and_names(void **state)
{
	struct talk talk;

	(void)state;
	talk_start(&talk, 60, 10, "");
	fake_greet(talk.peer, "anna");
	send_text(talk.peer, "*** Benjamin joined\n<carla> hi\n");
	screen_await(talk.screen, "<carla> hi\n>");
	screen_type(talk.screen, "/ms\tbe\thi");
	screen_press(talk.screen, "Enter");
	expect_text(talk.peer, "/msg Benjamin hi\n");
	screen_type(talk.screen, "/quit");
	screen_press(talk.screen, "Enter");
	expect_text(talk.peer, "/quit\n");
	talk_await_end(&talk);
}

static void
test_a_name_that_changes_is_completed_as_it_is_now(void **state)
{
	struct talk talk;

	(void)state;
	talk_start(&talk, 60, 10, "");
	fake_greet(talk.peer, "anna");
	send_text(
	    talk.peer, "*** guest2 joined\n*** guest2 is now known as carla\n");
	screen_await(talk.screen, "as carla\n>");
	screen_type(talk.screen, "ca\tgu\t");
	screen_press(talk.screen, "Enter");
	expect_text(talk.peer, "carla gu\n");
	talk_finish(&talk);
}

/* The commands that a screen shows, each once, as "/help /join " and so on. */
static void
find_commands(const char *shown, char *commands, size_t size)
{
	char *copy = strdup(shown), *word, *rest = copy, padded[64];

	commands[0] = '\0';
	while ((word = strtok_r(rest, " :\n", &rest)) != NULL) {
		if (word[0] != '/' || word[1] == '/' || word[1] == '\0')
			continue;
		snprintf(padded, sizeof(padded), "%s ", word);
		assert_in_range(strlen(commands) + strlen(padded), 0, size - 1);
		if (strstr(commands, padded) == NULL)
			strcat(commands, padded);
	}
	free(copy);
}

/* The client has a list of its own. */
static void
test_tab_lists_the_commands_that_there_are(void **state)
{
	struct relay *relay =
	    relay_start("listen = \"127.0.0.1:0\"; mode = \"chat\";", 1);
	struct screen *screen = screen_start_client(70, 16, relay->address, "");
	char known[1024], listed[1024], *word, *rest = known, padded[64];

	(void)state;
	screen_await(screen, "commands\n>");
	screen_type(screen, "/help");
	screen_press(screen, "Enter");
	screen_await(screen, "begins with a slash\n>");
	find_commands(screen_text(screen), known, sizeof(known));
	screen_press(screen, "C-l");
	screen_expect(screen, ">");
	screen_type(screen, "/\t");
	screen_await(screen, "\n> /");
	find_commands(screen_text(screen), listed, sizeof(listed));
	assert_int_equal(strlen(listed), strlen(known));
	while ((word = strtok_r(rest, " ", &rest)) != NULL) {
		snprintf(padded, sizeof(padded), "%s ", word);
		assert_non_null(strstr(listed, padded));
	}
	screen_stop(screen);
	relay_stop(relay);
}

/* What was pasted behind it would have nobody to take it. */
static void
test_a_paste_that_leaves(void **state)
{
	struct talk talk;

	(void)state;
	talk_start(&talk, 60, 10, "--timestamps=@");
	fake_greet(talk.peer, "anna");
	screen_await(talk.screen, "commands\n>");
	screen_paste(talk.screen, "one\n/quit bye\nhello\nworld");
	expect_text(talk.peer, "one\n/quit bye\n");
	expect_end(talk.peer);
	close(talk.peer);
	screen_expect(talk.screen,
	    "@ *** you are anna in main; /help lists the commands\n"
	    "@ > one\n@ > /quit bye\nexit 0");
	screen_stop(talk.screen);
	close(talk.server);
}

static void
quit(struct talk *talk, const char *line)
{
	screen_type(talk->screen, line);
	screen_press(talk->screen, "Enter");
}

static void
test_quit_in_any_case(void **state)
{
	struct talk talk;

	(void)state;
	talk_start(&talk, 60, 10, "-R");
	fake_greet(talk.peer, "anna");
	screen_await(talk.screen, "commands\n>");
	quit(&talk, "/Quit bye");
	expect_text(talk.peer, "/Quit bye\n");
	talk_await_end(&talk);
}

/* Kept for the next connection, it would end that. */
static void
test_quit_without_a_connection(void **state)
{
	struct talk talk = { 0 };

	(void)state;
	talk.server = fake_relay(talk.address, sizeof(talk.address), 1);
	close(talk.server);
	talk.screen = screen_start_client(60, 10, talk.address, "-R");
	screen_await(talk.screen, "[trying again");
	quit(&talk, "/quit");
	screen_await(talk.screen, "\nexit 0");
	screen_stop(talk.screen);
	/* One that was in a chat before. */
	talk_start(&talk, 60, 10, "-R");
	fake_greet(talk.peer, "anna");
	screen_await(talk.screen, "commands\n>");
	close(talk.server);
	close(talk.peer);
	screen_await(talk.screen, "[trying again");
	quit(&talk, "/quit");
	screen_await(talk.screen, "\nexit 0");
	screen_stop(talk.screen);
}

/* A line that somebody says, when what was said before has come. */
static void
say(struct screen *screen, const char *line)
{
	screen_type(screen, line);
	screen_press(screen, "Enter");
}

static struct screen *
join(struct relay *relay, const char *name)
{
	char options[32], joined[64];
	struct screen *screen;

	snprintf(options, sizeof(options), "-n %s", name);
	snprintf(joined, sizeof(joined), "you are now known as %s\n>", name);
	screen = screen_start_client(60, 16, relay->address, options);
	screen_await(screen, joined);
	return screen;
}

/* README shows it, with these four columns before each row. */
static void
expect_in_readme(const char *text)
{
	char *readme, indented[4096], *to = indented;
	size_t length;

	to += sprintf(to, "    ");
	for (; *text != '\0'; text++) {
		*to++ = *text;
		if (*text == '\n')
			to += sprintf(to, "    ");
	}
	*to = '\0';
	readme = read_whole_file(getenv("TCPRELAY_README"), &length);
	if (strstr(readme, indented) == NULL)
		fail_msg("README does not show\n%s", indented);
	free(readme);
}

/* What anna sees, in the middle of a line of two rows. */
#define HALF_TYPED                                                             \
	"*** you are guest1 in main; /help lists the commands\n"               \
	"*** you are now known as anna\n"                                      \
	"*** guest2 joined\n"                                                  \
	"*** guest2 is now known as ben\n"                                     \
	"*** guest3 joined\n"                                                  \
	"*** guest3 is now known as carla\n"                                   \
	"<ben> good morning\n"                                                 \
	"> morning! did the backup run?\n"                                     \
	"<carla> it did, at 3:12\n"                                            \
	"* carla makes coffee\n"                                               \
	"<ben> thanks, carla! anna, one for you, too?\n"                       \
	"> fine, so we can try the restore at noon, if nobody minds t\n"       \
	"he"

static void
test_a_conversation_of_three(void **state)
{
	struct relay *relay =
	    relay_start("listen = \"127.0.0.1:0\"; mode = \"chat\";", 1);
	struct screen *anna = join(relay, "anna"), *ben, *carla;

	(void)state;
	ben = join(relay, "ben");
	screen_await(anna, "known as ben");
	carla = join(relay, "carla");
	screen_await(anna, "known as carla");
	screen_await(ben, "known as carla");
	say(ben, "good morning");
	screen_await(anna, "morning\n>");
	say(anna, "morning! did the backup run?");
	screen_await(carla, "run?\n>");
	say(carla, "it did, at 3:12");
	screen_await(anna, "3:12\n>");
	screen_type(anna,
	    "fine, so we can try the restore at noon, if nobody minds the");
	screen_await(anna, "s the");
	say(carla, "/me makes coffee");
	screen_await(ben, "coffee\n>");
	say(ben, "thanks, carla! anna, one for you, too?");
	screen_expect(anna, HALF_TYPED);
	expect_in_readme(HALF_TYPED);
	say(anna, " noise");
	screen_expect(ben,
	    "*** you are guest2 in main; /help lists the commands\n"
	    "*** you are now known as ben\n"
	    "*** guest3 joined\n"
	    "*** guest3 is now known as carla\n"
	    "> good morning\n"
	    "<anna> morning! did the backup run?\n"
	    "<carla> it did, at 3:12\n"
	    "* carla makes coffee\n"
	    "> thanks, carla! anna, one for you, too?\n"
	    "<anna> fine, so we can try the restore at noon, if nobody mi\n"
	    "nds the noise\n>");
	screen_expect(carla,
	    "*** you are guest3 in main; /help lists the commands\n"
	    "*** you are now known as carla\n"
	    "<ben> good morning\n"
	    "<anna> morning! did the backup run?\n"
	    "> it did, at 3:12\n"
	    "> /me makes coffee\n"
	    "<ben> thanks, carla! anna, one for you, too?\n"
	    "<anna> fine, so we can try the restore at noon, if nobody mi\n"
	    "nds the noise\n>");
	screen_stop(anna);
	screen_stop(ben);
	screen_stop(carla);
	relay_stop(relay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_a_chat_in_colors_with_the_time),
		E2E_TEST(test_tab_completes_commands_and_names),
		E2E_TEST(test_a_name_that_changes_is_completed_as_it_is_now),
		E2E_TEST(test_tab_lists_the_commands_that_there_are),
		E2E_TEST(test_a_paste_that_leaves),
		E2E_TEST(test_quit_in_any_case),
		E2E_TEST(test_quit_without_a_connection),
		E2E_TEST(test_a_conversation_of_three),
	};

	if (!screen_is_there())
		return 0;
	return cmocka_run_group_tests_name("chat_screen", tests, NULL, NULL);
}
