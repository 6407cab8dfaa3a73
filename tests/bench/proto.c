/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "proto.h"

#include <stdio.h>
#include <string.h>

/* The channel, subject or topic; of the length that REDIS_NAME says. */
#define NAME	   "bench"
#define REDIS_NAME "$5\r\n" NAME "\r\n"

#define MQTT_CONNACK  0x20
#define MQTT_PUBLISH  0x30
#define MQTT_SUBACK   0x90
#define MQTT_REFUSED  0x80
#define MQTT_BASE     128 /* of a length, in digits of seven bits */
#define MQTT_NAME_LEN (sizeof(NAME) - 1)

static size_t
put(char *to, const char *text)
{
	size_t length = strlen(text);

	memcpy(to, text, length + 1);
	return length;
}

static bool
begins(const char *data, size_t length, const char *with)
{
	return length >= strlen(with) && memcmp(data, with, strlen(with)) == 0;
}

/* A line up to CR LF or LF; false, and a partial frame, when it is not all. */
static bool
take_line(const char *data, size_t length, struct frame *frame)
{
	const char *end = memchr(data, '\n', length);

	frame->kind = end == NULL ? FRAME_PARTIAL : FRAME_OTHER;
	frame->bytes = end == NULL ? 0 : (size_t)(end - data) + 1;
	return end != NULL;
}

/* Raw lines. */

static void
raw_seal(struct envelope *envelope)
{
	envelope->after_bytes = put(envelope->after, "\n");
}

static size_t
raw_greet(char *text, enum proto_role role, unsigned number)
{
	(void)text;
	(void)role;
	(void)number;
	return 0;
}

/* Every line has one length, so this sees but the first part of one. */
static void
raw_parse(const char *data, size_t length, enum proto_role role,
    const struct envelope *envelope, struct frame *frame)
{
	(void)data;
	(void)length;
	(void)role;
	(void)envelope;
	frame->kind = FRAME_PARTIAL;
}

/* Mode chat of tcprelayd: tcprelay-chat(7). */

/* Who spoke stands before the text. What senders say to each other is left. */
static void
chat_parse(const char *data, size_t length, enum proto_role role,
    const struct envelope *envelope, struct frame *frame)
{
	size_t text = envelope->text_bytes;

	if (!take_line(data, length, frame))
		return;
	if (begins(data, length, "*** you are ")) {
		frame->kind = FRAME_READY;
	} else if (data[0] == '<' && role == PROTO_RECEIVER &&
	    frame->bytes > text) {
		frame->kind = FRAME_LINE;
		frame->text = data + frame->bytes - 1 - text;
	} else if (begins(data, length, "*** not said")) {
		frame->kind = FRAME_ERROR;
	}
}

/* NATS: docs.nats.io, "NATS client protocol". */

static void
nats_seal(struct envelope *envelope)
{
	envelope->before_bytes = (size_t)snprintf(envelope->before,
	    PROTO_TEXT_SIZE, "PUB " NAME " %zu\r\n", envelope->text_bytes);
	envelope->after_bytes = put(envelope->after, "\r\n");
	envelope->arriving_bytes = (size_t)snprintf(envelope->arriving,
	    PROTO_TEXT_SIZE, "MSG " NAME " 1 %zu\r\n", envelope->text_bytes);
}

static size_t
nats_greet(char *text, enum proto_role role, unsigned number)
{
	(void)number;
	return (size_t)snprintf(text, PROTO_TEXT_SIZE,
	    "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n%sPING\r\n",
	    role == PROTO_SENDER ? "" : "SUB " NAME " 1\r\n");
}

static void
nats_parse(const char *data, size_t length, enum proto_role role,
    const struct envelope *envelope, struct frame *frame)
{
	(void)role;
	(void)envelope;
	if (!take_line(data, length, frame))
		return;
	if (begins(data, length, "PONG"))
		frame->kind = FRAME_READY;
	else if (begins(data, length, "-ERR"))
		frame->kind = FRAME_ERROR;
	else if (begins(data, length, "PING"))
		put(frame->answer, "PONG\r\n");
}

/* Redis: redis.io, "Redis serialization protocol specification" (RESP2). */

