/* Rings that are full: what each policy does then, that a thread says how much it lost, and that every event is in the store
 * or counted, whichever policy it is. */
#include "harness.h"
#include "recording.h"
#include "studio_case.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#define RING_BYTES (64u * 1024)
#define SLOTS      (RING_BYTES / TT_SLOT_BYTES)

static void begin(struct recording *recording, const char *policy)
{
    assert_int_equal(setenv("TELLTALE_RING_POLICY", policy, 1), 0);
    recording_begin(recording, RECORDING_DROPS, RING_BYTES, 0);
}

static uint64_t waited_ns(void)
{
    struct tt_trace_statistics statistics;
    tt_trace_get_statistics(&statistics);
    return statistics.wait_ns;
}

static void ignore_record(const struct arena_record *record, void *argument)
{
    (void)record, (void)argument;
}

static void drain(struct recording *recording)
{
    arena_drain(&recording->arena, ignore_record, NULL);
}

/* ------------------------------------------------------------------------------------------------ in the process */

static void a_thread_says_how_many_it_lost_as_soon_as_there_is_room(void **state)
{
    (void)state;
    struct recording recording;
    struct arena_record gap, after;
    begin(&recording, "drop");
    struct tt_ring *ring = arena_ring(&recording.arena, 1);
    for (unsigned i = 0; i < 2 * SLOTS; i++)
        TT_EMIT(task_started, .task_id = i + 1);
    for (unsigned i = 0; i < SLOTS; i++)
        TT_EMIT(cancel_swallowed, .task_id = i + 1);
    uint64_t drops = atomic_load(&ring->drops), vital_drops = atomic_load(&ring->vital_drops);
    assert_true(vital_drops > 0 && drops > vital_drops);
    assert_int_equal(recording_count(&recording, "recorder_gap"), 0);
    drain(&recording);
    TT_EMIT(task_started, .task_id = 77777);
    assert_true(recording_find(&recording, "recorder_gap", 0, &gap));
    assert_int_equal(arena_number(&recording.arena, &gap, "count"), drops);
    assert_int_equal(arena_number(&recording.arena, &gap, "vital_count"), vital_drops);
    assert_true(arena_number(&recording.arena, &gap, "duration") > 0);
    assert_int_equal(recording_count(&recording, "recorder_gap"), 1);
    uint64_t position = gap.position + 1; /* what was to be said stands behind it */
    assert_int_equal(arena_next(&recording.arena, 1, &position, false, &after), 1);
    assert_int_equal(after.event, TT_EVENT_task_started);
    assert_int_equal(after.attempt, gap.attempt + 1);
    assert_int_equal(atomic_load(&ring->attempts), after.attempt + 1);
    TT_EMIT(task_started, .task_id = 1);
    assert_int_equal(recording_count(&recording, "recorder_gap"), 1);
    recording_end(&recording);
}

static void vital_events_do_not_make_room_for_what_is_said_of_gaps(void **state)
{
    (void)state;
    struct recording recording;
    begin(&recording, "drop");
    struct tt_ring *ring = arena_ring(&recording.arena, 1);
    for (unsigned i = 0; i < SLOTS; i++)
        TT_EMIT(task_started, .task_id = i + 1);
    uint64_t drops = atomic_load(&ring->drops);
    TT_EMIT(cancel_swallowed, .task_id = 1); /* in the last quarter */
    assert_int_equal(recording_count(&recording, "recorder_gap"), 0);
    assert_int_equal(atomic_load(&ring->drops), drops);
    recording_end(&recording);
}

static _Atomic bool is_over;

static void *read_slowly(void *argument)
{
    struct recording *recording = argument;
    while (!atomic_load(&is_over)) {
        nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
        drain(recording);
    }
    return NULL;
}

static void whoever_blocks_waits_for_the_reader_and_loses_nothing(void **state)
{
    (void)state;
    struct recording recording;
    struct tt_trace_statistics statistics;
    pthread_t reader;
    begin(&recording, "block:60000");
    assert_int_equal(pthread_create(&reader, NULL, read_slowly, &recording), 0);
    for (unsigned i = 0; i < 20 * SLOTS; i++)
        TT_EMIT(task_started, .task_id = i + 1);
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(reader, NULL), 0);
    tt_trace_get_statistics(&statistics);
    assert_int_equal(statistics.drop_count, 0);
    assert_true(statistics.attempt_count >= 20 * SLOTS && statistics.wait_ns > 0);
    assert_int_equal(atomic_load(&arena_ring(&recording.arena, 1)->wait_ns), statistics.wait_ns);
    recording_end(&recording);
}

