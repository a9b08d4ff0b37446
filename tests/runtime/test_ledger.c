/* The facts that the ledger of failures is made of: for each situation in which asyncio reports or is silent, what the
 * handler hears (asyncio's bit) and what the trace is told. What the facts amount to is derived from them elsewhere. */
#include "stage.h"

#include "events.h"

static int open_listening(void **state)
{
    int rc = stage_open(state);

    events_begin();
    return rc;
}

static int close_listening(void **state)
{
    events_end();
    return stage_close(state);
}

#define cmocka_unit_test_listening(...) STAGE_CASE(__VA_ARGS__, open_listening, close_listening)

static void expect_events_at(const char *file, int line, const char *expected)
{
    if (strcmp(events_log(), expected) != 0)
        print_error("expected:\n%sgot:\n%s", expected, events_log());
    _assert_string_equal(events_log(), expected, file, line);
    events_begin();
}

#define expect_events(expected) expect_events_at(__FILE__, __LINE__, expected)

static int raise_value(void *text)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)text);
}

static int sleep_long(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(1000));
}

static int await_arg(void *arg)
{
    return tt_await(arg);
}

static tt_task *create(tt_coro_fn *fn, void *arg, const char *label)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = label};
    tt_task *task = tt_create_task_with(fn, arg, &options);

    assert_non_null(task);
    events_label(task, label);
    return task;
}

static tt_future *fail_now(const char *label)
{
    tt_future *future = tt_create_future(stage_loop);
    tt_exc *exc = tt_exc_new(&tt_ValueError, "boom");

    events_label(future, label);
    assert_int_equal(tt_future_set_exception(future, exc), 0);
    tt_exc_unref(exc);
    return future;
}

/* ------------------------------------------------------------------------------------------------- held and dropped */

static void a_failure_that_is_let_go_of_is_reported_and_released(void **state)
{
    tt_task *task = create(raise_value, "boom", "f");

    (void)state;
    stage_turns(1);
    tt_task_ref(task);
    tt_task_unref(task);
    expect_events("stored f how=raised handles=1\ntaken f 1\ntaken f 2\nlet go f 1\n");
    events_label(task, "f");
    tt_task_unref(task);
    assert_int_equal(events_released_line(), __LINE__ - 1);
    expect_events("let go f 0\nreported f\nreleased f user=0 library=0 forwards=0 bit=0 closed=0\n");
    expect_notes("handler: Task exception was never retrieved [exception, future, message] ValueError('boom') of f");
}

static void what_a_group_holds_is_told_when_it_is_stored_without_having_been_raised(void **state)
{
    tt_future *future = tt_create_future(stage_loop);
    tt_exc *members[] = {tt_exc_new(&tt_ValueError, "a"), tt_exc_new(&tt_KeyError, "b")};
    tt_exc *exc = tt_exc_group_new(&tt_ExceptionGroup, members, 2, "group");

    (void)state;
    assert_int_equal(tt_future_set_exception(future, exc), 0);
    assert_non_null(strstr(events_log(), "member 0 ValueError\nmember 1 KeyError\nstored ? how=set"));
    for (int i = 0; i < 2; i++)
        tt_exc_unref(members[i]);
    tt_exc_unref(exc);
    tt_future_unref(future);
    expect_notes("handler: Future exception was never retrieved [exception, future, message] "
                 "ExceptionGroup('group', [ValueError('a'), KeyError('b')])");
}

static void a_failure_without_a_handle_is_released_where_its_task_was_last(void **state)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "f"};

    (void)state;
    assert_int_equal(tt_spawn_with(raise_value, "boom", &options), 0);
    stage_turns(1);
    expect_events("stored ? how=raised handles=0\nreported ?\nreleased ? user=0 library=0 forwards=0 bit=0 closed=0\n");
    expect_notes("handler: Task exception was never retrieved [exception, future, message] ValueError('boom') of f");
}

static void the_places_of_the_last_takings_are_told_when_it_fails(void **state)
{
    tt_future *future = tt_create_future(stage_loop);
    tt_exc *exc = tt_exc_new(&tt_ValueError, "boom");

    (void)state;
    events_label(future, "f");
    for (int i = 0; i < 5; i++)
        tt_future_ref(future);
    expect_events("");
    events_label(future, "f");
    assert_int_equal(tt_future_set_exception(future, exc), 0);
    tt_exc_unref(exc);
    assert_non_null(strstr(events_log(), "stored f how=set handles=6\ntaken f "));
    for (int i = 0; i < 6; i++)
        tt_future_unref(future);
    assert_non_null(strstr(events_log(), "let go f 0\nreported f\nreleased f "));
    expect_notes("handler: Future exception was never retrieved [exception, future, message] ValueError('boom')");
}

