/* Futures, shields, gathers, iterators, queues, functions on threads and tasks that wait for them, in groups and with
 * limits of time too, made, completed, cancelled and let go of in random order: nothing crashes, and nothing is left when
 * the loop was closed. TT_SEED and TT_COUNT choose the programs. */
#include "actors.h"

enum { SLOTS = 8, ITERATORS = 3, STEPS = 60, PROGRAMS = 300, CHILDREN = 4 };

static struct {
    tt_future *slots[SLOTS]; /* handles; NULL: empty */
    tt_as_completed *iterators[ITERATORS];
    tt_queue *queue;
} world;

static tt_future *any(void)
{
    return world.slots[stage_random(SLOTS)];
}

/* Gives FUTURE, a handle, a slot; who was there is let go of. */
static void keep(tt_future *future)
{
    unsigned slot = stage_random(SLOTS);

    if (!future) {
        note_and_drop("refused");
        return;
    }
    tt_future_unref(world.slots[slot]);
    world.slots[slot] = future;
}

/* Gathers what stands in some slots, perhaps the same several times. */
static void gather_some(void)
{
    tt_future *children[CHILDREN];
    unsigned count = stage_random(CHILDREN + 1), there = 0;

    for (unsigned i = 0; i < count; i++)
        if ((children[there] = any()) != NULL)
            there++;
    keep(tt_gather(children, there, stage_random(2)));
}

/* Handles of two futures that are there; false: there are none. */
static bool pick_two(tt_future *out_two[2])
{
    out_two[0] = any();
    out_two[1] = any();
    if (!out_two[0] || !out_two[1])
        return false;
    tt_future_ref(out_two[0]);
    tt_future_ref(out_two[1]);
    return true;
}

static void let_go_of_two(void *arg)
{
    tt_future **two = arg;

    tt_future_unref(two[0]);
    tt_future_unref(two[1]);
}

static int drop_two(void *arg)
{
    let_go_of_two(arg);
    return 0;
}

static int wait_for_two(void *arg)
{
    enum tt_return_when when = (enum tt_return_when)(1 + stage_random(3));

    if (tt_defer(drop_two, arg) < 0)
        return -1;
    return tt_wait(arg, 2, when, (int64_t)stage_random(3) - 1, NULL);
}

static int shield_the_first(void *arg)
{
    tt_future **two = arg;

    if (tt_defer(drop_two, arg) < 0)
        return -1;
    keep(tt_shield(two[0]));
    return tt_await(two[1]);
}

static int drop(void *arg)
{
    tt_future_unref(arg);
    return 0;
}

static int gather_two(void *arg)
{
    tt_future *gather;

    if (tt_defer(drop_two, arg) < 0)
        return -1;
    gather = tt_gather((tt_future **)arg, 2, stage_random(2));
    if (stage_random(2))
        keep(tt_future_ref(gather));
    if (tt_defer(drop, gather) < 0)
        return -1;
    return tt_await(gather);
}

static int wait_for_the_first(void *arg)
{
    tt_future **two = arg;

    if (tt_defer(drop_two, arg) < 0)
        return -1;
    return tt_wait_for(two[0], (int64_t)stage_random(3) - 1, NULL);
}

static int await_it(void *arg)
{
    return tt_await(arg);
}

static int group_of_both(void *arg)
{
    tt_future **two = arg;
    tt_timeout *timeout;
    tt_group *group;

    if (tt_defer(drop_two, arg) < 0)
        return -1;
    timeout = tt_timeout_enter((int64_t)stage_random(4) - 1);
    group = tt_group_enter();
    keep(tt_group_create_task(group, await_it, two[0]));
    if (tt_group_spawn_with(group, await_it, two[1], &(struct tt_task_options){.eager_start = stage_random(2)}) < 0)
        note_and_drop("spawn");
    return tt_timeout_exit(timeout, tt_group_exit(group, 0));
}

static int put_or_get(void *arg)
{
    void *item;

    if (arg)
        return tt_queue_put(world.queue, arg);
    return tt_queue_get(world.queue, &item);
}

static int run_on_a_thread(void *arg)
{
    return arg ? tt_raise(&tt_ValueError, "random") : 0;
}

static int take_one(void *arg)
{
    tt_as_completed *iterator = world.iterators[(intptr_t)arg];
    tt_future *future = NULL;

    if (!iterator)
        return 0;
    if (tt_as_completed_next(iterator, &future) <= 0)
        return tt_exc_pending() ? -1 : 0;
    return tt_await(future);
}

