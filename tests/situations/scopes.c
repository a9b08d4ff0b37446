/* scopes.c: situations of task groups and time limits. See situations.h. */
#include "situations.h"

#include <stdio.h>

#define LIMIT TT_MSEC(10)

/* ------------------------------------------------------------------------------------------------------- task groups */

static int spawn(tt_group *group, tt_coro_fn *fn, const char *text, const char *name)
{
    return tt_group_spawn_with(group, fn, (void *)text, &(const struct tt_task_options){.name = name});
}

static int fail_soon(void *text)
{
    return turns(1) < 0 ? -1 : fail(text);
}

static int linger(void *arg)
{
    int rc = sleep_long(arg);

    tt_cleanup_begin();
    printf("the sibling hangs in its cleanup\n");
    let_look();
    if (tt_sleep(TT_MSEC(50)) < 0)
        printf("the cleanup was cut short\n");
    return tt_cleanup_end() < 0 ? -1 : rc;
}

static int group_that_waits_for_a_sibling(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = spawn(group, fail_soon, "boom", "failing");

    (void)arg;
    if (rc == 0)
        rc = spawn(group, linger, NULL, "sibling");
    rc = tt_group_exit(group, rc);
    if (rc < 0 && tt_catch_group_begin()) {
        if (tt_catch_group(&tt_ValueError)) {
            char repr[256];

            tt_exc_repr(tt_exc_caught(), repr, sizeof repr);
            printf("caught: %s\n", repr);
        }
        rc = tt_catch_group_end();
    }
    return rc;
}

static int group_whose_body_exits(void *arg)
{
    tt_group *group = tt_group_enter();
    int rc = spawn(group, fail_in_cleanup, "boom", "failing");

    (void)arg;
    if (rc == 0)
        rc = turns(2);
    if (rc == 0)
        rc = tt_raise(&tt_SystemExit, "3");
    return tt_group_exit(group, rc);
}

/* ------------------------------------------------------------------------------------------------------- time limits */

static int limit_that_is_answered_with_an_error(void *arg)
{
    tt_task *task = tt_create_task_named(fail_in_cleanup, (void *)"cannot clean up", "failing");
    int rc = tt_wait_for(task, LIMIT, NULL);

    (void)arg;
    tt_task_unref(task);
    if (rc < 0 && tt_catch(&tt_ValueError)) {
        printf("caught:");
        for (const tt_exc *exc = tt_exc_caught(); exc; exc = tt_exc_context(exc))
            printf("%s %s", exc == tt_exc_caught() ? "" : " <-", tt_exc_type_of(exc)->name);
        printf("\n");
        rc = tt_catch_end();
    }
    return rc;
}

static int limit_that_is_swallowed(void *arg)
{
    tt_task *task = tt_create_task_named(swallow, NULL, "stubborn");
    int rc = tt_wait_for(task, LIMIT, NULL);

    (void)arg;
    tt_task_unref(task);
    if (rc == 0)
        printf("no timeout is seen\n");
    return rc;
}

const struct situation scope_situations[] = {
    {"group_that_waits_for_a_sibling", group_that_waits_for_a_sibling, NULL},
    {"group_whose_body_exits", group_whose_body_exits, NULL},
    {"limit_that_is_answered_with_an_error", limit_that_is_answered_with_an_error, NULL},
    {"limit_that_is_swallowed", limit_that_is_swallowed, NULL},
    {NULL, NULL, NULL},
};
