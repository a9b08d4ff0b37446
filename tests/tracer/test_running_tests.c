/* Tests that are under way are told again when somebody asks what there is: by tt_trace_dump() here, by LTTng in tests/lttng. */
#include "harness.h"
#include "recording.h"

#include <sys/wait.h>

static void a_test_is_told_again_until_it_ends(void **state)
{
    (void)state;
    struct recording recording;
    struct arena_record record;
    char name[400], told[2048];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memcpy(name + 253, "\xe2\x82\xac", 3); /* a character across the limit of 255 bytes */
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    uint64_t first = tt_trace_test_begin(name), second = tt_trace_test_begin(NULL);
    uint64_t now = tt_trace_clock();
    tt_trace_dump();
    assert_int_equal(recording_count(&recording, "test_dumped"), 2);
    assert_true(recording_find(&recording, "test_dumped", 0, &record));
    assert_int_equal(arena_number(&recording.arena, &record, "test_id"), first);
    assert_true(arena_number(&recording.arena, &record, "age") > 0);
    assert_true(record.time - arena_number(&recording.arena, &record, "age") < now);
    arena_text(&recording.arena, &record, "name", told);
    assert_int_equal(strlen(told), 253);
    tt_trace_test_end(first, TT_TEST_OUTCOME_PASSED, NULL);
    tt_trace_dump();
    assert_int_equal(recording_count(&recording, "test_dumped"), 3);
    assert_true(recording_find(&recording, "test_dumped", 2, &record));
    assert_int_equal(arena_number(&recording.arena, &record, "test_id"), second);
    tt_trace_test_end(second, TT_TEST_OUTCOME_PASSED, NULL);
    tt_trace_test_end(0, TT_TEST_OUTCOME_PASSED, NULL);
    tt_trace_dump();
    assert_int_equal(recording_count(&recording, "test_dumped"), 3);
    recording_end(&recording);
}

static void thirty_two_at_a_time_are_told_again(void **state)
{
    (void)state;
    struct recording recording;
    uint64_t tests[33];
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    for (size_t i = 0; i < 33; i++)
        tests[i] = tt_trace_test_begin("one of many");
    tt_trace_dump();
    assert_int_equal(recording_count(&recording, "test_begun"), 33);
    assert_int_equal(recording_count(&recording, "test_dumped"), 32);
    for (size_t i = 0; i < 33; i++)
        tt_trace_test_end(tests[i], TT_TEST_OUTCOME_PASSED, NULL);
    assert_int_equal(recording_count(&recording, "test_ended"), 33);
    tests[0] = tt_trace_test_begin("takes a place that is free again");
    tt_trace_dump();
    assert_int_equal(recording_count(&recording, "test_dumped"), 33);
    tt_trace_test_end(tests[0], TT_TEST_OUTCOME_PASSED, NULL);
    recording_end(&recording);
}

static void a_forked_child_has_tests_of_its_own(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    uint64_t test = tt_trace_test_begin("of the parent");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        tt_trace_test_begin("of the child");
        tt_trace_dump();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    struct recording childs = recording;
    recording_open(&childs, child);
    assert_int_equal(recording_count(&childs, "test_begun"), 1);
    assert_int_equal(recording_count(&childs, "test_dumped"), 1);
    arena_close(&childs.arena);
    tt_trace_dump();
    assert_int_equal(recording_count(&recording, "test_dumped"), 1);
    tt_trace_test_end(test, TT_TEST_OUTCOME_PASSED, NULL);
    recording_end(&recording);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_test_is_told_again_until_it_ends),
    cmocka_unit_test(thirty_two_at_a_time_are_told_again),
    cmocka_unit_test(a_forked_child_has_tests_of_its_own),
};

TT_TEST_MAIN(cases)
