/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/tls_output.h"

#include "common/socket.h"
#include "common/xmalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct output {
	int fd;
	int error;	    /* of the socket: nothing goes out any more */
	char *held;	    /* or NULL */
	size_t length;	    /* of what is held */
	size_t sent;	    /* of that */
	BIO_METHOD *method; /* OpenSSL has none that is there for all */
};

static void
let_go(struct output *output)
{
	free(output->held);
	output->held = NULL;
	output->length = output->sent = 0;
}

/* Returns how much the socket took. */
static size_t
send_some(struct output *output, const char *bytes, size_t length)
{
	ssize_t sent = send(output->fd, bytes, length, MSG_NOSIGNAL);

	if (sent >= 0)
		return (size_t)sent;
	if (!socket_error_is_passing(errno)) {
		output->error = errno;
		let_go(output);
	}
	return 0;
}

static void
hold(struct output *output, const char *bytes, size_t length)
{
	output->held = xrealloc(output->held, output->length + length);
	memcpy(output->held + output->length, bytes, length);
	output->length += length;
}

static int
on_write(BIO *bio, const char *bytes, int length)
{
	struct output *output = BIO_get_data(bio);
	size_t left = (size_t)length, sent = 0;

	if (output->held == NULL && output->error == 0)
		sent = send_some(output, bytes, left);
	if (sent < left && output->error == 0)
		hold(output, bytes + sent, left - sent);
	return length;
}

static long
on_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

BIO *
tls_output_new(int fd)
{
	struct output *output = xcalloc(1, sizeof(*output));
	BIO *bio;

	output->fd = fd;
	output->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "output");
	if (output->method == NULL)
		xmalloc_fail();
	BIO_meth_set_write(output->method, on_write);
	BIO_meth_set_ctrl(output->method, on_control);
	bio = BIO_new(output->method);
	if (bio == NULL)
		xmalloc_fail();
	BIO_set_data(bio, output);
	BIO_set_init(bio, 1);
	return bio;
}

void
tls_output_free(BIO *bio)
{
	struct output *output = BIO_get_data(bio);

	BIO_free(bio);
	BIO_meth_free(output->method);
	free(output->held);
	free(output);
}

int
tls_output_error(BIO *bio)
{
	const struct output *output = BIO_get_data(bio);

	return output->error;
}

int
tls_output_flush(BIO *bio)
{
	struct output *output = BIO_get_data(bio);

	if (output->held != NULL)
		output->sent += send_some(output, output->held + output->sent,
		    output->length - output->sent);
	if (output->sent == output->length)
		let_go(output);
	if (output->error == 0 && output->held == NULL)
		return 0;
	errno = output->error != 0 ? output->error : EAGAIN;
	return -1;
}

size_t
tls_output_held_bytes(BIO *bio)
{
	const struct output *output = BIO_get_data(bio);

	return output->length;
}
