/* SPDX-License-Identifier: ISC */
/*
 * Mode chat with the programs that people have: a client that cannot take part,
 * a conversation that is lost with the daemon, text that does something at
 * another's terminal, the example of the man page that does not work.
 */
#include "config.h"

#include "harness.h"
#include "screen.h"

#include "common/text.h"

#include <ctype.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONF                                                                   \
	"mode = \"chat\";"                                                     \
	"listen = ( \"127.0.0.1:0\", { address = \"unix:%s/socket\"; } );"     \
	"history = { lines = 20; directory = \"%s\"; };"
#define ACCOUNT_SIZE 33
#define HINT	     "; /help lists the commands\n"

/* A program that somebody talks with, through pipes. */
struct talk {
	pid_t pid;
	int in, out;
};

/*
 * Ours, if it is the name of a person as it is. Who has none, as many a user of
 * a container, is a guest.
 */
static bool
find_account(char name[ACCOUNT_SIZE])
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-";
	const struct passwd *user = getpwuid(getuid());

	if (user == NULL || strlen(user->pw_name) >= ACCOUNT_SIZE ||
	    user->pw_name[strspn(user->pw_name, plain)] != '\0')
		return false;
	strcpy(name, user->pw_name);
	return true;
}

static struct talk
start_talk(const char *const argv[])
{
	int in[2], out[2];
	struct talk talk;

	make_pipe(in);
	make_pipe(out);
	talk.pid = start_program(argv, in[0], out[1], -1);
	talk.in = in[1];
	talk.out = out[0];
	close(in[0]);
	close(out[1]);
	return talk;
}

/* In vain, for some programs, are they told that their input has ended. */
static void
end_talk(struct talk *talk)
{
	close(talk->in);
	close(talk->out);
	kill(talk->pid, SIGTERM);
	await_exit(talk->pid);
}

/* As expect_text(), with TIME in the text for the time before an old line. */
static void
expect_timed(int fd, const char *text)
{
	const size_t extra = strlen("2026-11-22T09:11:20Z") - strlen("TIME");
	char got[4096], *at;
	size_t length = strlen(text), have = 0;
	const char *time;

	for (time = text; (time = strstr(time, "TIME ")) != NULL; time++)
		length += extra;
	assert_in_range(length, 0, sizeof(got) - 1);
	while (have < length) {
		ssize_t count = read(fd, got + have, length - have);

		assert_in_range(count, 1, length - have);
		have += (size_t)count;
	}
	got[length] = '\0';
	for (at = got; at < got + strlen(got); at++)
		if ((at == got || at[-1] == '\n') && isdigit(*at) &&
		    strlen(at) > extra + 4 && at[extra + 3] == 'Z') {
			memcpy(at, "TIME", 4);
			memmove(
			    at + 4, at + 4 + extra, strlen(at + 4 + extra) + 1);
		}
	assert_string_equal(got, text);
}

static struct talk
start_nc(const struct relay *relay)
{
	char port[8];
	const char *const argv[] = { "nc", "127.0.0.1", port, NULL };

	snprintf(port, sizeof(port), "%u", relay->port);
	return start_talk(argv);
}

static struct talk
start_telnet(const struct relay *relay)
{
	char port[8];
	const char *const argv[] = { "telnet", "127.0.0.1", port, NULL };
	struct talk talk;
	char byte = '\0';
	int lines = 0;

	snprintf(port, sizeof(port), "%u", relay->port);
	talk = start_talk(argv);
	/* Trying, Connected, Escape character */
	while (lines < 3) {
		assert_int_equal(read(talk.out, &byte, 1), 1);
		lines += byte == '\n';
	}
	return talk;
}

/*
 * Three people, by nc, telnet and a Unix socket, in two rooms; then the daemon
 * is killed, and all that they said is there.
 */
