/* Threads that begin and end while tracing: each has a ring, rings are used again, too many threads share one. */
#include "harness.h"
#include "recording.h"

#include <errno.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { EVENTS = 500 };

static void ignore_record(const struct arena_record *record, void *argument)
{
    (void)record;
    (void)argument;
}

static void run_thread(void *(*body)(void *), void *argument)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, body, argument), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void *emit_some(void *argument)
{
    uint32_t *out_tid = argument;
    if (out_tid)
        *out_tid = (uint32_t)gettid();
    prctl(PR_SET_NAME, "worker thread");
    for (unsigned i = 0; i < EVENTS; i++)
        TT_EMIT(task_started, .task_id = i + 1);
    return NULL;
}

static void *do_nothing(void *argument)
{
    return argument;
}

static void a_thread_has_a_ring_of_its_own_from_its_first_event_to_its_end(void **state)
{
    (void)state;
    struct recording recording;
    struct arena_record record;
    char name[2048];
    uint32_t tid;
    recording_begin(&recording, RECORDING_DROPS, 1 << 16, 0);
    run_thread(emit_some, &tid);
    assert_int_equal(atomic_load(&recording.arena.header->ring_count), 3);
    struct tt_ring *ring = arena_ring(&recording.arena, 2);
    assert_int_equal(ring->ordinal, 2);
    assert_int_equal(atomic_load(&ring->tid), tid);
    assert_int_equal(atomic_load(&ring->is_detached), 1);

    struct arena_count count = arena_count_ring(&recording.arena, 2);
    assert_int_equal(count.records, EVENTS + 2);
    uint64_t position = 0;
    assert_int_equal(arena_next(&recording.arena, 2, &position, true, &record), 1);
    assert_int_equal(record.event, TT_EVENT_thread_attached);
    assert_int_equal(arena_number(&recording.arena, &record, "tid"), tid);
    arena_text(&recording.arena, &record, "name", name);
    assert_string_equal(name, "worker thread");
    while (arena_next(&recording.arena, 2, &position, true, &record) == 1)
        continue;
    assert_int_equal(record.event, TT_EVENT_thread_detached);
    assert_int_equal(arena_number(&recording.arena, &record, "tid"), tid);
    recording_end(&recording);
}

static void a_thread_that_emits_nothing_has_no_ring(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, 1 << 16, 0);
    run_thread(do_nothing, NULL);
    assert_int_equal(atomic_load(&recording.arena.header->ring_count), 2);
    recording_end(&recording);
}

static void a_ring_is_used_again_when_it_has_been_read_to_its_end(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, 1 << 16, 0);
    struct tt_ring *ring = arena_ring(&recording.arena, 2);
    for (unsigned i = 0; i < 1000; i++) {
        run_thread(emit_some, NULL);
        assert_int_equal(ring->ordinal, i + 2); /* never one that was there before */
        assert_int_equal(atomic_load(&ring->is_detached), 1);
        assert_int_equal(atomic_load(&ring->is_drained), 0);
        arena_drain(&recording.arena, ignore_record, NULL);
        assert_int_equal(atomic_load(&ring->is_drained), 1);
    }
    assert_int_equal(atomic_load(&recording.arena.header->ring_count), 3);
    assert_int_equal(atomic_load(&ring->attempts), 1000 * (EVENTS + 2));
    assert_int_equal(atomic_load(&ring->drops), 0);
    recording_end(&recording);
}

static void a_ring_that_has_not_been_read_to_its_end_is_left_alone(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, 1 << 16, 0);
    run_thread(emit_some, NULL);
    run_thread(emit_some, NULL);
    assert_int_equal(atomic_load(&recording.arena.header->ring_count), 4);
    assert_int_equal(arena_count_ring(&recording.arena, 2).records, EVENTS + 2);
    assert_int_equal(arena_count_ring(&recording.arena, 3).records, EVENTS + 2);
    recording_end(&recording);
}

static void without_a_recorder_rings_of_ended_threads_are_kept(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_OVERWRITES, 1 << 16, 0);
    for (unsigned i = 0; i < 5; i++)
        run_thread(emit_some, NULL);
    assert_int_equal(atomic_load(&recording.arena.header->ring_count), 7);
    recording_end(&recording);
}

static pthread_barrier_t all_at_work;

