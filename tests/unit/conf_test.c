/* SPDX-License-Identifier: ISC */
/*
 * Guards against a wrong configuration that starts anyway, an error that does
 * not say where and what, and errors that come one at a time.
 */
#include "config.h"

#include "unit.h"

#include "common/cidr.h"
#include "common/log.h"
#include "daemon/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct reports {
	char text[8192];
	int count;
};

static void
collect(const char *message, void *arg)
{
	struct reports *reports = arg;
	size_t length = strlen(reports->text);

	snprintf(reports->text + length, sizeof(reports->text) - length, "%s\n",
	    message);
	reports->count++;
}

static struct conf *
parse_good(const char *content)
{
	struct reports reports = { .count = 0 };
	struct conf *conf = conf_parse(content, "f", collect, &reports);

	assert_string_equal(reports.text, "");
	assert_non_null(conf);
	return conf;
}

static void
expect_errors(const char *content, const char *messages)
{
	struct reports reports = { .count = 0 };

	assert_null(conf_parse(content, "f", collect, &reports));
	assert_string_equal(reports.text, messages);
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

static void
test_each_error_says_where_what_and_what_is_allowed(void **state)
{
	static const struct {
		const char *content, *messages;
	} wrong[] = {
		{ "\n\nlimits = { clients = \"x\"; };",
		    "f:3: limits.clients: not an integer; allowed: 1 to "
		    "1000000\n" },
		{ "limits = { clients = 1.5; };",
		    "f:1: limits.clients: not an integer; allowed: 1 to "
		    "1000000\n" },
		{ "limits = { clients = 0; };",
		    "f:1: limits.clients: 0 is out of range; allowed: 1 to "
		    "1000000\n" },
		{ "limits = { clients = 99999999999L; };",
		    "f:1: limits.clients: 99999999999 is out of range; "
		    "allowed: 1 to 1000000\n" },
		{ "limits = { clients = -1; };",
		    "f:1: limits.clients: -1 is out of range; allowed: 1 to "
		    "1000000\n" },
		{ "limits = { clients = 4294967297; };",
		    "f:1: limits.clients: 4294967297 does not fit in 32 bits; "
		    "allowed: smaller numbers, or an L after it\n" },
		{ "/* 9999999999 */ # 9999999999\n// 9999999999\n"
		  "mode = \"relay\\\"9999999999\"; limits = { clients =\n"
		  "99999999999999999999L; };",
		    "f:3: limits.clients: 99999999999999999999 does not fit "
		    "in 64 bits; allowed: smaller numbers\n"
		    "f:3: mode: \"relay\"9999999999\" is not known; "
		    "allowed, in quotes: relay chat\n" },
		/* One error each, whatever number libconfig makes of it. */
		{ "limits = { clients = 0x100000000; };\n"
		  "shutdown_seconds = 18446744073709551621;\n"
		  "listen = ( { address = \":1\"; }, { tls = 4294967296; } );",
		    "f:1: limits.clients: 0x100000000 does not fit in 32 "
		    "bits; allowed: smaller numbers, or an L after it\n"
		    "f:2: shutdown_seconds: 18446744073709551621 does not "
		    "fit in 32 bits; allowed: smaller numbers, or an L after "
		    "it\n"
		    "f:3: listen.tls: 4294967296 does not fit in 32 bits; "
		    "allowed: smaller numbers, or an L after it\n"
		    "f:3: listen: no address in the group; allowed: { address "
		    "= \"HOST:PORT\"; }\n" },
		{ "listen = ( { address = \":1\"; permissions = \"0600\"; } "
		  ");",
		    "f:1: listen: permissions for :1; allowed: for a Unix "
		    "socket only\n" },
		{ "listen = (\n{ address = \":1\"; allow = [ \"::1\",\n"
		  "\"10.0.0.1/8\" ]; } );",
		    "f:3: listen.allow: \"10.0.0.1/8\": the address has bits "
		    "after those that the / says; allowed: " CIDR_FORMS "\n" },
		{ "listen = ( { address = \":1\"; deny = \"x\"; } );",
		    "f:1: listen.deny: \"x\": not an address; "
		    "allowed: " CIDR_FORMS "\n" },
		/* It would look like nobody and mean everybody. */
		{ "listen = ( { address = \":1\"; allow = []; } );",
		    "f:1: listen.allow: there is nothing in it; allowed: one "
		    "or more of " CIDR_FORMS "\n" },
		{ "listen = ( \":2\",\n{ address = \"unix:/s\"; "
		  "allow = \"::1\"; } );",
		    "f:2: listen: allow for unix:/s; allowed: for a TCP "
		    "address only\n" },
		{ "listen = { address = \":1\"; allow_users = \"root\"; };",
		    "f:1: listen: allow_users for :1; allowed: for a Unix "
		    "socket only\n" },
		{ "listen = { address = \"unix:/s\"; "
		  "allow_users = [ \"root\", \"no such user\" ]; };",
		    "f:1: listen.allow_users: \"no such user\": there is no "
		    "such user; allowed: names or numbers of users\n" },
		{ "listen = { address = \"unix:/s\"; group = \"no such\"; };",
		    "f:1: listen.group: \"no such\": there is no such group; "
		    "allowed: the name or number of a group\n" },
		/* What would end the start. */
		{ "listen = [ \"127.0.0.1:1\", \"127.0.0.1:2\",\n"
		  "\"127.0.0.1:1\" ];",
		    "f:2: listen: 127.0.0.1:1 cannot be listened on besides "
		    "127.0.0.1:1; allowed: each address once, or :PORT for "
		    "all of them\n" },
		{ "listen = [ \"localhost:1\", \":1\" ];",
		    "f:1: listen: :1 cannot be listened on besides "
		    "localhost:1; allowed: each address once, or :PORT for "
		    "all of them\n" },
		{ "listen = [ \"0.0.0.0:1\", \"[::]:1\" ];",
		    "f:1: listen: [::]:1 cannot be listened on besides "
		    "0.0.0.0:1; allowed: each address once, or :PORT for "
		    "all of them\n" },
		{ "listen = [ \"127.0.0.1:1\", \"[::1]:1\",\n"
		  "\"0.0.0.0:1\" ];",
		    "f:2: listen: 0.0.0.0:1 cannot be listened on besides "
		    "127.0.0.1:1; allowed: each address once, or :PORT for "
		    "all of them\n" },
		{ "listen = \"unix:/s\"; metrics: { listen = \"unix:/s\"; };",
		    "f:1: listen: unix:/s cannot be listened on besides "
		    "metrics.listen; allowed: each address once, or :PORT "
		    "for all of them\n" },
		/* The default of listen, which no line says. */
		{ "metrics: {\nlisten = \"127.0.0.1:7575\"; };",
		    "f:2: metrics.listen: 127.0.0.1:7575 cannot be listened "
		    "on besides metrics.listen; allowed: each address once, "
		    "or :PORT for all of them\n" },
		/* Who sets them would believe in them. */
		{ "tls = { certificate = \"c\"; };",
		    "f:1: tls.certificate: it says nothing without tls.key; "
		    "allowed: with it\n" },
		{ "tls = { key = \"k\"; };",
		    "f:1: tls.key: it says nothing without tls.certificate; "
		    "allowed: with it\n" },
		{ "tls = {\nclient_ca = \"c\"; };",
		    "f:2: tls.client_ca: it says nothing without "
		    "tls.certificate; allowed: with it\n" },
		{ "metrics = { listen = \"127.0.0.1:0\";\n"
		  "permissions = \"0600\"; };",
		    "f:2: metrics.permissions: it says nothing without a Unix "
		    "socket in metrics.listen; allowed: with it\n" },
		{ "access = { secret_file = \"/no/such\"; };",
		    "f:1: access.secret_file: /no/such: No such file or "
		    "directory; allowed: the path of a file that only its "
		    "owner may read\n" },
		{ "@include \"no.such.file\"\nmode = 1;",
		    "f:1: @include: no.such.file: No such file or directory; "
		    "allowed: a file beside the configuration\n" },
		{ "mode = \"relay\";\n@include \".\"\n",
		    "f:2: @include: .: Is a directory; allowed: a file "
		    "beside the configuration\n" },
		{ "limits = 5;",
		    "f:1: limits: not a group; allowed: limits = { KEY = "
		    "VALUE; }\n" },
		{ "log = { levels = 5; };",
		    "f:1: log.levels: there is no such key; allowed: "
		    "log.level log.target\n" },
		{ "mode = \"loud\";",
		    "f:1: mode: \"loud\" is not known; allowed, in quotes: "
		    "relay chat\n" },
		{ "mode = \"\";",
		    "f:1: mode: \"\" is not known; allowed, in quotes: "
		    "relay chat\n" },
		{ "mode = 1;",
		    "f:1: mode: not a string; allowed, in quotes: relay "
		    "chat\n" },
		{ "history = { directory = \"logs\"; };",
		    "f:1: history.directory: \"logs\": not an absolute path; "
		    "allowed: the absolute path of a directory\n" },
		{ "history = {\n directory = \"/no/such\"; };",
		    "f:2: history.directory: \"/no/such\": No such file or "
		    "directory; allowed: the absolute path of a directory\n" },
		{ "history = { directory = \"/dev/null\"; };",
		    "f:1: history.directory: \"/dev/null\": not a directory; "
		    "allowed: the absolute path of a directory\n" },
		{ "log = { level = \"warn info\"; };",
		    "f:1: log.level: \"warn info\" is not known; allowed, in "
		    "quotes: error warn info debug\n" },
		{ "listen = \"nowhere\";",
		    "f:1: listen: \"nowhere\": the port is missing; "
		    "allowed: " ADDRESS_FORMS "\n" },
		{ "listen = 7575;",
		    "f:1: listen: not a string; allowed, in "
		    "quotes: " ADDRESS_FORMS "\n" },
		{ "listen = ();",
		    "f:1: listen: there is no address; allowed: one or more "
		    "of " ADDRESS_FORMS "\n" },
		{ "listen = ( { room = \"a\"; } );",
		    "f:1: listen: no address in the group; allowed: { address "
		    "= \"HOST:PORT\"; }\n" },
		{ "listen = ( { address = \":1\"; room = \"a b\"; } );",
		    "f:1: listen.room: \"a b\": not the name of a room; "
		    "allowed: 1 to "
		    "32 "
		    "letters, digits, _ and -\n" },
		{ "listen = ( { address = \":1\"; permissions = \"9\"; } );",
		    "f:1: listen.permissions: not permissions; allowed: an "
		    "octal "
		    "number in quotes, \"0\" to \"777\"\n" },
		{ "listen = ( { address = \":1\"; permissions = 0660; } );",
		    "f:1: listen.permissions: not permissions; allowed: an "
		    "octal "
		    "number in quotes, \"0\" to \"777\"\n" },
		{ "mode = \"relay\"\nmode = \"relay\"",
		    "f:2: mode: it was set before; allowed: each key once, and "
		    "all keys of a group in the same braces\n" },
		{ "listen = ( { room = \"a\"; }, {\n room = \"b\";\nroom: 1 } "
		  ");",
		    "f:3: listen.room: it was set before; allowed: each key "
		    "once, and all keys of a group in the same braces\n" },
		{ "log: {};\nlimits: { rooms: 1 };\nlimits\n:{ clients = 1; };",
		    "f:3: limits: it was set before; allowed: each key once, "
		    "and all keys of a group in the same braces\n" },
		/* Not seen by us; libconfig has no name for it. */
		{ "mode = \"relay\"\nmode /**/ = \"relay\"",
		    "f:2: duplicate setting name; allowed: each key once, and "
		    "all keys of a group in the same braces\n" },
		/* It would be an empty file. */
		{ "\n/* what to do *\nlisten = \":1\";\n",
		    "f:2: /*: the comment does not end; allowed: /* ... */\n" },
		{ "mode = \"\\\n\";\n/* what to do\n",
		    "f:3: /*: the comment does not end; allowed: /* ... */\n" },
		/* What follows would not be read, and not be missed. */
		{ "log = {};\n@include \"inner.conf\nlimits = { x = 1; };\n",
		    "f:2: @include: not a name in quotes; allowed: @include "
		    "\"FILE\", without a backslash\n" },
		{ "mode = \"chat;\nlog = {};\n",
		    "f:1: \": the string does not end; allowed: \"...\"\n" },
		{ "log = {};\n# that is all",
		    "f:2: #: the comment does not end; allowed: a line end "
		    "after it\n" },
		/* libconfig says the line of what is next. */
		{ "listen = [\n\":1\",\n\"x\" # last\n/**/\n];",
		    "f:3: listen: \"x\": the port is missing; "
		    "allowed: " ADDRESS_FORMS "\n" },
		{ "listen = [ \":1\"\n, \"x\" ];",
		    "f:2: listen: \"x\": the port is missing; "
		    "allowed: " ADDRESS_FORMS "\n" },
		{ "mode = \"relay\"\nlisten = [ \"x\" ]",
		    "f:2: listen: \"x\": the port is missing; "
		    "allowed: " ADDRESS_FORMS "\n" },
		{ "listen = (\n\"x\"\n\":y\"\n, \":1\" );",
		    "f:2: listen: \"x:y\": the port is not a number; "
		    "allowed: " ADDRESS_FORMS "\n" },
		{ "listen = [ \":1\", 2 ];",
		    "f:1: mismatched element type in array; allowed: strings, "
		    "each in quotes\n" },
		{ "mode = relay;",
		    "f:1: syntax error; allowed: KEY = VALUE; with each "
		    "string in quotes, and groups in a list: ( { ... }, { ... "
		    "} )\n" },
		{ "limits = { clients = 5;",
		    "f:1: syntax error; allowed: KEY = VALUE; with each "
		    "string in quotes, and groups in a list: ( { ... }, { ... "
		    "} )\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(wrong); i++)
		expect_errors(wrong[i].content, wrong[i].messages);
}

static void
test_an_unknown_key_names_the_known_ones(void **state)
{
	struct reports reports = { .count = 0 };

	(void)state;
	assert_null(conf_parse("hello = 1;", "f", collect, &reports));
	assert_non_null(strstr(reports.text,
	    "f:1: hello: there is no such key; allowed: listen mode "
	    "limits.clients "));
	assert_null(conf_parse("listen = ( { address = \":1\"; door = 1; } );",
	    "f", collect, &reports));
	assert_non_null(strstr(reports.text,
	    "f:1: listen.door: there is no such key; allowed: listen.address "
	    "listen.room "));
}

static void
test_all_errors_come_at_once(void **state)
{
	(void)state;
	expect_errors("mode = 1;\n"
		      "limits = { clients = 0; }; log = { x = 1; };\n"
		      "listen = [ \"a\", \":1\", \"b:x\" ];\n",
	    "f:1: mode: not a string; allowed, in quotes: relay chat\n"
	    "f:2: limits.clients: 0 is out of range; allowed: 1 to 1000000\n"
	    "f:2: log.x: there is no such key; allowed: log.level "
	    "log.target\n"
	    "f:3: listen: \"a\": the port is missing; allowed: " ADDRESS_FORMS
	    "\n"
	    "f:3: listen: \"b:x\": the port is not a number; "
	    "allowed: " ADDRESS_FORMS "\n");
}

/* What is allowed comes after it, and would be cut off. */
static void
test_a_long_value_is_shown_in_part(void **state)
{
	struct reports reports = { .count = 0 };
	char content[4096 + 16];

	(void)state;
	snprintf(content, sizeof(content), "mode = \"%4096s\";", "x");
	assert_null(conf_parse(content, "f", collect, &reports));
	assert_non_null(strstr(reports.text, "relay chat\n"));
}

static struct conf *
load(const char *path, struct reports *reports)
{
	const struct conf_source source = { path, -1, false };

	return conf_load(&source, collect, reports);
}

static struct conf *
load_again(const char *path, int kept, struct reports *reports)
{
	const struct conf_source source = { path, kept, true };

	return conf_load(&source, collect, reports);
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
	conf_replace(conf, new, collect, &reports);
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
		cmocka_unit_test(
		    test_each_error_says_where_what_and_what_is_allowed),
		cmocka_unit_test(test_an_unknown_key_names_the_known_ones),
		cmocka_unit_test(test_all_errors_come_at_once),
		cmocka_unit_test(test_a_long_value_is_shown_in_part),
		cmocka_unit_test(test_a_file_that_cannot_be_read_says_why),
		cmocka_unit_test(test_a_pipe_is_read_once_and_never_included),
		cmocka_unit_test(test_includes_are_found_beside_the_file),
		cmocka_unit_test(
		    test_the_command_line_can_replace_where_to_listen),
		cmocka_unit_test(
		    test_a_replacement_keeps_what_needs_a_restart_and_says_so),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
