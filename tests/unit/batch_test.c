/* SPDX-License-Identifier: ISC */
/*
 * Guards against a member that gets its own lines back, lines that are lost,
 * doubled or out of order where spans and batches meet, and batches that live
 * longer, or shorter, than somebody refers to them.
 */
#include "config.h"

#include "unit.h"

#include "daemon/batch.h"

#include <stdlib.h>
#include <string.h>

static void
append(struct batch *batch, struct batch_origin *origin, const char *lines)
{
	batch_append(batch, origin, lines, strlen(lines));
}

/* All that the origin is to get, from offset to the end of the last batch. */
static const char *
text_for(struct batch *batch, uint32_t offset,
    const struct batch_origin *origin, uint64_t until)
{
	static char text[512];
	struct batch_cursor cursor = batch_cursor_at(batch, offset, origin);
	struct iovec run;
	size_t length = 0;

	while (batch_next_run(&cursor, origin, until, &run)) {
		assert_true(run.iov_len > 0);
		assert_in_range(run.iov_len, 1, sizeof(text) - length - 1);
		memcpy(text + length, run.iov_base, run.iov_len);
		length += run.iov_len;
	}
	text[length] = '\0';
	return text;
}

static void
test_everybody_gets_the_others_lines_in_order(void **state)
{
	struct batch *batch = batch_new(0, NULL);
	struct batch_origin a = { .id = 1 }, b = { .id = 2 }, c = { .id = 3 };
	uint64_t end;

	(void)state;
	append(batch, &a, "a1\n");
	append(batch, &a, "a2\n");
	append(batch, &b, "b1\n");
	append(batch, &a, "a3\n");
	append(batch, &b, "b2\n");
	end = batch_end(batch);
	assert_string_equal(text_for(batch, 0, &a, end), "b1\nb2\n");
	assert_string_equal(text_for(batch, 0, &b, end), "a1\na2\na3\n");
	assert_string_equal(
	    text_for(batch, 0, &c, end), "a1\na2\nb1\na3\nb2\n");
	assert_int_equal(batch->lines, 5);
	assert_int_equal(batch->span_count, 4);
	batch_unref(batch);
}

static void
test_the_only_speaker_gets_nothing(void **state)
{
	struct batch *batch = batch_new(0, NULL);
	struct batch_origin a = { .id = 1 };
	struct batch_cursor cursor;
	struct iovec run;

	(void)state;
	append(batch, &a, "a1\na2\n");
	cursor = batch_cursor_at(batch, 0, &a);
	assert_false(batch_next_run(&cursor, &a, batch_end(batch), &run));
	assert_int_equal(cursor.own_lines, 2);
	batch_unref(batch);
}

/* A span that is half sent would be left out, or sent, wholly or not at all. */
static void
test_lines_after_a_fan_out_begin_a_new_span(void **state)
{
	struct batch *batch = batch_new(0, NULL);
	struct batch_origin a = { .id = 1 }, b = { .id = 2 };
	uint32_t sent;

	(void)state;
	append(batch, &a, "a1\n");
	sent = batch->length;
	batch_set_fanned_out(batch);
	append(batch, &a, "a2\n");
	append(batch, &b, "b1\n");
	assert_int_equal(batch->lines, 2);
	assert_string_equal(
	    text_for(batch, sent, &a, batch_end(batch)), "b1\n");
	assert_string_equal(
	    text_for(batch, sent, &b, batch_end(batch)), "a2\n");
	/* One who is behind starts before the fan-out. */
	assert_string_equal(text_for(batch, 0, &a, batch_end(batch)), "b1\n");
	assert_string_equal(
	    text_for(batch, 0, &b, batch_end(batch)), "a1\na2\n");
	batch_unref(batch);
}

static void
test_one_who_is_behind_gets_only_what_was_fanned_out(void **state)
{
	struct batch *batch = batch_new(0, NULL);
	struct batch_origin a = { .id = 1 }, b = { .id = 2 };
	uint64_t fanned_out;

	(void)state;
	append(batch, &a, "a1\n");
	batch_set_fanned_out(batch);
	fanned_out = batch_end(batch);
	append(batch, &a, "a2\n");
	assert_string_equal(text_for(batch, 1, &b, fanned_out), "1\n");
	assert_string_equal(text_for(batch, 3, &b, fanned_out), "");
	batch_unref(batch);
}

static void
test_a_rewound_batch_knows_no_old_lines(void **state)
{
	struct batch *batch = batch_new(0, NULL);
	struct batch_origin a = { .id = 1 }, b = { .id = 2 };
	uint64_t before;

	(void)state;
	append(batch, &a, "a1\n");
	batch_set_fanned_out(batch);
	before = batch_end(batch);
	batch_rewind(batch);
	assert_int_equal(batch_end(batch), before);
	append(batch, &b, "b1\n");
	assert_string_equal(text_for(batch, 0, &a, batch_end(batch)), "b1\n");
	assert_string_equal(text_for(batch, 0, &b, batch_end(batch)), "");
	batch_unref(batch);
}

