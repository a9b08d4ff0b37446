/* references.c: situations of who holds a failed task, and who looks at it. See situations.h. */
#include "situations.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static tt_task *create_failing(void)
{
    return tt_create_task_named(fail, "boom", "failing");
}

static int dropped(void *arg)
{
    tt_task *task = create_failing();
    int rc = turns(2);

    (void)arg;
    tt_task_unref(task);
    return rc;
}

static int dropped_future(void *arg)
{
    tt_future *future = tt_create_future(NULL);
    tt_exc *exc = tt_exc_new(&tt_ValueError, "boom");
    int rc = tt_future_set_exception(future, exc);

    (void)arg;
    tt_exc_unref(exc);
    tt_future_unref(future);
    return rc;
}

/* exit, since the end of main would let go of what is held. */
static int hold_and_exit(void)
{
    hold_to_the_end(create_failing());
    if (turns(2) < 0)
        return -1;
    let_look();
    exit(EXIT_SUCCESS);
}

static int held_by_a_list(void *arg)
{
    (void)arg;
    return hold_and_exit();
}

static tt_task *global;

static int held_at_exit(void *arg)
{
    (void)arg;
    global = create_failing();
    return turns(2);
}

/* Two results hold a handle of each other's task; C has nobody who collects such things. */
static int own(void *other)
{
    return tt_return(other, NULL);
}

static int held_in_a_cycle(void *arg)
{
    struct pair {
        tt_task *failing, *owner;
    } *pair = calloc(1, sizeof *pair);

    (void)arg;
    if (!pair)
        return tt_raise(&tt_MemoryError, "no memory");
    pair->failing = create_failing();
    pair->owner = tt_create_task_named(own, pair, "owner"); /* its value is what holds it */
    return turns(2);
}

static int killed(void *arg)
{
    (void)arg;
    hold_to_the_end(create_failing());
    if (turns(2) < 0)
        return -1;
    raise(SIGKILL);
    return 0;
}

static int cancelled_after_its_failure(void *arg)
{
    tt_task *task = create_failing();
    int rc = turns(2);

    (void)arg;
    printf("cancel: %s\n", tt_task_cancel(task, NULL) ? "accepted" : "refused");
    tt_task_unref(task);
    return rc;
}

/* asyncio's observers have exception() only, which counts as reading; telltale's peek. */
static int observe(tt_future *task, void *arg)
{
    char repr[64];

    (void)arg;
    tt_exc_repr(tt_future_peek(task), repr, sizeof repr);
    printf("observer: %s\n", repr);
    return 0;
}

static int looked_at_by_an_observer(void *arg)
{
    tt_task *task = create_failing();
    int rc;

    (void)arg;
    if (tt_task_add_done_callback(task, observe, NULL) < 0)
        return -1;
    rc = turns(3);
    tt_task_unref(task);
    return rc;
}

const struct situation reference_situations[] = {
    {"dropped", dropped, NULL},
    {"dropped_future", dropped_future, NULL},
    {"held_by_a_list", held_by_a_list, NULL},
    {"held_at_exit", held_at_exit, NULL},
    {"held_in_a_cycle", held_in_a_cycle, NULL},
    {"killed", killed, NULL},
    {"cancelled_after_its_failure", cancelled_after_its_failure, NULL},
    {"looked_at_by_an_observer", looked_at_by_an_observer, NULL},
    {NULL, NULL, NULL},
};
