/* semaphore: five requests, never more than two of them at a time.
 *
 * tt_with_semaphore takes a unit, calls the function, and gives the unit back however that ends: by returning, by raising
 * (request 2), or by being cancelled (request 4, while it waits).
 */
#include <stdio.h>

#include <telltale/telltale.h>

enum { REQUESTS = 5, AT_ONCE = 2 };

struct request {
    int number;
    tt_semaphore *limit;
};

static int running;

/* Three turns of the loop. */
static int perform(void *arg)
{
    const struct request *request = arg;
    int rc = 0;

    printf("request %d begins, running: %d\n", request->number, ++running);
    for (int i = 0; i < 3 && rc == 0; i++)
        rc = tt_sleep(0);
    running--;
    if (rc < 0)
        return rc;
    if (request->number == 2)
        return tt_raise(&tt_ConnectionResetError, "request 2 was refused");
    printf("request %d ends\n", request->number);
    return 0;
}

static int run_request(void *arg)
{
    const struct request *request = arg;

    return tt_with_semaphore(request->limit, perform, arg);
}

static int print_outcome(tt_future *all, int number)
{
    tt_exc *exc;

    if (tt_gather_slot(all, (size_t)number - 1, NULL, &exc) < 0)
        return -1;
    printf("%d: %s\n", number, exc ? tt_exc_type_of(exc)->name : "done");
    return 0;
}

static int app(void *arg)
{
    struct request requests[REQUESTS];
    tt_task *tasks[REQUESTS] = {NULL};
    tt_future *all;
    int rc;

    (void)arg;
    tt_semaphore *limit = tt_semaphore_create(AT_ONCE);
    for (int i = 0; i < REQUESTS && limit; i++) {
        requests[i] = (struct request){.number = i + 1, .limit = limit};
        tasks[i] = tt_create_task(run_request, &requests[i]);
    }
    rc = tt_sleep(0); /* they begin, or -1: something could not be created */
    if (rc == 0)
        tt_task_cancel(tasks[3], "too late");
    all = rc == 0 ? tt_gather(tasks, REQUESTS, true) : NULL;
    rc = tt_await(all);
    for (int number = 1; number <= REQUESTS && rc == 0; number++)
        rc = print_outcome(all, number);
    if (rc == 0)
        printf("free again: %s\n", tt_semaphore_locked(limit) ? "no" : "yes");
    tt_future_unref(all);
    for (int i = 0; i < REQUESTS; i++)
        tt_task_unref(tasks[i]);
    tt_semaphore_destroy(limit);
    return rc;
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    return tt_run(app, NULL);
}
