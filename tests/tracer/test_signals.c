/* Signal handlers that emit, also in the middle of another emit of their thread: nothing is lost, nothing is torn. */
#include "harness.h"
#include "recording.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#define CHECK UINT64_C(0x5a5a5a5a5a5a5a5a)

enum { SOURCE_MAIN = 1, SOURCE_HANDLER = 2, SOURCE_NESTED = 3, SOURCES = 4 };

static _Atomic uint64_t emitted[SOURCES];
static _Atomic int handler_depth;

struct tally {
    struct recording *recording;
    uint64_t records, gaps, seen[SOURCES], highest[SOURCES];
};

/* A record whose parts prove one another, and whose length differs from one to the next. */
static void emit(unsigned source, uint64_t number)
{
    static const char text[] =
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
    uint64_t id = (uint64_t)source << 56 | number;
    const char *tail = text + sizeof text - 1 - number % 100;
    tt_emit_exception_raised(
        0,
        &(struct tt_event_exception_raised){
            .exception_id = id, .task_id = ~id, .cause_id = id ^ CHECK, .site = TT_HERE, .type = "T", .message = tail});
    atomic_fetch_add_explicit(&emitted[source], 1, memory_order_relaxed);
}

static void tally_record(const struct arena_record *record, void *argument)
{
    struct tally *tally = argument;
    uint64_t ids[3];
    uint16_t length;
    tally->records++;
    tally->gaps += record->event == TT_EVENT_recorder_gap || record->event == TT_EVENT_clock_sampled;
    if (record->event != TT_EVENT_exception_raised)
        return;
    memcpy(ids, record->payload, sizeof ids);
    assert_true(ids[1] == ~ids[0] && ids[2] == (ids[0] ^ CHECK));
    uint64_t number = ids[0] & UINT64_C(0xffffffffffffff);
    unsigned source = (unsigned)(ids[0] >> 56);
    assert_in_range(source, SOURCE_MAIN, SOURCE_NESTED);
    memcpy(&length, record->payload + 40 + 3, 2); /* ids and place, the type and its length */
    assert_int_equal(length, number % 100);
    for (unsigned i = 0; i < length; i++) /* ends in z, whatever its length */
        assert_int_equal(record->payload[45 + length - 1 - i], 'z' - i % 26);
    if (source == SOURCE_MAIN) { /* in order within the thread's own ring */
        assert_true(number > tally->highest[source]);
        tally->highest[source] = number;
    }
    tally->seen[source]++;
}

static void on_signal(int number)
{
    (void)number;
    int error = errno;
    int depth = atomic_fetch_add(&handler_depth, 1);
    unsigned source = depth == 0 ? SOURCE_HANDLER : SOURCE_NESTED;
    emit(source, atomic_load(&emitted[source]) + 1);
    atomic_fetch_sub(&handler_depth, 1);
    errno = error;
}

static _Atomic bool is_over;
static struct recording recording;

static void *read_all_the_time(void *argument)
{
    const struct timespec pause = {0, 200 * 1000};
    while (!atomic_load(&is_over)) {
        arena_drain(&recording.arena, tally_record, argument);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static timer_t start_timer(int number, long interval_ns)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = number};
    const struct itimerspec times = {{0, interval_ns}, {0, interval_ns}};
    assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    assert_int_equal(timer_settime(timer, 0, &times, NULL), 0);
    return timer;
}

static void take_signals(int number)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    assert_int_equal(sigaction(number, &action, NULL), 0);
}

static double seconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* Whether the handlers have interrupted often enough to say something: on a slow machine that takes longer. */
#define HANDLED_MIN 100

/* Emits for SECONDS, and until the handlers have done their part, while two signals interrupt it 20,000 times a second
 * each, and one another. */
static void storm(double seconds, uint64_t ring_bytes, bool is_read)
{
    pthread_t reader;
    sigset_t both, before;
    struct tally tally = {.recording = &recording};
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGUSR2);
    recording_begin(&recording, RECORDING_DROPS, ring_bytes, 0);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &both, &before), 0);
    atomic_store(&is_over, false);
    if (is_read)
        assert_int_equal(pthread_create(&reader, NULL, read_all_the_time, &tally), 0);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    take_signals(SIGUSR1); /* each may interrupt the other's handler, so there are two at most */
    take_signals(SIGUSR2);
    timer_t first = start_timer(SIGUSR1, 50 * 1000), second = start_timer(SIGUSR2, 49 * 1000);

    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (uint64_t number = 1;
         number % 64 != 0 || seconds_since(&start) < seconds || atomic_load(&emitted[SOURCE_HANDLER]) <= HANDLED_MIN;
         number++)
        emit(SOURCE_MAIN, number);
    timer_delete(first);
    timer_delete(second);
    const struct timespec rest = {0, 5 * 1000 * 1000};
    nanosleep(&rest, NULL);

    atomic_store(&is_over, true);
    if (is_read)
        assert_int_equal(pthread_join(reader, NULL), 0);
    arena_drain(&recording.arena, tally_record, &tally);

    struct tt_trace_statistics statistics;
    tt_trace_get_statistics(&statistics);
    uint64_t emitted_count = 0, seen_count = 0;
    for (unsigned i = SOURCE_MAIN; i < SOURCES; i++) {
        emitted_count += atomic_load(&emitted[i]);
        seen_count += tally.seen[i];
        assert_true(tally.seen[i] <= atomic_load(&emitted[i]));
    }
    fprintf(stderr, "storm: %llu events, %llu of them in handlers, %llu in nested ones, %llu dropped\n",
            (unsigned long long)emitted_count, (unsigned long long)emitted[SOURCE_HANDLER],
            (unsigned long long)emitted[SOURCE_NESTED], (unsigned long long)statistics.drop_count);
    assert_true(atomic_load(&emitted[SOURCE_HANDLER]) > HANDLED_MIN);
    assert_true(atomic_load(&arena_ring(&recording.arena, 0)->attempts) > 0);
    assert_int_equal(tally.records + statistics.drop_count, statistics.attempt_count);
    assert_int_equal(seen_count + statistics.drop_count, emitted_count);
    /* process_started, thread_attached, and what the tracer says of gaps and clocks */
    assert_int_equal(statistics.attempt_count, emitted_count + 2 + tally.gaps);
    recording_end(&recording);
}

