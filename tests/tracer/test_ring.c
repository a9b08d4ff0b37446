/* A thread's ring: how full it gets, what is dropped, what is counted, what a reader finds after it has gone round. */
#include "harness.h"
#include "recording.h"

#include <sys/wait.h>
#include <time.h>

#define RING_BYTES (64u * 1024)
#define SLOTS      (RING_BYTES / TT_SLOT_BYTES)

static void ignore_record(const struct arena_record *record, void *argument)
{
    (void)record;
    (void)argument;
}

static struct arena_count count_own(struct recording *recording)
{
    struct arena_count count = arena_count_ring(&recording->arena, 1);
    assert_int_equal(count.holes, 0);
    return count;
}

static void plain_events_stop_at_three_quarters_and_vital_ones_at_the_end(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, RING_BYTES, 0);
    struct tt_ring *ring = arena_ring(&recording.arena, 1);
    for (unsigned i = 0; i < SLOTS; i++)
        TT_EMIT(task_started, .task_id = i + 1);
    assert_int_equal(atomic_load(&ring->head), SLOTS / 4 * 3);
    assert_int_equal(atomic_load(&ring->vital_drops), 0);

    uint64_t used = atomic_load(&ring->head);
    for (unsigned i = 0; i < SLOTS; i++)
        TT_EMIT(cancel_swallowed, .task_id = i + 1);
    assert_int_equal(atomic_load(&ring->head), SLOTS);
    assert_int_equal(recording_count(&recording, "cancel_swallowed"), SLOTS - used);
    assert_int_equal(atomic_load(&ring->vital_drops), used);
    recording_end(&recording);
}

static void every_event_is_written_or_counted_as_dropped(void **state)
{
    (void)state;
    struct recording recording;
    struct tt_trace_statistics statistics;
    recording_begin(&recording, RECORDING_DROPS, RING_BYTES, 0);
    unsigned before = recording_count(&recording, NULL);
    for (unsigned i = 0; i < 5000; i++)
        TT_EMIT(task_started, .task_id = i + 1);
    for (unsigned i = 0; i < 3000; i++)
        TT_EMIT(failure_discarded, .failure_id = i + 1,
                .reason = "a reason that needs a second slot, because it does not fit");

    struct arena_count count = count_own(&recording);
    assert_int_equal(count.attempts, before + 8000);
    assert_int_equal(count.records + count.drops, count.attempts);
    assert_true(count.records > before && count.drops > 0);
    tt_trace_get_statistics(&statistics);
    assert_int_equal(statistics.attempt_count, count.attempts);
    assert_int_equal(statistics.drop_count, count.drops);
    assert_int_equal(statistics.thread_count, 1);
    recording_end(&recording);
}

static void a_gap_between_numbers_is_what_was_dropped_there(void **state)
{
    (void)state;
    struct recording recording;
    struct arena_record record;
    recording_begin(&recording, RECORDING_DROPS, RING_BYTES, 0);
    for (unsigned i = 0; i < 1000; i++)
        TT_EMIT(task_started, .task_id = i + 1);
    uint64_t drops = atomic_load(&arena_ring(&recording.arena, 1)->drops);
    assert_true(drops > 0);
    TT_EMIT(cancel_swallowed, .task_id = 1); /* it may still use the last quarter */
    struct arena_count count = count_own(&recording);
    assert_int_equal(count.missing, drops);
    assert_true(recording_find(&recording, "cancel_swallowed", 0, &record));
    assert_int_equal(record.attempt, count.attempts - 1);
    recording_end(&recording);
}

static void room_that_the_reader_makes_is_used_at_once(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, RING_BYTES, 0);
    struct tt_ring *ring = arena_ring(&recording.arena, 1);
    for (unsigned i = 0; i < SLOTS; i++)
        TT_EMIT(task_started, .task_id = i + 1);
    uint64_t drops = atomic_load(&ring->drops), head = atomic_load(&ring->head);
    atomic_store(&ring->tail, atomic_load(&ring->tail) + 1);
    TT_EMIT(task_started, .task_id = 1);
    assert_int_equal(atomic_load(&ring->head), head + 1);
    TT_EMIT(task_started, .task_id = 2);
    assert_int_equal(atomic_load(&ring->head), head + 1);
    assert_int_equal(atomic_load(&ring->drops), drops + 1);
    recording_end(&recording);
}

