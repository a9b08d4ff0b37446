/* Links: what one process writes another one takes, and nothing that a stranger sends does any harm. */
#include "harness.h"
#include "recording.h"

#include <errno.h>
#include <inttypes.h>

static void a_link_names_the_process_and_the_task(void **state)
{
    (void)state;
    struct recording recording;
    struct arena_record record;
    char link[TT_TRACE_LINK_BYTES], wanted[TT_TRACE_LINK_BYTES];
    recording_begin(&recording, RECORDING_DROPS, 1 << 20, 0);
    assert_int_equal(tt_trace_link_write(0x1a, link), TT_TRACE_RECORDING);
    assert_int_equal(tt_trace_link_take(7, link), 0);
    assert_true(recording_find(&recording, "task_linked", 0, &record));
    assert_int_equal(arena_number(&recording.arena, &record, "task_id"), 7);
    assert_int_equal(arena_number(&recording.arena, &record, "cause_task_id"), 0x1a);
    assert_int_equal(arena_number(&recording.arena, &record, "cause_lttng"), 0);
    snprintf(wanted, sizeof wanted, "%" PRIx64 "-0-1a", arena_number(&recording.arena, &record, "cause_arena"));
    assert_string_equal(link, wanted);
    assert_string_not_equal(link, "0-0-1a");
    recording_end(&recording);
}

static void where_nobody_records_a_link_is_empty_and_may_be_taken(void **state)
{
    (void)state;
    char link[TT_TRACE_LINK_BYTES] = "x";
    assert_int_equal(tt_trace_link_write(1, link), TT_TRACE_OFF);
    assert_string_equal(link, "");
    assert_int_equal(tt_trace_link_take(1, link), 0);
    assert_int_equal(tt_trace_link_take(1, "1-0-1"), 0);
}

static void what_is_no_link_is_refused_and_nothing_is_said(void **state)
{
    (void)state;
    static const char *const strange[] = {
        "x", "-", "--", "1-2", "1-2-", "1-2-3-", "1-2-3 ", " 1-2-3", "1-2-3-4", "1--3", "-2-3", "0-0-3", "A-2-3",
        "0x1-2-3", "12345678901234567-2-3", "1-12345678901234567-3", "1-2-12345678901234567", "1-2-+3", "%s-2-3", "1-2-3\n"};
    struct recording recording;
    struct arena_record record;
    recording_begin(&recording, RECORDING_DROPS, 1 << 20, 0);
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        assert_int_equal(tt_trace_link_take(1, strange[i]), -EINVAL);
    assert_false(recording_find(&recording, "task_linked", 0, &record));
    assert_int_equal(tt_trace_link_take(1, "ffffffffffffffff-ffffffffffffffff-ffffffffffffffff"), 0);
    assert_true(recording_find(&recording, "task_linked", 0, &record));
    assert_int_equal(arena_number(&recording.arena, &record, "cause_lttng"), UINT64_MAX);
    recording_end(&recording);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_link_names_the_process_and_the_task),
    cmocka_unit_test(where_nobody_records_a_link_is_empty_and_may_be_taken),
    cmocka_unit_test(what_is_no_link_is_refused_and_nothing_is_said),
};

TT_TEST_MAIN(cases)
