/* studio.c: see studio.h. */
#include "sql_table.h"
#include "studio.h"

#include "harness.h"

#include "arena.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define READY_MS 20000
#define BUSY_MS  5000

struct studio_stage *studio_stage;

void studio_open(struct studio *studio)
{
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    memset(studio, 0, sizeof *studio);
    studio->control = -1;
    assert_non_null(mkdtemp(tt_test_template(studio->dir, "test")));
    snprintf(studio->store, sizeof studio->store, "%s/run.telltale", studio->dir);
    snprintf(studio->ring_dir, sizeof studio->ring_dir, "%s/telltale-rings-XXXXXX", base);
    assert_non_null(mkdtemp(studio->ring_dir));
    if (!studio_stage)
        studio_stage = mmap(NULL, sizeof *studio_stage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(studio_stage, MAP_FAILED);
    memset(studio_stage, 0, sizeof *studio_stage);
}

static void remove_folder(const char *path)
{
    DIR *stream = opendir(path);
    if (!stream)
        return;
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            assert_int_equal(unlinkat(dirfd(stream), entry->d_name, 0), 0);
    closedir(stream);
    assert_int_equal(rmdir(path), 0);
}

void studio_close(struct studio *studio)
{
    if (studio->recorder)
        studio_finish(studio);
    remove_folder(studio->ring_dir);
    remove_folder(studio->dir);
}

/* -------------------------------------------------------------------------------------------------------- processes */

pid_t studio_fork(void)
{
    fflush(NULL);
    pid_t test = getpid(), child = fork();
    assert_true(child >= 0);
    /* A test that fails leaves nobody behind. */
    if (child == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != test))
        _exit(98);
    return child;
}

