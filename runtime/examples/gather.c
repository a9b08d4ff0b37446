/* gather: two tasks that fail, and what a gather over them lets its awaiter see.
 *
 *   gather              the first failure arrives, a group, and is taken apart; the other task still sleeps and is
 *                       cancelled by the end of the run
 *   gather --goes-on    the loop lives on: nobody cancels the other one, it fails as well, and nobody hears of it
 *   gather --values     exceptions as values: everything runs to its end, results in the order of the arguments
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <telltale/telltale.h>

static TT_EXC_TYPE(A, tt_Exception);
static TT_EXC_TYPE(B, tt_Exception);

/* A coroutine that sleeps and then raises a group of one. */
struct failing {
    const char *name;
    const tt_exc_type *type;
    int64_t delay_ns;
};

static int fail(void *arg)
{
    const struct failing *failing = arg;
    tt_exc *trouble;
    int rc;

    if (tt_sleep(failing->delay_ns) < 0)
        return -1;
    printf("%s ran\n", failing->name);
    trouble = tt_exc_new(failing->type, "%s trouble", failing->name);
    rc = tt_raise_group(&tt_ExceptionGroup, &trouble, 1, "group %s", failing->name);
    tt_exc_unref(trouble);
    return rc;
}

static int value(void *number)
{
    printf("C ran\n");
    return tt_return(number, NULL);
}

/* Prints what is caught of a group, one line for each exception in it. */
static void print_part(void)
{
    for (size_t i = 0; i < tt_exc_leaf_count(tt_exc_caught()); i++) {
        const tt_exc *exc = tt_exc_leaf(tt_exc_caught(), i);

        printf("got %s: %s\n", tt_exc_type_of(exc)->name, tt_exc_message(exc));
    }
}

/* except* A, except* B. */
static int print_parts(int rc)
{
    if (rc < 0 && tt_catch_group_begin()) {
        if (tt_catch_group(&A))
            print_part();
        if (tt_catch_group(&B))
            print_part();
        rc = tt_catch_group_end();
    }
    return rc;
}

enum { TASK_COUNT = 3 };

static int create_all(struct failing *failing, tt_task **tasks)
{
    static int number = 3;

    tasks[0] = tt_create_task_named(fail, &failing[0], "A");
    tasks[1] = tt_create_task_named(fail, &failing[1], "B");
    tasks[2] = tt_create_task_named(value, &number, "C");
    return tasks[0] && tasks[1] && tasks[2] ? 0 : -1;
}

static void let_go_of_all(tt_task **tasks)
{
    for (int i = 0; i < TASK_COUNT; i++)
        tt_task_unref(tasks[i]);
}

/* ARG: what fails. */
static int gather_all(void *arg)
{
    tt_task *tasks[TASK_COUNT];
    tt_future *gather;
    int rc;

    if (create_all(arg, tasks) < 0)
        return -1;
    gather = tt_gather(tasks, TASK_COUNT, false);
    rc = print_parts(tt_await(gather));
    printf("C's value unread: %s\n", tt_task_done(tasks[2]) ? "yes" : "no");
    tt_future_unref(gather);
    let_go_of_all(tasks);
    return rc;
}

static int count_call(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    (void)context;
    ++*(int *)arg;
    return 0;
}

static int gather_and_go_on(void *arg)
{
    int calls = 0, rc;

    tt_loop_set_exception_handler(tt_loop_running(), count_call, &calls);
    rc = gather_all(arg);
    if (rc == 0)
        rc = tt_sleep(TT_MSEC(300));
    printf("handler calls: %d\n", calls);
    tt_loop_set_exception_handler(tt_loop_running(), NULL, NULL);
    return rc;
}

static int gather_values(void *arg)
{
    tt_task *tasks[TASK_COUNT];
    tt_future *gather;
    int rc;

    if (create_all(arg, tasks) < 0)
        return -1;
    gather = tt_gather(tasks, TASK_COUNT, true);
    rc = tt_await(gather);
    for (size_t i = 0; rc == 0 && i < TASK_COUNT; i++) {
        char repr[128];
        void *result;
        tt_exc *exc;

        rc = tt_gather_slot(gather, i, &result, &exc);
        if (rc == 0 && exc) {
            tt_exc_repr(exc, repr, sizeof repr);
            printf("exception %s\n", repr);
        } else if (rc == 0) {
            printf("value %d\n", *(int *)result);
        }
    }
    tt_future_unref(gather);
    let_go_of_all(tasks);
    return rc;
}

int main(int argc, char **argv)
{
    struct failing first[] = {{"A", &A, TT_MSEC(100)}, {"B", &B, TT_MSEC(300)}};
    struct failing second[] = {{"A", &A, TT_MSEC(300)}, {"B", &B, TT_MSEC(100)}};
    int status;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 2 && strcmp(argv[1], "--goes-on") == 0)
        return tt_run(gather_and_go_on, first);
    if (argc == 2 && strcmp(argv[1], "--values") == 0)
        return tt_run(gather_values, second);
    if (argc != 1) {
        fprintf(stderr, "usage: %s [--goes-on | --values]\n", argv[0]);
        return 2;
    }
    printf("--- A first\n");
    status = tt_run(gather_all, first);
    printf("--- B first\n");
    return status ? status : tt_run(gather_all, second);
}