static void handlers_that_interrupt_emits_lose_nothing_while_a_reader_reads(void **state)
{
    (void)state;
    storm(recording_rounds(2), 1 << 20, true);
}

static void handlers_that_interrupt_emits_are_counted_when_nobody_reads(void **state)
{
    (void)state;
    storm(recording_rounds(1), 1 << 16, false);
}

static void a_handler_on_a_thread_that_never_emitted_is_recorded(void **state)
{
    (void)state;
    struct arena_record record;
    recording_begin(&recording, RECORDING_DROPS, 1 << 16, 0);
    atomic_store(&is_over, false);
    take_signals(SIGUSR1);
    pthread_t thread;
    atomic_store(&is_over, false);
    struct tally tally = {.recording = &recording};
    assert_int_equal(pthread_create(&thread, NULL, read_all_the_time, &tally), 0);
    uint64_t before = atomic_load(&emitted[SOURCE_HANDLER]);
    assert_int_equal(pthread_kill(thread, SIGUSR1), 0);
    while (atomic_load(&emitted[SOURCE_HANDLER]) == before)
        sched_yield();
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    arena_drain(&recording.arena, tally_record, &tally);
    assert_int_equal(tally.seen[SOURCE_HANDLER], 1);
    atomic_store(&arena_ring(&recording.arena, 2)->tail, 0); /* to look at what was read */
    assert_true(recording_find(&recording, "thread_detached", 0, &record));
    assert_int_equal(record.ring, 2);
    recording_end(&recording);
}

static void the_emergency_ring_says_which_thread_emitted(void **state)
{
    (void)state;
    struct arena_record record;
    struct tt_trace_statistics statistics;
    recording_begin(&recording, RECORDING_DROPS, 1 << 16, 0);
    take_signals(SIGUSR1);
    uint64_t before = atomic_load(&arena_ring(&recording.arena, 0)->attempts);
    timer_t timer = start_timer(SIGUSR1, 20 * 1000);
    for (uint64_t number = 1; atomic_load(&arena_ring(&recording.arena, 0)->attempts) == before; number++) {
        emit(SOURCE_MAIN, number);
        atomic_store(&arena_ring(&recording.arena, 1)->tail, atomic_load(&arena_ring(&recording.arena, 1)->head));
    }
    timer_delete(timer);
    uint64_t position = 0;
    assert_int_equal(arena_next(&recording.arena, 0, &position, true, &record), 1);
    assert_int_equal(record.tid, gettid());
    assert_int_equal(arena_ring(&recording.arena, 0)->ordinal, 0);
    tt_trace_get_statistics(&statistics);
    assert_int_equal(statistics.thread_count, 1);
    recording_end(&recording);
}

static _Atomic uint64_t last_id, last_handler_id;
static _Atomic unsigned id_calls, id_errors;

static void draw_id(int number)
{
    (void)number;
    uint64_t before = atomic_load(&last_id), id = tt_trace_new_id();
    if (id <= before || id <= atomic_load(&last_handler_id))
        atomic_fetch_add(&id_errors, 1);
    atomic_store(&last_handler_id, id);
    atomic_fetch_add(&id_calls, 1);
}

static void ids_grow_within_a_thread_also_when_handlers_draw_some(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = draw_id, .sa_flags = SA_RESTART};
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    timer_t timer = start_timer(SIGUSR1, 20 * 1000);
    unsigned before = atomic_load(&id_calls);
    while (atomic_load(&id_calls) - before < 10000 * recording_rounds(1)) {
        for (unsigned i = 0; i < 1000; i++) {
            uint64_t handler_id = atomic_load(&last_handler_id), id = tt_trace_new_id();
            assert_true(id > atomic_load(&last_id));
            assert_true(id > handler_id);                     /* drawn before this call began */
            assert_true(id != atomic_load(&last_handler_id)); /* drawn within it */
            atomic_store(&last_id, id);
        }
    }
    timer_delete(timer);
    assert_int_equal(atomic_load(&id_errors), 0);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(handlers_that_interrupt_emits_lose_nothing_while_a_reader_reads),
    cmocka_unit_test(handlers_that_interrupt_emits_are_counted_when_nobody_reads),
    cmocka_unit_test(a_handler_on_a_thread_that_never_emitted_is_recorded),
    cmocka_unit_test(the_emergency_ring_says_which_thread_emitted),
    cmocka_unit_test(ids_grow_within_a_thread_also_when_handlers_draw_some),
};

TT_TEST_MAIN(cases)