static void
test_a_conversation_over_nc_telnet_and_a_unix_socket(void **state)
{
	struct relay *relay;
	struct talk anna, ben;
	char text[512], account[ACCOUNT_SIZE];
	int carl;

	(void)state;
	if (!is_installed("nc") || !is_installed("telnet") ||
	    !find_account(account))
		skip();
	relay = relay_start(CONF, 2);
	anna = start_nc(relay);
	expect_text(anna.out, "*** you are guest1 in main" HINT);
	ben = start_telnet(relay);
	expect_text(ben.out, "*** you are guest2 in main" HINT);
	carl = relay_connect_unix(relay, "socket");
	snprintf(text, sizeof(text), "*** you are %s in main" HINT, account);
	expect_text(carl, text);
	snprintf(
	    text, sizeof(text), "*** guest2 joined\n*** %s joined\n", account);
	expect_text(anna.out, text);
	snprintf(text, sizeof(text), "*** %s joined\n", account);
	expect_text(ben.out, text);

	send_text(anna.in, "/nick anna\ngood morning\n");
	expect_text(anna.out, "*** you are now known as anna\n");
	expect_text(
	    ben.out, "*** guest1 is now known as anna\n<anna> good morning\n");
	send_text(ben.in, "/nick ben\n/me yawns\n");
	expect_text(ben.out, "*** you are now known as ben\n");
	expect_text(carl,
	    "*** guest1 is now known as anna\n<anna> good morning\n"
	    "*** guest2 is now known as ben\n* ben yawns\n");
	send_text(carl, "/join tea\nanybody here?\n/who\n");
	snprintf(text, sizeof(text),
	    "*** you are %s in tea\n*** in tea: %s (vouched for)\n", account,
	    account);
	expect_text(carl, text);
	snprintf(text, sizeof(text),
	    "*** guest2 is now known as ben\n* ben yawns\n"
	    "*** %s left (went to tea)\n",
	    account);
	expect_text(anna.out, text);
	send_text(anna.in, "/join tea\n");
	snprintf(text, sizeof(text),
	    "*** you are anna in tea\nTIME <%s> anybody here?\n", account);
	expect_timed(anna.out, text);
	expect_text(carl, "*** anna joined\n");
	send_text(anna.in, "me\n");
	expect_text(carl, "<anna> me\n");
	snprintf(text, sizeof(text),
	    "*** %s left (went to tea)\n*** anna left (went to tea)\n",
	    account);
	expect_text(ben.out, text);
	send_text(ben.in, "alone\n/rooms\n/msg anna psst\n");
	expect_text(
	    ben.out, "*** main: 1 person\n*** tea: 2 people\n[to anna] psst\n");
	expect_text(anna.out, "[ben] psst\n");

	relay_kill_and_restart(relay, 2);
	end_talk(&anna);
	end_talk(&ben);
	close(carl);
	anna = start_nc(relay);
	expect_timed(anna.out,
	    "*** you are guest1 in main" HINT
	    "TIME <anna> good morning\nTIME * ben yawns\nTIME <ben> alone\n");
	send_text(anna.in, "/join tea\n");
	snprintf(text, sizeof(text),
	    "*** you are guest1 in tea\nTIME <%s> anybody here?\n"
	    "TIME <anna> me\n",
	    account);
	expect_timed(anna.out, text);
	send_text(anna.in, "/history 1\n/quit bye\n");
	expect_timed(anna.out, "TIME <anna> me\n");
	relay_await_log(relay, "reason=\"quit\"");
	end_talk(&anna);
	relay_stop(relay);
}

/* As people do who only want to say something from a script. */
static void
test_the_client_in_a_pipe(void **state)
{
	struct relay *relay = relay_start(CONF, 2);
	static const char *const options[] = { NULL };
	int listener = relay_connect(relay), in[2];
	pid_t client;

	(void)state;
	make_pipe(in);
	client = start_client(relay, options, in[0], -1, -1);
	close(in[0]);
	expect_text(
	    listener, "*** you are guest1 in main" HINT "*** guest2 joined\n");
	send_text(in[1], "/nick dora\nthe backup is done");
	close(in[1]);
	expect_text(listener,
	    "*** guest2 is now known as dora\n<dora> the backup is done\n"
	    "*** dora left (left)\n");
	assert_int_equal(await_exit(client), 0);
	close(listener);
	relay_stop(relay);
}

static void
test_an_account_belongs_to_its_user(void **state)
{
	struct relay *relay = relay_start(CONF, 2);
	char text[512], account[ACCOUNT_SIZE];
	int other = relay_connect(relay), user;

	(void)state;
	if (!find_account(account))
		skip();
	expect_text(other, "*** you are guest1 in main" HINT);
	snprintf(text, sizeof(text), "/nick %s\n", account);
	send_text(other, text);
	snprintf(text, sizeof(text),
	    "*** %s is an account of this machine, and not known to be yours\n",
	    account);
	expect_text(other, text);
	user = relay_connect_unix(relay, "socket");
	snprintf(text, sizeof(text), "*** %s joined\n", account);
	expect_text(other, text);
	send_text(other, "/who\n");
	snprintf(text, sizeof(text), "*** in main: guest1, %s (vouched for)\n",
	    account);
	expect_text(other, text);
	close(user);
	close(other);
	relay_stop(relay);
}

/* What would show at a terminal if it came through. */
static const char *const nasty[] = {
	"\033[2J\033[Hcleared",
	"\033[5Aup\033[10Dleft\033[1;1Hhome",
	"\033[31;1;5mred and blinking\033[0m",
	"\033[?25l\033[?1049hanother screen\033c",
	"\033]0;a title\007\033]2;a title\033\\",
	"\033]8;;http://example.net/\033\\a link\033]8;;\033\\",
	"\033]52;c;c3RvbGVu\007the clipboard",
	"\033P+q544e\033\\\033Pq#0\033\\",
	"over\rwritten",
	"eaten\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b",
	"\v\v\f\033D\033E\033Mlines",
	"bell\a\a, shift \016out\017",
	"\302\233"
	"2J eight bits \233"
	"2J",
	"\302\220q\302\234 string",
	"overlong \300\233[2J \340\200\233[2J \360\200\200\233[2J",
	"turned \342\200\256round\342\200\254 and \342\201\247so\342\201\251",
	"\377\376\375 \300\257 \355\240\200 \364\220\200\200 end",
};

