/* time_limits: what becomes of a cancellation that a time limit asked for: TimeoutError, once as a call, once as a block; or
 * the error that the one who was cancelled answers with.
 */
#include <stdio.h>

#include <telltale/telltale.h>

static int slow(void *name)
{
    int rc = tt_sleep(TT_SEC(5));

    if (rc < 0 && tt_exc_is(tt_exc_pending(), &tt_CancelledError))
        printf("%s was cancelled\n", (const char *)name);
    return rc;
}

static int stubborn(void *arg)
{
    int rc = tt_sleep(TT_SEC(5));

    (void)arg;
    if (rc < 0 && tt_catch(&tt_CancelledError)) {
        tt_raise_from(NULL, &tt_KeyError, "cleanup");
        rc = tt_catch_end();
    }
    return rc;
}

static int quick(void *value)
{
    return tt_sleep(TT_MSEC(100)) < 0 ? -1 : tt_return(value, NULL);
}

/* Waits for a new task that runs FN(ARG), for so long. */
static int call(tt_coro_fn *fn, const char *arg, int64_t limit_ns)
{
    tt_task *task = tt_create_task(fn, (void *)arg);
    void *value = NULL;
    int rc = tt_wait_for(task, limit_ns, &value);

    if (rc == 0)
        printf("in time: %s\n", (const char *)value);
    tt_task_unref(task);
    return rc;
}

/* Prints what is pending, with its cause, if it is an Exception. */
static int print_caught(int rc, const char *who)
{
    if (rc < 0 && tt_catch(&tt_Exception)) {
        const tt_exc *cause = tt_exc_cause(tt_exc_caught());
        char repr[64];

        tt_exc_repr(tt_exc_caught(), repr, sizeof repr);
        printf("%s: %s, text '%s', cause %s\n", who, repr, tt_exc_message(tt_exc_caught()),
               cause ? tt_exc_type_of(cause)->name : "None");
        rc = tt_catch_end();
    }
    return rc;
}

static int run(void *arg)
{
    tt_timeout *limit;
    int rc = print_caught(call(slow, "call", TT_MSEC(200)), "call");

    (void)arg;
    if (rc < 0)
        return -1;
    limit = tt_timeout_enter(TT_MSEC(200));
    rc = slow("block");
    rc = print_caught(tt_timeout_exit(limit, rc), "block");
    printf("expired: %s\n", tt_timeout_expired(limit) ? "yes" : "no");
    if (rc == 0)
        rc = print_caught(call(stubborn, NULL, TT_MSEC(200)), "stubborn");
    if (rc == 0)
        rc = call(quick, "a value", TT_SEC(1));
    printf("main cancelling: %u\n", tt_task_cancelling(tt_current_task()));
    return rc;
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    return tt_run(run, NULL);
}
