/* bench_trace.c: what an event costs its program in the ring of the recorder and through LTTng-UST, side by side: nobody records,
 * LTTng is loaded and no session wants the event, a session records it.
 *
 * Two workers, processes that this one has started as itself: one has an arena and its recorder, the other one LTTng and no arena.
 * They take turns, and the session is started and stopped between them, so that all variants of a round see the same machine.
 * Two events are measured: the smallest, and one with a place and a name, which LTTng copies and the ring refers to.
 * trace.sh starts it with daemons and a session of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <telltale/trace.h>

#include "measure.h"

enum { ROUNDS = 15, BURST = 20000 };

/* ---------------------------------------------------------------------------------------------------------- a worker */

static double measure_small(void)
{
    double begin = now_ns();

    for (uint64_t i = 1; i <= BURST; i++)
        TT_EMIT(task_started, .task_id = i << 20);
    return (now_ns() - begin) / BURST;
}

static double measure_placed(void)
{
    double begin = now_ns();

    for (uint64_t i = 1; i <= BURST; i++)
        TT_EMIT(task_created, .task_id = i << 20, .parent_id = 7, .site = TT_SITE_HERE("coroutine"),
                .name = "client-17");
    return (now_ns() - begin) / BURST;
}

/* Waits until what was emitted is read: by the recorder, or, which cannot be asked, long enough by LTTng's daemon. */
static void let_drain(bool has_arena)
{
    const struct timespec pause = {.tv_nsec = 2000000}, long_pause = {.tv_nsec = 60000000};
    struct tt_trace_statistics statistics;

    nanosleep(has_arena ? &pause : &long_pause, NULL);
    for (;;) {
        tt_trace_get_statistics(&statistics);
        if (statistics.unread_bytes == 0)
            return;
        nanosleep(&pause, NULL);
    }
}

/* Answers each letter on standard input with a measurement on standard output, until that ends. */
static int work(void)
{
    struct tt_trace_statistics statistics;
    int status = tt_trace_start_from_environment();
    bool has_arena = status == TT_TRACE_RECORDING;
    char letter;

    if (status == -ENOENT)
        return 77; /* built without it */
    if (!has_arena && (status != TT_TRACE_LTTNG || tt_trace_lttng_status() != 1))
        return 3;
    while (read(STDIN_FILENO, &letter, 1) == 1) {
        double took = letter == 's' ? measure_small() : measure_placed();

        let_drain(has_arena);
        if (write(STDOUT_FILENO, &took, sizeof took) != sizeof took)
            return 3;
    }
    tt_trace_get_statistics(&statistics);
    return statistics.drop_count ? 4 : 0;
}

/* -------------------------------------------------------------------------------------------------------- their parent */

struct worker {
    pid_t pid;
    int letters, answers;
};

static struct worker start_worker(const char *self, const char *variable, const char *value)
{
    struct worker worker;
    int in[2], out[2];

    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || (worker.pid = fork()) < 0)
        exit(2);
    if (worker.pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        setenv(variable, value, 1);
        execl(self, self, "work", (char *)NULL);
        _exit(9);
    }
    close(in[0]);
    close(out[1]);
    worker.letters = in[1];
    worker.answers = out[0];
    return worker;
}

static double ask(const struct worker *worker, char letter)
{
    double answer;

    if (write(worker->letters, &letter, 1) != 1 || read(worker->answers, &answer, sizeof answer) != sizeof answer) {
        fprintf(stderr, "a worker has gone\n");
        exit(2);
    }
    return answer;
}

static int end_worker(const struct worker *worker)
{
    int status = 0;

    close(worker->letters);
    close(worker->answers);
    waitpid(worker->pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 9;
}

static void run(const char *command)
{
    if (system(command) != 0) {
        fprintf(stderr, "%s failed\n", command);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    static struct series series[2][3] = {
        {{.name = "trace_small_ring"}, {.name = "trace_small_lttng_off"}, {.name = "trace_small_lttng_on"}},
        {{.name = "trace_placed_ring"}, {.name = "trace_placed_lttng_off"}, {.name = "trace_placed_lttng_on"}}};
    static const char letters[2] = {'s', 'p'};
    struct worker ring, lttng;
    const char *store = getenv("TELLTALE_BENCH_STORE");
    bool is_good = true;

    if (argc == 2 && strcmp(argv[1], "work") == 0)
        return work();
    if (!store) {
        fprintf(stderr, "to be started by trace.sh\n");
        return 2;
    }
    ring = start_worker(argv[0], "TELLTALE_STORE", store);
    lttng = start_worker(argv[0], "TELLTALE_LTTNG", "1");
    for (int i = -2; i < ROUNDS; i++) { /* the first two rounds make memory real */
        double samples[2][3];

        for (int j = 0; j < 2; j++)
            samples[j][0] = ask(&ring, letters[j]);
        for (int j = 0; j < 2; j++)
            samples[j][1] = ask(&lttng, letters[j]);
        run("lttng --no-sessiond start bench >/dev/null");
        usleep(250000); /* a state dump is over */
        for (int j = 0; j < 2; j++)
            samples[j][2] = ask(&lttng, letters[j]);
        run("lttng --no-sessiond stop bench >/dev/null");
        for (int j = 0; j < 6 && i >= 0; j++)
            add_sample(&series[j / 3][j % 3], samples[j / 3][j % 3]);
    }
    is_good &= end_worker(&ring) == 0;
    is_good &= end_worker(&lttng) == 0;
    if (!is_good)
        printf("FAILED: events were dropped, so emitting was measured too cheap\n");
    for (int j = 0; j < 6; j++)
        print_series(&series[j / 3][j % 3], "ns");
    is_good &= print_ratio("trace_lttng_small_against_ring", paired_ratio(&series[0][2], &series[0][0]), 5, 8);
    is_good &= print_ratio("trace_lttng_placed_against_ring", paired_ratio(&series[1][2], &series[1][0]), 3, 5);
    /* LTTng's own figure for a tracepoint that is off is 1.3 to 2.2 ns; here the struct of the event is filled, too. */
    is_good &=
        print_ratio("trace_5_ns_against_lttng_off", 5 / median_of(series[0][1].samples, series[0][1].count), 1, 2);
    return is_good ? 0 : 1;
}