static void a_failure_that_the_closing_loop_held_says_so(void **state)
{
    tt_future *failed = fail_now("f");

    (void)state;
    assert_int_equal(tt_future_add_done_callback(failed, (tt_done_fn *)(void *)raise_value, NULL), 0);
    tt_future_unref(failed);
    events_begin();
    events_label(failed, "f");
    stage_close_loop();
    expect_events("reported f\nreleased f user=0 library=0 forwards=0 bit=0 closed=1\n");
    expect_notes("handler: Future exception was never retrieved [exception, future, message] ValueError('boom')");
}

/* ---------------------------------------------------------------------------------------------------------- touches */

static void reading_is_a_touch_of_the_users(void **state)
{
    tt_future *failed = fail_now("f");

    (void)state;
    events_begin();
    events_label(failed, "f");
    assert_int_equal(tt_future_result(failed, NULL), -1);
    note_and_drop("result");
    assert_int_equal(tt_future_exception(failed, NULL), 0);
    tt_future_unref(failed);
    expect_events("touched f by=main user=1 how=result\ntouched f by=main user=1 how=exception\nlet go f 0\n"
                  "released f user=2 library=0 forwards=0 bit=1 closed=0\n");
    expect_notes("result: ValueError('boom')");
}

static void peeking_printing_and_asking_are_none(void **state)
{
    tt_future *failed = fail_now("f");
    char text[64];

    (void)state;
    events_begin();
    events_label(failed, "f");
    assert_non_null(tt_future_peek(failed));
    assert_true(tt_future_done(failed));
    assert_false(tt_future_cancelled(failed));
    tt_future_repr(failed, text, sizeof text);
    expect_events("");
    tt_future_unref(failed);
    expect_notes("handler: Future exception was never retrieved [exception, future, message] ValueError('boom')");
}

static void cancelling_it_afterwards_is_a_touch_of_the_librarys(void **state)
{
    tt_future *failed = fail_now("f");

    (void)state;
    events_begin();
    events_label(failed, "f");
    assert_false(tt_future_cancel(failed, NULL));
    tt_future_unref(failed);
    expect_events("cancel f by=main accepted=0 count=0\ntouched f by=main user=0 how=cancel_after_done\nlet go f 0\n"
                  "released f user=0 library=1 forwards=0 bit=1 closed=0\n");
    expect_no_notes();
}

static void discarding_is_told_with_its_reason(void **state)
{
    tt_future *failed = fail_now("f");

    (void)state;
    events_begin();
    events_label(failed, "f");
    tt_discard(failed, "best effort");
    tt_future_unref(failed);
    expect_events("discarded f best effort\nlet go f 0\n"
                  "released f user=0 library=0 forwards=0 bit=1 closed=0 discarded\n");
}

static void an_await_is_a_touch_and_what_it_lets_through_is_forwarded(void **state)
{
    tt_task *inner = create(raise_value, "boom", "inner"), *outer = create(await_arg, inner, "outer");

    (void)state;
    stage_turns(2);
    tt_task_unref(inner);
    assert_int_equal(tt_task_exception(outer, NULL), 0);
    tt_task_unref(outer);
    expect_events(
        "stored inner how=raised handles=1\ntaken inner 1\n"
        "touched inner by=task user=1 how=await\n"
        "stored outer how=raised handles=1\ntaken outer 1\nforwarded inner to=outer how=await\n"
        "let go inner 0\nreleased inner user=1 library=0 forwards=0 bit=1 closed=0\n" /* the await delivered it */
        "touched outer by=main user=1 how=exception\n"
        "let go outer 0\nreleased outer user=1 library=0 forwards=0 bit=1 closed=0\n");
}

static int await_and_raise_another(void *arg)
{
    int rc = tt_await(arg);

    if (rc < 0 && tt_catch(&tt_ValueError)) {
        rc = tt_raise(&tt_KeyError, "another");
        if (tt_catch_end() < 0)
            return -1;
    }
    return rc;
}

static void what_is_handled_is_not_forwarded(void **state)
{
    tt_task *inner = create(raise_value, "boom", "inner"), *outer = create(await_and_raise_another, inner, "outer");

    (void)state;
    stage_turns(2);
    tt_task_unref(inner);
    assert_int_equal(tt_task_exception(outer, NULL), 0);
    tt_task_unref(outer);
    assert_null(strstr(events_log(), "forwarded"));
}

