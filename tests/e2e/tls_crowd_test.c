/* SPDX-License-Identifier: ISC */
/*
 * That many who only pretend to speak TLS could do something to the others.
 */
#include "config.h"

#include "tls_fixture.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FLOOD 1100

/* Connections that say nothing must not take the places of those who do. */
static void
test_half_open_handshakes_keep_nobody_out(void **state)
{
	struct relay *relay;
	struct tls_peer *early, *late;
	int flood[FLOOD], plain, i;

	if (!can_open_files(FLOOD + 100))
		skip();
	relay = tls_relay_start(*state, "", "limits = { clients = 3; };");
	early = tls_join(relay, *state);
	for (i = 0; i < FLOOD; i++)
		flood[i] = relay_connect(relay);
	plain = tls_join_plain(relay);
	late = tls_join(relay, *state);
	tls_send_text(late, "still here\n");
	tls_expect_text(early, "still here\n");
	expect_text(plain, "still here\n");
	assert_true(read(flood[0], &(char){ 0 }, 1) <= 0);
	assert_int_equal(
	    recv(flood[FLOOD - 1], &(char){ 0 }, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	for (i = 0; i < FLOOD; i++)
		close(flood[i]);
	close(plain);
	tls_peer_free(early);
	tls_peer_free(late);
	relay_stop(relay);
}

#define CROWD 80

/* All that they sent is read, and they wait for more. */
static void
test_failed_handshakes_keep_nobody_out(void **state)
{
	struct relay *relay =
	    tls_relay_start(*state, "", "limits = { clients = 3; };");
	struct tls_peer *member = tls_join(relay, *state), *late;
	int crowd[CROWD], i;

	for (i = 0; i < CROWD; i++) {
		crowd[i] = relay_dial(relay);
		send_text(crowd[i], "hello");
		relay_await_log(relay, "TLS handshake failed peer=");
	}
	late = tls_join(relay, *state);
	tls_send_text(late, "a good one\n");
	tls_expect_text(member, "a good one\n");
	for (i = 0; i < CROWD; i++)
		close(crowd[i]);
	tls_peer_free(member);
	tls_peer_free(late);
	relay_stop(relay);
}

/* What a client of TLS says first. */
static size_t
make_hello(char *bytes, size_t size)
{
	SSL_CTX *context = tls_peer_context(NULL);
	SSL *ssl = SSL_new(context);
	BIO *output = BIO_new(BIO_s_mem());
	int length;

	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), output);
	assert_int_equal(SSL_connect(ssl), -1);
	length = BIO_read(output, bytes, (int)size);
	assert_in_range(length, 1, size - 1);
	SSL_free(ssl);
	SSL_CTX_free(context);
	return (size_t)length;
}

static bool
has_input(int fd, int milliseconds)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	return poll(&poller, 1, milliseconds) == 1;
}

#define HELLOS 200

/* They cost nothing to send, and each of them the daemon a signature. */
static void
test_handshakes_do_not_hold_up_lines(void **state)
{
	struct relay *relay = tls_relay_start_as(*state, "heavy", "", "");
	struct tls_peer *talker = tls_join(relay, *state),
			*reader = tls_join(relay, *state);
	int crowd[HELLOS], before = 0, i;
	char hello[4096];
	size_t length = make_hello(hello, sizeof(hello));

	for (i = 0; i < HELLOS; i++)
		crowd[i] = relay_connect(relay);
	/* All of it is there at once. */
	kill(relay->pid, SIGSTOP);
	for (i = 0; i < HELLOS; i++)
		send_bytes(crowd[i], hello, length);
	tls_send_text(talker, "not held up\n");
	kill(relay->pid, SIGCONT);
	assert_true(has_input(reader->fd, -1));
	kill(relay->pid, SIGSTOP);
	for (i = 0; i < HELLOS; i++) {
		before += has_input(crowd[i], 0);
		close(crowd[i]);
	}
	kill(relay->pid, SIGCONT);
	assert_in_range(before, 0, HELLOS / 2);
	tls_peer_free(talker);
	tls_peer_free(reader);
	relay_stop(relay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_half_open_handshakes_keep_nobody_out),
		E2E_TEST(test_failed_handshakes_keep_nobody_out),
		E2E_TEST(test_handshakes_do_not_hold_up_lines),
	};

	return cmocka_run_group_tests_name(
	    "tls crowd", tests, tls_set_up, tls_tear_down);
}
