/* wait, shield, as_completed and eager tasks between other callbacks: python/waits.py, line by line. */
#include "actors.h"

#include "python_program.h"

static int settle(int turns)
{
    while (turns-- > 0)
        if (tt_sleep(0) < 0)
            return -1;
    return 0;
}

/* Counts turns aloud until the last one. */
struct ticking {
    int now, last;
};

static int tick_once(void *arg)
{
    struct ticking *ticking = arg;

    note("turn %d", ticking->now);
    if (ticking->now++ < ticking->last)
        return tt_loop_call_soon(NULL, tick_once, ticking, NULL);
    free(ticking);
    return 0;
}

static int tick(int last)
{
    struct ticking *ticking = malloc(sizeof *ticking);

    *ticking = (struct ticking){1, last};
    return tt_loop_call_soon(NULL, tick_once, ticking, NULL);
}

static int say_done(tt_future *future, void *name)
{
    (void)future;
    note("done %s", (const char *)name);
    return 0;
}

static int on_done(tt_future *future, char *name)
{
    return tt_future_add_done_callback(future, say_done, name);
}

/* ------------------------------------------------------------------------------------------------------------- wait */

struct wait {
    tt_future *futures[2];
    size_t count;
    enum tt_return_when when;
    int64_t timeout_ns;
    const char *name;
};

static int wait_and_say(void *arg)
{
    struct wait *wait = arg;
    size_t done_count = 0;

    if (tt_wait(wait->futures, wait->count, wait->when, wait->timeout_ns, &done_count) < 0)
        return -1;
    note("%s returned %zu %zu", wait->name, done_count, wait->count - done_count);
    return 0;
}

static int wait_section(void)
{
    tt_future *a = pending(), *b = pending(), *c = pending(), *d = pending();
    struct wait waits[] = {{{a}, 1, TT_FIRST_COMPLETED, TT_NEVER, "w1"},
                           {{a}, 1, TT_ALL_COMPLETED, TT_NEVER, "done already"},
                           {{b}, 1, TT_ALL_COMPLETED, 0, "timeout 0"},
                           {{b, c}, 2, TT_FIRST_EXCEPTION, TT_NEVER, "exc"},
                           {{d}, 1, TT_FIRST_COMPLETED, TT_NEVER, "never"}};
    tt_task *tasks[5];
    int rc;

    note("-- wait");
    tasks[0] = create(wait_and_say, &waits[0], "w");
    rc = settle(2);
    rc |= tick(4);
    rc |= on_done(a, "a-after");
    set_value(a, NULL);
    rc |= settle(8);
    tasks[1] = create(wait_and_say, &waits[1], "w");
    rc |= tick(4);
    rc |= settle(8);
    tasks[2] = create(wait_and_say, &waits[2], "w");
    rc |= tick(5);
    rc |= settle(8);
    tasks[3] = create(wait_and_say, &waits[3], "w");
    rc |= settle(2);
    rc |= tick(4);
    tt_future_cancel(b, NULL);
    rc |= settle(8);
    rc |= tick(4);
    set_error(c, "x");
    rc |= settle(8);
    rc |= tt_future_exception(c, NULL);
    tasks[4] = create(wait_and_say, &waits[4], "w");
    rc |= settle(2);
    rc |= tick(4);
    set_value(d, NULL);
    note("cancel %s", tt_task_cancel(tasks[4], "m") ? "True" : "False");
    rc |= on_done(tasks[4], "t");
    rc |= settle(8);
    note("%s", tt_task_cancelled(tasks[4]) ? "True" : "False");
    for (int i = 0; i < 5; i++)
        tt_task_unref(tasks[i]);
    tt_future_unref(a);
    tt_future_unref(b);
    tt_future_unref(c);
    tt_future_unref(d);
    return rc;
}

/* ----------------------------------------------------------------------------------------------------------- shield */

static int await_and_say(void *future)
{
    void *value = NULL;
    char repr[64];

    if (tt_await(future) == 0 && tt_future_result(future, &value) == 0) {
        note("value %s", (const char *)value);
        return 0;
    }
    if (!tt_catch(&tt_BaseException))
        return -1;
    tt_exc_repr(tt_exc_caught(), repr, sizeof repr);
    note("%s", repr);
    return tt_catch_end();
}

static int shield_section(void)
{
    tt_future *a = pending(), *s = tt_shield(a);
    tt_task *task;
    int rc;

    note("-- shield");
    rc = on_done(s, "s");
    rc |= on_done(a, "a");
    task = create(await_and_say, s, "aw");
    rc |= settle(2);
    rc |= tick(4);
    set_value(a, "7");
    rc |= settle(8);
    tt_task_unref(task);
    tt_future_unref(s);
    tt_future_unref(a);

    a = pending();
    s = tt_shield(a);
    rc |= on_done(s, "s");
    rc |= on_done(a, "a");
    task = create(await_and_say, s, "aw2");
    rc |= settle(2);
    rc |= tick(4);
    note("%s", tt_task_cancel(task, "why") ? "True" : "False");
    rc |= settle(8);
    note("%s", tt_future_done(a) ? "True" : "False");
    tt_future_cancel(a, "inner");
    rc |= settle(8);
    tt_task_unref(task);
    tt_future_unref(s);
    tt_future_unref(a);

    a = pending();
    s = tt_shield(a);
    task = create(await_and_say, s, "aw3");
    rc |= settle(2);
    rc |= tick(4);
    tt_future_cancel(a, "inner");
    rc |= settle(8);
    tt_task_unref(task);
    tt_future_unref(s);
    tt_future_unref(a);
    return rc;
}

