/* Random programs of tasks, futures and gathers against CPython: python/random_programs.py and this file draw the same
 * numbers and do the same with them (see random_program.h).
 */
#include "random_program.h"

#include "future_internal.h"

enum { TASKS_MAX = 14, FUTURES = 4, GATHERS_MAX = 100 };

static tt_future *futures[FUTURES];
static struct {
    tt_future *gather;
    int lowest; /* number of a task in it */
} gathers[GATHERS_MAX];
static int gather_count;

/* ---------------------------------------------------------------------------------------------------- what tasks do */

static tt_task *later_task(int number)
{
    int count = random_task_count - number - 1;

    return count > 0 ? random_tasks[number + 1 + draw(count)] : NULL;
}

static tt_task *any_task(void)
{
    return random_tasks[draw(random_task_count)];
}

static tt_future *any_future(void)
{
    return futures[draw(FUTURES)];
}

static int number_of(const tt_task *task)
{
    int number = 0;

    while (random_tasks[number] != task)
        number++;
    return number;
}

static int make_gather(int number)
{
    int count = 1 + draw(3), lowest = TASKS_MAX;
    tt_future *children[3], *gather;

    for (int i = 0; i < count; i++) {
        tt_task *task = later_task(number);

        if (!task || draw(3) == 0) {
            children[i] = any_future();
        } else {
            children[i] = task;
            if (number_of(task) < lowest)
                lowest = number_of(task);
        }
    }
    gather = tt_gather(children, (size_t)count, draw(2) == 1);
    if (!gather || gather_count == GATHERS_MAX)
        abort();
    gathers[gather_count].gather = gather;
    gathers[gather_count++].lowest = lowest;
    add("gather %d of %d %s", gather_count - 1, count, tt_future_done(gather) ? "done" : "pending");
    return gather_count - 1;
}

static int log_gathered(tt_future *gather)
{
    int rc = tt_await(gather);

    for (size_t i = 0; rc == 0 && i < tt_gather_count(gather); i++) {
        void *value;
        tt_exc *exc;

        rc = tt_gather_slot(gather, i, &value, &exc);
        if (rc == 0 && exc)
            add("gathered item %s", describe(exc));
        else if (rc == 0)
            add("gathered item %d", (int)(intptr_t)value);
    }
    return rc;
}

static int log_value(const char *what, tt_future *future, int rc)
{
    void *value;

    if (rc == 0 && tt_future_result(future, &value) == 0)
        add("%s %d", what, (int)(intptr_t)value);
    return rc;
}

static int say_soon(void *number)
{
    add("soon %d", (int)(intptr_t)number);
    return 0;
}

static int say_later(void *number)
{
    add("later %d", (int)(intptr_t)number);
    return 0;
}

static int say_done(tt_future *future, void *number)
{
    (void)future;
    add("done callback %d", (int)(intptr_t)number);
    return 0;
}

static int say_future(tt_future *future, void *number)
{
    (void)future;
    add("future callback %d", (int)(intptr_t)number);
    return 0;
}

static const char *word(bool value)
{
    return value ? "True" : "False";
}

static void create(void);

/* The text that number N cancels with, or raises. */
static const char *name(char letter, int number)
{
    static char buffer[16];

    snprintf(buffer, sizeof buffer, "%c%d", letter, number);
    return buffer;
}

static int fail_future(int number)
{
    tt_future *future = any_future();
    tt_exc *exc = tt_exc_new(&tt_ValueError, "f%d", number);
    int rc = tt_future_set_exception(future, exc);

    tt_exc_unref(exc);
    return rc;
}

static int look_at_task(void)
{
    tt_exc *exc;
    int rc = tt_task_exception(any_task(), &exc);

    if (rc == 0)
        add("exception %s", describe(exc));
    return rc;
}

static int operate(int number, int operation)
{
    void *as_arg = (void *)(intptr_t)number;
    tt_future *future;
    int i;

    switch (operation) {
    case 1:
        return tt_sleep(1);
    case 2:
        if (random_task_count < TASKS_MAX)
            create();
        return 0;
    case 3:
        future = later_task(number);
        return future ? log_value("task", future, tt_await(future)) : 0;
    case 4:
        future = any_task();
        add("cancel %s", word(tt_task_cancel(future, name('c', number))));
        return 0;
    case 5:
        add("uncancel %u", tt_task_uncancel(any_task()));
        return 0;
    case 6:
        future = any_future();
        return log_value("future", future, tt_await(future));
    case 7:
        return tt_future_set_result(any_future(), as_arg, NULL);
    case 8:
        return fail_future(number);
    case 9:
        future = any_future();
        add("cancel future %s", word(tt_future_cancel(future, name('x', number))));
        return 0;
    case 10:
        return log_gathered(gathers[make_gather(number)].gather);
    case 11:
        make_gather(number);
        return 0;
    case 12:
        if (gather_count > 0) {
            i = draw(gather_count);
            add("cancel gather %s", word(tt_future_cancel(gathers[i].gather, name('g', number))));
        }
        return 0;
    case 13:
        if (gather_count == 0)
            return 0;
        i = draw(gather_count);
        return number < gathers[i].lowest ? log_gathered(gathers[i].gather) : 0;
    case 14:
        return tt_loop_call_soon(NULL, say_soon, as_arg, NULL);
    case 15:
        return tt_loop_call_later(NULL, 0, say_later, as_arg, NULL);
    case 16:
        return tt_task_add_done_callback(any_task(), say_done, as_arg);
    case 17:
        return tt_future_add_done_callback(any_future(), say_future, as_arg);
    case 18:
        return look_at_task();
    case 19:
        future = any_future();
        return log_value("result", future, tt_future_result(future, NULL));
    case 20:
        return tt_raise(&tt_ValueError, "r%d", number);
    case 21:
        tt_task_cancel(tt_current_task(), name('s', number));
        return 0;
    default:
        return tt_sleep(0);
    }
}

