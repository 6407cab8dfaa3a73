/* SPDX-License-Identifier: ISC */
/*
 * The promises over TLS: that lines are lost, or made, at an end that is not
 * like that of TCP; that records go out half empty; that what encrypted clients
 * have not read is stored for each of them.
 */
#include "config.h"

#include "tls_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
test_encrypted_and_plain_clients_hear_each_other(void **state)
{
	struct relay *relay = tls_relay_start(*state, "", "");
	struct tls_peer *a = tls_join(relay, *state),
			*b = tls_join(relay, *state);
	int plain = tls_join_plain(relay);

	tls_send_text(a, "from a");
	tls_send_text(a, " in two records\n");
	tls_expect_text(b, "from a in two records\n");
	expect_text(plain, "from a in two records\n");
	send_text(plain, "from plain\n");
	tls_expect_text(a, "from plain\n");
	tls_expect_text(b, "from plain\n");
	close(plain);
	tls_peer_free(a);
	tls_peer_free(b);
	relay_stop(relay);
}

/* Of the two directions only the client's ends with its close_notify. */
static void
test_one_who_leaves_has_said_and_heard_everything(void **state)
{
	enum { LINES = 6000, LINE = 100 };
	struct relay *relay = tls_relay_start(*state, "", "");
	struct tls_peer *leaver = tls_join(relay, *state);
	int talker = tls_join_plain(relay), part;
	char *sent = malloc(LINES * LINE), *got = malloc(LINES * LINE + 1);
	size_t i;

	for (i = 0; i < LINES; i++)
		snprintf(sent + i * LINE, LINE, "%0*zu", LINE - 1, i);
	for (i = 0; i < LINES; i++)
		sent[i * LINE + LINE - 1] = '\n';
	send_bytes(talker, sent, LINES * LINE);
	tls_send_text(leaver, "bye");
	tls_half_close(leaver);
	expect_text(talker, "bye\n");
	for (i = 0; (part = SSL_read(leaver->ssl, got + i,
			 (int)(LINES * LINE + 1 - i))) > 0;)
		i += (size_t)part;
	assert_int_equal(
	    SSL_get_error(leaver->ssl, part), SSL_ERROR_ZERO_RETURN);
	assert_int_equal(i % LINE, 0);
	assert_memory_equal(got, sent, i);
	tls_expect_closed(relay, "end of input");
	free(sent);
	free(got);
	close(talker);
	tls_peer_free(leaver);
	relay_stop(relay);
}

/*
 * Anybody on the way can send a FIN. It is an end of input, but no line is made
 * of what came before it.
 */
static void
test_a_half_line_that_was_cut_off_is_not_relayed(void **state)
{
	struct relay *relay = tls_relay_start(*state, "", "");
	struct tls_peer *cut = tls_join(relay, *state);
	int reader = tls_join_plain(relay);

	tls_send_text(cut, "whole\nrm -rf /tmp");
	expect_text(reader, "whole\n");
	shutdown(cut->fd, SHUT_WR);
	tls_expect_end(cut);
	tls_expect_closed(relay, "end of input");
	tls_peer_free(cut);
	cut = tls_join(relay, *state);
	tls_send_text(cut, "next\n");
	expect_text(reader, "next\n");
	close(reader);
	tls_peer_free(cut);
	relay_stop(relay);
}

static void
test_a_daemon_that_stops_says_so_to_everybody(void **state)
{
	struct relay *relay = tls_relay_start(*state, "", "");
	struct tls_peer *peer = tls_join(relay, *state);
	int talker = tls_join_plain(relay), half_open = relay_connect(relay);

	send_text(talker, "last\n");
	tls_expect_text(peer, "last\n");
	kill(relay->pid, SIGTERM);
	tls_expect_end(peer);
	expect_end(half_open);
	close(half_open);
	close(talker);
	tls_peer_free(peer);
	relay_await_stop(relay);
}

/* What is over the rate stays in OpenSSL, where no poll(2) sees it. */
static void
test_a_rate_limit_loses_nothing_of_a_record(void **state)
{
	enum { LINES = 60 };
	struct relay *relay = tls_relay_start(*state, "",
	    "limits = { lines_per_second = 50; burst_lines = 20; };");
	struct tls_peer *talker = tls_join(relay, *state);
	int reader = tls_join_plain(relay), i;
	char text[LINES * 16] = "";

	for (i = 0; i < LINES; i++)
		sprintf(text + strlen(text), "line %d\n", i);
	tls_send_text(talker, text);
	expect_text(reader, text);
	close(reader);
	tls_peer_free(talker);
	relay_stop(relay);
}

/* Numbered lines, the same for everybody who asks for so many. */
static char *
make_lines(unsigned count, size_t *length)
{
	char *lines = malloc((size_t)count * 160);
	unsigned seed = 1, i;

	*length = 0;
	for (i = 0; i < count; i++)
		*length += (size_t)sprintf(lines + *length, "%u %0*u\n", i,
		    1 + rand_r(&seed) % 120, i);
	return lines;
}

