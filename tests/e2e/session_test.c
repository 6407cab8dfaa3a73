/* SPDX-License-Identifier: ISC */
/*
 * A session within this process, so that what happens at the same moment does
 * so each time: a person who has left that comes back, or is told that the
 * relay has failed, a failure that is told twice.
 */
#include "config.h"

#include "fake.h"
#include "harness.h"

#include "client/session.h"
#include "common/address.h"
#include "common/secret.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REFUSAL	 "tcprelayd: wrong secret\n"
#define GREETING "*** you are guest1 in main; /help lists the commands\n"

/* A session, what it has told, and the relay's end of its connection. */
struct visit {
	struct event_base *base;
	struct address address;
	struct session_options options;
	struct session *session;
	char text[64];
	int server, peer;
	char heard[1024], notices[1024];
	bool retries;
	int ends;
	enum connection_end how;
};

static void
on_input(struct evbuffer *input, void *arg)
{
	struct visit *visit = arg;
	size_t length = strlen(visit->heard);
	int got = evbuffer_remove(
	    input, visit->heard + length, sizeof(visit->heard) - 1 - length);

	assert_int_not_equal(got, -1);
	visit->heard[length + (size_t)got] = '\0';
}

static void
on_notice(const char *text, void *arg)
{
	struct visit *visit = arg;

	strcat(strcat(visit->notices, text), "\n");
}

static void
on_state(const char *state, void *arg)
{
	struct visit *visit = arg;

	visit->retries = state != NULL && strstr(state, "trying") != NULL;
}

static void
on_end(enum connection_end how, void *arg)
{
	struct visit *visit = arg;

	visit->ends++;
	visit->how = how;
}

static const struct session_handler handler = {
	.on_input = on_input,
	.on_notice = on_notice,
	.on_state = on_state,
	.on_end = on_end,
};

static void
run_until_heard(struct visit *visit, const char *text)
{
	while (strstr(visit->heard, text) == NULL)
		event_base_loop(visit->base, EVLOOP_ONCE);
}

static void
run_until_end(struct visit *visit)
{
	while (visit->ends == 0 && !visit->retries)
		event_base_loop(visit->base, EVLOOP_ONCE);
}

static void
start(struct visit *visit)
{
	const char *why;

	assert_int_equal(address_parse(visit->text, &visit->address, &why), 0);
	visit->base = event_base_new();
	visit->session = session_new(
	    visit->base, &visit->address, &visit->options, &handler, visit);
	session_start(visit->session);
}

static void
begin_with(struct visit *visit, const struct session_options *options,
    const char *first_line)
{
	memset(visit, 0, sizeof(*visit));
	visit->options = *options;
	visit->options.whole_lines = true;
	visit->server = fake_relay(visit->text, sizeof(visit->text), 1);
	start(visit);
	event_base_loop(visit->base, EVLOOP_ONCE);
	visit->peer = fake_accept(visit->server);
	send_text(visit->peer, first_line);
	run_until_heard(visit, first_line);
}

static void
begin(struct visit *visit, bool reconnect)
{
	struct session_options options = { .reconnect = reconnect };

	begin_with(visit, &options, GREETING);
}

static void
end(struct visit *visit)
{
	session_free(visit->session);
	event_base_loop(visit->base, EVLOOP_NONBLOCK);
	event_base_free(visit->base);
	close(visit->peer);
	close(visit->server);
}

/* The relay may close on /quit before our own end of input is there. */
static void
test_a_relay_that_closes_on_quit_is_left_for_good(void **state)
{
	static const bool reconnects[] = { false, true };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(reconnects); i++) {
		struct visit visit;

		begin(&visit, reconnects[i]);
		session_quit(visit.session, "/quit bye", 9);
		shutdown(visit.peer, SHUT_WR);
		run_until_end(&visit);
		expect_text(visit.peer, "/quit bye\n");
		expect_end(visit.peer);
		assert_string_equal(visit.notices, "");
		assert_int_equal(visit.ends, 1);
		assert_int_equal(visit.how, CONNECTION_CLOSED);
		end(&visit);
	}
}

/* Otherwise it is a break, whatever was said. */
static void
test_a_relay_that_closes_by_itself_is_missed(void **state)
{
	struct visit visit;

	(void)state;
	begin(&visit, false);
	session_send(visit.session, "/quit is what I say\n", 20);
	session_finish(visit.session);
	shutdown(visit.peer, SHUT_WR);
	run_until_end(&visit);
	assert_int_equal(visit.how, CONNECTION_BROKEN);
	assert_non_null(strstr(visit.notices, "before the end of input"));
	end(&visit);
}

/* Nobody is there who could be told, so nobody is told later. */
static void
test_quit_without_a_relay_is_not_kept(void **state)
{
	struct visit visit;

	(void)state;
	begin(&visit, true);
	close(visit.peer);
	run_until_end(&visit);
	assert_true(visit.retries);
	session_quit(visit.session, "/quit bye", 9);
	assert_int_equal(session_queued_bytes(visit.session), 0);
	visit.peer = -1;
	end(&visit);
}

/* Anybody in a room can say that; but if it was the relay, lines are lost. */
static void
test_who_shows_no_secret_is_not_refused(void **state)
{
	struct session_options options = { .reconnect = true };
	struct visit visit;

	(void)state;
	begin_with(&visit, &options, REFUSAL);
	shutdown(visit.peer, SHUT_WR);
	run_until_end(&visit);
	assert_true(visit.retries);
	assert_int_equal(visit.ends, 0);
	assert_true(session_is_doubtful(visit.session));
	end(&visit);
}

/* However the connection ends: a FIN after ours looks like a success. */
static void
test_a_wrong_secret_is_no_success(void **state)
{
	static const bool reconnects[] = { false, true };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(reconnects); i++) {
		const char *why;
		struct secret *secret = secret_new("sesame\n", 7, &why);
		struct session_options options = { .secret = secret,
			.reconnect = reconnects[i] };
		struct visit visit;

		begin_with(&visit, &options, REFUSAL);
		session_finish(visit.session);
		event_base_loop(visit.base, EVLOOP_NONBLOCK);
		shutdown(visit.peer, SHUT_WR);
		run_until_end(&visit);
		assert_int_equal(visit.ends, 1);
		assert_int_equal(visit.how, CONNECTION_REFUSED);
		end(&visit);
		secret_free(secret);
	}
}

/* It has failed before its time was over: that is no second failure. */
static void
test_a_timeout_does_not_outlive_its_attempt(void **state)
{
	struct timeval more_than_that = { .tv_sec = 1, .tv_usec = 200000 };
	struct visit visit = { .options.dial.timeout_seconds = 1 };

	(void)state;
	visit.server = fake_relay(visit.text, sizeof(visit.text), 1);
	close(visit.server);
	start(&visit);
	event_base_loopexit(visit.base, &more_than_that);
	event_base_dispatch(visit.base);
	assert_int_equal(visit.ends, 1);
	assert_int_equal(visit.how, CONNECTION_FAILED);
	visit.server = visit.peer = -1;
	end(&visit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		E2E_TEST(test_a_relay_that_closes_on_quit_is_left_for_good),
		E2E_TEST(test_a_relay_that_closes_by_itself_is_missed),
		E2E_TEST(test_quit_without_a_relay_is_not_kept),
		E2E_TEST(test_who_shows_no_secret_is_not_refused),
		E2E_TEST(test_a_wrong_secret_is_no_success),
		E2E_TEST(test_a_timeout_does_not_outlive_its_attempt),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
