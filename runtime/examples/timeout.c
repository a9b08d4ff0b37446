/* timeout: a query that may take 100 ms and no longer, against a database that answers when it answers.
 *
 *   timeout               a slow answer: the query is cancelled, cleans up, and comes out as TimeoutError
 *   timeout --progress    each row moves the deadline, so that only a silence is too long
 *   timeout --nested      a limit for one query inside of a limit for all: which of them is up is told by which raises
 *   timeout --deaf        a query that swallows its cancellation: asyncio shows nothing of it, the report does
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <telltale/telltale.h>

static int query(void *arg)
{
    (void)arg;
    printf("query begins\n");
    if (tt_sleep(TT_MSEC(400)) < 0) {
        printf("query is cancelled\n");
        return -1;
    }
    printf("query ends\n");
    return 0;
}

/* Handles a TimeoutError that is pending, and says who raised it. */
static int handle_timeout(int rc, const char *what)
{
    if (rc < 0 && tt_catch(&tt_TimeoutError)) {
        printf("%s took too long\n", what);
        rc = tt_catch_end();
    }
    return rc;
}

static int be_impatient(void)
{
    return handle_timeout(tt_with_timeout(TT_MSEC(100), query, NULL), "the query");
}

/* The limit is for the time between two rows. */
static int read_rows(void)
{
    tt_timeout *timeout = tt_timeout_enter(TT_MSEC(150));
    int rc = 0;

    for (int row = 1; row <= 3 && rc == 0; row++) {
        rc = tt_sleep(TT_MSEC(100));
        if (rc == 0) {
            printf("row %d\n", row);
            rc = tt_timeout_reschedule(timeout, tt_loop_time(NULL) + TT_MSEC(150));
        }
    }
    if (rc == 0)
        rc = tt_sleep(TT_SEC(10)); /* no fourth row comes */
    rc = tt_timeout_exit(timeout, rc);
    printf("expired: %d\n", tt_timeout_expired(timeout));
    return handle_timeout(rc, "the next row");
}

static int nest(void)
{
    tt_timeout *all = tt_timeout_enter(TT_MSEC(250));
    int rc = 0;

    for (int i = 0; i < 10 && rc == 0; i++)
        rc = be_impatient();
    rc = tt_timeout_exit(all, rc);
    return handle_timeout(rc, "all of them");
}

static int deaf_query(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_MSEC(400)) < 0 && tt_catch(&tt_BaseException)) /* too much: CancelledError is one */
        return tt_catch_end();
    return 0;
}

static int be_deaf(void)
{
    tt_task *task = tt_create_task_named(deaf_query, NULL, "deaf");
    int rc = tt_wait_for(task, TT_MSEC(100), NULL);

    printf("returned\n");
    tt_task_unref(task);
    return rc;
}

static int app(void *mode)
{
    if (strcmp(mode, "--progress") == 0)
        return read_rows();
    if (strcmp(mode, "--nested") == 0)
        return nest();
    if (strcmp(mode, "--deaf") == 0)
        return be_deaf();
    return be_impatient();
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    return tt_run(app, argc > 1 ? argv[1] : "");
}
