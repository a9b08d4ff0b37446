/* soak SECONDS: 10,000 tasks a second, of which each hundredth fails and is read; prints how many it has made. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <telltale/telltale.h>

#define BATCH  100
#define PAUSE  TT_MSEC(10)
#define FAILED 100 /* one task in so many */

static int seconds;
static unsigned long made;

static int work(void *arg)
{
    if (tt_sleep(TT_MSEC(1)) < 0)
        return -1;
    return arg ? tt_raise(&tt_ValueError, "each hundredth") : 0;
}

static int work_for_long(void *arg)
{
    tt_task *tasks[BATCH];
    (void)arg;
    for (time_t end = time(NULL) + seconds; time(NULL) < end;) {
        for (int i = 0; i < BATCH; i++, made++)
            if (!(tasks[i] = tt_create_task(work, made % FAILED == 0 ? &made : NULL)))
                return -1;
        for (int i = 0; i < BATCH; i++) {
            if (tt_await(tasks[i]) < 0 && (!tt_catch(&tt_ValueError) || tt_catch_end() < 0))
                return -1;
            tt_task_unref(tasks[i]);
        }
        if (tt_sleep(PAUSE - TT_MSEC(1)) < 0)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    seconds = argc == 2 ? atoi(argv[1]) : 0;
    if (seconds <= 0 || tt_run(work_for_long, NULL) < 0)
        return 1;
    printf("%lu\n", made);
    return 0;
}