static void a_reader_that_stands_still_is_waited_for_once(void **state)
{
    (void)state;
    struct recording recording;
    begin(&recording, "block:20");
    struct tt_ring *ring = arena_ring(&recording.arena, 1);
    for (unsigned i = 0; atomic_load(&ring->drops) == 0; i++)
        TT_EMIT(task_started, .task_id = i + 1);
    uint64_t waited = waited_ns();
    assert_true(waited >= 20 * 1000000);
    for (unsigned i = 0; i < 1000; i++)
        TT_EMIT(task_started, .task_id = i + 1);
    assert_int_equal(waited_ns(), waited);
    assert_int_equal(atomic_load(&ring->drops), 1001);
    drain(&recording); /* it moves */
    for (unsigned i = 0; atomic_load(&ring->drops) == 1001; i++)
        TT_EMIT(task_started, .task_id = i + 1);
    assert_true(waited_ns() >= waited + 20 * 1000000);
    recording_end(&recording);
}

static void emit_in_handler(int number)
{
    (void)number;
    TT_EMIT(cancel_swallowed, .task_id = 99);
}

/* The thread holds its ring while it waits; the handler has the emergency ring, which is empty. */
static void a_handler_emits_while_its_thread_waits_for_room(void **state)
{
    (void)state;
    struct recording recording;
    struct sigaction action = {.sa_handler = emit_in_handler};
    struct itimerspec times = {{0, 5000000}, {0, 5000000}};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    timer_t timer;
    begin(&recording, "block:200");
    struct tt_ring *ring = arena_ring(&recording.arena, 1);
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    for (unsigned i = 0; atomic_load(&ring->head) < SLOTS / 4 * 3; i++)
        TT_EMIT(task_started, .task_id = i + 1);
    assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    assert_int_equal(timer_settime(timer, 0, &times, NULL), 0);
    TT_EMIT(task_started, .task_id = 1);
    timer_delete(timer);
    assert_true(waited_ns() >= 200 * 1000000);
    assert_int_equal(atomic_load(&ring->drops), 1);
    assert_true(atomic_load(&arena_ring(&recording.arena, 0)->attempts) > 0);
    assert_int_equal(atomic_load(&arena_ring(&recording.arena, 0)->drops), 0);
    recording_end(&recording);
}

static void policies_are_words_and_nothing_else_is_taken_for_one(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "Drop", "block", "block:", "block:0", "block:60001", "block:1x", "overwrite:1"};
    static const struct {
        const char *word;
        uint32_t policy, block_ms;
    } right[] = {{"drop", TT_RING_POLICY_DROP, 0},
                 {"block:1", TT_RING_POLICY_BLOCK, 1},
                 {"block:60000", TT_RING_POLICY_BLOCK, 60000}};
    struct recording recording;
    recording_make_dir(&recording);
    assert_int_equal(setenv("TELLTALE_SUPERVISED", "1", 1), 0);
    assert_int_equal(setenv("TELLTALE_RING_DIR", recording.dir, 1), 0);
    for (size_t i = 1; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(setenv("TELLTALE_RING_POLICY", wrong[i], 1), 0);
        assert_int_equal(tt_trace_start(NULL), -EINVAL);
    }
    static const struct tt_trace_options beyond[] = {{.ring_policy = 4},
                                                     {.ring_policy = TT_RING_POLICY_BLOCK},
                                                     {.ring_policy = TT_RING_POLICY_BLOCK, .block_ms = 60001},
                                                     {.poll_ms = 1001},
                                                     {.store_bytes_max = 1024 * 1024 - 1}};
    assert_int_equal(unsetenv("TELLTALE_RING_POLICY"), 0);
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++)
        assert_int_equal(tt_trace_start(&beyond[i]), -EINVAL);
    recording_remove(&recording);
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        begin(&recording, right[i].word);
        assert_int_equal(recording.arena.header->ring_policy, right[i].policy);
        assert_int_equal(recording.arena.header->block_ms, right[i].block_ms);
        recording_end(&recording);
    }
}

