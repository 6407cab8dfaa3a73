/* SPDX-License-Identifier: ISC */
/*
 * Guards against settings that do not arrive, files that are read twice or not
 * at all, and a reload that changes what it cannot.
 */
#include "config.h"

#include "reports.h"

#include "common/log.h"
#include "daemon/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct conf *
parse_good(const char *content)
{
	struct reports reports = { .count = 0 };
	struct conf *conf = conf_parse(content, "f", reports_add, &reports);

	assert_string_equal(reports.text, "");
	assert_non_null(conf);
	return conf;
}

static void
test_an_empty_file_means_the_defaults(void **state)
{
	struct conf *conf = parse_good("");

	(void)state;
	assert_int_equal(conf->listen_count, 1);
	assert_string_equal(conf->listen[0].address_text, "127.0.0.1:7575");
	assert_int_equal(conf->listen[0].address.port, 7575);
	assert_string_equal(conf->listen[0].room, "main");
	assert_int_equal(conf->clients, 1000);
	assert_int_equal(conf->line_bytes, 65536);
	assert_int_equal(conf->backlog_bytes, 1048576);
	assert_int_equal(conf->keepalive_seconds, 60);
	assert_int_equal(conf->shutdown_seconds, 5);
	assert_int_equal(conf->log_level, LOG_LEVEL_INFO);
	assert_int_equal(conf->log_target, LOG_TARGET_STDERR);
	conf_free(conf);
}

static void
test_every_key_arrives(void **state)
{
	struct conf *conf =
	    parse_good("listen = [ \"[::1]:1\", \":2\" ];\n"
		       "mode = \"relay\";\n"
		       "limits = { clients = 7; line_bytes = 8; };\n"
		       "slow_client = { policy = \"disconnect\";\n"
		       "                backlog_bytes = 1099511627776L; };\n"
		       "history = { lines = 10; directory = \"/\"; };\n"
		       "keepalive_seconds = 9;\n"
		       "log = { level = \"debug\"; target = \"syslog\"; };\n"
		       "shutdown_seconds = 1;\n");

	(void)state;
	assert_int_equal(conf->listen_count, 2);
	assert_string_equal(conf->listen[0].address.host, "::1");
	assert_int_equal(conf->listen[1].address.port, 2);
	assert_int_equal(conf->clients, 7);
	assert_int_equal(conf->line_bytes, 8);
	assert_int_equal(conf->backlog_bytes, INT64_C(1099511627776));
	assert_int_equal(conf->history_lines, 10);
	assert_string_equal(conf->history_directory, "/");
	assert_int_equal(conf->keepalive_seconds, 9);
	assert_int_equal(conf->log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(conf->log_target, LOG_TARGET_SYSLOG);
	assert_int_equal(conf->shutdown_seconds, 1);
	conf_free(conf);
}

static void
test_listeners_can_be_groups(void **state)
{
	struct conf *conf = parse_good(
	    "listen = ( { address = \"[::]:7576\"; room = \"ops\"; },\n"
	    "           { address = \"unix:/run/x\"; permissions = "
	    "\"0660\"; },\n"
	    "           \"localhost:1\" );\n");

	(void)state;
	assert_int_equal(conf->listen_count, 3);
	assert_string_equal(conf->listen[0].room, "ops");
	assert_int_equal(conf->listen[0].permissions, CONF_NO_PERMISSIONS);
	assert_int_equal(conf->listen[1].address.family, ADDRESS_UNIX);
	assert_int_equal(conf->listen[1].permissions, 0660);
	assert_string_equal(conf->listen[1].room, "main");
	assert_string_equal(conf->listen[2].address_text, "localhost:1");
	conf_free(conf);
}

static void
test_addresses_that_do_not_meet(void **state)
{
	(void)state;
	/* Any port, and what is not bound. */
	conf_free(parse_good("listen = ( \"127.0.0.1:0\", \"127.0.0.1:0\",\n"
			     "\":0\", \":1\", \"unix:/a\", \"unix:/b\",\n"
			     "{ address = \":1\"; socket_name = \"a\"; } );\n"
			     "metrics: { listen = \"127.0.0.1:2\"; };"));
}

static struct conf *
load(const char *path, struct reports *reports)
{
	const struct conf_source source = { path, -1, false };

	return conf_load(&source, reports_add, reports);
}

static struct conf *
load_again(const char *path, int kept, struct reports *reports)
{
	const struct conf_source source = { path, kept, true };

	return conf_load(&source, reports_add, reports);
}

static void
test_a_file_that_cannot_be_read_says_why(void **state)
{
	struct reports reports = { .count = 0 };

	(void)state;
	assert_null(load("/no/such/file", &reports));
	/* libconfig's scanner would leave the process here. */
	assert_null(load("/", &reports));
	assert_string_equal(reports.text,
	    "/no/such/file: No such file or directory\n"
	    "/: Is a directory\n");
}

static void
write_file(const char *path, const char *content)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(content, file);
	assert_int_equal(fclose(file), 0);
}

