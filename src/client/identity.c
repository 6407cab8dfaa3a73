/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "client/identity.h"

#include <stdio.h>
#include <string.h>

void
identity_init(struct identity *identity, const char *name)
{
	memset(identity, 0, sizeof(*identity));
	if (name != NULL)
		snprintf(identity->name, sizeof(identity->name), "%s", name);
}

bool
identity_wants(const struct identity *identity)
{
	return identity->name[0] != '\0' || identity->room[0] != '\0';
}

void
identity_begin(struct identity *identity)
{
	identity->greeted = false;
}

static bool
differs(const char *wanted, const char *given)
{
	return wanted[0] != '\0' && strcmp(wanted, given) != 0;
}

static void
ask_for(char *commands, const char *command, const char *wanted)
{
	size_t length = strlen(commands);

	snprintf(commands + length, IDENTITY_COMMANDS_SIZE - length, "/%s %s\n",
	    command, wanted);
}

static void
greet(
    struct identity *identity, const char *line, size_t length, char *commands)
{
	struct chat *chat = &identity->chat;

	identity->greeted = true;
	chat_greet(chat, line, length);
	if (!chat->on)
		return;
	if (differs(identity->name, chat->name))
		ask_for(commands, "nick", identity->name);
	if (differs(identity->room, chat->room))
		ask_for(commands, "join", identity->room);
}

/*
 * We want to be what we are made: who takes another name wants that. But the
 * name that we have while another bears ours, which may be ourselves over a
 * connection that is lost, is not the one that we want.
 */
void
identity_follow(struct identity *identity, const char *line, size_t length,
    char commands[IDENTITY_COMMANDS_SIZE])
{
	struct chat *chat = &identity->chat, before = *chat;

	commands[0] = '\0';
	if (!identity->greeted)
		greet(identity, line, length, commands);
	else if (chat_follow(chat, line, length)) {
		if (strcmp(chat->name, before.name) != 0)
			strcpy(identity->name, chat->name);
		if (strcmp(chat->room, before.room) != 0)
			strcpy(identity->room, chat->room);
	} else if (chat->on && differs(identity->name, chat->name) &&
	    chat_tells_leave(identity->name, line, length))
		ask_for(commands, "nick", identity->name);
}
