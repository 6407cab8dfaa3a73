/* SPDX-License-Identifier: ISC */
/*
 * Guards against a wrong configuration that starts anyway, an error that does
 * not say where and what, and errors that come one at a time.
 */
#include "config.h"

#include "reports.h"

#include "common/cidr.h"
#include "daemon/conf.h"

#include <stdio.h>
#include <string.h>

static void
expect_errors(const char *content, const char *messages)
{
	struct reports reports = { .count = 0 };

	assert_null(conf_parse(content, "f", reports_add, &reports));
	assert_string_equal(reports.text, messages);
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
	assert_null(conf_parse("hello = 1;", "f", reports_add, &reports));
	assert_non_null(strstr(reports.text,
	    "f:1: hello: there is no such key; allowed: listen mode "
	    "limits.clients "));
	assert_null(conf_parse("listen = ( { address = \":1\"; door = 1; } );",
	    "f", reports_add, &reports));
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
	assert_null(conf_parse(content, "f", reports_add, &reports));
	assert_non_null(strstr(reports.text, "relay chat\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_each_error_says_where_what_and_what_is_allowed),
		cmocka_unit_test(test_an_unknown_key_names_the_known_ones),
		cmocka_unit_test(test_all_errors_come_at_once),
		cmocka_unit_test(test_a_long_value_is_shown_in_part),
	};

	return cmocka_run_group_tests_name("conf_errors", tests, NULL, NULL);
}
