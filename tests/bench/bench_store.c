/* bench_store.c: what the store takes: how fast, how much room, and whether it stays so when there is more.
 *
 *   ingest     events of steps into the event stream, and tasks into rows, as the recorder hands them over, against
 *   the same facts by
 *              prepared inserts of one row each, in transactions of the same size
 *   size       bytes of the finished store for each event, for each task
 *   growth     the cost of one event, of one task, as there are more and more, and as 1, 2 and 4 threads said them
 *
 * and what a recording takes as a whole, see store_recording.c. Everything lies on tmpfs where there is one: what is
 * measured is work, not the disk.
 */
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest.h"
#include "measure.h"
#include "store.h"
#include "store_recording.h"
#include "store_writer.h"

enum { ROUNDS = 7, EVENTS = 400000, TASKS = 200000, BATCH = 20000, LIVING = 1000 };
enum { GROWTH_ROUNDS = 5, GROWTH_POINTS_MAX = 8 };

static char folder[64];

static void fail(const char *what)
{
    fprintf(stderr, "bench store: %s\n", what);
    exit(2);
}

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void remove_store(const char *name)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    char path[160];
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(path, sizeof path, "%s%s", path_of(name), endings[i]);
        unlink(path);
    }
}

static double bytes_of(const char *name)
{
    struct stat status;
    if (stat(path_of(name), &status) < 0)
        fail("the store is not there");
    return (double)status.st_size;
}

/* ------------------------------------------------------------------------------------------------------- what is
 * told */

static uint64_t random_state = 1;

static uint64_t pick(uint64_t count)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 11) % count;
}

/* Events of a loop with LIVING tasks, each of which sleeps, receives or waits for another one. */
struct loop {
    uint64_t sequence, turn;
    int64_t time_ns;
    uint32_t steps[LIVING];
};

static struct tt_decoded_event next_event(struct loop *loop)
{
    uint64_t turn = loop->turn++, task = 100 + turn / 3 * 7919 % LIVING;
    struct tt_decoded_event event = {.sequence = loop->sequence++};
    switch (turn % 3) {
    case 0:
        loop->time_ns += 300 + (int64_t)pick(2000);
        event.number = TT_EVENT_task_woken;
        event.task_woken.task_id = task;
        event.task_woken.by = pick(2) ? TT_ACTOR_POLL : TT_ACTOR_TASK;
        event.task_woken.by_id = event.task_woken.by == TT_ACTOR_POLL ? 5 + task % 64 : 100 + pick(LIVING);
        break;
    case 1:
        loop->time_ns += 50 + (int64_t)pick(300);
        event.number = TT_EVENT_task_resumed;
        event.task_resumed.task_id = task;
        event.task_resumed.step_number = ++loop->steps[task - 100];
        break;
    default:
        loop->time_ns += 500 + (int64_t)pick(5000);
        event.number = TT_EVENT_task_suspended;
        event.task_suspended.task_id = task;
        event.task_suspended.state = TT_TASK_STATE_WAITING;
        event.task_suspended.wait_kind = pick(2) ? TT_WAIT_KIND_RECV : TT_WAIT_KIND_TASK;
        event.task_suspended.wait_object =
            event.task_suspended.wait_kind == TT_WAIT_KIND_RECV ? 5 + task % 64 : 100 + pick(LIVING);
        event.task_suspended.wait_site = 0x1000 + pick(20);
        break;
    }
    event.time_ns = loop->time_ns;
    return event;
}

/* The three events of task NUMBER. */
static void make_task(uint64_t number, struct tt_decoded_event out[3])
{
    int64_t time_ns = (int64_t)number * 1500;
    uint64_t id = 1 + number * 2;
    memset(out, 0, 3 * sizeof *out);
    for (unsigned i = 0; i < 3; i++)
        out[i].sequence = number * 3 + i;
    out[0].number = TT_EVENT_task_created;
    out[0].time_ns = time_ns;
    out[0].task_created.task_id = id;
    out[0].task_created.parent_id = 1;
    out[0].task_created.parent_kind = TT_ACTOR_TASK;
    out[0].task_created.site = 0x1000 + number % 20;
    out[0].task_created.loop_id = 1;
    out[0].task_created.name_number = (uint32_t)number + 1;
    out[1].number = TT_EVENT_task_started;
    out[1].time_ns = time_ns + 300 + (int64_t)(number % 700);
    out[1].task_started.task_id = id;
    out[2].number = TT_EVENT_task_finished;
    out[2].time_ns = time_ns + 2000 + (int64_t)(number * 13 % 5000);
    out[2].task_finished.task_id = id;
    out[2].task_finished.busy = 1000 + number % 1000;
    out[2].task_finished.ready = 300 + number % 700;
    out[2].task_finished.longest_step = 900 + number % 300;
    out[2].task_finished.step_count = 1 + (uint32_t)(number % 3);
    out[2].task_finished.outcome = TT_OUTCOME_RETURNED;
}