/* ------------------------------------------------------------------------------------------------- with a recorder */

/* Notes whose parts prove one another, as fast as can be: a torn one would show. */
static void emit_fast(void *argument)
{
    char text[257];
    uint64_t number = 0;
    (void)argument;
    atomic_store(&studio_stage->step, 1);
    while (atomic_load(&studio_stage->may_pass) == 0) {
        int length = (int)(number % 200) + 20;
        memset(text, 'a' + (char)(number % 26), (size_t)length);
        snprintf(text, 20, "%019llu", (unsigned long long)number);
        text[19] = '/';
        text[length] = '\0';
        tt_trace_note(0, "fast", text);
        atomic_store(&studio_stage->count, ++number);
    }
}

static void expect_notes_whole(void)
{
    studio_expect(&studio,
                  "SELECT count(*) FROM note WHERE length(text) <> CAST(substr(text, 1, 19) AS INTEGER) % 200 + 20"
                  " OR ltrim(substr(text, 21), char(97 + CAST(substr(text, 1, 19) AS INTEGER) % 26)) <> ''",
                  "0");
    studio_expect(&studio, "SELECT count(*) - count(DISTINCT text) FROM note", "0");
}

static void record_while_it_overflows(const char *policy)
{
    assert_int_equal(setenv("TELLTALE_RING_POLICY", policy, 1), 0);
    studio_start_recorder(&studio, &(struct tt_recorder_options){.supervised = 1, .wait_ms_max = 200});
    pid_t program = studio_start_program(&studio, emit_fast, NULL, RING_BYTES);
    studio_await(1);
    for (unsigned i = 0; i < 5; i++) {
        studio_sleep_us(100000);
        assert_int_equal(kill(studio.recorder, SIGSTOP), 0);
        studio_sleep_us(50000);
        assert_int_equal(kill(studio.recorder, SIGCONT), 0);
    }
    studio_let_pass(1);
    assert_int_equal(studio_wait(program), 0);
    uint64_t emitted = atomic_load(&studio_stage->count);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    expect_notes_whole();
    studio_expect(&studio, "SELECT ring_policy FROM processes", strncmp(policy, "block", 5) == 0 ? "block" : policy);
    /* What it said itself, and what the tracer did: all of it is in the store, or is counted. */
    studio_expect(&studio, "SELECT attempt_count - record_count - drop_count - hole_count FROM processes", "0");
    studio_expect(&studio,
                  "SELECT (SELECT coalesce(sum(count), 0) FROM losses) - drop_count - hole_count FROM processes", "0");
    assert_in_range(studio_number(&studio, "SELECT record_count - (SELECT count(*) FROM note) - (SELECT count(*) FROM "
                                           "ring_gap) - (SELECT count(*) FROM clock_sample) FROM processes"),
                    0, 4); /* process_started, thread_attached, thread_detached, process_ended */
    assert_in_range(studio_number(&studio, "SELECT attempt_count - (SELECT count(*) FROM ring_gap) - (SELECT count(*) "
                                           "FROM clock_sample) FROM processes"),
                    emitted + 3, emitted + 4);
}

static void dropping_loses_the_newest_and_each_gap_says_how_many(void **state)
{
    (void)state;
    record_while_it_overflows("drop");
    assert_true(studio_number(&studio, "SELECT drop_count FROM processes") > 0);
    /* A gap that was followed by room has been told by its thread as well, and both agree. */
    assert_true(studio_number(&studio, "SELECT count(*) FROM ring_gap") > 0);
    studio_expect(&studio,
                  "WITH told AS (SELECT told_ns, sum(count) OVER (ORDER BY sequence) AS sum FROM ring_gap),"
                  " found AS (SELECT to_ns, sum(count) OVER (ORDER BY first_sequence) AS sum FROM gap)"
                  " SELECT count(*) > 0, sum(told.sum <> found.sum) FROM told JOIN found ON told_ns = to_ns",
                  "1|0");
    studio_expect(&studio, "SELECT DISTINCT vital_count FROM losses WHERE vital_count IS NOT NULL", "0");
    studio_expect(&studio, "SELECT count(*) FROM losses WHERE first_ns < from_ns OR first_ns > to_ns", "0");
}