/* Not against the working directory, which a daemon does not have. */
static void
test_includes_are_found_beside_the_file(void **state)
{
	char directory[] = "/tmp/conf_test.XXXXXX";
	char outer[sizeof(directory) + 16], inner[sizeof(directory) + 16];
	struct reports reports = { .count = 0 };
	char expected[512];

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(outer, sizeof(outer), "%s/outer.conf", directory);
	snprintf(inner, sizeof(inner), "%s/inner.conf", directory);
	/* An editor may leave the last line without its end. */
	write_file(
	    outer, "mode = \"relay\";\n@include \"inner.conf\"\n]\n# end");
	write_file(inner, "\nkeepalive_seconds = 0;\nlisten = [ \"x\"\n");
	assert_null(load(outer, &reports));
	snprintf(expected, sizeof(expected),
	    "%s:2: keepalive_seconds: 0 is out of range; allowed: 1 to "
	    "32767\n"
	    "%s:3: listen: \"x\": the port is missing; "
	    "allowed: " ADDRESS_FORMS "\n",
	    inner, inner);
	assert_string_equal(reports.text, expected);
	unlink(outer);
	unlink(inner);
	rmdir(directory);
}

/*
 * It ends only once; after that it would be an empty configuration, and where
 * nobody writes to it, to open it would be to wait for ever.
 */
static void
test_a_pipe_is_read_once_and_never_included(void **state)
{
	char directory[] = "/tmp/conf_test.XXXXXX", name[32], expected[512];
	char outer[sizeof(directory) + 16], pipe_name[sizeof(directory) + 16];
	struct reports reports = { .count = 0 };
	struct conf *conf;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", ends[0]);
	assert_int_equal(write(ends[1], "shutdown_seconds = 9;", 21), 21);
	close(ends[1]);
	conf = load(name, &reports);
	assert_non_null(conf);
	assert_int_equal(conf->shutdown_seconds, 9);
	conf_free(conf);
	assert_null(load_again(name, ends[0], &reports));

	assert_non_null(mkdtemp(directory));
	snprintf(outer, sizeof(outer), "%s/outer.conf", directory);
	snprintf(pipe_name, sizeof(pipe_name), "%s/pipe", directory);
	write_file(outer, "@include \"pipe\"\n");
	assert_int_equal(mkfifo(pipe_name, 0600), 0);
	assert_null(load_again(pipe_name, -1, &reports));
	assert_null(load(outer, &reports));
	snprintf(expected, sizeof(expected),
	    "%s: it is not a regular file\n%s: it is not a regular file\n"
	    "%s:1: @include: %s: it is not a regular file; allowed: a file "
	    "beside the configuration\n",
	    name, pipe_name, outer, pipe_name);
	assert_string_equal(reports.text, expected);
	close(ends[0]);
	unlink(outer);
	unlink(pipe_name);
	rmdir(directory);
}

static void
test_the_command_line_can_replace_where_to_listen(void **state)
{
	struct conf *conf = conf_new();
	const char *why;

	(void)state;
	conf_clear_listen(conf);
	assert_int_equal(conf_add_listen(conf, "127.0.0.1:1", &why), 0);
	assert_int_equal(conf_add_listen(conf, "nowhere", &why), -1);
	assert_string_equal(why, "the port is missing");
	assert_int_equal(conf->listen_count, 1);
	assert_string_equal(conf->listen[0].room, "main");
	conf_free(conf);
}

/*
 * Guards against a reload that swaps a setting under a module that cannot
 * follow, silently, or that leaves borrowed settings dangling.
 */
static void
test_a_replacement_keeps_what_needs_a_restart_and_says_so(void **state)
{
	struct reports reports = { .count = 0 };
	struct conf *conf = parse_good("log: { level = \"warn\"; };");
	struct conf *new = parse_good("log: { target = \"syslog\"; };"
				      "limits: { clients = 7; };"
				      "listen = \":1\";");

	(void)state;
	conf_replace(conf, new, reports_add, &reports);
	assert_string_equal(reports.text,
	    "log.target: it changes with a restart only, and stays as it "
	    "was\n");
	assert_int_equal(conf->log_target, LOG_TARGET_STDERR);
	assert_int_equal(conf->log_level, LOG_LEVEL_INFO);
	assert_int_equal(conf->clients, 7);
	assert_string_equal(conf->listen[0].address_text, ":1");
	conf_free(conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_empty_file_means_the_defaults),
		cmocka_unit_test(test_every_key_arrives),
		cmocka_unit_test(test_listeners_can_be_groups),
		cmocka_unit_test(test_addresses_that_do_not_meet),
		cmocka_unit_test(test_a_file_that_cannot_be_read_says_why),
		cmocka_unit_test(test_includes_are_found_beside_the_file),
		cmocka_unit_test(test_a_pipe_is_read_once_and_never_included),
		cmocka_unit_test(
		    test_the_command_line_can_replace_where_to_listen),
		cmocka_unit_test(
		    test_a_replacement_keeps_what_needs_a_restart_and_says_so),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
