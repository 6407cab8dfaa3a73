/* SPDX-License-Identifier: ISC */
/*
 * The commands of mode chat: one table says how each is called, what it takes,
 * what it does, and what /help says of it. What they do is in chat.c.
 */
#ifndef COMMAND_H
#define COMMAND_H

struct person;

/* Runs what stands after the slash, cleaned text. Writes into it. */
void command_run(struct person *person, char *line);

#endif
