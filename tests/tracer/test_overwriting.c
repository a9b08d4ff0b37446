/* Rings whose oldest records are overwritten: what is told to be lost is lost, to the last event, also where many write into one ring
 * and overtake each other; and nothing is concluded from what may have been overwritten. */
#include "harness.h"
#include "ring.h"
#include "studio_case.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>

#define RING_BYTES (64u * 1024)
#define SLOTS      (RING_BYTES / TT_SLOT_BYTES)

static int begin_overwriting(void **state)
{
    assert_int_equal(setenv("TELLTALE_RING_POLICY", "overwrite", 1), 0);
    return studio_case_begin(state);
}

/* Emits a note as a handler does that came in the middle of an emit: into the emergency ring. */
static void note_in_emergency(void)
{
    static uint64_t number;
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number++);
    atomic_store(&tt__thread.depth, 1);
    tt_trace_note(0, "emergency", text);
    atomic_store(&tt__thread.depth, 0);
}

/* Two of them, of which the second has overtaken the first between its number and its place. */
static void note_out_of_order(void)
{
    struct tt_ring *ring = tt__life_ring(tt__life(), 0);
    uint64_t first = atomic_fetch_add(&ring->attempts, 1);
    note_in_emergency();
    atomic_store(&ring->attempts, first);
    note_in_emergency();
    atomic_store(&ring->attempts, first + 2);
}

static void expect_counts_exact(void)
{
    studio_expect_sound(&studio);
    studio_expect(&studio,
                  "SELECT (SELECT coalesce(sum(count), 0) FROM losses) - (attempt_count - record_count) FROM processes",
                  "0");
    studio_expect(&studio, "SELECT count(*) - count(DISTINCT text) FROM note", "0");
    studio_expect(&studio,
                  "SELECT t.record_count - count(n.thread_id) FROM thread AS t JOIN note AS n USING (thread_id)"
                  " WHERE t.thread_id = 0",
                  "0");
}

/* ------------------------------------------------------------------------------------------------------ the emergency ring */

static void overtake(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < 100; i++)
        note_out_of_order();
}

static void an_event_that_was_overtaken_is_not_called_lost(void **state)
{
    (void)state;
    studio_wait(studio_start_program(&studio, overtake, NULL, RING_BYTES));
    studio_recover(&studio);
    expect_counts_exact();
    studio_expect(&studio, "SELECT count(*) FROM losses", "0");
    studio_expect(&studio, "SELECT count(*) FROM note", "200");
    studio_expect(&studio, "SELECT vital_drop_last_ns FROM process", "NULL");
}

static void overtake_for_three_laps(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < 3 * SLOTS / 2; i++)
        note_out_of_order();
}

static void what_is_overwritten_in_the_emergency_ring_is_counted_to_the_last_event(void **state)
{
    (void)state;
    studio_wait(studio_start_program(&studio, overtake_for_three_laps, NULL, RING_BYTES));
    studio_recover(&studio);
    expect_counts_exact();
    studio_expect(&studio, "SELECT DISTINCT what, is_vital FROM losses", "overwritten|1");
    studio_expect(&studio, "SELECT (SELECT sum(count) FROM losses) + count(*) FROM note", "3072");
    studio_expect(&studio, "SELECT max(CAST(text AS INTEGER)) FROM note", "3071");
    studio_expect(&studio, "SELECT vital_drop_last_ns IS NULL FROM process", "0");
}

/* ------------------------------------------------------------------------------------------------- many writers at once */

static void note_in_handler(int number)
{
    (void)number;
    tt_trace_note(0, "handler", "");
}

static void *flood(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < 30000; i++)
        tt_trace_note(0, "flood", "");
    return NULL;
}

static void flood_with_handlers(void *argument)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    struct sigaction action = {.sa_handler = note_in_handler, .sa_flags = SA_RESTART};
    const struct itimerval often = {{0, 50}, {0, 50}}, never = {0};
    (void)argument;
    if (sigaction(SIGALRM, &action, NULL) < 0 || setitimer(ITIMER_REAL, &often, NULL) < 0)
        _exit(2);
    for (unsigned i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, flood, NULL) != 0)
            _exit(3);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    if (setitimer(ITIMER_REAL, &never, NULL) < 0)
        _exit(4);
}