int studio_wait(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static _Noreturn void run_recorder(const struct tt_recorder_options *options)
{
    struct tt_store_error error;
    if (tt_recorder_run(options, &error) == 0)
        _exit(0);
    fprintf(stderr, "recorder: %s\n", error.text);
    _exit(1);
}

void studio_start_recorder(struct studio *studio, const struct tt_recorder_options *given)
{
    struct tt_recorder_options options = given ? *given : (struct tt_recorder_options){.supervised = 1};
    int control[2], ready[2];
    char word[8];
    assert_int_equal(pipe2(control, O_CLOEXEC), 0);
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t child = studio_fork();
    if (child == 0) {
        close(control[1]);
        close(ready[0]);
        options.store = studio->store;
        options.ring_dir = studio->ring_dir;
        options.control_fd = control[0];
        options.ready_fd = ready[1];
        run_recorder(&options);
    }
    close(control[0]);
    close(ready[1]);
    assert_int_equal(read(ready[0], word, sizeof word), 6);
    close(ready[0]);
    studio->recorder = child;
    studio->control = control[1];
}

void studio_tell(struct studio *studio, const char *line)
{
    char text[128];
    int length = snprintf(text, sizeof text, "%s\n", line);
    assert_int_equal(write(studio->control, text, (size_t)length), length);
}

int studio_wait_recorder(struct studio *studio)
{
    int status = studio_wait(studio->recorder);
    if (studio->control >= 0)
        close(studio->control);
    studio->control = -1;
    studio->recorder = 0;
    return status;
}

void studio_finish(struct studio *studio)
{
    studio_tell(studio, "finish");
    assert_int_equal(studio_wait_recorder(studio), 0);
}

void studio_kill_recorder(struct studio *studio)
{
    assert_int_equal(kill(studio->recorder, SIGKILL), 0);
    studio_wait_recorder(studio);
}

void studio_recover(struct studio *studio)
{
    struct tt_recorder_options options = {
        .store = studio->store, .ring_dir = studio->ring_dir, .ready_fd = -1, .control_fd = -1, .recover = 1};
    struct tt_store_error error;
    if (tt_recorder_run(&options, &error) < 0)
        fail_msg("%s", error.text);
}

pid_t studio_start_program(struct studio *studio, studio_program_fn program, void *argument, uint64_t ring_bytes)
{
    pid_t child = studio_fork();
    if (child != 0)
        return child;
    if (studio->control >= 0)
        close(studio->control);
    struct tt_trace_options options = {.ring_bytes = ring_bytes, .program = "/nonexistent"};
    if (setenv("TELLTALE_RING_DIR", studio->ring_dir, 1) < 0 || setenv("TELLTALE_SUPERVISED", "1", 1) < 0 ||
        tt_trace_start(&options) != TT_TRACE_RECORDING)
        _exit(99);
    program(argument);
    exit(0);
}

void studio_run(struct studio *studio, studio_program_fn program)
{
    char line[64];
    pid_t child = studio_start_program(studio, program, NULL, 0);
    snprintf(line, sizeof line, "started %d", child);
    studio_tell(studio, line);
    int status = studio_wait(child);
    if (WIFSIGNALED(status))
        snprintf(line, sizeof line, "signaled %d %d", child, WTERMSIG(status));
    else
        snprintf(line, sizeof line, "exited %d %d", child, WEXITSTATUS(status));
    studio_tell(studio, line);
}

void studio_record(struct studio *studio, const struct tt_recorder_options *options, studio_program_fn program)
{
    studio_start_recorder(studio, options);
    studio_run(studio, program);
    studio_finish(studio);
}

unsigned studio_count_arenas(const struct studio *studio)
{
    unsigned count = 0;
    DIR *stream = opendir(studio->ring_dir);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        count += strstr(entry->d_name, TT_ARENA_SUFFIX) != NULL;
    closedir(stream);
    return count;
}

/* -------------------------------------------------------------------------------------------------------- questions */

/* For reading only; but what a recorder that was killed in its last moment left in a rollback journal, only who may write can
 * roll back, as the program sqlite3 does. */
static sqlite3 *open_plainly(const struct studio *studio)
{
    sqlite3 *connection;
    if (sqlite3_open_v2(studio->store, &connection, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        fail_msg("%s: %s", studio->store, sqlite3_errmsg(connection));
    if (sqlite3_exec(connection, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL) != SQLITE_OK &&
        sqlite3_extended_errcode(connection) == SQLITE_READONLY_ROLLBACK) {
        sqlite3_close(connection);
        if (sqlite3_open_v2(studio->store, &connection, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
            fail_msg("%s: %s", studio->store, sqlite3_errmsg(connection));
    }
    sqlite3_busy_timeout(connection, BUSY_MS);
    if (tt__sql_register(connection) != SQLITE_OK)
        fail_msg("%s: %s", studio->store, sqlite3_errmsg(connection));
    return connection;
}

char *studio_rows(const struct studio *studio, const char *sql)
{
    sqlite3 *connection = open_plainly(studio);
    sqlite3_stmt *statement;
    sqlite3_str *text = sqlite3_str_new(NULL);
    int code = sqlite3_prepare_v2(connection, sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(connection));
    for (int row = 0; (code = sqlite3_step(statement)) == SQLITE_ROW; row++)
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const char *value = (const char *)sqlite3_column_text(statement, i);
            sqlite3_str_appendf(text, "%s%s", i > 0 ? "|" : row > 0 ? "\n" : "", value ? value : "NULL");
        }
    if (code != SQLITE_DONE)
        fail_msg("%s: %s", sql, sqlite3_errmsg(connection));
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(connection), SQLITE_OK);
    char *copy = sqlite3_str_finish(text);
    return copy ? copy : sqlite3_mprintf("");
}

int64_t studio_number(const struct studio *studio, const char *sql)
{
    char text[32];
    return strtoll(studio_text(studio, sql, text, sizeof text), NULL, 10);
}

const char *studio_text(const struct studio *studio, const char *sql, char *out, size_t size)
{
    char *text = studio_rows(studio, sql);
    snprintf(out, size, "%s", text);
    sqlite3_free(text);
    return out;
}

void studio_expect(const struct studio *studio, const char *sql, const char *expected)
{
    studio_expect_within(studio, 0, sql, expected);
}

void studio_expect_within(const struct studio *studio, int milliseconds, const char *sql, const char *expected)
{
    int64_t end_ns = studio_now_ns() + (int64_t)milliseconds * 1000000;
    for (;;) {
        bool is_last = studio_now_ns() >= end_ns;
        char *text = access(studio->store, F_OK) == 0 ? studio_rows(studio, sql) : sqlite3_mprintf("no store");
        bool is_equal = strcmp(text, expected) == 0;
        if (!is_equal && is_last)
            fprintf(stderr, "%s\nexpected:\n%s\nfound:\n%s\n", sql, expected, text);
        sqlite3_free(text);
        if (is_equal)
            return;
        if (is_last)
            fail();
        studio_sleep_us(10000);
    }
}

void studio_expect_sound(const struct studio *studio)
{
    studio_expect(studio, "PRAGMA integrity_check", "ok");
    studio_expect(studio,
                  "SELECT * FROM thread WHERE attempt_count <> record_count + drop_count + hole_count"
                  " OR hole_count > iif(thread_id & 1099511627775 = 0, 1000, 1)",
                  "");
    studio_expect(studio, "SELECT process_id FROM process WHERE is_balanced IS NOT 1", "");
    studio_expect(studio,
                  "SELECT process_id FROM process WHERE attempt_count <> record_count + drop_count + hole_count", "");
    /* What is missing stands in gaps, run by run. */
    studio_expect(studio,
                  "SELECT t.thread_id, t.drop_count, t.hole_count, (SELECT sum(count) FROM gap AS g WHERE g.thread_id "
                  "= t.thread_id)"
                  " FROM thread AS t WHERE t.drop_count + t.hole_count"
                  " <> (SELECT coalesce(sum(count), 0) FROM gap AS g WHERE g.thread_id = t.thread_id)",
                  "");
}

/* --------------------------------------------------------------------------------------------------------- the stage */

void studio_reach(int step)
{
    atomic_store(&studio_stage->step, step);
    while (atomic_load(&studio_stage->may_pass) < step)
        studio_sleep_us(500);
}

void studio_await(int step)
{
    for (int i = 0; i < 40000 && atomic_load(&studio_stage->step) < step; i++)
        studio_sleep_us(500);
    assert_true(atomic_load(&studio_stage->step) >= step);
}

void studio_let_pass(int step)
{
    atomic_store(&studio_stage->may_pass, step);
}

uint64_t studio_create_task(const char *name, struct tt_site *site)
{
    uint64_t id = tt_trace_new_id();
    TT_EMIT(task_created, .task_id = id, .site = site, .name = name, .has_handle = 1, .parent_kind = TT_ACTOR_MAIN);
    return id;
}

/* ------------------------------------------------------------------------------------------------------------ chance */

int64_t studio_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void studio_sleep_us(int64_t microseconds)
{
    struct timespec time = {microseconds / 1000000, (long)(microseconds % 1000000) * 1000};
    while (nanosleep(&time, &time) < 0 && errno == EINTR)
        continue;
}

bool studio_is_under_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded && strstr(preloaded, "vgpreload");
}

unsigned studio_rounds(unsigned count)
{
    const char *text = getenv("TT_COUNT");
    unsigned long wanted = text ? strtoul(text, NULL, 10) : 0;
    return wanted > 0 ? (unsigned)wanted : count;
}

uint64_t studio_seed(void)
{
    const char *text = getenv("TT_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 0) : (uint64_t)studio_now_ns() | 1;
    fprintf(stderr, "repeat with TT_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

uint64_t studio_next_seed(uint64_t *seed)
{
    uint64_t round = *seed;
    fprintf(stderr, "repeat with TT_COUNT=1 TT_SEED=%llu\n", (unsigned long long)round);
    studio_random(seed);
    return round;
}

uint64_t studio_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}
