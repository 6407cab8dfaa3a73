/* SPDX-License-Identifier: ISC */
/*
 * What each command of mode chat does; the table of them is in command.c.
 *
 * Arguments are cleaned text, those that were not given NULL. They are good for
 * the duration of the call.
 */
#ifndef CHAT_H
#define CHAT_H

struct person;

#define CHAT_ARGUMENTS_MAX 2

typedef void chat_command(struct person *person, char *const arguments[]);

chat_command chat_nick;
chat_command chat_me;
chat_command chat_msg;
chat_command chat_who;
chat_command chat_join;
chat_command chat_rooms;
chat_command chat_history;
chat_command chat_quit;

#endif
