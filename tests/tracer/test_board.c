/* The board: a slot shows what its task is doing, from claim to release. */
#include "harness.h"
#include "recording.h"

#include <pthread.h>
#include <sched.h>

static const struct tt_board_slot *slot_of(struct recording *recording, uint64_t task_id)
{
    const struct tt_board_slot *slots = (const void *)(recording->arena.base + recording->arena.header->board_offset);
    uint32_t used = atomic_load(&recording->arena.header->board_used);
    for (uint32_t i = 0; i < used; i++)
        if (atomic_load((_Atomic uint64_t *)&slots[i].task_id) == task_id)
            return &slots[i];
    return NULL;
}

static void a_claimed_slot_shows_a_task_that_is_ready(void **state)
{
    (void)state;
    struct recording recording;
    struct arena_place place;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    uint64_t before = tt_trace_clock();
    tt_board_slot *mine = tt_board_claim(11, 12, 13, TT_SITE_HERE("worker"), "fetch", 0);
    uint64_t after = tt_trace_clock();
    assert_non_null(mine);
    const struct tt_board_slot *slot = slot_of(&recording, 11);
    assert_non_null(slot);
    assert_int_equal(atomic_load((_Atomic uint32_t *)&slot->sequence) % 2, 0);
    assert_int_equal(slot->state, TT_TASK_STATE_READY);
    assert_int_equal(slot->wait_kind, TT_WAIT_KIND_NONE);
    assert_int_equal(slot->parent_id, 12);
    assert_int_equal(slot->loop_id, 13);
    assert_int_equal(slot->wait_site, 0);
    assert_true(before <= slot->since && slot->since <= after);
    assert_string_equal(slot->name, "fetch");
    assert_true(arena_place(&recording.arena, slot->created_site, &place));
    assert_string_equal(place.text, "worker");
    tt_board_release(mine);
    assert_null(slot_of(&recording, 11));
    recording_end(&recording);
}

static void a_written_slot_shows_what_the_task_waits_for(void **state)
{
    (void)state;
    struct recording recording;
    struct arena_place place;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    tt_board_slot *mine = tt_board_claim(1, 0, 0, NULL, NULL, 5);
    const struct tt_board_entry entry = {.state = TT_TASK_STATE_WAITING,
                                         .wait_kind = TT_WAIT_KIND_RECV,
                                         .step_count = 3,
                                         .wait_object = 7,
                                         .wait_site = TT_HERE,
                                         .since = 100,
                                         .busy = 200,
                                         .ready = 300};
    tt_board_write(mine, &entry);
    const struct tt_board_slot *slot = slot_of(&recording, 1);
    assert_int_equal(slot->state, TT_TASK_STATE_WAITING);
    assert_int_equal(slot->wait_kind, TT_WAIT_KIND_RECV);
    assert_int_equal(slot->wait_object, 7);
    assert_int_equal(slot->since, 100);
    assert_int_equal(slot->busy, 200);
    assert_int_equal(slot->ready, 300);
    assert_int_equal(slot->step_count, 3);
    assert_int_equal(slot->name_number, 5);
    assert_string_equal(slot->name, "");
    assert_true(arena_place(&recording.arena, slot->wait_site, &place));
    assert_string_equal(place.func, __func__);
    tt_board_release(mine);
    recording_end(&recording);
}

static void a_long_name_is_cut_in_front_of_a_character_that_does_not_fit(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    tt_board_claim(1, 0, 0, NULL, "123456789012345678901234567890123456789more", 0);
    tt_board_claim(2, 0, 0, NULL, "12345678901234567890123456789012345678\xc3\xa4", 0);
    assert_string_equal(slot_of(&recording, 1)->name, "123456789012345678901234567890123456789");
    assert_string_equal(slot_of(&recording, 2)->name, "12345678901234567890123456789012345678");
    recording_end(&recording);
}

static void released_slots_are_used_again(void **state)
{
    (void)state;
    enum { LIVE = 1000 };
    tt_board_slot *slots[LIVE];
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < LIVE; i++) {
            slots[i] = tt_board_claim(i + 1, 0, 0, NULL, NULL, i);
            assert_non_null(slots[i]);
        }
        for (unsigned i = 0; i < LIVE; i++)
            tt_board_release(slots[round % 2 ? i : LIVE - 1 - i]);
    }
    assert_int_equal(atomic_load(&recording.arena.header->board_used), LIVE);
    assert_int_equal(atomic_load(&recording.arena.header->board_drop_count), 0);
    recording_end(&recording);
}

static void a_full_board_is_counted(void **state)
{
    (void)state;
    struct recording recording;
    struct tt_trace_statistics statistics;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    tt_board_slot *last = NULL;
    for (unsigned i = 0; i < TT_BOARD_SLOTS; i++)
        assert_non_null(last = tt_board_claim(i + 1, 0, 0, NULL, NULL, i));
    assert_null(tt_board_claim(1, 0, 0, NULL, NULL, 0));
    assert_null(tt_board_claim(2, 0, 0, NULL, NULL, 0));
    tt_trace_get_statistics(&statistics);
    assert_int_equal(statistics.board_drop_count, 2);
    tt_board_release(last);
    assert_non_null(tt_board_claim(3, 0, 0, NULL, NULL, 0));
    recording_end(&recording);
}