static void *emit_with_others(void *argument)
{
    emit_some(NULL);
    pthread_barrier_wait(&all_at_work);
    pthread_barrier_wait(&all_at_work);
    return argument;
}

static void threads_that_find_no_ring_share_the_emergency_ring(void **state)
{
    (void)state;
    enum { RINGS_LARGE = 5, THREADS = 8 }; /* rings of the largest size: an arena has few of them */
    struct recording recording;
    struct arena_record record;
    pthread_t threads[THREADS];
    uint32_t tids[THREADS];
    recording_begin(&recording, RECORDING_DROPS, TT_RING_BYTES_MAX, 0);
    assert_int_equal(recording.arena.header->ring_count_max, RINGS_LARGE);
    assert_int_equal(pthread_barrier_init(&all_at_work, NULL, THREADS + 1), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, emit_with_others, NULL), 0);
    pthread_barrier_wait(&all_at_work);
    assert_int_equal(atomic_load(&recording.arena.header->ring_count), RINGS_LARGE);
    assert_int_equal(recording_count(&recording, "task_started"), THREADS * EVENTS);
    assert_int_equal(recording_count(&recording, "thread_attached"), RINGS_LARGE - 1);

    unsigned tid_count = 0;
    for (uint64_t position = 0; arena_next(&recording.arena, 0, &position, true, &record) == 1;) {
        unsigned i = 0;
        while (i < tid_count && tids[i] != record.tid)
            i++;
        if (i == tid_count)
            tids[tid_count++] = record.tid;
        assert_true(tid_count <= THREADS);
    }
    assert_int_equal(tid_count, THREADS - (RINGS_LARGE - 2)); /* the main thread has a ring too */
    pthread_barrier_wait(&all_at_work);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    recording_end(&recording);
}

static void *emit_often(void *argument)
{
    pthread_barrier_wait(&all_at_work);
    pthread_barrier_wait(&all_at_work);
    for (unsigned i = 0; i < 5000; i++)
        TT_EMIT(task_started, .task_id = i + 1);
    return argument;
}

static void a_thread_without_ring_gets_one_when_one_becomes_free(void **state)
{
    (void)state;
    struct recording recording;
    pthread_t holders[3], late;
    pthread_barrier_t *barrier = &all_at_work;
    recording_begin(&recording, RECORDING_DROPS, TT_RING_BYTES_MAX, 0);
    assert_int_equal(pthread_barrier_init(barrier, NULL, 4), 0);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&holders[i], NULL, emit_with_others, NULL), 0);
    pthread_barrier_wait(barrier);
    pthread_barrier_wait(barrier);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(pthread_join(holders[i], NULL), 0);
    pthread_barrier_destroy(barrier);

    /* All rings are taken by threads that ended; nobody has read them yet when the next one begins. */
    assert_int_equal(pthread_barrier_init(barrier, NULL, 2), 0);
    assert_int_equal(pthread_create(&late, NULL, emit_often, NULL), 0);
    pthread_barrier_wait(barrier);
    pthread_barrier_wait(barrier);
    assert_int_equal(pthread_join(late, NULL), 0);
    uint64_t shared = atomic_load(&arena_ring(&recording.arena, 0)->attempts);
    assert_int_equal(shared, 5000);
    arena_drain(&recording.arena, ignore_record, NULL);
    run_thread(emit_some, NULL);
    assert_int_equal(atomic_load(&arena_ring(&recording.arena, 0)->attempts), shared);
    recording_end(&recording);
}

/* Only the main thread has a ring then. */
static void begin_with_two_rings(struct recording *recording)
{
    struct rlimit before, little;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    little = before;
    little.rlim_cur = 1000000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    recording_begin(recording, RECORDING_OVERWRITES, 1 << 16, 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(recording->arena.header->ring_count_max, 2);
}

static uint64_t check_of(uint64_t id)
{
    return id * UINT64_C(0x9e3779b97f4a7c15);
}

static void *emit_checked(void *argument)
{
    static const char text[] =
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123";
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t id = (uint64_t)(uintptr_t)argument << 32 | i;
        tt_trace_note_at(id, NULL, text + i % 90, NULL);
        tt_emit_exception_raised(0, &(struct tt_event_exception_raised){
                                        .exception_id = id, .task_id = check_of(id), .message = text + i % 90});
    }
    return NULL;
}

