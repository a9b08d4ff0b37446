/* Stores that are too large or too old: what goes first, what stays, and that whatever was deleted is counted. */
#include "harness.h"
#include "studio_case.h"

#include <stdatomic.h>
#include <sys/stat.h>

#include "arena.h"

static int begin_blocking(void **state)
{
    /* Nothing is dropped, so that what is missing was deleted. */
    assert_int_equal(setenv("TELLTALE_RING_POLICY", "block:60000", 1), 0);
    return studio_case_begin(state);
}

static void end_task(uint64_t task, uint8_t outcome)
{
    TT_EMIT(task_finished, .task_id = task, .outcome = outcome);
}

static uint64_t fail_task(const char *name, bool is_released)
{
    uint64_t task = studio_create_task(name, TT_HERE), exception = tt_trace_new_id();
    TT_EMIT(exception_raised, .exception_id = exception, .task_id = task, .type = "Exception", .message = name);
    end_task(task, TT_OUTCOME_FAILED);
    TT_EMIT(failure_stored, .failure_id = task, .exception_id = exception, .kind = TT_OBJECT_KIND_TASK,
            .how = TT_FAILURE_HOW_RAISED, .type = "Exception", .message = name);
    TT_EMIT(reference_taken, .object_id = task, .handle_count = 1);
    if (is_released)
        TT_EMIT(failure_released, .failure_id = task);
    return task;
}

/* A living task, a failure that nobody can read any more and one that somebody holds; then tasks that return, or are
 * cancelled, with all that belongs to them, until the test says so. */
static void run_server(void *argument)
{
    uint64_t number = 0;
    (void)argument;
    uint64_t server = studio_create_task("server", TT_HERE);
    fail_task("released", true);
    fail_task("held", false);
    atomic_store(&studio_stage->step, 1);
    while (atomic_load(&studio_stage->may_pass) == 0) {
        uint64_t task = studio_create_task("request", TT_HERE), scope = tt_trace_new_id(), gather = tt_trace_new_id();
        TT_EMIT(task_started, .task_id = task);
        TT_EMIT(timeout_entered, .timeout_id = scope, .task_id = task, .delay_ns = 1000, .has_deadline = 1);
        TT_EMIT(gather_created, .gather_id = gather, .by_id = task, .by = TT_ACTOR_TASK, .child_count = 1);
        TT_EMIT(children_told, .owner_id = gather, .child_1 = server);
        TT_EMIT(timeout_exited, .timeout_id = scope, .task_id = task);
        if (number % 4 == 0)
            TT_EMIT(cancel_requested, .task_id = task, .by = TT_ACTOR_TASK, .by_id = server, .accepted = 1);
        if (number % 8 == 0)
            tt_trace_note(server, "request", "a note of a task that lives");
        end_task(task, number % 4 == 0 ? TT_OUTCOME_CANCELLED : TT_OUTCOME_RETURNED);
        atomic_store(&studio_stage->count, ++number);
    }
}

static void expect_bytes(uint64_t bytes_max)
{
    struct stat stat_buffer;
    assert_int_equal(stat(studio.store, &stat_buffer), 0);
    assert_in_range(stat_buffer.st_size, 1, bytes_max);
}

/* Tasks that are there and those that were deleted are all. */
static void expect_all_counted(uint64_t requests, uint64_t notes)
{
    char expected[64];
    snprintf(expected, sizeof expected, "%llu|%llu", (unsigned long long)requests, (unsigned long long)notes);
    studio_expect(&studio,
                  "SELECT (SELECT count(*) FROM task WHERE name = 'request') + (SELECT coalesce(sum(count), 0)"
                  " FROM losses WHERE what = 'pruned' AND detail = 'task'), (SELECT count(*) FROM note) + (SELECT"
                  " coalesce(sum(count), 0) FROM losses WHERE what = 'pruned' AND detail = 'note')",
                  expected);
    studio_expect(&studio, "SELECT sum(drop_count) FROM processes", "0");
    studio_expect_sound(&studio);
}

