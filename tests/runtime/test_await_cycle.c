/* Who waits for whom, as the trace is told: children of gathers, waits and iterators; tasks that wait for each other in a
 * circle when a cancellation meets it.
 *
 * Linked with --wrap for tt_emit_children_told and tt_emit_cycle_broken, so that the events come here. Ids are told as the
 * place that their object has in `known`, from 1. */
#include "actors.h"

enum { KNOWN_MAX = 32 };

static uint64_t known[KNOWN_MAX];
static int known_count;
static uint64_t last_cycle;

void __wrap_tt_emit_children_told(uint64_t time, const struct tt_event_children_told *event);
void __wrap_tt_emit_cycle_broken(uint64_t time, const struct tt_event_cycle_broken *event);

static int begin_to_hear(void **state)
{
    known_count = 0;
    last_cycle = 0;
    tt_trace_categories = TT_CATEGORY_scope | TT_CATEGORY_cancel;
    return stage_open_virtual(state);
}

static int end_to_hear(void **state)
{
    tt_trace_categories = 0;
    return stage_close(state);
}

#define cmocka_unit_test_with_ears(...) STAGE_CASE(__VA_ARGS__, begin_to_hear, end_to_hear)

static void know(const tt_future *future)
{
    if (known_count == KNOWN_MAX)
        abort();
    known[known_count++] = tt_future_id(future);
}

/* 0: nothing; -1: unknown. */
static int number_of(uint64_t id)
{
    for (int i = 0; i < known_count; i++)
        if (known[i] == id)
            return i + 1;
    return id ? -1 : 0;
}

void __wrap_tt_emit_children_told(uint64_t time, const struct tt_event_children_told *event)
{
    (void)time;
    note("children %d %d %d %d %d %d %d %d", number_of(event->child_1), number_of(event->child_2),
         number_of(event->child_3), number_of(event->child_4), number_of(event->child_5), number_of(event->child_6),
         number_of(event->child_7), number_of(event->child_8));
}

void __wrap_tt_emit_cycle_broken(uint64_t time, const struct tt_event_cycle_broken *event)
{
    (void)time;
    if (event->cycle_id != last_cycle)
        note("circle");
    last_cycle = event->cycle_id;
    note("%d awaits %d: kind %u, %s, line %s", number_of(event->task_id), number_of(event->awaited_id),
         event->wait_kind, number_of(event->wait_object) == number_of(event->awaited_id) ? "itself" : "behind another",
         event->site && event->site->line > 0 ? "known" : "unknown");
}

/* ---------------------------------------------------------------------------------------------------------- children */

enum { MANY = 10 };

static tt_future *futures[MANY + 2];

/* Ten, of which the first is done, and two that are there twice. */
static void make_futures(void)
{
    for (int i = 0; i < MANY; i++) {
        futures[i] = pending();
        know(futures[i]);
    }
    set_value(futures[0], "done");
    futures[MANY] = futures[1];
    futures[MANY + 1] = futures[9];
}

static void end_futures(void)
{
    for (int i = 1; i < MANY; i++)
        set_value(futures[i], "done");
    stage_turns(3);
    for (int i = 0; i < MANY; i++)
        tt_future_unref(futures[i]);
}

static void a_gather_tells_the_pending_ones_once_each(void **state)
{
    (void)state;
    make_futures();
    tt_future *gather = tt_gather(futures, MANY + 2, false);
    end_futures();
    tt_future_unref(gather);
    expect_notes("children 2 3 4 5 6 7 8 9", "children 10 0 0 0 0 0 0 0");
}

static void a_gather_of_what_is_done_tells_nothing(void **state)
{
    (void)state;
    make_futures();
    tt_future *gather = tt_gather(futures, 1, false);
    end_futures();
    tt_future_unref(gather);
    expect_no_notes();
}

static int wait_until(void *arg)
{
    tt_future *copies[MANY + 2];
    size_t done_count;

    memcpy(copies, futures, sizeof copies);
    return tt_wait(copies, MANY + 2, *(const enum tt_return_when *)arg, 0, &done_count);
}

static void a_wait_for_all_tells_all_that_are_pending(void **state)
{
    static enum tt_return_when all = TT_ALL_COMPLETED;

    (void)state;
    make_futures();
    assert_true(stage_run(wait_until, &all));
    end_futures();
    expect_notes("children 2 3 4 5 6 7 8 9", "children 10 0 0 0 0 0 0 0");
}

static void a_wait_for_the_first_one_tells_eight(void **state)
{
    static enum tt_return_when first = TT_FIRST_COMPLETED;

    (void)state;
    make_futures();
    futures[0] = (tt_future_unref(futures[0]), pending());
    known[0] = tt_future_id(futures[0]);
    assert_true(stage_run(wait_until, &first));
    set_value(futures[0], "done");
    end_futures();
    expect_notes("children 1 2 3 4 5 6 7 8");
}

