/* queue_workers: a producer, a queue with room for two, and three workers.
 *
 *   queue_workers               the producer waits whenever the queue is full; join waits until every job is done, also
 *                               the one that failed; shutting the queue down ends the workers
 *   queue_workers --impatient   the queue is shut down at once: jobs that nobody has begun are given up
 */
#include <stdio.h>
#include <string.h>

#include <telltale/telltale.h>

enum { JOBS = 7, WORKERS = 3 };

struct worker {
    int number;
    tt_queue *queue;
};

static void give_up(void *job)
{
    printf("job %d is given up\n", *(int *)job);
}

/* Every third job fails. It takes as many turns of the loop as its number says. */
static int work_on(int job)
{
    for (int i = 0; i < job; i++)
        if (tt_sleep(0) < 0)
            return -1;
    return job % 3 == 0 ? tt_raise(&tt_ValueError, "job %d is bad", job) : 0;
}

/* Whatever becomes of the job: it is done, or join would wait for ever. */
static int do_job(const struct worker *worker, int job)
{
    int rc = work_on(job);

    if (rc == 0) {
        printf("worker %d did job %d\n", worker->number, job);
    } else if (tt_catch(&tt_ValueError)) {
        printf("worker %d: %s\n", worker->number, tt_exc_message(tt_exc_caught()));
        rc = tt_catch_end();
    }
    if (tt_queue_task_done(worker->queue) < 0)
        return -1;
    return rc;
}

static int run_worker(void *arg)
{
    const struct worker *worker = arg;
    void *job;
    int rc;

    while ((rc = tt_queue_get(worker->queue, &job)) == 0)
        if (do_job(worker, *(int *)job) < 0)
            return -1;
    if (tt_catch(&tt_QueueShutDown)) { /* nothing more to do */
        printf("worker %d goes home\n", worker->number);
        rc = tt_catch_end();
    }
    return rc;
}

/* The jobs lie in an array, so the queue does not free them. */
static int produce(tt_queue *queue, int *jobs, int count)
{
    for (int i = 0; i < count; i++) {
        jobs[i] = i + 1;
        if (tt_queue_put(queue, &jobs[i]) < 0)
            return -1;
        printf("job %d is in the queue\n", jobs[i]);
    }
    return 0;
}

static int app(void *is_impatient)
{
    tt_queue *queue = tt_queue_create(2, give_up);
    struct worker workers[WORKERS];
    tt_task *tasks[WORKERS] = {NULL};
    int jobs[JOBS], rc;

    if (!queue)
        return -1;
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.number = i + 1, .queue = queue};
        tasks[i] = tt_create_task(run_worker, &workers[i]);
    }
    rc = produce(queue, jobs, JOBS); /* does nothing if a worker could not be created: that is pending */
    if (rc == 0 && !is_impatient)
        rc = tt_queue_join(queue);
    if (rc == 0)
        printf("jobs left: %zu\n", tt_queue_qsize(queue));
    tt_queue_shutdown(queue, is_impatient != NULL);
    for (int i = 0; i < WORKERS; i++) {
        if (rc == 0)
            rc = tt_await(tasks[i]);
        tt_task_unref(tasks[i]);
    }
    tt_queue_destroy(queue);
    return rc;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 2 && strcmp(argv[1], "--impatient") == 0)
        return tt_run(app, argv[1]);
    if (argc != 1) {
        fprintf(stderr, "usage: %s [--impatient]\n", argv[0]);
        return 2;
    }
    return tt_run(app, NULL);
}