/* What making one of them costs: no work of whoever takes it, so it is taken off. Measured anew in each round. */
static double event_making_ns, task_making_ns;

static void measure_making(void)
{
    static struct loop loop;
    struct tt_decoded_event events[3];
    memset(&loop, 0, sizeof loop);
    double began = cpu_ns();
    for (unsigned i = 0; i < EVENTS; i++) {
        struct tt_decoded_event event = next_event(&loop);
        __asm__ volatile("" : : "r"(&event) : "memory"); /* somebody looks at it */
    }
    event_making_ns = (cpu_ns() - began) / EVENTS;
    began = cpu_ns();
    for (unsigned i = 0; i < TASKS; i++) {
        make_task(i, events);
        __asm__ volatile("" : : "r"(events) : "memory");
    }
    task_making_ns = (cpu_ns() - began) / TASKS;
}

/* -------------------------------------------------------------------------------------------------------------
 * ingest */

struct recording {
    struct tt__store_writer *writer;
    struct tt_ingest *ingest;
    struct tt_store_error error;
};

static void begin(struct recording *recording, const char *name, bool has_stream)
{
    const struct tt_ingest_process process = {
        .uuid = {1}, .pid = 1, .program = "/p", .monotonic_ns = 1, .realtime_ns = 1, .has_stream = has_stream};
    uint32_t process_id;
    bool is_known;
    remove_store(name);
    if (tt__store_open_writer(path_of(name), NULL, &recording->writer, &recording->error) < 0 ||
        tt_ingest_create(recording->writer, &recording->ingest, &recording->error) < 0 ||
        tt_ingest_attach_process(recording->ingest, &process, &process_id, &is_known, &recording->error) < 0)
        fail(recording->error.text);
}

static void commit(struct recording *recording)
{
    if (tt_ingest_commit(recording->ingest, &recording->error) < 0)
        fail(recording->error.text);
    tt__store_checkpoint(recording->writer);
}

static void end(struct recording *recording)
{
    commit(recording);
    tt_ingest_destroy(recording->ingest);
    tt__store_close_writer(recording->writer, true);
}

/* As many events of one thread come in a row as the recorder takes out of one ring before it looks at the next, about. */
enum { IN_A_ROW = 1000, THREADS_MAX = 4 };

/* Nanoseconds for each of COUNT events of THREADS threads, each with a loop of its own. */
static double ingest_events_of(unsigned count, unsigned threads)
{
    static struct loop loops[THREADS_MAX];
    struct recording recording;
    memset(loops, 0, sizeof loops);
    begin(&recording, "events.telltale", true);
    double began = cpu_ns();
    for (unsigned i = 0; i < count; i++) {
        unsigned thread = i / IN_A_ROW % threads;
        struct tt_decoded_event event = next_event(&loops[thread]);
        event.task_woken.task_id += thread * 2 * LIVING; /* all of these events begin with it */
        tt_ingest_event(recording.ingest, 0, 1 + thread, &event);
        if (i % BATCH == BATCH - 1)
            commit(&recording);
    }
    commit(&recording);
    double took = (cpu_ns() - began) / count - event_making_ns;
    end(&recording);
    return took;
}

static double ingest_events(unsigned count)
{
    return ingest_events_of(count, 1);
}

static double ingest_tasks_of(unsigned count, unsigned threads)
{
    struct recording recording;
    struct tt_decoded_event events[3];
    begin(&recording, "tasks.telltale", false);
    double began = cpu_ns();
    for (unsigned i = 0; i < count; i++) {
        make_task(i, events);
        for (unsigned j = 0; j < 3; j++)
            tt_ingest_event(recording.ingest, 0, 1 + i / IN_A_ROW % threads, &events[j]);
        if (i % BATCH == BATCH - 1)
            commit(&recording);
    }
    commit(&recording);
    double took = (cpu_ns() - began) / count - task_making_ns;
    end(&recording);
    return took;
}

static double ingest_tasks(unsigned count)
{
    return ingest_tasks_of(count, 1);
}

/* -------------------------------------------------------------------------------------------------- one-row inserts */