static void
redis_seal(struct envelope *envelope)
{
	envelope->before_bytes = (size_t)snprintf(envelope->before,
	    PROTO_TEXT_SIZE, "*3\r\n$7\r\nPUBLISH\r\n" REDIS_NAME "$%zu\r\n",
	    envelope->text_bytes);
	envelope->after_bytes = put(envelope->after, "\r\n");
	envelope->arriving_bytes = (size_t)snprintf(envelope->arriving,
	    PROTO_TEXT_SIZE, "*3\r\n$7\r\nmessage\r\n" REDIS_NAME "$%zu\r\n",
	    envelope->text_bytes);
}

static size_t
redis_greet(char *text, enum proto_role role, unsigned number)
{
	(void)number;
	return put(
	    text, role == PROTO_SENDER ? "PING\r\n" : "SUBSCRIBE " NAME "\r\n");
}

static void
redis_parse(const char *data, size_t length, enum proto_role role,
    const struct envelope *envelope, struct frame *frame)
{
	static const char subscribed[] =
	    "*3\r\n$9\r\nsubscribe\r\n" REDIS_NAME ":1\r\n";

	(void)role;
	(void)envelope;
	if (begins(data, length, subscribed)) {
		frame->kind = FRAME_READY;
		frame->bytes = sizeof(subscribed) - 1;
	} else if (data[0] == '*') {
		frame->kind = length < sizeof(subscribed) - 1 ? FRAME_PARTIAL
							      : FRAME_ERROR;
	} else if (take_line(data, length, frame)) {
		if (begins(data, length, "+PONG"))
			frame->kind = FRAME_READY;
		else if (data[0] == '-')
			frame->kind = FRAME_ERROR;
	}
}

/* MQTT: OASIS Standard "MQTT Version 3.1.1"; QoS 0. */

static size_t
mqtt_put_length(char *to, size_t length)
{
	size_t i = 0;

	for (; length >= MQTT_BASE; length /= MQTT_BASE)
		to[i++] = (char)(length % MQTT_BASE | MQTT_BASE);
	to[i++] = (char)length;
	return i;
}

static void
mqtt_seal(struct envelope *envelope)
{
	char *at = envelope->before;

	*at++ = MQTT_PUBLISH;
	at += mqtt_put_length(at, 2 + MQTT_NAME_LEN + envelope->text_bytes);
	*at++ = 0;
	*at++ = MQTT_NAME_LEN;
	at += put(at, NAME);
	envelope->before_bytes = (size_t)(at - envelope->before);
	memcpy(envelope->arriving, envelope->before, envelope->before_bytes);
	envelope->arriving_bytes = envelope->before_bytes;
}

static size_t
mqtt_greet(char *text, enum proto_role role, unsigned number)
{
	/* Clean session, no keep-alive; then an identifier of 8 bytes. */
	static const char connect[] = "\x10\x14\0\4MQTT\4\2\0\0\0\x08";
	/* Packet 1; the name; QoS 0. */
	static const char subscribe[] = "\x82\x0a\0\1\0\5" NAME "\0";
	size_t length = sizeof(connect) - 1;
	char name[16];

	snprintf(name, sizeof(name), "%c%07u", role == PROTO_SENDER ? 's' : 'r',
	    number % 10000000);
	memcpy(text, connect, length);
	memcpy(text + length, name, 8);
	length += 8;
	if (role == PROTO_SENDER)
		return length;
	memcpy(text + length, subscribe, sizeof(subscribe) - 1);
	return length + sizeof(subscribe) - 1;
}

static void
mqtt_parse(const char *data, size_t length, enum proto_role role,
    const struct envelope *envelope, struct frame *frame)
{
	const unsigned char *bytes = (const unsigned char *)data;
	unsigned char wanted =
	    role == PROTO_SENDER ? MQTT_CONNACK : MQTT_SUBACK;

	(void)envelope;
	/* All that the server says to us is shorter than MQTT_BASE. */
	frame->kind = FRAME_PARTIAL;
	if (length < 2 || length < 2 + (size_t)bytes[1])
		return;
	frame->bytes = 2 + (size_t)bytes[1];
	frame->kind = bytes[0] == wanted ? FRAME_READY : FRAME_OTHER;
	if (bytes[0] == MQTT_PUBLISH || bytes[1] >= MQTT_BASE ||
	    (bytes[0] == MQTT_CONNACK && bytes[3] != 0) ||
	    (bytes[0] == MQTT_SUBACK && bytes[4] == MQTT_REFUSED))
		frame->kind = FRAME_ERROR;
}

