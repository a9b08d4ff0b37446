/* The wall clock is set, the machine sleeps: recordings tell what each clock showed. The clocks of this program are moved by a
 * clock_gettime of its own, which programs that it forks have too. */
#include "harness.h"
#include "recording.h"
#include "studio_case.h"

#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)

static _Atomic int64_t set_by_ns, slept_ns; /* of this process's clocks, from the system's */

int clock_gettime(clockid_t clock, struct timespec *out)
{
    long result = syscall(SYS_clock_gettime, clock, out);
    int64_t by = clock == CLOCK_REALTIME   ? atomic_load(&set_by_ns) + atomic_load(&slept_ns)
                 : clock == CLOCK_BOOTTIME ? atomic_load(&slept_ns)
                                           : 0;
    int64_t ns = (int64_t)out->tv_sec * SECOND_NS + out->tv_nsec + by;
    out->tv_sec = ns / SECOND_NS;
    out->tv_nsec = ns % SECOND_NS;
    return (int)result;
}

static void show_true_clocks(void)
{
    atomic_store(&set_by_ns, 0);
    atomic_store(&slept_ns, 0);
}

static void emit_until(struct recording *recording, unsigned count)
{
    while (recording_count(recording, "clock_sampled") < count) {
        tt_trace_note(0, "still here", "");
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000000}, NULL);
    }
}

static void expect_sample(struct recording *recording, unsigned number, enum tt_sample_reason why, int64_t set,
                          int64_t slept)
{
    struct arena_record record;
    assert_true(recording_find(recording, "clock_sampled", number, &record));
    const struct tt_clock_pair *first = &recording->arena.header->clock_first;
    int64_t since = (int64_t)(arena_number(&recording->arena, &record, "monotonic_ns") - first->monotonic_ns);
    int64_t real = (int64_t)(arena_number(&recording->arena, &record, "realtime_ns") - first->realtime_ns);
    int64_t boot = (int64_t)(arena_number(&recording->arena, &record, "boottime_ns") - first->boottime_ns);
    assert_int_equal(arena_number(&recording->arena, &record, "why"), why);
    assert_in_range(real - since - set - slept + SECOND_NS / 10, 0, SECOND_NS / 5); /* NTP may lead it meanwhile */
    assert_in_range(boot - since - slept + SECOND_NS / 10, 0, SECOND_NS / 5);
}

static void a_wall_clock_that_is_set_is_told_within_seconds(void **state)
{
    (void)state;
    show_true_clocks();
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    tt_trace_note(0, "nothing", "has moved");
    assert_int_equal(recording_count(&recording, "clock_sampled"), 0);
    atomic_store(&set_by_ns, -3600 * SECOND_NS);
    emit_until(&recording, 1);
    expect_sample(&recording, 0, TT_SAMPLE_REASON_SET, -3600 * SECOND_NS, 0);
    atomic_store(&slept_ns, 60 * SECOND_NS);
    emit_until(&recording, 2);
    expect_sample(&recording, 1, TT_SAMPLE_REASON_SLEPT, -3600 * SECOND_NS, 60 * SECOND_NS);
    recording_end(&recording);
}

static void a_process_that_ends_at_once_tells_that_the_clock_was_set(void **state)
{
    (void)state;
    show_true_clocks();
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    atomic_store(&set_by_ns, 5 * SECOND_NS);
    tt_trace_stop();
    expect_sample(&recording, 0, TT_SAMPLE_REASON_SET, 5 * SECOND_NS, 0);
    recording_end(&recording);
}

static void run_and_set_the_clock(void *argument)
{
    (void)argument;
    tt_trace_note(0, "before", "");
    studio_sleep_us(200000);
    atomic_store(&set_by_ns, 7200 * SECOND_NS);
}

static void the_wall_clock_at_the_end_of_a_process_is_the_one_that_was_set(void **state)
{
    (void)state;
    show_true_clocks();
    studio_record(&studio, NULL, run_and_set_the_clock);
    studio_expect(&studio,
                  "SELECT why, set_by_ns / 1000000000 IN (7199, 7200), slept_ns / 1000000 FROM clocks ORDER BY from_ns",
                  "started|NULL|NULL\nset|1|0");
    studio_expect(
        &studio,
        "SELECT (ended_realtime_ns - started_realtime_ns - (ended_ns - started_ns)) / 1000000000 IN (7199, 7200)"
        " FROM processes",
        "1");
    /* Times of the recording do not care. */
    studio_expect(&studio, "SELECT max(seen_ns) < 600 * 1000000000 FROM process", "1");
    studio_expect_sound(&studio);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_wall_clock_that_is_set_is_told_within_seconds),
    cmocka_unit_test(a_process_that_ends_at_once_tells_that_the_clock_was_set),
    cmocka_unit_test_in_studio(the_wall_clock_at_the_end_of_a_process_is_the_one_that_was_set),
};

TT_TEST_MAIN(cases)
