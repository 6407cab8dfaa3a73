/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/command.h"

#include "daemon/chat.h"
#include "daemon/people.h"
#include "daemon/person.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define BLANKS	 " \t"
#define WORD_MAX 32 /* bytes of one that is repeated in an answer */

struct command {
	const char *name;
	const char *takes; /* as the user writes it */
	const char *help;
	chat_command *run;
	int least, most; /* arguments; the last one has blanks in it */
	bool ends_turn;	 /* it costs the others much, people.h */
};

static void help(struct person *person, char *const arguments[]);

/* clang-format off */
static const struct command commands[] = {
	{ "nick", " NAME", "be known by that name",
	  chat_nick, .least = 1, .most = 1,
	  .ends_turn = true },
	{ "me", " TEXT", "say what you do: * alice waves",
	  chat_me, .least = 1, .most = 1 },
	{ "msg", " NAME TEXT", "say it to that person alone",
	  chat_msg, .least = 2, .most = 2 },
	{ "who", "", "who is in this room",
	  chat_who, .least = 0, .most = 0,
	  .ends_turn = true },
	{ "join", " ROOM", "go to that room; it is made if need be",
	  chat_join, .least = 1, .most = 1,
	  .ends_turn = true },
	{ "rooms", "", "which rooms there are, with how many people",
	  chat_rooms, .least = 0, .most = 0,
	  .ends_turn = true },
	{ "history", " [N]", "the last lines of this room, or the last N",
	  chat_history, .least = 0, .most = 1,
	  .ends_turn = true },
	{ "help", " [COMMAND]", "what there is to say",
	  help, .least = 0, .most = 1 },
	{ "quit", " [TEXT]", "leave, with a last word",
	  chat_quit, .least = 0, .most = 1 },
	{ .name = NULL },
};
/* clang-format on */

static void
tell(struct person *person, const struct command *command)
{
	person_answer(
	    person, "/%s%s: %s", command->name, command->takes, command->help);
}

static const struct command *
find(const char *name)
{
	const struct command *command;

	for (command = commands; command->name != NULL; command++)
		if (strcasecmp(command->name, name) == 0)
			return command;
	return NULL;
}

static void
answer_unknown(struct person *person, const char *name)
{
	if (strlen(name) <= WORD_MAX)
		person_answer(
		    person, "there is no /%s; /help lists the commands", name);
	else
		person_answer(
		    person, "there is no such command; /help lists them");
}

static void
help(struct person *person, char *const arguments[])
{
	const struct command *command;
	const char *name = arguments[0];

	if (name == NULL) {
		for (command = commands; command->name != NULL; command++)
			tell(person, command);
		person_answer(person,
		    "all else is said; //TEXT says a line that begins with "
		    "a slash");
		return;
	}
	name += *name == '/';
	command = find(name);
	if (command != NULL)
		tell(person, command);
	else
		answer_unknown(person, name);
}

/* Takes the first word off the line, or all of it; NULL when it is empty. */
static char *
next_argument(char **line, bool all)
{
	char *argument = *line + strspn(*line, BLANKS), *end;

	if (*argument == '\0')
		return NULL;
	end = argument + (all ? strlen(argument) : strcspn(argument, BLANKS));
	*line = *end == '\0' ? end : end + 1;
	*end = '\0';
	return argument;
}

static void
trim_end(char *line)
{
	size_t length = strlen(line);

	while (length > 0 && strchr(BLANKS, line[length - 1]) != NULL)
		line[--length] = '\0';
}

void
command_run(struct person *person, char *line)
{
	const struct command *command;
	char *arguments[CHAT_ARGUMENTS_MAX] = { NULL };
	size_t name_length = strcspn(line, BLANKS);
	char *rest = line + name_length;
	int count = 0;

	trim_end(line);
	if (*rest != '\0')
		*rest++ = '\0';
	command = find(line);
	if (command == NULL) {
		answer_unknown(person, line);
		return;
	}
	while (count < command->most) {
		arguments[count] =
		    next_argument(&rest, count == command->most - 1);
		if (arguments[count] == NULL)
			break;
		count++;
	}
	if (count < command->least || rest[strspn(rest, BLANKS)] != '\0')
		person_answer(
		    person, "usage: /%s%s", command->name, command->takes);
	else if (command->ends_turn && !people_may_cost(person->people, person))
		person_postpone(person, command->name,
		    arguments[0] == NULL ? "" : arguments[0]);
	else
		command->run(person, arguments);
	if (command->ends_turn)
		person_wait(person);
}