static void execute(sqlite3 *connection, const char *sql)
{
    if (sqlite3_exec(connection, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail(sqlite3_errmsg(connection));
}

static sqlite3 *open_plain(const char *sql)
{
    sqlite3 *connection;
    remove_store("plain.db");
    if (sqlite3_open(path_of("plain.db"), &connection) != SQLITE_OK)
        fail(sqlite3_errmsg(connection));
    execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384");
    execute(connection, sql);
    execute(connection, "BEGIN");
    return connection;
}

static void insert(sqlite3 *connection, sqlite3_stmt *statement, const int64_t *values, int count)
{
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(statement, i + 1, values[i]);
    if (sqlite3_step(statement) != SQLITE_DONE)
        fail(sqlite3_errmsg(connection));
    sqlite3_reset(statement);
}

static sqlite3_stmt *prepare(sqlite3 *connection, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(connection, sql, -1, &statement, NULL) != SQLITE_OK)
        fail(sqlite3_errmsg(connection));
    return statement;
}

/* A row for each event, its fields as numbers. */
static double insert_events(unsigned count)
{
    static struct loop loop;
    memset(&loop, 0, sizeof loop);
    sqlite3 *connection = open_plain(
        "CREATE TABLE event (event_id INTEGER PRIMARY KEY, thread_id INTEGER, time_ns INTEGER, sequence INTEGER,"
        " number INTEGER, task_id INTEGER, field_1 INTEGER, field_2 INTEGER, field_3 INTEGER, field_4 INTEGER)");
    sqlite3_stmt *statement = prepare(connection, "INSERT INTO event VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    double began = cpu_ns();
    for (unsigned i = 0; i < count; i++) {
        struct tt_decoded_event event = next_event(&loop);
        const int64_t values[] = {
            1,
            event.time_ns,
            (int64_t)event.sequence,
            event.number,
            (int64_t)event.task_woken.task_id,
            event.number == TT_EVENT_task_resumed ? event.task_resumed.step_number : (int64_t)event.task_woken.by_id,
            event.number == TT_EVENT_task_suspended ? event.task_suspended.wait_kind : event.task_woken.by,
            event.number == TT_EVENT_task_suspended ? (int64_t)(event.task_suspended.wait_site & 0xff) : 0,
            event.number == TT_EVENT_task_suspended ? event.task_suspended.state : 0};
        insert(connection, statement, values, 9);
        if (i % BATCH == BATCH - 1)
            execute(connection, "COMMIT; PRAGMA wal_checkpoint; BEGIN");
    }
    execute(connection, "COMMIT; PRAGMA wal_checkpoint");
    double took = (cpu_ns() - began) / count - event_making_ns;
    sqlite3_finalize(statement);
    sqlite3_close(connection);
    return took;
}

/* The same rows of the same table: inserted when a task is created, completed by its later events. */
static double insert_tasks(unsigned count)
{
    sqlite3 *connection = open_plain(tt_store_schema);
    sqlite3_stmt *statements[] = {
        prepare(connection, "INSERT INTO task (task_id, loop_id, parent_kind, parent_id, created_ns, created_site_id,"
                            " name_number, has_handle) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
        prepare(connection, "UPDATE task SET started_ns = ?2 WHERE task_id = ?1"),
        prepare(connection, "UPDATE task SET ended_ns = ?2, outcome = ?3, busy_ns = ?4, ready_ns = ?5,"
                            " longest_step_ns = ?6, step_count = ?7 WHERE task_id = ?1")};
    struct tt_decoded_event events[3];
    double began = cpu_ns();
    for (unsigned i = 0; i < count; i++) {
        make_task(i, events);
        const struct tt_decoded_task_created *created = &events[0].task_created;
        const struct tt_decoded_task_finished *finished = &events[2].task_finished;
        int64_t id = (int64_t)created->task_id;
        insert(connection, statements[0],
               (const int64_t[]){id, created->loop_id, created->parent_kind, (int64_t)created->parent_id,
                                 events[0].time_ns, (int64_t)(created->site & 0xff), created->name_number, 0},
               8);
        insert(connection, statements[1], (const int64_t[]){id, events[1].time_ns}, 2);
        insert(connection, statements[2],
               (const int64_t[]){id, events[2].time_ns, finished->outcome, (int64_t)finished->busy,
                                 (int64_t)finished->ready, (int64_t)finished->longest_step, finished->step_count},
               7);
        if (i % BATCH == BATCH - 1)
            execute(connection, "COMMIT; PRAGMA wal_checkpoint; BEGIN");
    }
    execute(connection, "COMMIT; PRAGMA wal_checkpoint");
    double took = (cpu_ns() - began) / count - task_making_ns;
    for (unsigned i = 0; i < 3; i++)
        sqlite3_finalize(statements[i]);
    sqlite3_close(connection);
    return took;
}

/* ------------------------------------------------------------------------------------------------------------ growth
 * */

/* The least of cost(N) / cost(2 N), as COUNT doubles; each is the median of rounds in which all counts have their turn. */
static double measure_growth(const char *name, double (*measure)(unsigned), unsigned from, unsigned to)
{
    struct series series[GROWTH_POINTS_MAX] = {{0}};
    double least = 1e9, before = 0;
    for (int round = 0; round < GROWTH_ROUNDS; round++)
        for (unsigned i = 0, count = from; count <= to; i++, count *= 2)
            add_sample(&series[i], measure(count));
    for (unsigned i = 0, count = from; count <= to; i++, count *= 2) {
        double took = median_of(series[i].samples, series[i].count);
        printf("  %-36s %12u %s: %.1f ns each  (%.1f to %.1f)\n", name, count, name, took, least_of(&series[i]),
               greatest_of(&series[i]));
        if (before > 0 && before / took < least)
            least = before / took;
        before = took;
    }
    return least;
}

/* The same facts of 1, 2 and 4 threads: what one costs, in time and in the store. */
static bool measure_threads(const char *name, double (*measure)(unsigned, unsigned), double (*insert_rows)(unsigned),
                            unsigned count, const char *file, double bytes_least, double bytes_reach)
{
    static const unsigned thread_counts[] = {1, 2, THREADS_MAX};
    enum { COUNTS = sizeof thread_counts / sizeof *thread_counts };
    struct series series[COUNTS] = {{0}}, rows = {.name = "one_row_inserts"};
    bool is_good = true;
    double sizes[COUNTS], least = 1e9, sizes_least = 1e9;
    struct recording empty;
    char text[64];
    begin(&empty, "empty.telltale", false);
    end(&empty);
    double nothing = bytes_of("empty.telltale");
    for (int round = 0; round < ROUNDS; round++) {
        measure_making();
        add_sample(&rows, insert_rows(count));
        for (int i = 0; i < COUNTS; i++) {
            add_sample(&series[i], measure(count, thread_counts[i]));
            sizes[i] = (bytes_of(file) - nothing) / count;
        }
    }
    print_series(&rows, "ns");
    for (int i = 0; i < COUNTS; i++) {
        double took = median_of(series[i].samples, series[i].count);
        printf("  %-36s %12u thread%s %.1f ns (%.1f to %.1f), %.2f bytes each\n", name, thread_counts[i],
               thread_counts[i] == 1 ? ": " : "s:", took, least_of(&series[i]), greatest_of(&series[i]), sizes[i]);
        printf("figure %s_%u_threads %.2f ns\nfigure %s_size_%u_threads %.2f bytes\n", name, thread_counts[i], took,
               name, thread_counts[i], sizes[i]);
        snprintf(text, sizeof text, "%s_to_inserts_%u_thread%s", name, thread_counts[i],
                 thread_counts[i] == 1 ? "" : "s");
        is_good &= print_ratio(text, paired_ratio(&rows, &series[i]), 8, 15);
        if (bytes_least / sizes[i] < sizes_least)
            sizes_least = bytes_least / sizes[i];
        if (i > 0 && paired_ratio(&series[i - 1], &series[i]) < least)
            least = paired_ratio(&series[i - 1], &series[i]);
    }
    snprintf(text, sizeof text, "growth_of_%s_with_threads", name);
    is_good &= print_ratio(text, least, 1 / 1.2, 1);
    snprintf(text, sizeof text, "%.0f_bytes_to_%s_size", bytes_least, name);
    is_good &= print_ratio(text, sizes_least, 1, bytes_least / bytes_reach);
    return is_good;
}

int main(void)
{
    bool is_good = true;
    snprintf(folder, sizeof folder, "%s/telltale-bench-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder))
        fail("no folder");
    ingest_events(EVENTS);
    insert_events(EVENTS);
    is_good &= measure_threads("ingest_events", ingest_events_of, insert_events, EVENTS, "events.telltale", 21, 8);
    is_good &= measure_threads("ingest_tasks", ingest_tasks_of, insert_tasks, TASKS, "tasks.telltale", 60, 30);

    is_good &= print_ratio("growth_of_events", measure_growth("events", ingest_events, 125000, 4000000), 1 / 1.2, 1);
    is_good &= print_ratio("growth_of_tasks", measure_growth("tasks", ingest_tasks, 62500, 1000000), 1 / 1.2, 1);

    is_good &= measure_recording(folder);
    remove_store("events.telltale");
    remove_store("tasks.telltale");
    remove_store("empty.telltale");
    remove_store("plain.db");
    rmdir(folder);
    return !is_good;
}
