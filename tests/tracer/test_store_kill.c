/* SIGKILL of recorded programs and of the recorder, at random instants: nothing that was emitted is missing without having been counted,
 * and nothing is there twice. See truth.h. */
#include "harness.h"
#include "studio_case.h"
#include "truth.h"

#include <signal.h>
#include <sys/wait.h>

#define FULL_RATE 100000 /* events a second */
/* Notes of the full rate fill three quarters of it, all that is for them. */
#define RING_BYTES_OF_A_SECOND (UINT64_C(8) << 20)
#define STARVED_PART           4  /* of a second: a recorder that waited longer for a processor proves nothing */
#define TRIES_MAX              20 /* of which one must be without that */
/* Nothing is dropped, however slow a recorder and its beginning are. */
#define PATIENT_POLICY "block:60000"

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

/* Where recorders are some times slower, and no rate is promised. */
static bool is_sanitized(void)
{
    const char *sanitizer = getenv("TELLTALE_TEST_SANITIZE");
    return sanitizer && sanitizer[0];
}

/* How long a process was ready to run, and other processes ran; 0 where the kernel does not tell. */
static int64_t starved_ns(pid_t pid)
{
    char path[64];
    long long busy_ns, starved_ns = 0;
    snprintf(path, sizeof path, "/proc/%d/schedstat", pid);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%lld %lld", &busy_ns, &starved_ns) != 2)
        starved_ns = 0;
    if (file)
        fclose(file);
    return starved_ns;
}

/* Begins a recording of a program of OPTIONS, which has emitted something. POLICY of its rings: NULL for the usual one. */
static pid_t start_program(const struct truth_options *options, uint64_t ring_bytes, const char *policy)
{
    truth_begin(options);
    studio_case_begin_anew();
    studio_start_recorder(&studio, NULL);
    if (policy)
        assert_int_equal(setenv("TELLTALE_RING_POLICY", policy, 1), 0);
    pid_t program = studio_start_program(&studio, truth_emit, NULL, ring_bytes);
    assert_int_equal(unsetenv("TELLTALE_RING_POLICY"), 0);
    truth_await_start();
    return program;
}

/* Kills it, and compares the store with what it had emitted. */
static void kill_program(pid_t program)
{
    assert_int_equal(kill(program, SIGKILL), 0);
    assert_true(WIFSIGNALED(studio_wait(program)));
    studio_finish(&studio);
    truth_expect(&studio, true, true);
    studio_expect(&studio, "SELECT end_reason, end_text FROM processes",
                  "killed_without_goodbye|ended without goodbye");
}

static void a_program_killed_while_it_emits_as_fast_as_it_can_loses_nothing_uncounted(void **state)
{
    (void)state;
    uint64_t seed = studio_seed();
    for (unsigned i = studio_rounds(20); i > 0; i--) {
        uint64_t random = studio_next_seed(&seed);
        uint64_t ring_bytes = UINT64_C(65536) << studio_random(&random) % 7;
        struct truth_options options = choose_program(0, &random);
        pid_t program = start_program(&options, ring_bytes, NULL);
        studio_sleep_us((int64_t)(studio_random(&random) % 60000));
        kill_program(program);
    }
}

/* Rings that have room, all together, for a second of it; and the program emits more than that. A ring that is full means a drop; where a
 * sanitizer makes the recorder slow it means that the program waits, and nothing at all is dropped. */
static bool is_killed_without_a_drop(uint64_t seed)
{
    struct truth_options options = choose_program(FULL_RATE, &seed);
    pid_t program =
        start_program(&options, RING_BYTES_OF_A_SECOND / options.threads, is_sanitized() ? PATIENT_POLICY : NULL);
    truth_await(FULL_RATE + FULL_RATE / 5 + studio_random(&seed) % (FULL_RATE * 4 / 5));
    int64_t waited_ns = starved_ns(studio.recorder);
    kill_program(program);
    int64_t drops = studio_number(&studio, "SELECT sum(drop_count) FROM process");
    if (drops > 0 && (is_sanitized() || waited_ns < 1000000000 / STARVED_PART))
        fail_msg("%lld events were dropped, and the recorder waited for a processor for %lld ms only", (long long)drops,
                 (long long)waited_ns / 1000000);
    return drops == 0;
}

static void a_program_killed_at_100000_events_a_second_has_dropped_none(void **state)
{
    (void)state;
    if (studio_is_under_valgrind())
        TT_SKIP("under valgrind a recorder is too slow for 100,000 events a second");
    uint64_t seed = studio_seed();
    for (unsigned i = studio_rounds(2); i > 0; i--)
        for (unsigned tries = 0; !is_killed_without_a_drop(studio_next_seed(&seed));)
            if (++tries == TRIES_MAX)
                TT_SKIP("the machine has too much to do for a recorder at 100,000 events a second");
}

/* ----------------------------------------------------------------------------------------------------- the recorder */

enum { RECORDER_KILLS = 8 };

/* Kills the recorder again and again while a program emits, which ends by itself at last. At a given rate nothing is dropped, however
 * slow the machine makes the recorder and its beginning: who finds the ring full waits for the next one. */
static void kill_recorders(uint64_t seed, const struct truth_options *options, uint64_t ring_bytes,
                           uint64_t delay_us_max)
{
    uint64_t random = seed;
    pid_t program = start_program(options, ring_bytes, options->rate != 0 ? PATIENT_POLICY : NULL);
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
    const struct truth_options options = {.threads = 4, .rate = FULL_RATE};
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
        pid_t program = start_program(&options, UINT64_C(1) << 20, NULL);
        /* Every other recorder has written something. */
        if (i % 2 != 0)
            studio_expect_within(&studio, 20000, "SELECT count(*) > 0 FROM note", "1");
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