static void check_emergency_ring(struct recording *recording)
{
    struct arena_record record;
    char text[2048];
    unsigned raised = 0;
    for (uint64_t at = arena_first_position(&recording->arena, 0), got = 1; got != 0;) {
        int result = arena_next(&recording->arena, 0, &at, true, &record);
        got = result != 0;
        if (result <= 0 || record.event != TT_EVENT_exception_raised)
            continue;
        uint64_t id = arena_number(&recording->arena, &record, "exception_id");
        assert_true(arena_number(&recording->arena, &record, "task_id") == check_of(id));
        arena_text(&recording->arena, &record, "message", text);
        assert_int_equal(strlen(text), 94 - (id & UINT32_MAX) % 90);
        raised++;
    }
    assert_in_range(raised, 50, 1024);
}

static void threads_that_share_the_emergency_ring_overwrite_whole_records_only(void **state)
{
    (void)state;
    enum { THREADS = 6 };
    struct recording recording;
    pthread_t threads[THREADS];
    begin_with_two_rings(&recording);
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, emit_checked, (void *)(i + 1)), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    struct tt_ring *ring = arena_ring(&recording.arena, 0);
    assert_int_equal(atomic_load(&ring->attempts), THREADS * 40000);
    assert_true(atomic_load(&ring->head) > 10 * ring->slot_count);
    check_emergency_ring(&recording);
    recording_end(&recording);
}

static void *emit_lap(void *argument)
{
    struct tt_ring *ring = argument;
    for (uint64_t i = 0; i < 2 * ring->slot_count; i++)
        TT_EMIT(task_started, .task_id = i + 1);
    return NULL;
}

static void nobody_overtakes_a_writer_that_is_a_lap_behind(void **state)
{
    (void)state;
    struct recording recording;
    begin_with_two_rings(&recording);
    struct tt_ring *ring = arena_ring(&recording.arena, 0);
    uint64_t slot_count = ring->slot_count, stopped = atomic_fetch_add(&ring->head, 1); /* as if it had just reserved */
    run_thread(emit_lap, ring);
    assert_int_equal(atomic_load(&ring->head), stopped + slot_count);
    assert_int_equal(atomic_load(&ring->drops), slot_count + 1);

    struct tt_slot *slot = (void *)((unsigned char *)ring + TT_RING_HEAD_BYTES + stopped % slot_count * TT_SLOT_BYTES);
    atomic_store(&slot->commit, tt_commit_word(stopped, 1)); /* it goes on */
    run_thread(emit_lap, ring);
    assert_int_equal(atomic_load(&ring->drops), slot_count + 1);
    assert_int_equal(atomic_load(&ring->head), stopped + 3 * slot_count);
    recording_end(&recording);
}

static pthread_key_t late_key;

static void emit_late(void *argument)
{
    TT_EMIT(task_abandoned, .task_id = (uint64_t)(uintptr_t)argument);
}

static void *leave_something_to_destroy(void *argument)
{
    TT_EMIT(task_started, .task_id = 1);
    assert_int_equal(pthread_setspecific(late_key, (void *)77), 0);
    return argument;
}

static void what_destructors_of_a_thread_emit_stands_in_its_ring(void **state)
{
    (void)state;
    struct recording recording;
    struct arena_record record;
    recording_begin(&recording, RECORDING_DROPS, 1 << 16, 0);
    assert_int_equal(pthread_key_create(&late_key, emit_late), 0); /* later than the tracer's own: it is run later */
    run_thread(leave_something_to_destroy, NULL);
    assert_true(recording_find(&recording, "task_abandoned", 0, &record));
    assert_int_equal(record.ring, 2);
    assert_int_equal(arena_number(&recording.arena, &record, "task_id"), 77);
    assert_true(recording_find(&recording, "thread_detached", 0, &record));
    pthread_key_delete(late_key);
    recording_end(&recording);
}

static void *end_unseen(void *argument)
{
    emit_some(NULL);
    syscall(SYS_exit, 0); /* no destructor runs */
    return argument;
}

