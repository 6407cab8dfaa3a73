/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "piped.h"

#include "fake.h"
#include "harness.h"

#include <string.h>
#include <unistd.h>

void
piped_run(struct piped *piped, const char *option, const char *value)
{
	const char *argv[] = { client_program(), piped->address, "-R", option,
		value, NULL };
	int input[2], output[2], error[2];

	make_pipe(input);
	make_pipe(output);
	make_pipe(error);
	piped->client = start_program(argv, input[0], output[1], error[1]);
	close(input[0]);
	close(output[1]);
	close(error[1]);
	piped->input = input[1];
	piped->output = output[0];
	piped->error = error[0];
}

void
piped_start(struct piped *piped, const char *option, const char *value)
{
	memset(piped, 0, sizeof(*piped));
	piped->server = fake_relay(piped->address, sizeof(piped->address), 1);
	piped_run(piped, option, value);
	piped->peer = fake_accept(piped->server);
}

void
piped_lose(struct piped *piped)
{
	close(piped->server);
	close(piped->peer);
}

void
piped_come_back(struct piped *piped)
{
	piped->server = fake_relay(piped->address, sizeof(piped->address), 1);
	piped->peer = fake_accept(piped->server);
}

void
piped_await_notice(struct piped *piped, const char *end)
{
	char text[1024];
	size_t length = 0;

	do {
		assert_in_range(length, 0, sizeof(text) - 2);
		assert_int_equal(read(piped->error, text + length, 1), 1);
		text[++length] = '\0';
	} while (strstr(text, end) == NULL);
}

void
piped_await_retry(struct piped *piped)
{
	piped_await_notice(piped, "trying again until there is a connection\n");
}

void
piped_read_errors(struct piped *piped, char *text, size_t size)
{
	size_t length = 0;
	ssize_t got;

	while ((got = read(piped->error, text + length, size - 1 - length)) > 0)
		length += (size_t)got;
	text[length] = '\0';
}

static void
close_rest(struct piped *piped)
{
	close(piped->server);
	close(piped->output);
	close(piped->error);
}

void
piped_end(struct piped *piped, int status)
{
	close(piped->peer);
	assert_int_equal(await_exit(piped->client), status);
	close_rest(piped);
}

void
piped_finish_saying(struct piped *piped, int status, char *errors, size_t size)
{
	close(piped->input);
	expect_end(piped->peer);
	close(piped->peer);
	assert_int_equal(await_exit(piped->client), status);
	piped_read_errors(piped, errors, size);
	close_rest(piped);
}

void
piped_finish_with(struct piped *piped, int status)
{
	char errors[4096];

	piped_finish_saying(piped, status, errors, sizeof(errors));
}

void
piped_finish(struct piped *piped)
{
	piped_finish_with(piped, 0);
}
