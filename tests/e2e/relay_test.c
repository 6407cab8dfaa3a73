/* SPDX-License-Identifier: ISC */
/*
 * The promises, seen through sockets: lines arrive whole, once, in one order
 * for everybody; nobody sees its own; nobody's misfortune is another's.
 */
#include "config.h"

#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void
reset(int fd)
{
	struct linger none = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(fd);
}

/* ncat --broker glues them together: "helworlo ld". */
static void
test_half_lines_are_not_glued_together(void **state)
{
	struct relay *relay = relay_start(NULL, 1);
	int a = relay_connect(relay), b = relay_connect(relay);
	int reader = relay_connect(relay);

	(void)state;
	send_text(a, "hel");
	send_text(b, "wor");
	send_text(b, "ld\n");
	expect_text(reader, "world\n");
	send_text(a, "lo\n");
	expect_text(reader, "hello\n");
	/* Nobody sees its own. */
	expect_text(a, "world\n");
	expect_text(b, "hello\n");
	close(a);
	close(b);
	close(reader);
	relay_stop(relay);
}

static void
test_every_byte_but_lf_is_only_a_byte(void **state)
{
	static const char bytes[] = "a\0b\rc\r\n\n\xff\xfe\x1b[2J\n";
	struct relay *relay = relay_start(NULL, 1);
	int talker = relay_connect(relay), reader = relay_connect(relay);
	char got[sizeof(bytes)];

	(void)state;
	send_bytes(talker, bytes, sizeof(bytes) - 1);
	assert_int_equal(recv(reader, got, sizeof(bytes) - 1, MSG_WAITALL),
	    sizeof(bytes) - 1);
	assert_memory_equal(got, bytes, sizeof(bytes) - 1);
	close(talker);
	close(reader);
	relay_stop(relay);
}

static void
test_a_last_line_without_lf_is_relayed_with_one(void **state)
{
	struct relay *relay = relay_start(NULL, 1);
	int talker = relay_connect(relay), reader = relay_connect(relay);

	(void)state;
	send_text(talker, "first\nlast");
	shutdown(talker, SHUT_WR);
	expect_text(reader, "first\nlast\n");
	expect_end(talker);
	assert_non_null(strstr(
	    relay_await_log(relay, "closed"), "reason=\"end of input\""));
	close(talker);
	close(reader);
	relay_stop(relay);
}

static void
test_a_half_line_of_one_who_resets_is_not_relayed(void **state)
{
	struct relay *relay = relay_start(NULL, 1);
	int talker = relay_connect(relay), reader = relay_connect(relay);
	int other = relay_connect(relay);

	(void)state;
	send_text(talker, "whole\nhal");
	expect_text(reader, "whole\n");
	reset(talker);
	assert_non_null(
	    strstr(relay_await_log(relay, "closed"), "reason=\"reset\""));
	send_text(other, "next\n");
	expect_text(reader, "next\n");
	close(other);
	close(reader);
	relay_stop(relay);
}

static void
test_a_line_over_the_limit_closes_its_sender_alone(void **state)
{
	struct relay *relay = relay_start("listen = \"127.0.0.1:0\";"
					  "limits = { line_bytes = 10; };",
	    1);
	int talker = relay_connect(relay), reader = relay_connect(relay);
	int other = relay_connect(relay);
	char byte;

	(void)state;
	send_text(talker, "before\n0123456789\n01234567890\nafter\n");
	expect_text(reader, "before\n0123456789\n");
	assert_non_null(strstr(
	    relay_await_log(relay, "closed"), "reason=\"line too long\""));
	assert_int_equal(read(talker, &byte, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	send_text(other, "next\n");
	expect_text(reader, "next\n");
	close(talker);
	close(other);
	close(reader);
	relay_stop(relay);
}

/* Data queued in both directions when the FIN comes. */
static void
test_one_who_leaves_has_said_and_heard_everything(void **state)
{
	enum { LINES = 6000, LINE = 100 };
	struct relay *relay = relay_start(NULL, 1);
	int talker = relay_connect(relay), leaver = relay_connect(relay);
	char *sent = malloc(LINES * LINE), *got = malloc(LINES * LINE);
	size_t i;

	(void)state;
	for (i = 0; i < LINES; i++)
		snprintf(sent + i * LINE, LINE, "%0*zu", LINE - 1, i);
	for (i = 0; i < LINES; i++)
		sent[i * LINE + LINE - 1] = '\n';
	send_bytes(talker, sent, LINES * LINE);
	send_text(talker, "end\n");
	send_text(leaver, "bye");
	shutdown(leaver, SHUT_WR);
	expect_text(talker, "bye\n");
	/* What was relayed before it left, and no more, and all of it whole. */
	for (i = 0; i < LINES * LINE;) {
		ssize_t part = read(leaver, got + i, LINES * LINE - i);

		assert_true(part >= 0);
		if (part == 0)
			break;
		i += (size_t)part;
	}
	assert_int_equal(i % LINE, 0);
	assert_memory_equal(got, sent, i);
	free(sent);
	free(got);
	close(talker);
	close(leaver);
	relay_stop(relay);
}

static int
connect_unix(struct relay *relay)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s/sock", relay->directory);
	assert_int_equal(connect(fd, (const void *)&un, sizeof(un)), 0);
	relay_await_log(relay, "accepted peer=unix:");
	return fd;
}

/* Containers often have none. */
static bool
has_ipv6(void)
{
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = bind(fd, (const void *)&in6, sizeof(in6)) == 0;

	close(fd);
	return has;
}

static int
connect_ipv6(struct relay *relay, unsigned port)
{
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons((in_port_t)port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const void *)&in6, sizeof(in6)), 0);
	relay_await_log(relay, "accepted peer=[::1]:");
	return fd;
}

