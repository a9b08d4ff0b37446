/* The write-ahead log: what gives way when a reader that stands still keeps it long, and a disk that is small for it. */
#include "harness.h"
#include "studio_case.h"

#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store.h"

#define PATIENCE_MS 120000

static int begin_blocking_with_steps(void **state)
{
    /* Nothing is dropped, so that what is missing was pruned. */
    assert_int_equal(setenv("TELLTALE_RING_POLICY", "block:60000", 1), 0);
    assert_int_equal(setenv("TELLTALE_EVENTS", "+step", 1), 0);
    return studio_case_begin(state);
}

/* A task that takes steps, in each of which it creates another one that takes some more. */
static void serve(void *argument)
{
    uint64_t server = studio_create_task("server", TT_HERE);
    (void)argument;
    atomic_store(&studio_stage->step, 1);
    for (uint32_t step = 1; atomic_load(&studio_stage->may_pass) == 0; step++) {
        TT_EMIT(task_resumed, .task_id = server, .step_number = step);
        uint64_t request = studio_create_task("request", TT_HERE);
        for (uint32_t i = 1; i <= 10; i++) {
            TT_EMIT(task_resumed, .task_id = request, .step_number = i);
            TT_EMIT(task_suspended, .task_id = request, .wait_kind = TT_WAIT_KIND_SLEEP,
                    .state = TT_TASK_STATE_WAITING);
        }
        TT_EMIT(task_finished, .task_id = request, .outcome = TT_OUTCOME_RETURNED);
        TT_EMIT(task_suspended, .task_id = server, .wait_kind = TT_WAIT_KIND_SLEEP, .state = TT_TASK_STATE_WAITING);
        atomic_store(&studio_stage->count, step);
        if (step % 16 == 0)
            studio_sleep_us(1000);
    }
}

/* A reader that is stopped in the middle of reading; when it goes on it sees what it saw, and ends with 0. */
static pid_t start_reader(void)
{
    int status;
    pid_t test = getpid(), reader = fork();
    assert_true(reader >= 0);
    if (reader == 0) {
        struct tt_store_reader *store;
        struct tt_store_error error;
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != test ||
            tt_store_open_reader(studio.store, &store, &error) < 0 ||
            sqlite3_exec(tt_store_reader_connection(store), "BEGIN; SELECT count(*) FROM task", NULL, NULL, NULL) !=
                SQLITE_OK)
            _exit(1);
        raise(SIGSTOP);
        int code = sqlite3_exec(tt_store_reader_connection(store), "SELECT count(*) FROM task; END", NULL, NULL, NULL);
        _exit(code == SQLITE_OK ? 0 : 2);
    }
    assert_int_equal(waitpid(reader, &status, WUNTRACED), reader);
    assert_true(WIFSTOPPED(status));
    return reader;
}

/* As readers see it, with the virtual tables. */
static void expect_read(const char *sql, const char *expected)
{
    struct tt_store_reader *store;
    struct tt_store_error error;
    sqlite3_stmt *statement = NULL;
    if (tt_store_open_reader(studio.store, &store, &error) < 0)
        fail_msg("%s", error.text);
    sqlite3 *connection = tt_store_reader_connection(store);
    if (sqlite3_prepare_v2(connection, sql, -1, &statement, NULL) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW)
        fail_msg("%s: %s", sql, sqlite3_errmsg(connection));
    assert_string_equal((const char *)sqlite3_column_text(statement, 0), expected);
    sqlite3_finalize(statement);
    tt_store_close_reader(store);
}