static void
test_nothing_that_is_said_does_something_at_a_terminal(void **state)
{
	static const char *const state_format =
	    "#{pane_title} #{alternate_on} #{cursor_flag} #{cursor_x}";
	char wanted[8192], before[256], command[64];
	struct screen *screen;
	struct relay *relay;
	size_t i, length;
	int talker;

	(void)state;
	if (!is_installed("tmux") || !is_installed("nc"))
		skip();
	relay = relay_start(CONF, 2);
	snprintf(
	    command, sizeof(command), "exec nc -d 127.0.0.1 %u", relay->port);
	screen = screen_start(100, 40, command);
	screen_await(screen, "*** you are guest1");
	snprintf(
	    before, sizeof(before), "%s", screen_ask(screen, state_format));
	length = (size_t)snprintf(wanted, sizeof(wanted),
	    "*** you are guest1 in main" HINT "*** guest2 joined\n");
	talker = relay_connect(relay);
	for (i = 0; i < COUNT_OF(nasty); i++) {
		send_text(talker, nasty[i]);
		send_text(talker, "\n");
		length += (size_t)sprintf(wanted + length, "<guest2> ");
		length +=
		    text_clean(wanted + length, nasty[i], strlen(nasty[i]));
		wanted[length++] = '\n';
	}
	send_text(talker, "that was all\n");
	strcpy(wanted + length, "<guest2> that was all");
	screen_expect_colors(screen, wanted);
	assert_string_equal(screen_ask(screen, state_format), before);
	screen_stop(screen);
	close(talker);
	relay_stop(relay);
}

/* Other rooms took their place, and nobody could go there from this one. */
static void
test_the_rooms_of_listen_are_there_before_anybody_is(void **state)
{
	static const char format[] =
	    "mode = \"chat\"; limits = { rooms = 2; };"
	    "listen = ( \"127.0.0.1:0\","
	    " { address = \"unix:%%s/s\"; room = \"%s\"; } );";
	struct relay *relay;
	char conf[256];
	int anna;

	(void)state;
	snprintf(conf, sizeof(conf), format, "Ops");
	relay = relay_start(conf, 2);
	anna = relay_connect(relay);
	send_text(anna, "/rooms\n/join more\n/join ops\n");
	expect_text(anna,
	    "*** you are guest1 in main" HINT
	    "*** main: 1 person\n*** Ops: 0 people\n"
	    "*** there are 2 rooms already, as many as there may be\n"
	    "*** you are guest1 in Ops\n");
	snprintf(conf, sizeof(conf), format, "Dev");
	relay_reload(relay, conf);
	send_text(anna, "/rooms\n/join dev\n/rooms\n");
	expect_text(anna,
	    "*** main: 0 people\n*** Ops: 1 person\n*** Dev: 0 people\n"
	    "*** you are guest1 in Dev\n"
	    "*** main: 0 people\n*** Dev: 1 person\n");
	close(anna);
	relay_stop(relay);
}

/* From the manual to a file, without what mdoc adds. */
static void
extract_bot(const char *path)
{
	size_t length;
	const char *variable = getenv("TCPRELAY_MAN_CHAT");
	char *man, *begin, *end;

	if (variable == NULL)
		fail_msg("TCPRELAY_MAN_CHAT is not set");
	man = read_whole_file(variable, &length);
	begin = strstr(man, "#!/usr/bin/env bash\n");
	assert_non_null(begin);
	end = strstr(begin, ".Ed\n");
	assert_non_null(end);
	write_file(path, begin, (size_t)(end - begin));
	free(man);
}

static void
test_the_bot_of_the_manual_answers(void **state)
{
	struct relay *relay;
	char bot[128], port[8], answer[32] = "";
	const char *const argv[] = { "bash", bot, "127.0.0.1", port, NULL };
	struct talk talk;
	int asker;

	(void)state;
	if (!is_installed("bash"))
		skip();
	relay = relay_start(CONF, 2);
	snprintf(bot, sizeof(bot), "%s", relay_path(relay, "bot"));
	snprintf(port, sizeof(port), "%u", relay->port);
	extract_bot(bot);
	asker = relay_connect(relay);
	talk = start_talk(argv);
	expect_text(asker,
	    "*** you are guest1 in main" HINT
	    "*** guest2 joined\n*** guest2 is now known as clock\n");
	send_text(asker, "what is it?\nwhat time is it?\n");
	expect_text(asker, "[clock] it is ");
	assert_int_equal(recv(asker, answer, 6, MSG_WAITALL), 6);
	assert_true(
	    isdigit(answer[0]) && answer[2] == ':' && answer[5] == '\n');
	end_talk(&talk);
	close(asker);
	relay_stop(relay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_a_conversation_over_nc_telnet_and_a_unix_socket),
		E2E_TEST(test_the_client_in_a_pipe),
		E2E_TEST(test_an_account_belongs_to_its_user),
		E2E_TEST(
		    test_nothing_that_is_said_does_something_at_a_terminal),
		E2E_TEST(test_the_rooms_of_listen_are_there_before_anybody_is),
		E2E_TEST(test_the_bot_of_the_manual_answers),
	};

	return cmocka_run_group_tests_name("chat", tests, NULL, NULL);
}
