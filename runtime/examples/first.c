/* first: the first program of README.md: a task that fails, and another one that awaits it and handles the failure. */
#include <stdio.h>
#include <telltale/telltale.h>

/* A coroutine: an ordinary C function. 0 = returned, negative = it raised (an exception is pending). */
static int fetch(void *arg)
{
    if (tt_sleep(TT_MSEC(100)) < 0)
        return -1;                                   /* cancelled: pass it on */
    return tt_raise(&tt_ValueError, "no data for %s", (const char *)arg);
}

static int app(void *arg)
{
    (void)arg;
    tt_task *task = tt_create_task(fetch, "alpha");  /* starts at the next turn; the handle is ours */
    int rc = tt_await(task);                         /* suspends; -1: the task's exception is pending here */
    if (rc < 0 && tt_catch(&tt_ValueError)) {        /* handled from here ... */
        fprintf(stderr, "fetch failed: %s\n", tt_exc_message(tt_exc_caught()));
        rc = tt_catch_end();                         /* ... to here; raising in between sets context */
    }
    tt_task_unref(task);                             /* last release of an unretrieved failure: reported here */
    return rc;
}

int main(void) { return tt_run(app, NULL); }
