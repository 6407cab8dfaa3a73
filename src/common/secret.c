/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "common/secret.h"

#include "common/xmalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct secret {
	char bytes[SECRET_BYTES_MAX]; /* with zeros after it */
	size_t length;
};

static int
fail(const char **why, const char *message)
{
	*why = message;
	return -1;
}

/* What is read is what was looked at: a name could change in between. */
static int
check_file(int fd, uid_t owner, const char **why)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return fail(why, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(why, "it is not a regular file");
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return fail(why,
		    "others than its owner may use it; it needs chmod 600");
	if (st.st_uid != 0 && st.st_uid != owner)
		return fail(why,
		    "it belongs to somebody else; it has to belong to root or "
		    "to the user who runs this");
	return 0;
}

/* Of a line that maybe ends with CR. */
static size_t
without_cr(const char *line, size_t length)
{
	return length > 0 && line[length - 1] == '\r' ? length - 1 : length;
}

/* Reads up to size bytes; fewer only at the end of the file. */
static ssize_t
read_fully(int fd, char *bytes, size_t size)
{
	size_t length = 0;
	ssize_t got;

	while (length < size &&
	    (got = read(fd, bytes + length, size - length)) != 0) {
		if (got == -1 && errno != EINTR)
			return -1;
		if (got > 0)
			length += (size_t)got;
	}
	return (ssize_t)length;
}

struct secret *
secret_new(const char *bytes, size_t length, const char **why)
{
	const char *end = memchr(bytes, '\n', length);
	struct secret *secret;

	length =
	    without_cr(bytes, end == NULL ? length : (size_t)(end - bytes));
	if (length == 0 || length > SECRET_BYTES_MAX) {
		*why = length == 0 ? "its first line is empty"
				   : "its first line is over 1024 bytes long";
		return NULL;
	}
	secret = xcalloc(1, sizeof(*secret));
	memcpy(secret->bytes, bytes, length);
	secret->length = length;
	return secret;
}

static struct secret *
read_first_line(int fd, const char **why)
{
	char bytes[SECRET_BYTES_MAX + sizeof("\r\n")];
	ssize_t got = read_fully(fd, bytes, sizeof(bytes));
	struct secret *secret = NULL;

	if (got == -1)
		*why = strerror(errno);
	else
		secret = secret_new(bytes, (size_t)got, why);
	explicit_bzero(bytes, sizeof(bytes));
	return secret;
}

struct secret *
secret_read(const char *path, uid_t owner, const char **why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct secret *secret = NULL;

	if (fd == -1) {
		*why = strerror(errno);
		return NULL;
	}
	if (check_file(fd, owner, why) == 0)
		secret = read_first_line(fd, why);
	close(fd);
	return secret;
}

void
secret_free(struct secret *secret)
{
	if (secret == NULL)
		return;
	explicit_bzero(secret, sizeof(*secret));
	free(secret);
}

/*
 * Without a branch that depends on the bytes, and over all of the space, so
 * that not even the secret's length shows in the time. It is volatile for the
 * compiler, which could otherwise stop at the first difference.
 */
bool
secret_matches(const struct secret *secret, const char *line, size_t length)
{
	char padded[SECRET_BYTES_MAX] = "";
	volatile unsigned char differs;
	size_t i;

	length = without_cr(line, length);
	if (length > sizeof(padded))
		return false;
	memcpy(padded, line, length);
	differs = length != secret->length;
	for (i = 0; i < sizeof(padded); i++)
		differs |= (unsigned char)(padded[i] ^ secret->bytes[i]);
	explicit_bzero(padded, sizeof(padded));
	return differs == 0;
}

const char *
secret_bytes(const struct secret *secret, size_t *length)
{
	*length = secret->length;
	return secret->bytes;
}