static void
test_tcp_over_both_families_and_unix_sockets_meet(void **state)
{
	struct relay *relay;
	int ipv4, ipv6, local;

	(void)state;
	if (!has_ipv6())
		skip();
	relay = relay_start("listen = ( \":0\", { address = \"unix:%s/sock\"; "
			    "permissions = \"0600\"; } );",
	    2);
	ipv4 = relay_connect(relay);
	local = connect_unix(relay);
	ipv6 = connect_ipv6(relay, relay->port);
	send_text(ipv4, "from ipv4\n");
	expect_text(local, "from ipv4\n");
	expect_text(ipv6, "from ipv4\n");
	send_text(local, "from unix\n");
	expect_text(ipv4, "from unix\n");
	expect_text(ipv6, "from unix\n");
	send_text(ipv6, "from ipv6\n");
	expect_text(ipv4, "from ipv6\n");
	expect_text(local, "from ipv6\n");
	close(ipv4);
	close(ipv6);
	close(local);
	relay_stop(relay);
}

static void
test_rooms_do_not_hear_each_other(void **state)
{
	struct relay *relay =
	    relay_start("listen = ( \"127.0.0.1:0\", "
			"{ address = \"unix:%s/sock\"; room = \"ops\"; } );",
		2);
	int talker = relay_connect(relay), reader = relay_connect(relay);
	int ops = connect_unix(relay), ops_reader = connect_unix(relay);

	(void)state;
	send_text(ops, "ops\n");
	send_text(talker, "main\n");
	expect_text(reader, "main\n");
	expect_text(ops_reader, "ops\n");
	close(talker);
	close(reader);
	close(ops);
	close(ops_reader);
	relay_stop(relay);
}

static void
test_one_too_many_is_told_so(void **state)
{
	struct relay *relay = relay_start("listen = \"127.0.0.1:0\";"
					  "limits = { clients = 2; };",
	    1);
	int a = relay_connect(relay), b = relay_connect(relay);
	int refused = relay_connect(relay);

	(void)state;
	expect_text(refused, "tcprelayd: too many clients\n");
	expect_end(refused);
	close(refused);
	assert_non_null(
	    strstr(relay_await_log(relay, "closed"), "reason=\"server full\""));
	send_text(a, "still here\n");
	expect_text(b, "still here\n");
	close(b);
	relay_await_log(relay, "closed");
	b = relay_connect(relay);
	send_text(a, "and again\n");
	expect_text(b, "and again\n");
	close(a);
	close(b);
	relay_stop(relay);
}

static void
test_resets_while_others_talk(void **state)
{
	enum { ROUNDS = 60 };
	struct relay *relay = relay_start(NULL, 1);
	int talker = relay_connect(relay), reader = relay_connect(relay), i;
	char line[64];

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		int rude = relay_connect(relay);

		send_text(rude, "a half line that never ends");
		snprintf(line, sizeof(line), "line %d\n", i);
		send_text(talker, line);
		expect_text(reader, line);
		reset(rude);
	}
	send_text(reader, "thanks\n");
	expect_text(talker, "thanks\n");
	close(talker);
	close(reader);
	relay_stop(relay);
}

/*
 * The relay writes into a connection whose peer is gone, before it has read
 * the last words of that peer: they still arrive.
 */
static void
test_last_words_of_one_who_never_reads_arrive(void **state)
{
	enum { ROUNDS = 40 };
	struct relay *relay = relay_start(NULL, 1);
	int talker = relay_connect(relay), reader = relay_connect(relay), i;
	char last[64], line[64], got[128] = "";

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		int brief = relay_connect(relay);
		size_t length;

		snprintf(line, sizeof(line), "line %d\n", i);
		snprintf(last, sizeof(last), "last words %d\n", i);
		send_text(brief, last);
		send_text(talker, line);
		close(brief);
		expect_text(talker, last);
		length = strlen(line) + strlen(last);
		assert_int_equal(
		    recv(reader, got, length, MSG_WAITALL), length);
		got[length] = '\0';
		assert_non_null(strstr(got, line));
		assert_non_null(strstr(got, last));
	}
	close(talker);
	close(reader);
	relay_stop(relay);
}

/* The relay's write fails first, and then comes the peer's end. */
static void
test_a_last_half_line_after_a_failed_write_arrives(void **state)
{
	struct relay *relay =
	    relay_start("listen = [ \"127.0.0.1:0\", \"unix:%s/sock\" ];", 2);
	int talker = relay_connect(relay), reader = relay_connect(relay);
	int deaf = connect_unix(relay);

	(void)state;
	shutdown(deaf, SHUT_RD);
	send_text(talker, "nobody hears this\n");
	expect_text(reader, "nobody hears this\n");
	send_text(deaf, "one\ntwo");
	close(deaf);
	expect_text(reader, "one\ntwo\n");
	close(talker);
	close(reader);
	relay_stop(relay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_half_lines_are_not_glued_together),
		E2E_TEST(test_every_byte_but_lf_is_only_a_byte),
		E2E_TEST(test_a_last_line_without_lf_is_relayed_with_one),
		E2E_TEST(test_a_half_line_of_one_who_resets_is_not_relayed),
		E2E_TEST(test_a_line_over_the_limit_closes_its_sender_alone),
		E2E_TEST(test_one_who_leaves_has_said_and_heard_everything),
		E2E_TEST(test_tcp_over_both_families_and_unix_sockets_meet),
		E2E_TEST(test_rooms_do_not_hear_each_other),
		E2E_TEST(test_one_too_many_is_told_so),
		E2E_TEST(test_resets_while_others_talk),
		E2E_TEST(test_last_words_of_one_who_never_reads_arrive),
		E2E_TEST(test_a_last_half_line_after_a_failed_write_arrives),
	};

	return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}