static void start_task(void)
{
    static tt_coro_fn *const coroutines[] = {wait_for_two, shield_the_first, gather_two, wait_for_the_first,
                                             group_of_both};
    const struct tt_task_options options = {.loop = stage_loop, .drop = let_go_of_two, .eager_start = stage_random(2)};
    tt_future *two[2];

    switch (stage_random(8)) {
    case 0:
        keep(create(take_one, (void *)(intptr_t)stage_random(ITERATORS), "takes"));
        break;
    case 1:
        keep(create(put_or_get, stage_random(2) ? "item" : NULL, "queues"));
        break;
    case 2:
        if (stage_random(4) == 0)
            keep(tt_run_in_executor(stage_loop, run_on_a_thread, stage_random(2) ? "fails" : NULL, NULL));
        break;
    default:
        if (pick_two(two))
            keep(tt_create_task_copy(coroutines[stage_random(5)], two, sizeof two, &options));
    }
}

static void complete_one(void)
{
    tt_future *future = any();
    tt_exc *exc;

    if (!future)
        return;
    switch (stage_random(3)) {
    case 0:
        tt_future_cancel(future, "random");
        return;
    case 1:
        if (tt_future_set_result(future, NULL, NULL) < 0)
            note_and_drop("set");
        return;
    default:
        exc = tt_exc_new(&tt_ValueError, "random");
        if (tt_future_set_exception(future, exc) < 0)
            note_and_drop("set");
        tt_exc_unref(exc);
    }
}

static void iterate(void)
{
    unsigned i = stage_random(ITERATORS);
    tt_future *two[2], *next = NULL;

    if (world.iterators[i] && stage_random(3) == 0) {
        tt_as_completed_destroy(world.iterators[i]);
        world.iterators[i] = NULL;
    } else if (world.iterators[i]) {
        if (tt_as_completed_awaitable(world.iterators[i], &next) > 0)
            keep(next);
    } else if (pick_two(two)) {
        world.iterators[i] = tt_as_completed_create(two, 2, (int64_t)stage_random(3) - 1);
        let_go_of_two(two);
    }
}

static void step(void)
{
    tt_future *two[2];

    switch (stage_random(8)) {
    case 0:
        keep(pending());
        break;
    case 1:
        if ((two[0] = any()) != NULL)
            keep(tt_shield(two[0]));
        break;
    case 2:
        start_task();
        break;
    case 7:
        gather_some();
        break;
    case 3:
        iterate();
        break;
    case 4:
        complete_one();
        break;
    case 5: {
        unsigned slot = stage_random(SLOTS);

        tt_future_unref(world.slots[slot]);
        world.slots[slot] = NULL;
        break;
    }
    default:
        stage_turns(1);
    }
}

/* Half of the steps are made by a task, where eager tasks nest. */
static int play(void *arg)
{
    (void)arg;
    for (int i = 0; i < STEPS / 4; i++) {
        unsigned kind = stage_random(8);

        if (kind == 0 && tt_sleep(0) < 0)
            return -1;
        if (kind == 1)
            complete_one();
        if (kind == 2)
            start_task();
        if (kind == 3)
            keep(pending());
        if (kind == 4)
            gather_some();
        if (kind > 5)
            iterate();
    }
    return 0;
}

static void let_go_of_all(void)
{
    for (int i = 0; i < SLOTS; i++) {
        tt_future_unref(world.slots[i]);
        world.slots[i] = NULL;
    }
    for (int i = 0; i < ITERATORS; i++) {
        tt_as_completed_destroy(world.iterators[i]);
        world.iterators[i] = NULL;
    }
}

static void in_random_order_nothing_crashes_and_nothing_is_left(void **state)
{
    long programs = stage_count(stage_is_watched() ? PROGRAMS / 10 : PROGRAMS);

    stage_seed();
    stage_close_loop();
    for (long i = 0; i < programs; i++) {
        bool closes_first = stage_random(2);

        assert_int_equal(stage_open_virtual(state), 0);
        world.queue = tt_queue_create(2, NULL);
        for (int j = 0; j < STEPS; j++)
            step();
        stage_run(play, NULL);
        for (int j = 0; j < STEPS; j++)
            step();
        if (!closes_first)
            let_go_of_all();
        stage_close_loop();
        let_go_of_all();
        tt_queue_destroy(world.queue);
        stage_forget_notes();
        if (stage_close(state) != 0)
            fail_msg("program %ld leaves something behind", i);
    }
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(in_random_order_nothing_crashes_and_nothing_is_left),
};

TT_TEST_MAIN(cases)
