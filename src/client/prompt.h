/* SPDX-License-Identifier: ISC */
/* What the user types that nobody is to see. */
#ifndef PROMPT_H
#define PROMPT_H

struct secret;

/*
 * Asks for the secret at the terminal of this process, whatever standard input
 * is, without an echo. Returns NULL when there is no terminal or no secret,
 * with *why set to a static text. Ctrl-C and Enter end the process.
 */
struct secret *prompt_secret(const char **why);

#endif