static void
on_record(int writing, int version, int type, const void *bytes, size_t length,
    SSL *ssl, void *arg)
{
	size_t *records = arg;

	(void)version;
	(void)bytes;
	(void)length;
	(void)ssl;
	if (!writing && type == SSL3_RT_HEADER)
		++*records;
}

static void
read_exactly(struct tls_peer *peer, char *bytes, size_t length)
{
	size_t have = 0;

	while (have < length) {
		int part =
		    SSL_read(peer->ssl, bytes + have, (int)(length - have));

		if (part <= 0)
			fail_msg("an end after %zu of %zu bytes", have, length);
		have += (size_t)part;
	}
}

static void
keep_little(int fd)
{
	int small = 65536;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
}

/* What waits in many pieces is not sent in as many records. */
static void
test_what_waits_is_sent_in_full_records(void **state)
{
	enum { TURNS = 400 };
	struct relay *relay = tls_relay_start(
	    *state, "", "slow_client = { backlog_bytes = 8388608; };");
	struct tls_peer *reader = tls_join(relay, *state);
	int talker = tls_join_plain(relay);
	size_t length, records = 0, i;
	char *lines = make_lines(40000, &length), *got = malloc(length);

	keep_little(reader->fd);
	SSL_set_msg_callback(reader->ssl, on_record);
	SSL_set_msg_callback_arg(reader->ssl, &records);
	send_bytes(talker, lines, length);
	/* What both say by turns is in pieces for each of them. */
	for (i = 0; i < TURNS; i++) {
		tls_send_text(reader, "y\n");
		expect_text(talker, "y\n");
		send_text(talker, "x\n");
	}
	read_exactly(reader, got, length);
	assert_memory_equal(got, lines, length);
	for (i = 0; i < TURNS; i++)
		tls_expect_text(reader, "x\n");
	assert_in_range(records, length / 16384, length / 8192);
	free(lines);
	free(got);
	close(talker);
	tls_peer_free(reader);
	relay_stop(relay);
}

static long
peak_kib(pid_t pid)
{
	char path[64], line[256];
	long kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	fclose(file);
	return kib;
}

/* ASan keeps what is freed, and under a wrapper memory is its own. */
static bool
is_instrumented(void)
{
#ifdef __SANITIZE_ADDRESS__
	return true;
#else
	return getenv("TCPRELAY_TEST_WRAPPER") != NULL;
#endif
}

/* Each of them may cost a record, in the clear and encrypted, and no more. */
static void
test_encrypted_clients_share_what_waits_for_them(void **state)
{
	enum { STALLED = 60, BACKLOG_KIB = 8192, EACH_KIB = 64 };
	struct relay *relay = tls_relay_start(
	    *state, "", "slow_client = { backlog_bytes = 8388608; };");
	struct tls_peer *stalled[STALLED];
	int talker = tls_join_plain(relay), i;
	size_t length;
	char *lines = make_lines(90000, &length), *got = malloc(length);
	long before;

	assert_in_range(length, BACKLOG_KIB * 512, BACKLOG_KIB * 1024);
	for (i = 0; i < STALLED; i++) {
		stalled[i] = tls_join(relay, *state);
		keep_little(stalled[i]->fd);
	}
	before = peak_kib(relay->pid);
	send_bytes(talker, lines, length);
	send_text(talker, "end\n");
	read_exactly(stalled[0], got, length);
	assert_memory_equal(got, lines, length);
	tls_expect_text(stalled[0], "end\n");
	if (!is_instrumented())
		assert_in_range(peak_kib(relay->pid) - before, 0,
		    BACKLOG_KIB + STALLED * EACH_KIB);
	for (i = 0; i < STALLED; i++)
		tls_peer_free(stalled[i]);
	free(lines);
	free(got);
	close(talker);
	relay_stop(relay);
}

/* The record that the socket took in part has to be there to the end. */
static void
test_skip_leaves_records_whole(void **state)
{
	enum { LINES = 60000 };
	struct relay *relay = tls_relay_start(*state, "",
	    "slow_client = { policy = \"skip\"; backlog_bytes = 100000; };");
	struct tls_peer *slow = tls_join(relay, *state);
	int talker = tls_join_plain(relay);
	size_t length;
	char *lines = make_lines(LINES, &length), *expected, *got, *end;
	long number, last = -1;

	keep_little(slow->fd);
	got = calloc(1, length + 5);
	send_bytes(talker, lines, length);
	send_text(talker, "end\n");
	for (length = 0;
	     strstr(got + (length > 8 ? length - 8 : 0), "\nend\n") == NULL;) {
		int part = SSL_read(slow->ssl, got + length, 16384);

		assert_true(part > 0);
		length += (size_t)part;
	}
	relay_await_log(relay, "left out peer=");
	/* Every line that came is one that was sent, and later. */
	expected = lines;
	for (end = got; strcmp(end, "end\n") != 0;
	     end += strcspn(end, "\n") + 1) {
		size_t whole = strcspn(end, "\n") + 1;

		number = strtol(end, NULL, 10);
		assert_true(number > last && number < LINES);
		for (; last < number - 1; last++)
			expected = strchr(expected, '\n') + 1;
		assert_true(memcmp(expected, end, whole) == 0);
		expected += whole;
		last = number;
	}
	free(lines);
	free(got);
	close(talker);
	tls_peer_free(slow);
	relay_stop(relay);
}