static void the_event_stream_gives_way_before_recording_pauses(void **state)
{
    (void)state;
    char expected[64];
    studio_start_recorder(&studio, &(struct tt_recorder_options){.supervised = 1, .log_bytes_max = 8 << 20});
    pid_t program = studio_start_program(&studio, serve, NULL, 0);
    studio_await(1);
    studio_expect_within(&studio, PATIENCE_MS, "SELECT count(*) > 0 FROM chunk", "1");
    pid_t reader = start_reader();
    snprintf(expected, sizeof expected, "log|%d", (int)reader);
    studio_expect_within(&studio, PATIENCE_MS,
                         "SELECT pause_reason, reader_pid FROM metrics WHERE pause_reason = 'log'", expected);
    /* What tasks did was recorded for some time after the stream had ended. */
    studio_expect(&studio, "SELECT why, detail FROM losses", "log|stream");
    studio_expect(&studio, "SELECT count(*) > 50 FROM task WHERE created_ns > (SELECT max(last_ns) FROM chunk)", "1");
    studio_expect(
        &studio,
        "SELECT p.first_ns >= (SELECT max(last_ns) FROM chunk) AND p.last_ns <= m.told_ns FROM pruned AS p, metric AS m"
        " WHERE m.pause_reason = 2",
        "1");

    assert_int_equal(kill(reader, SIGCONT), 0);
    assert_int_equal(studio_wait(reader), 0);
    studio_expect_within(&studio, PATIENCE_MS,
                         "SELECT (SELECT max(first_ns) FROM chunk) > (SELECT last_ns FROM pruned WHERE why = 'log')",
                         "1");
    studio_let_pass(1);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    snprintf(expected, sizeof expected, "0|0|%llu", (unsigned long long)atomic_load(&studio_stage->count));
    studio_expect(&studio,
                  "SELECT (SELECT sum(event_count) FROM chunk) + (SELECT sum(count) FROM pruned) - sum(record_count), "
                  "sum(drop_count),"
                  " (SELECT count(*) FROM task WHERE name = 'request' AND outcome = 1) FROM processes",
                  expected);
    /* No step goes over what is missing. */
    expect_read("SELECT count(*) FROM steps AS s, pruned AS p WHERE s.began_ns < p.first_ns AND s.ended_ns > p.last_ns",
                "0");
    expect_read("SELECT count(*) > 100 FROM steps AS s, pruned AS p WHERE s.task_id = 1 AND s.began_ns > p.last_ns",
                "1");
}

/* ------------------------------------------------------------------------------------------------------ small disks */

static uint64_t bytes_of(const char *suffix)
{
    char path[200];
    struct stat stat_buffer;
    snprintf(path, sizeof path, "%s%s", studio.store, suffix);
    return stat(path, &stat_buffer) == 0 ? (uint64_t)stat_buffer.st_size : 0;
}

/* On a disk that is smaller than the length at which a log is copied otherwise, most of the room is the store's, and not the log's. */
static void on_a_small_disk_the_store_gets_most_of_the_room(void **state)
{
    (void)state;
    if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) < 0 ||
        mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", studio.dir, "tmpfs", 0, "size=6m") < 0)
        TT_SKIP("no file system of its own can be mounted here");
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, serve, NULL, 0);
    studio_await(1);
    studio_expect_within(&studio, PATIENCE_MS, "SELECT count(*) > 0 FROM chunk", "1");
    /* It is full when the program, which waits for room in its ring, stands still. Nobody reads meanwhile: who is read keeps its log. */
    uint64_t before = UINT64_MAX, now = 0;
    int64_t give_up_ns = studio_now_ns() + PATIENCE_MS * INT64_C(1000000);
    while (studio_now_ns() < give_up_ns && (before != now || bytes_of("") < (4 << 20))) {
        before = now;
        studio_sleep_us(200000);
        now = atomic_load(&studio_stage->count);
    }
    assert_in_range(bytes_of(""), 4 << 20, 6 << 20);
    studio_expect(&studio, "PRAGMA integrity_check", "ok");
    assert_int_equal(mount("none", studio.dir, "tmpfs", MS_REMOUNT, "size=64m"), 0);
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT count(*) > %llu FROM task", (unsigned long long)now + 1);
    studio_expect_within(&studio, PATIENCE_MS, sql, "1");
    studio_let_pass(1);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    assert_int_equal(umount2(studio.dir, MNT_DETACH), 0);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio_with(the_event_stream_gives_way_before_recording_pauses, begin_blocking_with_steps),
    cmocka_unit_test_in_studio_with(on_a_small_disk_the_store_gets_most_of_the_room, begin_blocking_with_steps),
};

TT_TEST_MAIN(cases)