static void nothing_happens_where_nothing_records(void **state)
{
    (void)state;
    const struct tt_board_entry entry = {.state = TT_TASK_STATE_DONE};
    assert_null(tt_board_claim(1, 0, 0, TT_HERE, "name", 0));
    tt_board_write(NULL, &entry);
    tt_board_release(NULL);
}

static void a_slot_of_a_recording_that_was_stopped_may_still_be_written_and_released(void **state)
{
    (void)state;
    struct recording first, second;
    const struct tt_board_entry entry = {.state = TT_TASK_STATE_WAITING, .wait_object = 99};
    recording_begin(&first, RECORDING_DROPS, 0, 0);
    tt_board_slot *old = tt_board_claim(1, 0, 0, NULL, NULL, 0);
    tt_trace_stop();
    tt_board_write(old, &entry);
    recording_begin(&second, RECORDING_DROPS, 0, 0);
    tt_board_slot *young = tt_board_claim(2, 0, 0, NULL, NULL, 0);
    assert_ptr_not_equal(old, young);
    tt_board_write(old, &entry);
    tt_board_release(old);
    assert_int_equal(slot_of(&first, 1)->state, TT_TASK_STATE_READY);
    assert_int_equal(slot_of(&second, 2)->state, TT_TASK_STATE_READY);
    assert_ptr_not_equal(tt_board_claim(3, 0, 0, NULL, NULL, 0), old);
    recording_remove(&first);
    recording_end(&second);
}

enum { HANDED = 20000 };
static tt_board_slot *_Atomic handed[HANDED];

static void *release_what_is_handed_over(void *argument)
{
    for (unsigned i = 0; i < HANDED; i++) {
        tt_board_slot *slot;
        while ((slot = atomic_load_explicit(&handed[i], memory_order_acquire)) == NULL)
            sched_yield();
        tt_board_release(slot);
    }
    return argument;
}

static void slots_claimed_on_one_thread_and_released_on_another_come_back(void **state)
{
    (void)state;
    struct recording recording;
    pthread_t thread;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < HANDED; i++)
            atomic_store(&handed[i], NULL);
        assert_int_equal(pthread_create(&thread, NULL, release_what_is_handed_over, NULL), 0);
        for (unsigned i = 0; i < HANDED; i++) {
            tt_board_slot *slot = tt_board_claim(i + 1, 0, 0, NULL, NULL, i);
            assert_non_null(slot);
            atomic_store_explicit(&handed[i], slot, memory_order_release);
        }
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_in_range(atomic_load(&recording.arena.header->board_used), 1, HANDED);
    }
    recording_end(&recording);
}

static _Atomic bool is_over;

/* A fence for acquiring; the thread sanitizer knows none, and sees nothing of a second mapping anyway. */
static void order_reads(void)
{
    __sync_synchronize();
}

static void *change_slot(void *argument)
{
    struct tt_board_entry entry = {.state = TT_TASK_STATE_WAITING};
    while (!atomic_load(&is_over)) {
        entry.wait_object++;
        entry.since = entry.busy = entry.ready = entry.wait_object;
        tt_board_write(argument, &entry);
    }
    return NULL;
}

static void a_reader_sees_all_of_a_change_or_nothing(void **state)
{
    (void)state;
    struct recording recording;
    pthread_t thread;
    unsigned seen = 0;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    tt_board_slot *mine = tt_board_claim(1, 0, 0, NULL, NULL, 0);
    const struct tt_board_entry zero = {.state = TT_TASK_STATE_READY};
    tt_board_write(mine, &zero);
    const volatile struct tt_board_slot *slot = slot_of(&recording, 1); /* another mapping, as a recorder has it */
    assert_int_equal(pthread_create(&thread, NULL, change_slot, mine), 0);
    for (unsigned i = 0; i < 10000000 && seen < 200000; i++) {
        uint32_t before = slot->sequence;
        order_reads();
        uint64_t object = slot->wait_object, since = slot->since, busy = slot->busy, ready = slot->ready;
        order_reads();
        if (before % 2 != 0 || slot->sequence != before)
            continue;
        assert_true(object == since && since == busy && busy == ready);
        seen++;
    }
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(seen > 0);
    tt_board_release(mine);
    recording_end(&recording);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_claimed_slot_shows_a_task_that_is_ready),
    cmocka_unit_test(a_written_slot_shows_what_the_task_waits_for),
    cmocka_unit_test(a_long_name_is_cut_in_front_of_a_character_that_does_not_fit),
    cmocka_unit_test(released_slots_are_used_again),
    cmocka_unit_test(a_full_board_is_counted),
    cmocka_unit_test(nothing_happens_where_nothing_records),
    cmocka_unit_test(a_slot_of_a_recording_that_was_stopped_may_still_be_written_and_released),
    cmocka_unit_test(slots_claimed_on_one_thread_and_released_on_another_come_back),
    cmocka_unit_test(a_reader_sees_all_of_a_change_or_nothing),
};

TT_TEST_MAIN(cases)
