/* SIGKILL of recorded programs and of the recorder, at random instants: nothing that was emitted is missing without having been counted,
 * and nothing is there twice. See truth.h. */
#include "harness.h"
#include "studio_case.h"
#include "truth.h"

#include <signal.h>
#include <sys/wait.h>

/* ------------------------------------------------------------------------------------------------------ the program */

/* One, four or sixteen threads, and every third time a handler that emits in the middle of other emits. */
static struct truth_options choose_program(uint64_t rate, uint64_t *random)
{
    static const unsigned counts[] = {1, 4, 16};
    return (struct truth_options){.threads = counts[studio_random(random) % 3],
                                  .rate = rate,
                                  .has_storm =
                                      rate == 0 && !studio_is_under_valgrind() && studio_random(random) % 3 == 0};
}

static void kill_at_random(uint64_t seed, uint64_t rate, uint64_t delay_us_max)
{
    uint64_t random = seed;
    uint64_t ring_bytes = rate != 0 ? 0 : UINT64_C(65536) << studio_random(&random) % 7;
    struct truth_options options = choose_program(rate, &random);
    truth_begin(&options);
    studio_case_begin_anew();
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, truth_emit, NULL, ring_bytes);
    truth_await_start();
    studio_sleep_us((int64_t)(studio_random(&random) % delay_us_max));
    assert_int_equal(kill(program, SIGKILL), 0);
    assert_true(WIFSIGNALED(studio_wait(program)));
    studio_finish(&studio);
    truth_expect(&studio, rate == 0, true);
    studio_expect(&studio, "SELECT end_reason, end_text FROM processes",
                  "killed_without_goodbye|ended without goodbye");
}

static void a_program_killed_while_it_emits_as_fast_as_it_can_loses_nothing_uncounted(void **state)
{
    (void)state;
    uint64_t seed = studio_seed();
    for (unsigned i = studio_rounds(20); i > 0; i--)
        kill_at_random(studio_next_seed(&seed), 0, 60000);
}

static void a_program_killed_at_100000_events_a_second_has_dropped_none(void **state)
{
    (void)state;
    if (studio_is_under_valgrind())
        TT_SKIP("under valgrind a recorder is too slow for 100,000 events a second");
    uint64_t seed = studio_seed();
    for (unsigned i = studio_rounds(5); i > 0; i--)
        kill_at_random(studio_next_seed(&seed), 100000, 600000);
}

/* ----------------------------------------------------------------------------------------------------- the recorder */

enum { RECORDER_KILLS = 8 };

/* Kills the recorder again and again while a program emits, which ends by itself at last. At a given rate nothing is dropped, however
 * slow the machine makes the recorder and its beginning: who finds the ring full waits for the next one. */
static void kill_recorders(uint64_t seed, const struct truth_options *options, uint64_t ring_bytes,
                           uint64_t delay_us_max)
{
    uint64_t random = seed;
    truth_begin(options);
    studio_case_begin_anew();
    studio_start_recorder(&studio, NULL);
    if (options->rate != 0)
        assert_int_equal(setenv("TELLTALE_RING_POLICY", "block:60000", 1), 0);
    pid_t program = studio_start_program(&studio, truth_emit, NULL, ring_bytes);
    assert_int_equal(unsetenv("TELLTALE_RING_POLICY"), 0);
    truth_await_start();
    for (unsigned i = 0; i < RECORDER_KILLS; i++) {
        studio_sleep_us((int64_t)(studio_random(&random) % delay_us_max));
        studio_kill_recorder(&studio);
        if (options->rate == 0)
            truth_expect_progress();
        studio_start_recorder(&studio, NULL);
    }
    truth_end_program();
    assert_int_equal(studio_wait(program), 0);
    studio_kill_recorder(&studio); /* and once more, while it may be about to finish */
    studio_recover(&studio);
    truth_expect(&studio, options->rate == 0, false);
    if (options->rate != 0)
        assert_int_equal(studio_number(&studio, "SELECT count(*) FROM note"), truth_returned());
    studio_expect(&studio, "SELECT end_reason FROM processes", "exit");
}

static void a_recorder_killed_again_and_again_neither_loses_nor_doubles_an_event(void **state)
{
    (void)state;
    if (studio_is_under_valgrind())
        TT_SKIP("under valgrind a recorder is too slow for 100,000 events a second");
    const struct truth_options options = {.threads = 4, .rate = 100000};
    uint64_t seed = studio_seed();
    for (unsigned i = studio_rounds(5); i > 0; i--)
        kill_recorders(studio_next_seed(&seed), &options, 0, 60000);
}

static void a_recorder_killed_again_and_again_neither_loses_nor_doubles_an_event_of_the_stream(void **state)
{
    (void)state;
    uint64_t seed = studio_seed();
    assert_int_equal(setenv("TELLTALE_EVENTS", "+step", 1), 0);
    for (unsigned i = studio_rounds(4); i > 0; i--) {
        const struct truth_options options = {.threads = 4, .rate = i % 2 != 0 ? 20000 : 0, .has_steps = true};
        kill_recorders(studio_next_seed(&seed), &options, i % 2 != 0 ? 0 : 65536, 30000);
    }
    unsetenv("TELLTALE_EVENTS");
}

static void a_recorder_killed_while_rings_overflow_keeps_the_counts_exact(void **state)
{
    (void)state;
    const struct truth_options options = {.threads = 4};
    uint64_t seed = studio_seed();
    for (unsigned i = studio_rounds(5); i > 0; i--)
        kill_recorders(studio_next_seed(&seed), &options, 65536, 20000);
}

static void a_program_and_its_recorder_killed_together_are_recovered_by_the_next_viewer(void **state)
{
    (void)state;
    uint64_t seed = studio_seed();
    for (unsigned i = studio_rounds(5); i > 0; i--) {
        uint64_t random = studio_next_seed(&seed);
        struct truth_options options = choose_program(0, &random);
        truth_begin(&options);
        studio_case_begin_anew();
        studio_start_recorder(&studio, NULL);
        pid_t program = studio_start_program(&studio, truth_emit, NULL, UINT64_C(1) << 20);
        truth_await_start();
        studio_sleep_us((int64_t)(studio_random(&random) % 40000));
        assert_int_equal(kill(studio.recorder, SIGKILL), 0);
        assert_int_equal(kill(program, SIGKILL), 0);
        studio_wait(program);
        studio_kill_recorder(&studio);
        assert_int_equal(tt_recorder_is_needed(studio.ring_dir), 1);
        studio_recover(&studio);
        assert_int_equal(tt_recorder_is_needed(studio.ring_dir), 0);
        truth_expect(&studio, true, true);
    }
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio(a_program_killed_while_it_emits_as_fast_as_it_can_loses_nothing_uncounted),
    cmocka_unit_test_in_studio(a_program_killed_at_100000_events_a_second_has_dropped_none),
    cmocka_unit_test_in_studio(a_recorder_killed_again_and_again_neither_loses_nor_doubles_an_event),
    cmocka_unit_test_in_studio(a_recorder_killed_again_and_again_neither_loses_nor_doubles_an_event_of_the_stream),
    cmocka_unit_test_in_studio(a_recorder_killed_while_rings_overflow_keeps_the_counts_exact),
    cmocka_unit_test_in_studio(a_program_and_its_recorder_killed_together_are_recovered_by_the_next_viewer),
};

TT_TEST_MAIN(cases)