static void rings_of_threads_that_ended_unseen_are_found_when_rings_run_out(void **state)
{
    (void)state;
    struct recording recording;
    if (recording_is_under_valgrind())
        TT_SKIP("valgrind does not let a thread end unseen");
    recording_begin(&recording, RECORDING_DROPS, TT_RING_BYTES_MAX, 0);
    for (unsigned i = 0; i < 3; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, end_unseen, NULL), 0);
        pthread_detach(thread);
        while (atomic_load(&arena_ring(&recording.arena, 2 + i)->head) < EVENTS + 1 ||
               syscall(SYS_tgkill, getpid(), atomic_load(&arena_ring(&recording.arena, 2 + i)->tid), 0) == 0)
            usleep(1000);
        assert_int_equal(atomic_load(&arena_ring(&recording.arena, 2 + i)->is_detached), 0);
    }
    run_thread(emit_some, NULL); /* finds no ring, and that three have no thread */
    for (unsigned i = 2; i < 5; i++)
        assert_int_equal(atomic_load(&arena_ring(&recording.arena, i)->is_detached), 1);
    arena_drain(&recording.arena, ignore_record, NULL);
    run_thread(emit_some, NULL);
    assert_int_equal(arena_ring(&recording.arena, 2)->ordinal, 5);
    recording_end(&recording);
}

static struct recording churned;
static _Atomic bool is_over;
static _Atomic uint64_t churn_emitted;

static void count_record(const struct arena_record *record, void *argument)
{
    uint64_t *seen = argument; /* of all events, and of those that churn() has its threads emit */
    seen[0]++;
    seen[1] += record->event == TT_EVENT_task_started;
}

static void *read_all_the_time(void *argument)
{
    while (!atomic_load(&is_over)) {
        arena_drain(&churned.arena, count_record, argument);
        usleep(300);
    }
    return NULL;
}

static void *churn(void *argument)
{
    for (unsigned round = 0; round < recording_rounds(200); round++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, emit_some, NULL) != 0)
            return argument;
        atomic_fetch_add(&churn_emitted, EVENTS);
        pthread_join(thread, NULL);
    }
    return NULL;
}

static void nothing_is_lost_uncounted_while_threads_come_and_go(void **state)
{
    (void)state;
    enum { CHURNERS = 4 };
    pthread_t reader, churners[CHURNERS];
    uint64_t seen[2] = {0, 0};
    void *failed;
    recording_begin(&churned, RECORDING_DROPS, 1 << 16, 0);
    assert_int_equal(pthread_create(&reader, NULL, read_all_the_time, seen), 0);
    for (unsigned i = 0; i < CHURNERS; i++)
        assert_int_equal(pthread_create(&churners[i], NULL, churn, (void *)&churned), 0);
    for (unsigned i = 0; i < CHURNERS; i++) {
        assert_int_equal(pthread_join(churners[i], &failed), 0);
        assert_null(failed);
    }
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(reader, NULL), 0);
    arena_drain(&churned.arena, count_record, seen);
    struct tt_trace_statistics statistics;
    tt_trace_get_statistics(&statistics);
    /* Where the reader is held up for long, all rings are taken and the emergency ring gets full: that is counted. */
    assert_int_equal(seen[0] + statistics.drop_count, statistics.attempt_count);
    assert_in_range(atomic_load(&churn_emitted) - seen[1], 0, statistics.drop_count);
    assert_in_range(atomic_load(&churned.arena.header->ring_count), 2, TT_RINGS_MAX);
    recording_end(&churned);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_thread_has_a_ring_of_its_own_from_its_first_event_to_its_end),
    cmocka_unit_test(a_thread_that_emits_nothing_has_no_ring),
    cmocka_unit_test(a_ring_is_used_again_when_it_has_been_read_to_its_end),
    cmocka_unit_test(a_ring_that_has_not_been_read_to_its_end_is_left_alone),
    cmocka_unit_test(without_a_recorder_rings_of_ended_threads_are_kept),
    cmocka_unit_test(threads_that_find_no_ring_share_the_emergency_ring),
    cmocka_unit_test(a_thread_without_ring_gets_one_when_one_becomes_free),
    cmocka_unit_test(threads_that_share_the_emergency_ring_overwrite_whole_records_only),
    cmocka_unit_test(nobody_overtakes_a_writer_that_is_a_lap_behind),
    cmocka_unit_test(what_destructors_of_a_thread_emit_stands_in_its_ring),
    cmocka_unit_test(rings_of_threads_that_ended_unseen_are_found_when_rings_run_out),
    cmocka_unit_test(nothing_is_lost_uncounted_while_threads_come_and_go),
};

TT_TEST_MAIN(cases)