static void a_cancellation_in_its_place_leaves_the_failure_to_the_library(void **state)
{
    tt_future *future = tt_create_future(stage_loop);
    tt_task *waiter = create(await_arg, future, "waiter");
    tt_exc *exc = tt_exc_new(&tt_ValueError, "boom");

    (void)state;
    stage_turns(1);
    events_label(future, "f");
    assert_int_equal(tt_future_set_exception(future, exc), 0);
    tt_exc_unref(exc);
    assert_true(tt_task_cancel(waiter, NULL));
    stage_turns(1);
    tt_task_unref(waiter);
    tt_future_unref(future);
    expect_events("stored f how=set handles=1\ntaken f 1\n"
                  "cancel waiter by=main accepted=1 count=1\n"
                  "cancel f by=awaiter accepted=0 count=0\ntouched f by=main user=0 how=cancel_after_done\n"
                  "touched f by=callback user=0 how=await\n"
                  "delivered waiter before_start=0\n"
                  "let go f 0\nreleased f user=0 library=2 forwards=0 bit=1 closed=0\n");
}

/* ----------------------------------------------------------------------------------------------------------- gather */

static void gather_forwards_the_first_failure_and_absorbs_the_second(void **state)
{
    tt_task *tasks[2] = {create(raise_value, "one", "one"), create(raise_value, "two", "two")};
    tt_future *gather = tt_gather(tasks, 2, false);

    (void)state;
    events_label(gather, "gather");
    stage_turns(2);
    for (int i = 0; i < 2; i++)
        tt_task_unref(tasks[i]);
    assert_int_equal(tt_future_exception(gather, NULL), 0);
    tt_future_unref(gather);
    expect_events("stored one how=raised handles=1\ntaken one 1\nstored two how=raised handles=1\ntaken two 1\n"
                  "touched one by=gather user=0 how=gather\nforwarded one to=gather how=gather\n"
                  "stored gather how=forwarded handles=1\ntaken gather 1\n"
                  "touched two by=gather user=0 how=gather\n"
                  "let go one 0\nlet go two 0\n"
                  "touched gather by=main user=1 how=exception\nlet go gather 0\n"
                  "released gather user=1 library=0 forwards=0 bit=1 closed=0\n"
                  "released one user=0 library=1 forwards=1 bit=1 closed=0\n"
                  "released two user=0 library=1 forwards=0 bit=1 closed=0\n");
}

static void a_slot_that_is_read_is_a_touch_of_the_users(void **state)
{
    tt_task *tasks[2] = {create(raise_value, "one", "one"), create(raise_value, "two", "two")};
    tt_future *gather = tt_gather(tasks, 2, true);

    (void)state;
    stage_turns(2);
    for (int i = 0; i < 2; i++)
        tt_task_unref(tasks[i]);
    assert_int_equal(tt_gather_slot(gather, 1, NULL, NULL), 0);
    tt_future_unref(gather);
    assert_non_null(strstr(events_log(), "touched two by=main user=1 how=slot\n"));
    assert_null(strstr(events_log(), "touched one by=main"));
    assert_non_null(strstr(events_log(), "released one user=0 library=1 forwards=0 bit=1 closed=0\n"));
    assert_non_null(strstr(events_log(), "released two user=1 library=1 forwards=0 bit=1 closed=0\n"));
}

/* -------------------------------------------------------------------------------------------------------- callbacks */

static int raise_again(tt_future *future, void *arg)
{
    (void)arg;
    return tt_future_result(future, NULL);
}

static void a_callback_that_raises_it_again_forwards_it(void **state)
{
    tt_task *task = create(raise_value, "boom", "f");

    (void)state;
    assert_int_equal(tt_task_add_done_callback(task, raise_again, NULL), 0);
    stage_turns(2);
    tt_task_unref(task);
    expect_events(
        "stored f how=raised handles=1\ntaken f 1\ntouched f by=callback user=1 how=result\n"
        "forwarded f to=nothing how=callback\nlet go f 0\nreleased f user=1 library=0 forwards=1 bit=1 closed=0\n");
    assert_non_null(strstr(stage_notes(), "handler: Exception in callback raise_again() at "));
    stage_forget_notes();
}

/* ---------------------------------------------------------------------------------------------------------- threads */

static void the_chain_to_a_thread_reads_and_forwards(void **state)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, raise_value, "boom", NULL);

    (void)state;
    stage_turns(4);
    expect_events("stored ? how=raised handles=0\ntouched ? by=callback user=0 how=thread_chain\n"
                  "forwarded ? to=? how=thread_chain\nstored ? how=forwarded handles=1\n"
                  "taken ? 1\nreleased ? user=0 library=1 forwards=1 bit=1 closed=0\n");
    assert_int_equal(tt_thread_future_exception(future, 0, NULL), 0);
    tt_thread_future_unref(future);
    expect_events("touched ? by=thread user=1 how=exception\nlet go ? 0\nreleased ? user=1 library=0 forwards=0 bit=1 "
                  "closed=0\n");
}

/* ---------------------------------------------------------------------------------------------------- cancellations */

