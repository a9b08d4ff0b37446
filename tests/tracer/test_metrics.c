/* What a recorder says of itself (event recorder_stats), and whom it names when a reader holds it up. */
#include "harness.h"
#include "studio_case.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void emit_some(void *argument)
{
    (void)argument;
    for (int i = 0; i < 5000; i++)
        tt_trace_note(0, "some", "text");
}

static void a_recorder_says_what_it_read_and_what_that_cost(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    studio_run(&studio, emit_some);
    studio_run(&studio, emit_some);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    studio_expect(&studio,
                  "SELECT sum(event_count) = (SELECT sum(record_count) FROM processes), sum(batch_count) > 0,"
                  " sum(failed_count), min(cpu_ns) > 0, min(lag_ns) >= 0, sum(paused_ns), min(store_bytes) > 0,"
                  " min(memory_bytes) > 0, count(DISTINCT pid), count(reader_pid) FROM metrics",
                  "1|1|0|1|1|0|1|1|1|0");
    studio_expect(&studio, "SELECT max(m.to_ns) >= max(n.noted_ns) FROM metrics AS m, note AS n", "1");
}

static void a_recorder_that_reads_nothing_says_nothing(void **state)
{
    (void)state;
    studio_record(&studio, NULL, emit_some);
    int64_t count = studio_number(&studio, "SELECT count(*) FROM metrics");
    studio_start_recorder(&studio, NULL);
    studio_finish(&studio);
    assert_int_equal(studio_number(&studio, "SELECT count(*) FROM metrics"), count);
}

static void emit_until_told(void *argument)
{
    char text[200];
    uint64_t number = 0;
    (void)argument;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    atomic_store(&studio_stage->step, 1);
    while (atomic_load(&studio_stage->may_pass) == 0) {
        tt_trace_note(0, "log", text);
        atomic_store(&studio_stage->count, ++number);
        if (number % 64 == 0)
            studio_sleep_us(500);
    }
}

/* A reader that stands still in the middle of reading, as one does that was stopped with Ctrl-Z. */
static pid_t start_reader(void)
{
    pid_t reader = fork();
    if (reader != 0)
        return reader;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sqlite3 *connection;
    sqlite3_stmt *statement;
    if (sqlite3_open_v2(studio.store, &connection, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(connection, 60000) != SQLITE_OK ||
        sqlite3_prepare_v2(connection, "SELECT * FROM note", -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        _exit(1);
    atomic_store(&studio_stage->step, 2);
    for (;;)
        pause();
}

static void a_reader_that_stands_still_bounds_the_log_and_is_named(void **state)
{
    (void)state;
    const uint64_t log_bytes_max = 2 * 1024 * 1024;
    struct tt_recorder_options options = {.supervised = 1, .log_bytes_max = log_bytes_max};
    char named[32], expected[64], log[160];
    struct stat stat_buffer;
    studio_start_recorder(&studio, &options);
    pid_t program = studio_start_program(&studio, emit_until_told, NULL, 65536);
    studio_await(1);
    studio_expect_within(&studio, 5000, "SELECT count(*) > 0 FROM note", "1");
    pid_t reader = start_reader();
    studio_await(2);
    snprintf(expected, sizeof expected, "log|%d", (int)reader);
    /* It is written when the log is full, with what room is left behind the limit. Who asks here reads, too, and may be in the way
     * once more. */
    snprintf(log, sizeof log, "SELECT DISTINCT pause_reason, reader_pid FROM metrics WHERE reader_pid = %d",
             (int)reader);
    studio_expect_within(&studio, 60000, log, expected);
    studio_text(&studio, "SELECT DISTINCT reader FROM metrics WHERE reader_pid IS NOT NULL", named, sizeof named);
    assert_string_equal(named, program_invocation_short_name);
    uint64_t before = atomic_load(&studio_stage->count);
    while (atomic_load(&studio_stage->count) < before + 5000) /* the program does not care */
        studio_sleep_us(1000);
    snprintf(log, sizeof log, "%s-wal", studio.store);
    assert_int_equal(stat(log, &stat_buffer), 0);
    assert_in_range(stat_buffer.st_size, 0, log_bytes_max + 24 * 1024 * 1024); /* a batch more */
    int64_t recorded = studio_number(&studio, "SELECT count(*) FROM note");
    studio_sleep_us(200000);
    assert_int_equal(studio_number(&studio, "SELECT count(*) FROM note"), recorded);

    assert_int_equal(kill(reader, SIGKILL), 0);
    assert_true(WIFSIGNALED(studio_wait(reader)));
    snprintf(expected, sizeof expected, "SELECT count(*) > %lld FROM note", (long long)recorded);
    studio_expect_within(&studio, 60000, expected, "1");
    studio_let_pass(1);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    studio_expect(&studio, "SELECT sum(paused_ns) > 0, (SELECT sum(drop_count) > 0 FROM processes) FROM metrics",
                  "1|1");
    assert_int_equal(studio_number(&studio, "SELECT count(*) + (SELECT drop_count FROM processes) FROM note"),
                     atomic_load(&studio_stage->count));
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio(a_recorder_says_what_it_read_and_what_that_cost),
    cmocka_unit_test_in_studio(a_recorder_that_reads_nothing_says_nothing),
    cmocka_unit_test_in_studio(a_reader_that_stands_still_bounds_the_log_and_is_named),
};

TT_TEST_MAIN(cases)