static void overwriting_loses_the_oldest_and_what_is_read_is_whole(void **state)
{
    (void)state;
    record_while_it_overflows("overwrite");
    studio_expect(&studio, "SELECT DISTINCT what FROM losses", "overwritten");
    /* The last one is always there. */
    assert_int_equal(studio_number(&studio, "SELECT max(CAST(substr(text, 1, 19) AS INTEGER)) FROM note") + 1,
                     atomic_load(&studio_stage->count));
}

static void blocking_loses_nothing_while_the_recorder_goes_on(void **state)
{
    (void)state;
    record_while_it_overflows("block:60000");
    studio_expect(&studio, "SELECT drop_count, wait_ns > 0, block_ms FROM processes", "0|1|60000");
    studio_expect(
        &studio, "SELECT count(*) FROM note",
        studio_text(&studio, "SELECT max(CAST(substr(text, 1, 19) AS INTEGER)) + 1 FROM note", (char[32]){0}, 32));
}

static void a_recorder_that_is_gone_costs_a_blocking_program_one_wait(void **state)
{
    (void)state;
    assert_int_equal(setenv("TELLTALE_RING_POLICY", "block:100", 1), 0);
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, emit_fast, NULL, RING_BYTES);
    studio_await(1);
    studio_kill_recorder(&studio);
    uint64_t before = atomic_load(&studio_stage->count);
    while (atomic_load(&studio_stage->count) < before + 100000)
        studio_sleep_us(1000);
    studio_let_pass(1);
    assert_int_equal(studio_wait(program), 0);
    studio_recover(&studio);
    studio_expect_sound(&studio);
    expect_notes_whole();
    /* Once by the thread, once at most by what it says at its end; not 100,000 times. */
    assert_in_range(studio_number(&studio, "SELECT wait_ns / 1000000 FROM processes"), 100, 60000);
    assert_true(studio_number(&studio, "SELECT drop_count FROM processes") > 90000);
}

/* A ring that is full of vital events, then nothing for a while, then one more: only then the gap is seen. */
static void drop_vital_events_and_go_on_later(void *argument)
{
    (void)argument;
    studio_reach(1);
    for (unsigned i = 0; i < 3000; i++)
        TT_EMIT(cancel_swallowed, .task_id = i + 1);
    studio_reach(2);
    tt_trace_note(0, "later", "");
}

static void a_gap_that_is_seen_long_after_its_drops_is_known_to_have_vital_events(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, drop_vital_events_and_go_on_later, NULL, 65536);
    studio_await(1);
    assert_int_equal(kill(studio.recorder, SIGSTOP), 0);
    studio_let_pass(1);
    studio_await(2);
    assert_int_equal(kill(studio.recorder, SIGCONT), 0);
    studio_expect_within(&studio, 20000, "SELECT vital_drop_count > 1000 FROM process", "1");
    studio_sleep_us(200000); /* some looks, in which nothing is new */
    studio_expect(&studio, "SELECT count(*) FROM gap", "0");
    studio_let_pass(2);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect(&studio, "SELECT what, is_vital, count = (SELECT vital_drop_count FROM process) FROM gap",
                  "dropped|1|1");
    studio_expect(&studio, "SELECT is_vital, vital_count = count FROM losses", "1|1");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_thread_says_how_many_it_lost_as_soon_as_there_is_room),
    cmocka_unit_test(vital_events_do_not_make_room_for_what_is_said_of_gaps),
    cmocka_unit_test(whoever_blocks_waits_for_the_reader_and_loses_nothing),
    cmocka_unit_test(a_reader_that_stands_still_is_waited_for_once),
    cmocka_unit_test(a_handler_emits_while_its_thread_waits_for_room),
    cmocka_unit_test(policies_are_words_and_nothing_else_is_taken_for_one),
    cmocka_unit_test_in_studio(dropping_loses_the_newest_and_each_gap_says_how_many),
    cmocka_unit_test_in_studio(overwriting_loses_the_oldest_and_what_is_read_is_whole),
    cmocka_unit_test_in_studio(blocking_loses_nothing_while_the_recorder_goes_on),
    cmocka_unit_test_in_studio(a_recorder_that_is_gone_costs_a_blocking_program_one_wait),
    cmocka_unit_test_in_studio(a_gap_that_is_seen_long_after_its_drops_is_known_to_have_vital_events),
};

TT_TEST_MAIN(cases)
