/* actors.h: futures that a case completes by hand, and tasks that sleep or fail, for tests of what waits for several of
 * them. All belong to stage_loop.
 *
 * Threads: one.
 */
#ifndef TT_TESTS_ACTORS_H
#define TT_TESTS_ACTORS_H

#include "stage.h"

static inline tt_future *pending(void)
{
    tt_future *future = tt_create_future(stage_loop);

    assert_non_null(future);
    return future;
}

static inline void set_value(tt_future *future, char *value)
{
    assert_int_equal(tt_future_set_result(future, value, NULL), 0);
}

/* Fails FUTURE with ValueError(TEXT). */
static inline void set_error(tt_future *future, const char *text)
{
    tt_exc *exc = tt_exc_new(&tt_ValueError, "%s", text);

    assert_int_equal(tt_future_set_exception(future, exc), 0);
    tt_exc_unref(exc);
}

/* A task of FN(ARG) that is called NAME, and a handle of it. */
static inline tt_task *create(tt_coro_fn *fn, void *arg, const char *name)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = name};

    return tt_create_task_with(fn, arg, &options);
}

/* Coroutines: sleep for so many milliseconds, and return the number or raise ValueError('boom'). */
static inline int sleep_ms(void *milliseconds)
{
    return tt_sleep(TT_MSEC((intptr_t)milliseconds)) < 0 ? -1 : tt_return(milliseconds, NULL);
}

static inline int fail_after_ms(void *milliseconds)
{
    return tt_sleep(TT_MSEC((intptr_t)milliseconds)) < 0 ? -1 : tt_raise(&tt_ValueError, "boom");
}

static inline tt_task *sleeper(intptr_t milliseconds, const char *name)
{
    return create(sleep_ms, (void *)milliseconds, name);
}

#endif