static int body(void *arg)
{
    int number = (int)(intptr_t)arg, count = 1 + draw(6);

    for (int step = 0; step < count; step++) {
        int operation = draw(24);

        add("%d.%d %d", number, step, operation);
        if (operate(number, operation) < 0 && random_aftermath(number, step, 4) < 0)
            return -1;
    }
    return tt_return(arg, NULL);
}

static void create(void)
{
    char task_name[8];

    snprintf(task_name, sizeof task_name, "t%d", random_task_count);
    random_tasks[random_task_count] = tt_create_task_named(body, (void *)(intptr_t)random_task_count, task_name);
    if (!random_tasks[random_task_count++])
        abort();
}

/* -------------------------------------------------------------------------------------------------------- the whole */

static void log_one(const char *kind, int number, const tt_future *future, bool with_count)
{
    char count[16] = "";

    if (with_count)
        snprintf(count, sizeof count, " %u", tt_task_cancelling(future));
    add("%s %d %s%s %s", kind, number, describe_outcome(future), count, future->log_traceback ? "unread" : "-");
}

static void log_state(void)
{
    for (int i = 0; i < random_task_count; i++)
        log_one("task", i, random_tasks[i], true);
    for (int i = 0; i < FUTURES; i++)
        log_one("future", i, futures[i], false);
    for (int i = 0; i < gather_count; i++)
        log_one("gather", i, gathers[i].gather, false);
}

static int main_coroutine(void *arg)
{
    (void)arg;
    for (int i = 0; i < FUTURES; i++)
        futures[i] = tt_create_future(NULL);
    for (int i = 0; i < 3; i++)
        create();
    for (int i = 0; i < 25; i++)
        if (tt_sleep(0) < 0)
            return -1;
    log_state();
    for (int i = 0; i < 100 && cancel_pending(); i++)
        for (int j = 0; j < 4; j++)
            if (tt_sleep(0) < 0)
                return -1;
    log_state();
    return 0;
}

static void let_go(void)
{
    for (int i = 0; i < FUTURES; i++)
        tt_future_unref(futures[i]);
    while (gather_count > 0)
        tt_future_unref(gathers[--gather_count].gather);
}

static const struct random_program random_programs = {"random_programs", main_coroutine, let_go};

static void random_programs_run_as_in_cpython(void **state)
{
    (void)state;
    expect_random_programs(&random_programs);
}

static void run_recorded(void *arg)
{
    struct tt_trace_statistics statistics;
    struct tt_trace_options options = {.ring_dir = getenv("TELLTALE_RING_DIR"), .ring_bytes = 1 << 20};

    (void)arg;
    if (tt_trace_start(&options) < 0)
        _exit(3);
    if (!random_programs_are_as_expected(&random_programs))
        _exit(4);
    tt_trace_get_statistics(&statistics);
    if (statistics.attempt_count < 10000)
        _exit(5);
    tt_trace_stop();
}

/* Watching changes nothing. */
static void random_programs_run_the_same_while_they_are_recorded(void **state)
{
    char folder[TT_TEST_PATH_MAX], command[TT_TEST_PATH_MAX + 16], output[4096];
    int status;

    (void)state;
    if (!getenv("TELLTALE_TEST_SOURCE"))
        TT_SKIP("TELLTALE_TEST_SOURCE is not set");
    assert_non_null(mkdtemp(tt_test_template(folder, "test")));
    setenv("TELLTALE_RING_DIR", folder, 1);
    status = stage_in_child(run_recorded, NULL, output, sizeof output);
    unsetenv("TELLTALE_RING_DIR");
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
    if (status != 0)
        print_error("status %#x: %s\n", (unsigned)status, output);
    assert_int_equal(status, 0);
}

static void random_programs_run_as_in_this_machines_python(void **state)
{
    (void)state;
    expect_random_programs_of_this_machines_python(&random_programs);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(random_programs_run_as_in_cpython),
    cmocka_unit_test_on_stage(random_programs_run_the_same_while_they_are_recorded),
    cmocka_unit_test_on_stage(random_programs_run_as_in_this_machines_python),
};

TT_TEST_MAIN(cases)
