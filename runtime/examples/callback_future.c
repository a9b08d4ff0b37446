/* callback_future: an API with callbacks, awaited: a timer of libuv's. It rings for one task; another one does not wait
 * that long, and its timer is stopped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include <telltale/telltale.h>

/* ------------------------------------------------------------------------------------------------- the ten lines */

static void closed(uv_handle_t *timer)
{
    tt_future_unref(timer->data); /* the operation's handle */
    free(timer);
}

static void rang(uv_timer_t *timer)
{
    if (!tt_future_done(timer->data) && tt_future_set_result(timer->data, NULL, NULL) < 0)
        abort(); /* it is not done, and no task */
    uv_close((uv_handle_t *)timer, closed);
}

static void stop(tt_future *future, void *timer)
{
    (void)future;
    uv_close(timer, closed);
}

/* A future that is done when TIMER_MS have passed. The handle is the caller's. */
static tt_future *ring(uint64_t timer_ms)
{
    uv_timer_t *timer = malloc(sizeof *timer);
    tt_future *future = timer ? tt_create_future_with(NULL, stop, timer) : NULL;

    if (!timer)
        tt_raise(&tt_MemoryError, "no memory for a timer");
    if (!future) {
        free(timer);
        return NULL;
    }
    uv_timer_init(tt_loop_uv(tt_loop_running()), timer);
    timer->data = tt_future_ref(future);
    uv_timer_start(timer, rang, timer_ms, 0);
    return future;
}

/* ------------------------------------------------------------------------------------------------------- its use */

static int wait_for_bell(uint64_t timer_ms)
{
    tt_future *future = ring(timer_ms);
    int rc = tt_await(future);

    tt_future_unref(future);
    return rc;
}

static int app(void *arg)
{
    tt_timeout *timeout;
    int rc;

    (void)arg;
    if (wait_for_bell(20) < 0)
        return -1;
    printf("the bell rang\n");
    timeout = tt_timeout_enter(TT_MSEC(20));
    rc = tt_timeout_exit(timeout, wait_for_bell(1000000));
    if (rc < 0 && tt_catch(&tt_TimeoutError)) {
        printf("nobody waits for the other one any more\n");
        rc = tt_catch_end();
    }
    return rc;
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    return tt_run(app, NULL);
}
