/* SPDX-License-Identifier: ISC */
/*
 * Guards against a Unix socket that others may use than the settings say, and
 * against somebody who puts another file in its place, for root to give away
 * or to open to everybody.
 */
#include "config.h"

#include "unit.h"

#include "common/address.h"
#include "daemon/bound.h"
#include "daemon/conf.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define PATH_SIZE 64

struct fixture {
	char directory[PATH_SIZE - 16];
	char path[PATH_SIZE], victim[PATH_SIZE];
	struct endpoint endpoint;
	struct bound bound;
};

/* Who puts another file in the place of the socket; NULL: nobody. */
typedef void impostor(const struct fixture *f);
static struct {
	impostor *call;
	const struct fixture *fixture;
} at_bind;

/* In place of that of the C library, so that somebody can be very quick. */
int
bind(int fd, const struct sockaddr *address, socklen_t length)
{
	int result = (int)syscall(SYS_bind, fd, address, length);

	if (result == 0 && at_bind.call != NULL)
		at_bind.call(at_bind.fixture);
	return result;
}

static void
make_victim(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	close(fd);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->directory, "/tmp/bound.XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/s", f->directory);
	snprintf(f->victim, sizeof(f->victim), "%s/victim", f->directory);
	make_victim(f->victim);
	f->endpoint.length = sizeof(f->endpoint.sa.un);
	f->endpoint.sa.un.sun_family = AF_UNIX;
	strcpy(f->endpoint.sa.un.sun_path, f->path);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	at_bind.call = NULL;
	unlink(f->path);
	unlink(f->victim);
	assert_int_equal(rmdir(f->directory), 0);
	free(f);
	return 0;
}

static int
open_bound(struct fixture *f, int64_t permissions)
{
	return bound_open(&f->bound, &f->endpoint, permissions, NULL);
}

static void
close_bound(struct fixture *f)
{
	bound_clear(&f->bound);
}

static void
assert_mode(const char *path, mode_t mode)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, mode);
}

static void
test_permissions_are_those_of_the_settings_whatever_the_mask(void **state)
{
	static const mode_t modes[] = { 0, 0600, 0660, 0666, 0777 };
	struct fixture *f = *state;
	mode_t mask = umask(027);
	size_t i;

	for (i = 0; i < COUNT_OF(modes); i++) {
		assert_int_equal(open_bound(f, modes[i]), 0);
		assert_mode(f->path, modes[i]);
		assert_int_equal(
		    bound_set_permissions(&f->bound, 0640, NULL), 0);
		assert_mode(f->path, 0640);
		close_bound(f);
		assert_int_equal(access(f->path, F_OK), -1);
	}
	assert_int_equal(open_bound(f, CONF_NO_PERMISSIONS), 0);
	assert_mode(f->path, 0750);
	close_bound(f);
	assert_int_equal(umask(mask), 027);
}

static void
put_link(const struct fixture *f)
{
	unlink(f->path);
	assert_int_equal(symlink(f->victim, f->path), 0);
}

static void
put_second_name(const struct fixture *f)
{
	unlink(f->path);
	assert_int_equal(link(f->victim, f->path), 0);
}

/* Of a socket that is somebody else's. */
static void
put_second_socket(const struct fixture *f)
{
	struct sockaddr_un other = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(other.sun_path, f->victim);
	unlink(f->victim);
	assert_int_equal(syscall(SYS_bind, fd, &other, sizeof(other)), 0);
	assert_int_equal(chmod(f->victim, 0600), 0);
	close(fd);
	put_second_name(f);
}

static void
put_nothing(const struct fixture *f)
{
	unlink(f->path);
}

static impostor *const impostors[] = { put_link, put_second_name,
	put_second_socket, put_nothing };

/* Between bind(2) and all that is done to the file. */
static void
test_a_file_that_is_put_in_its_place_at_once_is_not_touched(void **state)
{
	struct fixture *f = *state;
	size_t i;

	at_bind.fixture = f;
	for (i = 0; i < COUNT_OF(impostors); i++) {
		at_bind.call = impostors[i];
		assert_int_equal(open_bound(f, 0666), -1);
		assert_mode(f->victim, 0600);
		unlink(f->path);
	}
}

static void
test_a_file_that_is_put_in_its_place_later_is_not_touched(void **state)
{
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < COUNT_OF(impostors); i++) {
		assert_int_equal(open_bound(f, 0660), 0);
		impostors[i](f);
		assert_int_equal(
		    bound_set_permissions(&f->bound, 0666, NULL), -1);
		assert_int_equal(
		    bound_give(&f->bound, geteuid(), getegid()), -1);
		assert_mode(f->victim, 0600);
		close_bound(f);
		unlink(f->path);
	}
}

int
main(void)
{
#define BOUND_TEST(test)                                                       \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		BOUND_TEST(
		    test_permissions_are_those_of_the_settings_whatever_the_mask),
		BOUND_TEST(
		    test_a_file_that_is_put_in_its_place_at_once_is_not_touched),
		BOUND_TEST(
		    test_a_file_that_is_put_in_its_place_later_is_not_touched),
	};

	return cmocka_run_group_tests_name("bound", tests, NULL, NULL);
}
