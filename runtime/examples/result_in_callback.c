/* result_in_callback: a done-callback logs a failure, and then asks for the result in any case. So after a failure the
 * callback itself fails, and this is what reaches the loop's exception handler: twice here, once after a time limit.
 */
#include <stdio.h>
#include <stdlib.h>

#include <telltale/telltale.h>

enum { RESULT_COUNT_MAX = 3 };

struct collector {
    int results[RESULT_COUNT_MAX];
    int count;
};

static int when_done(tt_future *task, void *arg)
{
    struct collector *collector = arg;
    void *result;
    tt_exc *error;

    if (tt_task_exception(task, &error) < 0)
        return -1;
    if (tt_exc_is(error, &tt_TimeoutError)) /* its text is empty */
        printf("log: %s timed out (text '%s')\n", tt_task_name(task), tt_exc_message(error));
    else if (error)
        printf("log: %s failed: %s\n", tt_task_name(task), tt_exc_message(error));
    if (tt_task_result(task, &result) < 0)
        return -1; /* the flaw: the failure has been dealt with above */
    collector->results[collector->count++] = *(int *)result;
    return 0;
}

static int good(void *arg)
{
    static int answer = 42;

    (void)arg;
    return tt_sleep(TT_MSEC(100)) < 0 ? -1 : tt_return(&answer, NULL);
}

/* A ValueError is wrapped. */
static int bad(void *arg)
{
    int rc = tt_sleep(TT_MSEC(200));

    (void)arg;
    if (rc == 0)
        rc = tt_raise(&tt_ValueError, "not a number");
    if (rc < 0 && tt_catch(&tt_ValueError)) {
        tt_raise(&tt_RuntimeError, "guarded: %s", tt_exc_message(tt_exc_caught()));
        rc = tt_catch_end();
    }
    return rc;
}

static int sleep_long(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(5));
}

static int late(void *arg)
{
    tt_task *task = tt_create_task(sleep_long, arg);
    int rc = tt_wait_for(task, TT_MSEC(300), NULL);

    tt_task_unref(task);
    return rc;
}

static int on_error(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    char repr[128], keys[128];

    (void)loop;
    (void)arg;
    tt_exc_repr(context->exception, repr, sizeof repr);
    tt_handler_context_keys(context, keys, sizeof keys);
    printf("handler: %s\n  exception: %s, keys: %s\n", context->message, repr, keys);
    return 0;
}

static int run(void *arg)
{
    static const struct {
        tt_coro_fn *fn;
        const char *name;
    } works[] = {{good, "good"}, {bad, "bad"}, {late, "late"}};
    struct collector collector = {.count = 0};

    tt_loop_set_exception_handler(tt_loop_running(), on_error, NULL);
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        tt_task *task = tt_create_task_named(works[i].fn, arg, works[i].name);

        if (!task || tt_task_add_done_callback(task, when_done, &collector) < 0)
            return -1;
        tt_task_unref(task);
    }
    if (tt_sleep(TT_MSEC(600)) < 0)
        return -1;
    for (int i = 0; i < collector.count; i++)
        printf("result: %d\n", collector.results[i]);
    return 0;
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    return tt_run(run, NULL);
}
