/* stepper: tasks that sleep, let others have their turn, wait for futures and for each other at random, and write down by
 * themselves when each of their steps begins and ends: to LOG, one line each, in the order in which it happened.
 *
 *   R NAME        the task goes on
 *   S NAME KIND   it is suspended, waiting for something of that kind
 *   E NAME        its coroutine returns
 *
 * usage: stepper LOG TASKS SEED */
#include <stdio.h>
#include <stdlib.h>

#include <telltale/telltale.h>

enum { FUTURES = 8, ROUNDS = 20 };

static FILE *file;
static uint64_t seed;
static tt_future *futures[FUTURES]; /* NULL, or pending */
static unsigned waiting[FUTURES];   /* tasks that wait for it */

static unsigned pick(unsigned count)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 11) % count;
}

static void goes_on(const char *name)
{
    fprintf(file, "R %s\n", name);
}

static void stops(const char *name, const char *kind)
{
    fprintf(file, "S %s %s\n", name, kind);
}

static int nap(const char *name)
{
    stops(name, "sleep");
    if (tt_sleep(1000 + pick(200000)) < 0)
        return -1;
    goes_on(name);
    return 0;
}

static int let_pass(const char *name)
{
    stops(name, "none");
    if (tt_sleep(0) < 0)
        return -1;
    goes_on(name);
    return 0;
}

/* The first one to come waits for a future, the second one completes it. */
static int meet(const char *name)
{
    unsigned which = pick(FUTURES);

    if (futures[which] && waiting[which] > 0)
        return tt_future_set_result(futures[which], NULL, NULL);
    if (!futures[which] && !(futures[which] = tt_create_future(NULL)))
        return -1;
    waiting[which]++;
    stops(name, "future");
    if (tt_await(futures[which]) < 0)
        return -1;
    goes_on(name);
    if (--waiting[which] == 0) {
        tt_future_unref(futures[which]);
        futures[which] = NULL;
    }
    return 0;
}

static int child(void *arg)
{
    (void)arg;
    const char *name = tt_task_name(tt_current_task());

    goes_on(name);
    int result = let_pass(name);
    fprintf(file, "E %s\n", name);
    return result;
}

static int bear(const char *name)
{
    static unsigned count;
    char child_name[32];

    snprintf(child_name, sizeof child_name, "child %u", ++count);
    tt_task *task = tt_create_task_named(child, NULL, child_name);
    if (!task)
        return -1;
    stops(name, "task");
    int result = tt_await(task);
    tt_task_unref(task);
    goes_on(name);
    return result;
}

static bool is_met(unsigned which)
{
    return futures[which] != NULL && tt_future_done(futures[which]);
}

static int wander(void *arg)
{
    (void)arg;
    const char *name = tt_task_name(tt_current_task());
    int result = 0;

    goes_on(name);
    for (unsigned round = 0; round < ROUNDS && result == 0; round++) {
        unsigned which = pick(8);
        if (which < 3)
            result = nap(name);
        else if (which < 5)
            result = let_pass(name);
        else if (which < 6)
            result = bear(name);
        else if (!is_met(0) && !is_met(1) && !is_met(2) && !is_met(3) && !is_met(4) && !is_met(5) && !is_met(6) &&
                 !is_met(7))
            result = meet(name);
    }
    fprintf(file, "E %s\n", name);
    return result;
}

/* Those who wait for a future when nobody is left to complete it are let go. */
static int app(void *arg)
{
    unsigned count = *(unsigned *)arg;
    tt_task **tasks = calloc(count, sizeof *tasks);
    char name[32];

    goes_on("Task-1");
    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof name, "task %u", i);
        tasks[i] = tt_create_task_named(wander, NULL, name);
    }
    for (unsigned i = 0; i < count; i++) {
        while (!tt_future_done(tasks[i])) {
            stops("Task-1", "sleep");
            if (tt_sleep(500000) < 0)
                return -1;
            goes_on("Task-1");
            for (unsigned j = 0; j < FUTURES; j++)
                if (futures[j] && !tt_future_done(futures[j]) && tt_future_set_result(futures[j], NULL, NULL) < 0)
                    return -1;
        }
        tt_task_unref(tasks[i]);
    }
    free(tasks);
    fprintf(file, "E Task-1\n");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 4 || !(file = fopen(argv[1], "w")))
        return 2;
    unsigned count = (unsigned)atoi(argv[2]);
    seed = strtoull(argv[3], NULL, 10) * 2654435761u + 1;
    int result = tt_run(app, &count);
    return fclose(file) != 0 || result < 0;
}