/* IRC: RFC 2812. */

static void
irc_seal(struct envelope *envelope)
{
	envelope->before_bytes = put(envelope->before, "PRIVMSG #" NAME " :");
	envelope->after_bytes = put(envelope->after, "\r\n");
}

static size_t
irc_greet(char *text, enum proto_role role, unsigned number)
{
	return (size_t)snprintf(text, PROTO_TEXT_SIZE,
	    "NICK %c%u\r\nUSER bench 0 * :bench\r\n",
	    role == PROTO_SENDER ? 's' : 'r', number);
}

/* A numeric reply or a command of the server, after its name. */
static void
irc_command(const char *command, enum proto_role role, struct frame *frame)
{
	/* The end of the message of the day: registered. */
	if (begins(command, 4, "376 ") || begins(command, 4, "422 ")) {
		if (role == PROTO_RECEIVER)
			put(frame->answer, "JOIN #" NAME "\r\n");
		else
			frame->kind = FRAME_READY;
	} else if (begins(command, 4, "366 ")) {
		frame->kind = FRAME_READY;
	} else if (command[0] == '4') {
		frame->kind = FRAME_ERROR;
	}
}

/* Who spoke stands before the text, so only the end of a line is known. */
static void
irc_parse(const char *data, size_t length, enum proto_role role,
    const struct envelope *envelope, struct frame *frame)
{
	size_t text = envelope->text_bytes;
	const char *command;

	if (!take_line(data, length, frame))
		return;
	length = frame->bytes;
	if (begins(data, length, "PING ")) {
		snprintf(frame->answer, PROTO_TEXT_SIZE, "PONG %.*s",
		    (int)(length - strlen("PING ")), data + strlen("PING "));
		return;
	}
	command = memchr(data, ' ', length);
	if (data[0] != ':' || command == NULL || length < 16) {
		if (begins(data, length, "ERROR"))
			frame->kind = FRAME_ERROR;
		return;
	}
	command++;
	if (begins(command, 8, "PRIVMSG ") && length > text + 10) {
		frame->kind = FRAME_LINE;
		frame->text = data + length - 2 - text;
		return;
	}
	irc_command(command, role, frame);
}

static const struct protocol protocols[] = {
	{ "raw", true, raw_seal, raw_greet, raw_parse },
	{ "chat", false, raw_seal, raw_greet, chat_parse },
	{ "nats", false, nats_seal, nats_greet, nats_parse },
	{ "redis", false, redis_seal, redis_greet, redis_parse },
	{ "mqtt", false, mqtt_seal, mqtt_greet, mqtt_parse },
	{ "irc", false, irc_seal, irc_greet, irc_parse },
};

const struct protocol *
proto_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (strcmp(protocols[i].name, name) == 0)
			return &protocols[i];
	return NULL;
}

void
proto_seal(const struct protocol *protocol, size_t text_bytes,
    struct envelope *envelope)
{
	memset(envelope, 0, sizeof(*envelope));
	envelope->text_bytes = text_bytes;
	protocol->seal(envelope);
}

void
proto_next(const struct protocol *protocol, const struct envelope *envelope,
    enum proto_role role, const char *data, size_t length, struct frame *frame)
{
	size_t head = envelope->arriving_bytes;
	size_t all = head + envelope->text_bytes + envelope->after_bytes;
	bool fixed = head > 0 || protocol->probed;

	frame->bytes = 0;
	frame->answer[0] = '\0';
	if (!fixed ||
	    memcmp(data, envelope->arriving, length < head ? length : head) !=
		0) {
		protocol->parse(data, length, role, envelope, frame);
	} else if (length < all) {
		frame->kind = FRAME_PARTIAL;
	} else {
		frame->kind = FRAME_LINE;
		frame->bytes = all;
		frame->text = data + head;
	}
}