static void threads_and_their_handlers_lose_what_losses_say_and_nothing_else(void **state)
{
    (void)state;
    studio_start_recorder(&studio, &(struct tt_recorder_options){.supervised = 1, .wait_ms_max = 1000});
    assert_int_equal(studio_wait(studio_start_program(&studio, flood_with_handlers, NULL, RING_BYTES)), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    studio_expect(&studio,
                  "SELECT (SELECT coalesce(sum(count), 0) FROM losses) - (attempt_count - record_count) FROM processes",
                  "0");
    studio_expect(&studio, "SELECT DISTINCT what FROM losses WHERE what <> 'overwritten'", "");
}

/* ------------------------------------------------------------------------------------------------------- what is concluded */

static void begin_and_be_killed(void *argument)
{
    struct tt__writing writing;
    (void)argument;
    for (unsigned i = 0; i < 10; i++)
        tt_trace_note(0, "before", "");
    if (!tt__ring_begin(&writing, tt__life(), tt__life_ordinal(tt__life()), TT_EVENT_task_started, TT_LEVEL_PLAIN, 0,
                        8))
        _exit(5);
    raise(SIGKILL);
}

static void what_a_kill_cut_off_is_not_called_overwritten(void **state)
{
    (void)state;
    studio_wait(studio_start_program(&studio, begin_and_be_killed, NULL, RING_BYTES));
    studio_recover(&studio);
    studio_expect_sound(&studio);
    studio_expect(&studio, "SELECT what, count, is_vital FROM losses", "in_flight|1|0");
    studio_expect(&studio, "SELECT hole_count, drop_count FROM processes", "1|0");
}

/* ARGUMENT: whether so much comes afterwards that it is overwritten, before it is read, that somebody has read the failure. */
static void fail_and_be_read(void *argument)
{
    uint64_t task = studio_create_task("failed", TT_HERE);
    TT_EMIT(failure_stored, .failure_id = task, .exception_id = tt_trace_new_id(), .kind = TT_OBJECT_KIND_TASK,
            .how = TT_FAILURE_HOW_RAISED, .type = "Exception", .message = "read");
    studio_reach(1);
    TT_EMIT(failure_touched, .failure_id = task, .by = TT_ACTOR_MAIN, .how = TT_TOUCH_HOW_AWAIT, .is_user = 1,
            .site = TT_HERE);
    for (unsigned i = 0; argument && i < 2 * SLOTS; i++)
        tt_trace_note(0, "flood", "");
    studio_reach(2);
}

static void expect_failure_read(bool is_overwritten, const char *expected)
{
    studio_start_recorder(&studio, &(struct tt_recorder_options){.supervised = 1, .wait_ms_max = 1});
    pid_t program = studio_start_program(&studio, fail_and_be_read, is_overwritten ? "" : NULL, RING_BYTES);
    studio_await(1);
    studio_expect_within(&studio, 20000, "SELECT count(*) FROM failure", "1");
    assert_int_equal(kill(studio.recorder, SIGSTOP), 0);
    studio_let_pass(1);
    studio_await(2);
    assert_int_equal(kill(studio.recorder, SIGCONT), 0);
    studio_let_pass(2);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    studio_expect(&studio, "SELECT state FROM failures", expected);
}

static void a_failure_whose_reader_was_overwritten_is_not_called_lost(void **state)
{
    (void)state;
    expect_failure_read(true, "unknown");
    studio_expect(&studio, "SELECT count(*) FROM leaks WHERE lint LIKE '%failure'", "0");
}

static void a_failure_whose_reader_was_not_is_delivered(void **state)
{
    (void)state;
    expect_failure_read(false, "delivered");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio_with(an_event_that_was_overtaken_is_not_called_lost, begin_overwriting),
    cmocka_unit_test_in_studio_with(what_is_overwritten_in_the_emergency_ring_is_counted_to_the_last_event,
                                    begin_overwriting),
    cmocka_unit_test_in_studio_with(threads_and_their_handlers_lose_what_losses_say_and_nothing_else,
                                    begin_overwriting),
    cmocka_unit_test_in_studio_with(what_a_kill_cut_off_is_not_called_overwritten, begin_overwriting),
    cmocka_unit_test_in_studio_with(a_failure_whose_reader_was_overwritten_is_not_called_lost, begin_overwriting),
    cmocka_unit_test_in_studio_with(a_failure_whose_reader_was_not_is_delivered, begin_overwriting),
};

TT_TEST_MAIN(cases)