static int iterate(void *arg)
{
    tt_as_completed *iterator = tt_as_completed_create(futures, MANY + 2, TT_NEVER);

    (void)arg;
    tt_as_completed_destroy(iterator);
    return 0;
}

static void an_iterator_over_futures_tells_those_that_are_pending(void **state)
{
    (void)state;
    make_futures();
    assert_true(stage_run(iterate, NULL));
    end_futures();
    expect_notes("children 2 3 4 5 6 7 8 9", "children 10 0 0 0 0 0 0 0");
}

static void nothing_is_told_when_nobody_listens(void **state)
{
    (void)state;
    tt_trace_categories = TT_CATEGORY_cancel;
    make_futures();
    tt_future *gather = tt_gather(futures, MANY, false);
    end_futures();
    tt_future_unref(gather);
    expect_no_notes();
}

/* ----------------------------------------------------------------------------------------------------------- circles */

enum { RING = 3 };

static tt_task *ring[RING];

static int await_task(void *arg)
{
    return tt_await(*(tt_task **)arg);
}

static int gather_task(void *arg)
{
    tt_future *gather = tt_gather((tt_future **)arg, 1, false);
    int rc = tt_await(gather);

    tt_future_unref(gather);
    return rc;
}

/* COUNT tasks, each of which waits for the next one, the last for the first; the second gathers it. */
static void make_ring(int count)
{
    for (int i = 0; i < count; i++) {
        ring[i] = create(i == 1 ? gather_task : await_task, &ring[(i + 1) % count], "in the ring");
        know(ring[i]);
    }
    stage_turns(2);
    stage_forget_notes();
}

static void end_ring(int count)
{
    stage_turns(8);
    for (int i = 0; i < count; i++) {
        if (!tt_task_done(ring[i])) {
            tt_task_cancel(ring[i], NULL);
            stage_turns(8);
        }
        assert_true(tt_task_done(ring[i]));
        tt_task_unref(ring[i]);
    }
    stage_forget_notes(); /* a gather that nobody awaits any more fails */
}

static void a_cancellation_that_meets_a_circle_tells_its_tasks_from_the_last_to_the_first(void **state)
{
    (void)state;
    make_ring(3);
    tt_task_cancel(ring[0], NULL);
    expect_notes("circle", "3 awaits 1: kind 2, itself, line known", "2 awaits 3: kind 4, behind another, line known",
                 "1 awaits 2: kind 2, itself, line known");
    end_ring(3);
}

static void a_circle_is_told_without_those_that_lead_into_it(void **state)
{
    (void)state;
    make_ring(2);
    tt_task *outside = create(await_task, &ring[1], "outside");
    stage_turns(2);
    tt_task_cancel(outside, NULL);
    expect_notes("circle", "1 awaits 2: kind 2, itself, line known", "2 awaits 1: kind 4, behind another, line known");
    stage_turns(8);
    tt_task_unref(outside);
    end_ring(2);
}

static void a_task_that_gathers_itself_is_a_circle_of_one(void **state)
{
    (void)state;
    ring[0] = create(gather_task, &ring[0], "itself");
    know(ring[0]);
    stage_turns(2);
    stage_forget_notes();
    tt_task_cancel(ring[0], NULL);
    expect_notes("circle", "1 awaits 1: kind 4, behind another, line known");
    end_ring(1);
}

static int sleep_long(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(1000));
}

static void a_chain_is_no_circle(void **state)
{
    (void)state;
    ring[2] = create(sleep_long, NULL, "sleeps");
    ring[1] = create(await_task, &ring[2], "awaits it");
    ring[0] = create(await_task, &ring[1], "awaits that");
    stage_turns(2);
    tt_task_cancel(ring[0], NULL);
    stage_turns(8);
    expect_no_notes();
    end_ring(3);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_with_ears(a_gather_tells_the_pending_ones_once_each),
    cmocka_unit_test_with_ears(a_gather_of_what_is_done_tells_nothing),
    cmocka_unit_test_with_ears(a_wait_for_all_tells_all_that_are_pending),
    cmocka_unit_test_with_ears(a_wait_for_the_first_one_tells_eight),
    cmocka_unit_test_with_ears(an_iterator_over_futures_tells_those_that_are_pending),
    cmocka_unit_test_with_ears(nothing_is_told_when_nobody_listens),
    cmocka_unit_test_with_ears(a_cancellation_that_meets_a_circle_tells_its_tasks_from_the_last_to_the_first),
    cmocka_unit_test_with_ears(a_circle_is_told_without_those_that_lead_into_it),
    cmocka_unit_test_with_ears(a_task_that_gathers_itself_is_a_circle_of_one),
    cmocka_unit_test_with_ears(a_chain_is_no_circle),
};

TT_TEST_MAIN(cases)