static void a_cancellation_is_followed_from_its_request_to_its_end(void **state)
{
    tt_task *inner = create(sleep_long, NULL, "inner"), *outer = create(await_arg, inner, "outer");

    (void)state;
    stage_turns(1);
    assert_true(tt_task_cancel(outer, "why"));
    stage_turns(3);
    tt_task_unref(inner);
    tt_task_unref(outer);
    expect_events("cancel outer by=main accepted=1 count=1\ncancel inner by=awaiter accepted=1 count=1\n"
                  "delivered inner before_start=0\ndelivered outer before_start=0\n");
}

static int swallow(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_SEC(1000)) < 0 && tt_catch(&tt_CancelledError) && tt_catch_end() < 0)
        return -1;
    return 0;
}

static void a_cancellation_that_is_swallowed_is_told(void **state)
{
    tt_task *task = create(swallow, NULL, "t");

    (void)state;
    stage_turns(1);
    tt_task_cancel(task, NULL);
    stage_turns(2);
    tt_task_unref(task);
    expect_events("cancel t by=main accepted=1 count=1\ndelivered t before_start=0\nswallowed t 1\n");
}

static int swallow_and_uncancel(void *arg)
{
    int rc = swallow(arg);

    tt_task_uncancel(tt_current_task());
    return rc;
}

static void one_that_is_taken_back_is_not_swallowed(void **state)
{
    tt_task *task = create(swallow_and_uncancel, NULL, "t");

    (void)state;
    stage_turns(1);
    tt_task_cancel(task, NULL);
    stage_turns(2);
    tt_task_unref(task);
    expect_events("cancel t by=main accepted=1 count=1\ndelivered t before_start=0\nuncancelled t 0\n");
}

static int convert(void *arg)
{
    int rc = tt_sleep(TT_SEC(1000));

    if (rc < 0 && tt_catch(&tt_CancelledError)) {
        rc = raise_value(arg);
        if (tt_catch_end() < 0)
            return -1;
    }
    return rc;
}

static void one_that_is_answered_with_an_exception_is_converted(void **state)
{
    tt_task *task = create(convert, "boom", "t");

    (void)state;
    stage_turns(1);
    tt_task_cancel(task, NULL);
    stage_turns(2);
    tt_discard(task, "known");
    tt_task_unref(task);
    assert_int_equal(strncmp(events_log(),
                             "cancel t by=main accepted=1 count=1\ndelivered t before_start=0\nconverted t\n"
                             "stored t how=raised handles=1\n",
                             100),
                     0);
}

static void one_before_the_first_step_says_so(void **state)
{
    tt_task *task = create(sleep_long, NULL, "t");

    (void)state;
    tt_task_cancel(task, NULL);
    stage_turns(1);
    tt_task_unref(task);
    expect_events("cancel t by=main accepted=1 count=1\ndelivered t before_start=1\n");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_listening(a_failure_that_is_let_go_of_is_reported_and_released),
    cmocka_unit_test_listening(what_a_group_holds_is_told_when_it_is_stored_without_having_been_raised),
    cmocka_unit_test_listening(a_failure_without_a_handle_is_released_where_its_task_was_last),
    cmocka_unit_test_listening(the_places_of_the_last_takings_are_told_when_it_fails),
    cmocka_unit_test_listening(a_failure_that_the_closing_loop_held_says_so),
    cmocka_unit_test_listening(reading_is_a_touch_of_the_users),
    cmocka_unit_test_listening(peeking_printing_and_asking_are_none),
    cmocka_unit_test_listening(cancelling_it_afterwards_is_a_touch_of_the_librarys),
    cmocka_unit_test_listening(discarding_is_told_with_its_reason),
    cmocka_unit_test_listening(an_await_is_a_touch_and_what_it_lets_through_is_forwarded),
    cmocka_unit_test_listening(what_is_handled_is_not_forwarded),
    cmocka_unit_test_listening(a_cancellation_in_its_place_leaves_the_failure_to_the_library),
    cmocka_unit_test_listening(gather_forwards_the_first_failure_and_absorbs_the_second),
    cmocka_unit_test_listening(a_slot_that_is_read_is_a_touch_of_the_users),
    cmocka_unit_test_listening(a_callback_that_raises_it_again_forwards_it),
    cmocka_unit_test_listening(the_chain_to_a_thread_reads_and_forwards),
    cmocka_unit_test_listening(a_cancellation_is_followed_from_its_request_to_its_end),
    cmocka_unit_test_listening(a_cancellation_that_is_swallowed_is_told),
    cmocka_unit_test_listening(one_that_is_taken_back_is_not_swallowed),
    cmocka_unit_test_listening(one_that_is_answered_with_an_exception_is_converted),
    cmocka_unit_test_listening(one_before_the_first_step_says_so),
};

TT_TEST_MAIN(cases)