static void record_requests(const struct tt_recorder_options *options, uint64_t requests)
{
    studio_start_recorder(&studio, options);
    pid_t program = studio_start_program(&studio, run_server, NULL, 0);
    studio_await(1);
    while (atomic_load(&studio_stage->count) < requests)
        studio_sleep_us(1000);
    studio_let_pass(1);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
}

static void a_store_that_is_too_large_gives_up_tasks_that_succeeded_first(void **state)
{
    (void)state;
    const uint64_t bytes_max = 4 * 1024 * 1024;
    struct tt_recorder_options options = {.supervised = 1, .store_bytes_max = bytes_max};
    record_requests(&options, studio_is_under_valgrind() ? 40000 : 150000);
    uint64_t requests = atomic_load(&studio_stage->count);
    expect_bytes(bytes_max);
    expect_all_counted(requests, (requests + 7) / 8);
    studio_expect(&studio, "SELECT DISTINCT why FROM losses WHERE what = 'pruned'", "size");
    studio_expect(&studio, "SELECT count(*) FROM losses WHERE detail = 'failure'", "0");
    /* What lives, and what failed, is there, with what belongs to it. */
    studio_expect(&studio, "SELECT name, outcome FROM tasks WHERE name <> 'request' ORDER BY task_id",
                  "server|pending\nreleased|failed\nheld|failed");
    studio_expect(&studio, "SELECT message FROM failures ORDER BY failure_id", "released\nheld");
    studio_expect(&studio, "SELECT count(*) FROM reference", "2");
    /* The newest is there, the oldest is not. */
    studio_expect(&studio,
                  "SELECT (SELECT last_ns FROM pruned WHERE what = 'task') <= (SELECT max(ended_ns) FROM task)", "1");
    studio_expect(&studio, "SELECT bytes_max FROM recordings", "4194304");
}

/* 60,000 failures that nobody holds, in a store for fewer. */
static void fail_often(void *argument)
{
    (void)argument;
    fail_task("held", false);
    for (int i = 0; i < 20000; i++)
        fail_task("released", true);
}

static void failures_go_when_nothing_else_is_left(void **state)
{
    (void)state;
    const uint64_t bytes_max = 3 * 1024 * 1024;
    studio_record(&studio, &(struct tt_recorder_options){.supervised = 1, .store_bytes_max = bytes_max}, fail_often);
    expect_bytes(bytes_max);
    studio_expect(&studio,
                  "SELECT (SELECT count(*) FROM failure) + (SELECT count FROM losses WHERE detail = 'failure')",
                  "20001");
    studio_expect(&studio, "SELECT count(*) FROM failures WHERE message = 'held'", "1");
    /* With all that belonged to them. */
    studio_expect(&studio,
                  "SELECT (SELECT count(*) FROM task) - (SELECT count(*) FROM failure), (SELECT count(*) FROM "
                  "reference) - (SELECT count(*) FROM failure)",
                  "0|0");
    studio_expect(&studio,
                  "SELECT (SELECT count(*) FROM exception) - (SELECT count(*) FROM failure) BETWEEN 0 AND 10000", "1");
    studio_expect_sound(&studio);
}

static void make_steps(void *argument)
{
    uint64_t task = studio_create_task("stepper", TT_HERE);
    (void)argument;
    for (int i = 0; i < 300000; i++)
        TT_EMIT(task_suspended, .task_id = task);
}

static void the_event_stream_goes_before_all_else(void **state)
{
    (void)state;
    const uint64_t bytes_max = 1536 * 1024;
    assert_int_equal(setenv("TELLTALE_EVENTS", "+step", 1), 0);
    studio_start_recorder(&studio, &(struct tt_recorder_options){.supervised = 1, .store_bytes_max = bytes_max});
    studio_run(&studio, fail_often);
    studio_run(&studio, make_steps);
    studio_finish(&studio);
    expect_bytes(bytes_max);
    studio_expect(
        &studio,
        "SELECT (SELECT sum(event_count) FROM chunk) + (SELECT sum(count) FROM losses WHERE detail = 'stream')"
        " - sum(record_count) FROM processes",
        "0");
    studio_expect(&studio, "SELECT count(*) FROM tasks WHERE name = 'stepper'", "1");
    studio_expect_sound(&studio);
}

