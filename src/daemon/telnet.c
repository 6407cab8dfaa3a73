/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "daemon/telnet.h"

#include <string.h>

#define SE   240 /* end of a subnegotiation */
#define SB   250 /* a subnegotiation */
#define WILL 251 /* this and the next three: a verb, then an option */
#define DO   253
#define IAC  255

#define TIMING_MARK 6

/* The last option that is in use; see IANA's list of telnet options. */
#define OPTION_MAX 49

enum state { TEXT, AFTER_IAC, AFTER_VERB, INSIDE, INSIDE_AFTER_IAC };

static bool
is_option(unsigned char byte)
{
	return byte <= OPTION_MAX && byte != '\n';
}

/* A byte after an IAC. Returns whether it is telnet's. */
static bool
take_command(struct telnet *telnet, unsigned char byte)
{
	if (byte == SB) {
		telnet->state = INSIDE;
		return true;
	}
	if (byte >= WILL && byte < IAC) {
		telnet->state = AFTER_VERB;
		telnet->verb = byte;
		return true;
	}
	telnet->state = TEXT;
	return byte >= SE && byte < SB;
}

static size_t
take(struct telnet *telnet, unsigned char byte, char *to)
{
	size_t count = 0;

	switch ((enum state)telnet->state) {
	case TEXT:
		if (byte == IAC) {
			telnet->state = AFTER_IAC;
			return 0;
		}
		break;
	case AFTER_IAC:
		if (take_command(telnet, byte))
			return 0;
		to[count++] = (char)IAC;
		/* Two of them stand for one. */
		if (byte == IAC)
			return count;
		break;
	case AFTER_VERB:
		telnet->state = TEXT;
		if (telnet->verb == DO && byte == TIMING_MARK)
			telnet->asks_for_mark = true;
		if (is_option(byte))
			return 0;
		to[count++] = (char)IAC;
		to[count++] = (char)telnet->verb;
		break;
	case INSIDE:
		if (byte == IAC)
			telnet->state = INSIDE_AFTER_IAC;
		if (byte != '\n')
			return 0;
		telnet->state = TEXT;
		break;
	case INSIDE_AFTER_IAC:
		telnet->state = byte == SE || byte == '\n' ? TEXT : INSIDE;
		if (byte != '\n')
			return 0;
		break;
	}
	to[count++] = (char)byte;
	return count;
}

bool
telnet_has_nothing(
    const struct telnet *telnet, const char *bytes, size_t length)
{
	return telnet->state == TEXT && memchr(bytes, IAC, length) == NULL;
}

size_t
telnet_strip(struct telnet *telnet, char *to, const char *bytes, size_t length)
{
	size_t i, count = 0;

	for (i = 0; i < length; i++)
		count += take(telnet, (unsigned char)bytes[i], to + count);
	return count;
}
