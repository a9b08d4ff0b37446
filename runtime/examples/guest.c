/* guest: a program with callbacks on libuv that gains tasks without being rewritten.
 *
 * It was there before: a timer that ticks every 40 ms and counts. What is new: a task that sleeps and looks at the counter,
 * a future that the old callback completes, and four lines in main.
 */
#include <stdio.h>
#include <uv.h>

#include <telltale/telltale.h>

/* ------------------------------------------------------------------------------------------------ the program as it was */

enum { TICKS = 5, TICK_MS = 40 };

static int tick_count;
static tt_future *third_tick; /* new */

static void tick(uv_timer_t *timer)
{
    printf("callback: tick %d\n", ++tick_count);
    if (tick_count == 3 && tt_future_set_result(third_tick, NULL, NULL) < 0) /* new */
        tt_exc_print(tt_exc_pending(), stderr);
    if (tick_count == TICKS)
        uv_close((uv_handle_t *)timer, NULL);
}

/* --------------------------------------------------------------------------------------------------------- what is new */

static int look(void *arg)
{
    (void)arg;
    printf("task: begins\n");
    if (tt_sleep(TT_MSEC(60)) < 0)
        return -1;
    printf("task: %d tick by now\n", tick_count);
    if (tt_await(third_tick) < 0)
        return -1;
    printf("task: the third tick has come\n");
    return 0;
}

int main(void)
{
    uv_loop_t *uv = uv_default_loop();
    tt_loop *loop = tt_loop_attach(uv); /* new */
    uv_timer_t timer;

    setvbuf(stdout, NULL, _IOLBF, 0);
    third_tick = tt_create_future(loop); /* new */
    if (!third_tick || tt_spawn(look, NULL) < 0) {
        tt_exc_print(tt_exc_pending(), stderr);
        return 1;
    }
    uv_timer_init(uv, &timer);
    uv_timer_start(&timer, tick, TICK_MS, TICK_MS);
    uv_run(uv, UV_RUN_DEFAULT);
    tt_future_unref(third_tick); /* new */
    tt_loop_detach(loop);        /* new */
    uv_run(uv, UV_RUN_DEFAULT);
    return uv_loop_close(uv) < 0;
}