static void what_is_over_for_too_long_goes_and_what_is_not_over_stays(void **state)
{
    (void)state;
    studio_start_recorder(&studio, &(struct tt_recorder_options){.supervised = 1, .seconds_max = 1});
    pid_t program = studio_start_program(&studio, run_server, NULL, 0);
    studio_await(1);
    studio_expect_within(&studio, 60000, "SELECT count(*) > 0 FROM losses WHERE what = 'pruned' AND detail = 'task'",
                         "1");
    studio_expect_within(&studio, 60000, "SELECT message FROM failures", "held");
    studio_let_pass(1);
    assert_int_equal(studio_wait(program), 0);
    uint64_t requests = atomic_load(&studio_stage->count);
    studio_finish(&studio);
    expect_all_counted(requests, (requests + 7) / 8);
    studio_expect(&studio,
                  "SELECT detail, count FROM losses WHERE what = 'pruned' AND detail = 'failure' AND why = 'age'",
                  "failure|1");
    studio_expect(&studio, "SELECT count(*) FROM tasks WHERE name = 'server'", "1");
    studio_expect(&studio, "SELECT seconds_max FROM recordings", "1");
}

static void the_next_recorder_goes_on_with_the_same_limits(void **state)
{
    (void)state;
    const uint64_t bytes_max = 3 * 1024 * 1024;
    studio_record(&studio, &(struct tt_recorder_options){.supervised = 1, .store_bytes_max = bytes_max}, fail_often);
    for (int i = 0; i < 3; i++) {
        studio_wait(studio_start_program(&studio, fail_often, NULL, 64 * 1024 * 1024));
        studio_recover(&studio);
        expect_bytes(bytes_max);
    }
    studio_expect(&studio,
                  "SELECT (SELECT count(*) FROM failure) + (SELECT sum(count) FROM losses WHERE detail = 'failure')",
                  "80004");
}

static void fail_unread(void *argument)
{
    (void)argument;
    for (int i = 0; i < 8000; i++)
        fail_task("released", true);
    studio_reach(1);
}

/* What a recorder that was held up finds in a ring is many times as much as the store may have. */
static void a_full_ring_goes_through_the_smallest_store(void **state)
{
    (void)state;
    struct tt_recorder_options options = {.supervised = 1, .store_bytes_max = TT_STORE_BYTES_MIN};
    pid_t program = studio_start_program(&studio, fail_unread, NULL, 0);
    studio_await(1);
    studio_start_recorder(&studio, &options);
    studio_let_pass(1);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    expect_bytes(TT_STORE_BYTES_MIN);
    studio_expect(
        &studio, "SELECT (SELECT count(*) FROM failure) + (SELECT count FROM losses WHERE detail = 'failure')", "8000");
    studio_expect(&studio, "SELECT sum(drop_count) FROM processes", "0");
    studio_expect_sound(&studio);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio_with(a_store_that_is_too_large_gives_up_tasks_that_succeeded_first, begin_blocking),
    cmocka_unit_test_in_studio_with(failures_go_when_nothing_else_is_left, begin_blocking),
    cmocka_unit_test_in_studio_with(a_full_ring_goes_through_the_smallest_store, begin_blocking),
    cmocka_unit_test_in_studio_with(the_event_stream_goes_before_all_else, begin_blocking),
    cmocka_unit_test_in_studio_with(what_is_over_for_too_long_goes_and_what_is_not_over_stays, begin_blocking),
    cmocka_unit_test_in_studio_with(the_next_recorder_goes_on_with_the_same_limits, begin_blocking),
};

TT_TEST_MAIN(cases)