/* A batch that is full in the middle of a turn goes on in the next one. */
static void
test_runs_go_on_over_batches(void **state)
{
	struct batch *first = batch_new(0, NULL), *second;
	struct batch_origin a = { .id = 1 }, b = { .id = 2 }, c = { .id = 3 };
	uint64_t end;

	(void)state;
	append(first, &a, "a1\n");
	append(first, &b, "b1\n");
	first->next = second = batch_new(0, first);
	append(second, &b, "b2\n");
	append(second, &a, "a2\n");
	end = batch_end(second);
	assert_int_equal(end, 12);
	assert_string_equal(text_for(first, 0, &a, end), "b1\nb2\n");
	assert_string_equal(text_for(first, 0, &b, end), "a1\na2\n");
	assert_string_equal(text_for(first, 0, &c, end), "a1\nb1\nb2\na2\n");
	assert_string_equal(text_for(second, 1, &c, end), "2\na2\n");
	batch_unref(first);
}

/* It would be kept for nobody else, and nobody would know. */
static void
test_what_only_pins_keep_is_counted(void **state)
{
	uint64_t pinned_bytes = 0;
	struct batch *first = batch_new(0, NULL), *second;

	(void)state;
	first->pinned_bytes = &pinned_bytes;
	first->next = second = batch_new(0, first);
	batch_pin(first);
	batch_pin(second);
	batch_ref(second);
	assert_int_equal(pinned_bytes, 0);
	batch_unref(first);
	assert_int_equal(pinned_bytes, first->size);
	batch_unpin(second);
	assert_int_equal(pinned_bytes, first->size);
	batch_pin(second);
	batch_unref(second);
	assert_int_equal(pinned_bytes, 2 * BATCH_BYTES);
	batch_unpin(first);
	batch_unpin(second);
	assert_int_equal(pinned_bytes, 0);
}

/*
 * Every member's view of a random conversation, from every place where a send
 * can have stopped, against a copy that was made line by line.
 */
static void
test_every_place_in_a_random_conversation(void **state)
{
	enum { MEMBERS = 4, LINES = 60 };
	struct batch *batch = batch_new(0, NULL);
	struct batch_origin origins[MEMBERS] = { { 0 } };
	char owner[256];
	unsigned seed = 7;
	uint32_t offset;
	size_t i, member;

	(void)state;
	for (i = 0; i < MEMBERS; i++)
		origins[i].id = i + 1;
	for (i = 0; i < LINES; i++) {
		member = (size_t)rand_r(&seed) % MEMBERS;
		memset(owner + batch->length, (int)member, 3);
		append(batch, &origins[member], "xy\n");
		if (rand_r(&seed) % 8 == 0)
			batch_set_fanned_out(batch);
	}
	for (member = 0; member < MEMBERS; member++)
		for (offset = 0; offset < batch->length; offset++) {
			size_t length = 0, at;

			if (owner[offset] == (char)member)
				continue;
			for (at = offset; at < batch->length; at++)
				length += owner[at] != (char)member;
			assert_int_equal(
			    strlen(text_for(batch, offset, &origins[member],
				batch_end(batch))),
			    length);
		}
	batch_unref(batch);
}

static void
test_short_lines_cannot_fill_memory_with_spans(void **state)
{
	struct batch *batch = batch_new(0, NULL);
	struct batch_origin a = { .id = 1 }, b = { .id = 2 };
	size_t lines = 0;

	(void)state;
	while (batch_room(batch) >= 1) {
		append(batch, lines % 2 ? &a : &b, "\n");
		lines++;
	}
	assert_int_equal(lines, BATCH_SPANS);
	batch_unref(batch);
}

/* valgrind and ASan see to the rest: nothing leaks, nothing is freed early. */
static void
test_a_reference_keeps_all_that_follow(void **state)
{
	struct batch *first = batch_new(0, NULL), *last;
	struct batch_origin a = { .id = 1 }, b = { .id = 2 };

	(void)state;
	append(first, &a, "a1\n");
	first->next = last = batch_new(0, first);
	batch_ref(last);
	append(last, &a, "a2\n");
	assert_int_equal(last->references, 2);
	assert_string_equal(
	    text_for(first, 0, &b, batch_end(last)), "a1\na2\n");
	batch_unref(first);
	assert_int_equal(last->references, 1);
	assert_string_equal(text_for(last, 0, &b, batch_end(last)), "a2\n");
	batch_unref(last);
}

static void
test_a_long_chain_is_freed_without_recursion(void **state)
{
	struct batch *first = batch_new(0, NULL), *tail = first;
	int i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		tail->next = batch_new(0, tail);
		tail = tail->next;
	}
	batch_unref(first);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everybody_gets_the_others_lines_in_order),
		cmocka_unit_test(test_the_only_speaker_gets_nothing),
		cmocka_unit_test(test_lines_after_a_fan_out_begin_a_new_span),
		cmocka_unit_test(
		    test_one_who_is_behind_gets_only_what_was_fanned_out),
		cmocka_unit_test(test_a_rewound_batch_knows_no_old_lines),
		cmocka_unit_test(test_runs_go_on_over_batches),
		cmocka_unit_test(test_what_only_pins_keep_is_counted),
		cmocka_unit_test(test_every_place_in_a_random_conversation),
		cmocka_unit_test(
		    test_short_lines_cannot_fill_memory_with_spans),
		cmocka_unit_test(test_a_reference_keeps_all_that_follow),
		cmocka_unit_test(test_a_long_chain_is_freed_without_recursion),
	};

	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