/* Both see a line of each other for each of their own. */
static void
test_two_who_talk_at_once_hear_each_other(void **state)
{
	enum { LINES = 2000 };
	struct relay *relay = tls_relay_start(*state, "", "");
	struct tls_peer *peers[2];
	char line[32];
	int i, who;

	for (who = 0; who < 2; who++)
		peers[who] = tls_join(relay, *state);
	for (i = 0; i < LINES; i++)
		for (who = 0; who < 2; who++) {
			sprintf(line, "%d says %d\n", who, i);
			tls_send_text(peers[who], line);
		}
	for (i = 0; i < LINES; i++)
		for (who = 0; who < 2; who++) {
			sprintf(line, "%d says %d\n", 1 - who, i);
			tls_expect_text(peers[who], line);
		}
	for (who = 0; who < 2; who++)
		tls_peer_free(peers[who]);
	relay_stop(relay);
}

/*
 * The relay writes into a connection whose peer is gone, before it has read
 * the last words of that peer: they still arrive.
 */
static void
test_last_words_of_one_who_never_reads_arrive(void **state)
{
	enum { ROUNDS = 20 };
	struct relay *relay = tls_relay_start(*state, "", "");
	int talker = tls_join_plain(relay), i;
	char last[64];

	for (i = 0; i < ROUNDS; i++) {
		struct tls_peer *brief = tls_join(relay, *state);

		snprintf(last, sizeof(last), "last words %d\n", i);
		tls_send_text(brief, last);
		send_text(talker, "nobody hears this\n");
		tls_peer_free(brief);
		expect_text(talker, last);
	}
	close(talker);
	relay_stop(relay);
}

static void
expect_file(const char *path, const char *bytes, size_t length)
{
	size_t got_length;
	char *got = read_whole_file(path, &got_length);

	assert_int_equal(got_length, length);
	assert_true(memcmp(got, bytes, length) == 0);
	free(got);
}

/*
 * Programs that know nothing of this one: openssl(1) listens, socat(1) talks.
 */
static void
test_foreign_clients_get_and_give_every_byte(void **state)
{
	const struct test_files *files = *state;
	struct relay *relay;
	char input[128], output[128], address[192], connect[64];
	const char *listen[] = { "openssl", "s_client", "-quiet",
		"-verify_return_error", "-CAfile", files->authority, "-connect",
		connect, NULL };
	const char *talk[] = { "socat", "-u", input, address, NULL };
	size_t length;
	char *lines, *got;
	struct tls_peer *peer;
	int ends[2], file;
	pid_t listener;

	if (!is_installed("openssl") || !is_installed("socat"))
		skip();
	relay = tls_relay_start(
	    files, "", "slow_client = { backlog_bytes = 67108864; };");
	strcpy(input, relay_path(relay, "input"));
	strcpy(output, relay_path(relay, "output"));
	lines = make_lines(50000, &length);
	got = malloc(length);
	write_file(input, lines, length);
	snprintf(connect, sizeof(connect), "127.0.0.1:%u", relay->port);
	snprintf(address, sizeof(address),
	    "OPENSSL:localhost:%u,pf=ip4,cafile=%s", relay->port,
	    files->authority);
	peer = tls_join(relay, files);
	make_pipe(ends);
	file = open(output, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	listener = start_program(listen, ends[0], file, -1);
	close(ends[0]);
	close(file);
	relay_await_log(relay, "TLS peer=");
	assert_int_equal(await_exit(start_program(talk, -1, -1, -1)), 0);
	read_exactly(peer, got, length);
	assert_memory_equal(got, lines, length);
	kill(relay->pid, SIGTERM);
	tls_expect_end(peer);
	close(ends[1]);
	await_exit(listener);
	expect_file(output, lines, length);
	free(lines);
	free(got);
	tls_peer_free(peer);
	relay_await_stop(relay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_encrypted_and_plain_clients_hear_each_other),
		E2E_TEST(test_one_who_leaves_has_said_and_heard_everything),
		E2E_TEST(test_a_half_line_that_was_cut_off_is_not_relayed),
		E2E_TEST(test_a_daemon_that_stops_says_so_to_everybody),
		E2E_TEST(test_a_rate_limit_loses_nothing_of_a_record),
		E2E_TEST(test_what_waits_is_sent_in_full_records),
		E2E_TEST(test_encrypted_clients_share_what_waits_for_them),
		E2E_TEST(test_skip_leaves_records_whole),
		E2E_TEST(test_two_who_talk_at_once_hear_each_other),
		E2E_TEST(test_last_words_of_one_who_never_reads_arrive),
		E2E_TEST(test_foreign_clients_get_and_give_every_byte),
	};

	return cmocka_run_group_tests_name(
	    "tls relay", tests, tls_set_up, tls_tear_down);
}