/* ----------------------------------------------------------------------------------------------------- as_completed */

struct over {
    tt_future *futures[3];
    size_t count;
    int64_t timeout_ns;
};

static int consume_futures(void *arg)
{
    struct over *over = arg;
    tt_as_completed *iterator = tt_as_completed_create(over->futures, over->count, over->timeout_ns);
    tt_future *future = NULL;
    void *value = NULL;
    int rc;

    while ((rc = tt_as_completed_next(iterator, &future)) != 0) {
        if (rc < 0 && tt_catch(&tt_TimeoutError)) {
            note("TimeoutError()");
            if (tt_catch_end() < 0)
                return -1;
        } else if (rc < 0) {
            return -1;
        } else if (tt_future_result(future, &value) == 0) {
            note("got %s", (const char *)value);
        }
    }
    if (over->timeout_ns != TT_NEVER)
        note("end");
    tt_as_completed_destroy(iterator);
    return 0;
}

static int consume_awaitables(void *arg)
{
    struct over *over = arg;
    tt_as_completed *iterator = tt_as_completed_create(over->futures, over->count, TT_NEVER);
    tt_future *next = NULL;
    int rc;

    while ((rc = tt_as_completed_awaitable(iterator, &next)) > 0) {
        if (await_and_say(next) < 0)
            break;
        tt_future_unref(next);
    }
    tt_as_completed_destroy(iterator);
    return rc;
}

static int completed_section(void)
{
    struct over first = {{pending(), pending(), pending()}, 3, TT_NEVER}, second = {{pending(), pending()}, 2, TT_NEVER},
                third = {{pending(), pending()}, 2, 0};
    tt_exc *key_error = tt_exc_new(&tt_KeyError, "k");
    tt_task *tasks[3];
    int rc;

    note("-- as_completed");
    tasks[0] = create(consume_futures, &first, "consume");
    rc = settle(2);
    rc |= tick(5);
    set_value(first.futures[1], "one");
    set_value(first.futures[0], "zero");
    rc |= settle(8);
    rc |= tick(4);
    set_value(first.futures[2], "two");
    rc |= settle(8);
    tasks[1] = create(consume_awaitables, &second, "consume2");
    rc |= settle(2);
    rc |= tick(4);
    rc |= tt_future_set_exception(second.futures[1], key_error);
    rc |= settle(8);
    rc |= tick(4);
    tt_future_cancel(second.futures[0], "c");
    rc |= settle(8);
    tasks[2] = create(consume_futures, &third, "consume3");
    set_value(third.futures[1], "early");
    rc |= tick(6);
    rc |= settle(8);
    tt_exc_unref(key_error);
    for (int i = 0; i < 3; i++) {
        tt_task_unref(tasks[i]);
        tt_future_unref(first.futures[i]);
        tt_future_unref(second.futures[i]);
        tt_future_unref(third.futures[i]);
    }
    return rc;
}

/* ------------------------------------------------------------------------------------------------------ eager tasks */

struct child {
    int number;
    tt_future *future;
};

static int be_child(void *arg)
{
    struct child *child = arg;

    note("child %d begins", child->number);
    if (child->future && tt_await(child->future) < 0)
        return -1;
    note("child %d ends", child->number);
    return 0;
}

static int say_twice(void *arg)
{
    (void)arg;
    note("z1");
    if (tt_sleep(0) < 0)
        return -1;
    note("z2");
    return 0;
}

static int eager_section(void)
{
    static const struct tt_task_options eager = {.eager_start = true};
    tt_future *future = pending(), *gather;
    struct child children[] = {{1, NULL}, {2, future}, {3, NULL}};
    tt_task *tasks[4];
    int rc;

    note("-- eager");
    rc = tick(5);
    tasks[0] = tt_create_task_with(be_child, &children[0], &eager);
    rc |= on_done(tasks[0], "a");
    tasks[1] = tt_create_task_with(be_child, &children[1], &eager);
    rc |= on_done(tasks[1], "b");
    tasks[2] = tt_create_task(be_child, &children[2]);
    rc |= on_done(tasks[2], "c");
    note("created %s %s", tt_task_done(tasks[0]) ? "True" : "False", tt_task_done(tasks[1]) ? "True" : "False");
    set_value(future, NULL);
    rc |= settle(8);
    gather = tt_gather(tasks, 2, false);
    rc |= on_done(gather, "g");
    note("%s", tt_future_done(gather) ? "True" : "False");
    rc |= tick(3);
    rc |= tt_await(gather);
    note("gathered %zu", tt_gather_count(gather));
    rc |= tick(4);
    tasks[3] = tt_create_task_with(say_twice, NULL, &eager);
    rc |= on_done(tasks[3], "z");
    rc |= settle(8);
    tt_future_unref(gather);
    tt_future_unref(future);
    for (int i = 0; i < 4; i++)
        tt_task_unref(tasks[i]);
    return rc;
}

static int all_sections(void *arg)
{
    int rc = wait_section();

    (void)arg;
    rc |= shield_section();
    rc |= completed_section();
    rc |= eager_section();
    return rc;
}

static void they_come_in_the_same_order(void **state)
{
    (void)state;
    assert_true(stage_run(all_sections, NULL));
    expect_program("waits");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(they_come_in_the_same_order),
};

TT_TEST_MAIN(cases)