static void add_number(const struct arena_record *record, void *argument)
{
    uint64_t *sum = argument, number;
    if (record->event != TT_EVENT_note)
        return;
    memcpy(&number, record->payload, sizeof number);
    assert_true(number == *sum + 1);
    *sum = number;
}

static void a_ring_goes_round_many_times_without_loss_while_it_is_read(void **state)
{
    (void)state;
    struct recording recording;
    char text[1024];
    uint64_t last = 0;
    recording_begin(&recording, RECORDING_DROPS, RING_BYTES, 0);
    memset(text, 't', sizeof text);
    for (uint64_t i = 1; i <= 50000; i++) {
        text[i % 1000] = '\0'; /* records of all lengths, so that they lie across the end in all ways */
        tt_trace_note(i, NULL, text);
        text[i % 1000] = 't';
        if (i % 16 == 0)
            arena_drain(&recording.arena, add_number, &last);
    }
    arena_drain(&recording.arena, add_number, &last);
    assert_int_equal(last, 50000);
    assert_int_equal(atomic_load(&arena_ring(&recording.arena, 1)->drops), 0);
    assert_true(atomic_load(&arena_ring(&recording.arena, 1)->head) > 100 * SLOTS);
    recording_end(&recording);
}

static void without_a_recorder_the_newest_events_are_kept(void **state)
{
    (void)state;
    struct recording recording;
    struct arena_record record;
    recording_begin(&recording, RECORDING_OVERWRITES, RING_BYTES, 0);
    for (unsigned i = 1; i <= 10000; i++)
        TT_EMIT(task_started, .task_id = i);
    assert_int_equal(recording_count(&recording, "task_started"), SLOTS);
    assert_true(recording_find(&recording, "task_started", 0, &record));
    assert_int_equal(arena_number(&recording.arena, &record, "task_id"), 10000 - SLOTS + 1);
    assert_int_equal(atomic_load(&arena_ring(&recording.arena, 1)->drops), 0);
    recording_end(&recording);
}

static void without_a_recorder_long_records_leave_holes_but_no_garbage(void **state)
{
    (void)state;
    struct recording recording;
    struct arena_record record;
    char text[1024], found[2048];
    recording_begin(&recording, RECORDING_OVERWRITES, RING_BYTES, 0);
    for (uint64_t i = 1; i <= 3001; i++) {
        size_t length = i % 900;
        memset(text, (int)('a' + i % 26), length);
        text[length] = '\0';
        tt_trace_note(i, NULL, text);
    }
    unsigned count = recording_count(&recording, "note");
    assert_in_range(count, 1, 3000);
    for (unsigned i = 0; i < count; i++) {
        assert_true(recording_find(&recording, "note", i, &record));
        uint64_t number = arena_number(&recording.arena, &record, "task_id");
        arena_text(&recording.arena, &record, "text", found);
        assert_int_equal(number, 3001 - count + 1 + i);
        assert_int_equal(strlen(found), number % 900);
        for (const char *at = found; *at; at++)
            assert_int_equal(*at, 'a' + number % 26);
    }
    recording_end(&recording);
}

static void a_recorder_that_could_not_be_executed_leaves_the_newest_events(void **state)
{
    (void)state;
    struct recording recording;
    struct arena_record record;
    recording_begin(&recording, RECORDING_DROPS, RING_BYTES, 0);
    recording.arena.header->overwrite_oldest = 1; /* as the helper does when exec fails, see helper_start.c */
    for (unsigned i = 1; i <= 5000; i++)
        TT_EMIT(task_started, .task_id = i);
    assert_true(recording_find(&recording, "task_started", SLOTS - 1, &record));
    assert_int_equal(arena_number(&recording.arena, &record, "task_id"), 5000);
    recording_end(&recording);
}

