/* load: how busy this machine is, again and again: a measurement whose times do not drift.
 *
 *   load [MILLISECONDS [COUNT]]     from one to the next: 1000; how many: until Ctrl-C
 *
 * The third one is due three periods after the beginning, however long the two before it took. One that takes longer than a period
 * loses the next, and says so; a loop around tt_sleep would be late from then on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <telltale/telltale.h>

static long period_ms = 1000, count = -1;

static int print_load(void)
{
    char *text;

    if (tt_fs_read_file("/proc/loadavg", 4096, &text, NULL) < 0)
        return -1;
    printf("%.*s", (int)strcspn(text, " "), text);
    free(text);
    return 0;
}

static int app(void *arg)
{
    tt_interval interval;
    uint64_t missed;

    (void)arg;
    tt_interval_init(&interval, TT_MSEC(period_ms));
    for (; count != 0; count -= count > 0) {
        if (tt_interval_tick(&interval, &missed) < 0 || print_load() < 0)
            return -1;
        if (missed > 0)
            printf(", %llu missed", (unsigned long long)missed);
        printf("\n");
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        period_ms = atol(argv[1]);
    if (argc > 2)
        count = atol(argv[2]);
    if (period_ms <= 0 || count == 0) {
        fprintf(stderr, "usage: %s [MILLISECONDS [COUNT]]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    return tt_run(app, NULL);
}
