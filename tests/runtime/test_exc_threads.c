/* Exceptions that cross threads: each reader has a copy, with all that hangs together with it. */
#include "stage.h"

#include <pthread.h>

static uint64_t member_id;

static int raise_group(void *text)
{
    tt_exc *member = tt_exc_new(&tt_ValueError, "%s", (const char *)text);

    (void)tt_raise_group(&tt_ExceptionGroup, &member, 1, "group");
    tt_exc_unref(member);
    member_id = tt_exc_id(tt_exc_group_member(tt_exc_pending(), 0));
    tt_exc_add_note(tt_exc_pending(), "note");
    return -1;
}

static int stop(void *arg)
{
    (void)arg;
    tt_loop_stop(NULL);
    return 0;
}

static void *catch_parts(void *arg)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, raise_group, "boom", NULL);

    if (tt_thread_future_result(future, TT_NEVER, NULL) < 0 && tt_catch_group_begin()) {
        if (tt_catch_group(&tt_ValueError)) {
            note("%d", tt_exc_id(tt_exc_group_member(tt_exc_caught(), 0)) == member_id);
            note("%s", tt_exc_note(tt_exc_caught(), 0));
        }
        note("%d", tt_catch_group_end());
    }
    tt_thread_future_unref(future);
    if (tt_loop_call_soon_threadsafe(stage_loop, stop, NULL) < 0)
        note("could not stop the loop");
    return arg;
}

static void a_group_crosses_with_its_members_and_notes(void **state)
{
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, catch_parts, NULL), 0);
    assert_int_equal(tt_loop_run_forever(stage_loop), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    expect_notes("1", "note", "0");
}

static int raise_text(void *text)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)text);
}

/* What reading FUTURE raises while a KeyError is handled. */
static tt_exc *read_while_handling(tt_thread_future *future, const char *text)
{
    tt_exc *read;

    assert_int_equal(tt_raise(&tt_KeyError, "%s", text), -1);
    assert_true(tt_catch(&tt_KeyError));
    assert_int_equal(tt_thread_future_result(future, 0, NULL), -1);
    assert_true(tt_catch(&tt_ValueError));
    read = tt_exc_ref(tt_exc_caught());
    assert_int_equal(tt_catch_end(), 0);
    assert_int_equal(tt_catch_end(), 0);
    return read;
}

static void each_reader_has_a_context_of_its_own(void **state)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, raise_text, "boom", NULL);
    tt_exc *first, *second, *shown;

    (void)state;
    stage_turns(3);
    first = read_while_handling(future, "first");
    second = read_while_handling(future, "second");
    assert_int_equal(tt_exc_id(first), tt_exc_id(second));
    assert_string_equal(tt_exc_message(tt_exc_context(first)), "first");
    assert_string_equal(tt_exc_message(tt_exc_context(second)), "second");
    assert_int_equal(tt_thread_future_exception(future, 0, &shown), 0);
    assert_int_equal(tt_exc_id(shown), tt_exc_id(first));
    assert_null(tt_exc_context(shown));
    tt_exc_unref(first);
    tt_exc_unref(second);
    tt_thread_future_unref(future);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(a_group_crosses_with_its_members_and_notes),
    cmocka_unit_test_on_stage(each_reader_has_a_context_of_its_own),
};
TT_TEST_MAIN(cases)