static void a_ring_gets_its_memory_in_steps(void **state)
{
    (void)state;
    struct recording recording;
    const uint64_t slots = 8u * 1024 * 1024 / TT_SLOT_BYTES;
    recording_begin(&recording, RECORDING_OVERWRITES, 0, 0);
    struct tt_ring *ring = arena_ring(&recording.arena, 1);
    assert_int_equal(ring->slot_count, slots);
    assert_int_equal(atomic_load(&ring->populated), 1024 * 1024 / TT_SLOT_BYTES);
    for (uint64_t i = 1; i <= slots / 4; i++)
        TT_EMIT(task_started, .task_id = i);
    assert_in_range(atomic_load(&ring->populated), slots / 4, slots / 4 + 256 * 1024 / TT_SLOT_BYTES);
    for (uint64_t i = 1; i <= slots; i++)
        TT_EMIT(task_started, .task_id = i);
    assert_int_equal(atomic_load(&ring->populated), slots);
    recording_end(&recording);
}

static void the_second_clock_pair_is_renewed_as_events_come(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, RING_BYTES, 0);
    struct tt_clock_pair *first = &recording.arena.header->clock_first, *last = &recording.arena.header->clock_last;
    assert_int_equal(atomic_load(&first->sequence), 2);
    assert_int_equal(atomic_load(&last->sequence), 2);
    uint64_t before = atomic_load(&last->monotonic_ns);
    TT_EMIT(task_started, .task_id = 1);
    assert_int_equal(atomic_load(&last->sequence), 2);

    const struct timespec period = {2, 100 * 1000 * 1000}; /* longer than it takes at the slowest counter */
    nanosleep(&period, NULL);
    TT_EMIT(task_started, .task_id = 2);
    assert_int_equal(atomic_load(&last->sequence), 4);
    assert_true(atomic_load(&last->monotonic_ns) - before > UINT64_C(2000000000));
    assert_true(atomic_load(&last->ticks) > atomic_load(&first->ticks));
    assert_true(atomic_load(&last->realtime_ns) > atomic_load(&first->realtime_ns));
    assert_true(atomic_load(&last->boottime_ns) > atomic_load(&first->boottime_ns));
    TT_EMIT(task_started, .task_id = 3);
    assert_int_equal(atomic_load(&last->sequence), 4);
    recording_end(&recording);
}

static void goodbye_waits_a_moment_for_room(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, RING_BYTES, 0);
    for (unsigned i = 0; i < 2 * SLOTS; i++)
        TT_EMIT(cancel_swallowed, .task_id = i + 1);
    struct tt_trace_statistics statistics;
    tt_trace_get_statistics(&statistics);
    pid_t reader = fork();
    assert_true(reader >= 0);
    if (reader == 0) { /* a recorder that comes late */
        const struct timespec late = {0, 30 * 1000 * 1000};
        nanosleep(&late, NULL);
        arena_drain(&recording.arena, ignore_record, NULL);
        _exit(0);
    }
    tt_trace_stop();
    assert_int_equal(waitpid(reader, NULL, 0), reader);
    struct arena_record record;
    assert_int_equal(atomic_load(&recording.arena.header->state), TT_ARENA_GOODBYE);
    assert_true(recording_find(&recording, "process_ended", 0, &record));
    assert_int_equal(arena_number(&recording.arena, &record, "reason"), TT_END_REASON_STOPPED);
    assert_int_equal(arena_number(&recording.arena, &record, "attempt_count"), statistics.attempt_count + 1);
    recording_end(&recording);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(plain_events_stop_at_three_quarters_and_vital_ones_at_the_end),
    cmocka_unit_test(every_event_is_written_or_counted_as_dropped),
    cmocka_unit_test(a_gap_between_numbers_is_what_was_dropped_there),
    cmocka_unit_test(room_that_the_reader_makes_is_used_at_once),
    cmocka_unit_test(a_ring_goes_round_many_times_without_loss_while_it_is_read),
    cmocka_unit_test(without_a_recorder_the_newest_events_are_kept),
    cmocka_unit_test(without_a_recorder_long_records_leave_holes_but_no_garbage),
    cmocka_unit_test(a_recorder_that_could_not_be_executed_leaves_the_newest_events),
    cmocka_unit_test(a_ring_gets_its_memory_in_steps),
    cmocka_unit_test(the_second_clock_pair_is_renewed_as_events_come),
    cmocka_unit_test(goodbye_waits_a_moment_for_room),
};

TT_TEST_MAIN(cases)
