/* Every instruction of the emit path and of the board, one at a time: whatever the instant of a kill, what is in the
 * arena is whole. A child runs under ptrace, step by step; after each step its parent looks at the arena as if the
 * child were dead. */
#include "harness.h"
#include "recording.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#if defined(__SANITIZE_THREAD__)
#define IS_THREAD_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define IS_THREAD_SANITIZED true
#endif
#endif
#ifndef IS_THREAD_SANITIZED
#define IS_THREAD_SANITIZED false
#endif

#define CHECK UINT64_C(0x5a5a5a5a5a5a5a5a)

struct shared {
    _Atomic uint64_t returned; /* emit or board calls that the child had returned from */
    _Atomic bool is_over;
};

static struct shared *shared;

static void emit_numbered(uint64_t number)
{
    static const char text[] =
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
    if (number % 2 == 0)
        tt_emit_cancel_swallowed(1, &(struct tt_event_cancel_swallowed){.task_id = number});
    else
        tt_emit_exception_raised(1, &(struct tt_event_exception_raised){.exception_id = number,
                                                                        .task_id = number ^ CHECK,
                                                                        .message = text + number * 7 % 100});
    atomic_store(&shared->returned, number);
}

/* A ring of 1,024 slots: the first events are made without steps, so that the last ones find it nearly full, then
 * full. */
static void emit_until_full(void)
{
    struct tt_trace_statistics statistics;
    uint64_t number = 0;
    do {
        tt_emit_cancel_swallowed(1, &(struct tt_event_cancel_swallowed){.task_id = 0});
        tt_trace_get_statistics(&statistics);
    } while (statistics.attempt_count < 1000);
    raise(SIGSTOP);
    for (number = 1; number <= 20; number++)
        emit_numbered(number);
}

static void emit_over_the_oldest(void)
{
    for (unsigned i = 0; i < 3000; i++)
        tt_emit_exception_raised(1, &(struct tt_event_exception_raised){.message = "", .task_id = CHECK});
    raise(SIGSTOP);
    for (uint64_t number = 1; number <= 20; number++)
        emit_numbered(number);
}

static void write_board(void)
{
    tt_board_slot *slot = NULL;
    raise(SIGSTOP);
    for (uint64_t number = 1; number <= 12; number++) {
        const struct tt_board_entry entry = {.state = TT_TASK_STATE_WAITING,
                                             .wait_object = number,
                                             .since = number,
                                             .busy = number,
                                             .ready = number,
                                             .step_count = (uint32_t)number};
        if (number % 4 == 1)
            slot = tt_board_claim(number, number, number, NULL, "name", (uint32_t)number);
        else if (number % 4 != 0)
            tt_board_write(slot, &entry);
        else
            tt_board_release(slot);
        atomic_store(&shared->returned, number);
    }
}

static void check_records(struct recording *recording)
{
    struct tt_ring *ring = arena_ring(&recording->arena, 1);
    struct arena_record record;
    uint64_t position = arena_first_position(&recording->arena, 1), records = 0;
    bool overwrites = recording->arena.header->overwrite_oldest != 0;
    uint64_t first = position, highest = 0;
    for (int got; (got = arena_next(&recording->arena, 1, &position, true, &record)) != 0;) {
        if (got < 0) {
            assert_true((overwrites && position <= first + 3) || position + 3 > atomic_load(&ring->head));
            continue;
        }
        records++;
        if (record.event == TT_EVENT_exception_raised) {
            uint64_t ids[2];
            uint16_t length;
            memcpy(ids, record.payload, sizeof ids);
            memcpy(&length, record.payload + 42, 2);
            assert_true(ids[1] == (ids[0] ^ CHECK));
            assert_int_equal(length, ids[0] == 0 ? 0 : 104 - ids[0] * 7 % 100);
            for (unsigned i = 0; i < length; i++)
                assert_int_equal(record.payload[44 + length - 1 - i], 'z' - i % 26);
            highest = ids[0] > highest ? ids[0] : highest;
        } else if (record.event == TT_EVENT_cancel_swallowed) {
            uint64_t id;
            memcpy(&id, record.payload, sizeof id);
            highest = id > highest ? id : highest;
        }
    }
    uint64_t drops = atomic_load(&ring->drops), returned = atomic_load(&shared->returned);
    if (!overwrites) {
        assert_in_range(atomic_load(&ring->attempts) - records - drops, 0, 1);
        assert_true(atomic_load(&ring->vital_drops) <= drops && drops <= atomic_load(&ring->vital_drops) + 1);
    } else {
        assert_in_range(highest, returned, returned + 1);
    }
}

static void check_slot(struct recording *recording)
{
    const struct tt_board_slot *slot = (const void *)(recording->arena.base + recording->arena.header->board_offset);
    uint64_t task_id = slot->task_id;
    if (slot->sequence % 2 != 0 || task_id == 0)
        return; /* readers leave it alone */
    assert_true(slot->parent_id == task_id && slot->loop_id == task_id && slot->name_number == task_id);
    assert_string_equal(slot->name, "name");
    if (slot->state == TT_TASK_STATE_READY) {
        assert_true(slot->wait_object == 0 && slot->busy == 0 && slot->ready == 0 && slot->step_count == 0);
        return;
    }
    assert_int_equal(slot->state, TT_TASK_STATE_WAITING);
    assert_true(slot->wait_object > task_id && slot->wait_object == slot->since && slot->since == slot->busy);
    assert_true(slot->busy == slot->ready && slot->ready == slot->step_count);
}

/* Runs BODY in a child step by step from where it stops itself, with CHECK after each. */
static void step_through(void (*body)(void), enum recording_mode mode, void (*check)(struct recording *recording))
{
    struct recording recording;
    int status;
    unsigned steps = 0;
    if (recording_is_under_valgrind() || IS_THREAD_SANITIZED)
        TT_SKIP("most steps would be the tool's, not the program's");
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(shared, MAP_FAILED);
    recording_make_dir(&recording);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct tt_trace_options options = {.ring_dir = NULL, .ring_bytes = 1 << 16, .program = "/nonexistent"};
        setenv("TELLTALE_RING_DIR", recording.dir, 1);
        setenv("TELLTALE_SUPERVISED", mode == RECORDING_DROPS ? "1" : "0", 1);
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
            _exit(TT_TEST_SKIPPED);
        if (tt_trace_start(&options) <= TT_TRACE_OFF)
            _exit(2);
        body();
        atomic_store(&shared->is_over, true);
        for (;;)
            pause();
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == TT_TEST_SKIPPED)
        TT_SKIP("no process may be traced here");
    assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    recording_open(&recording, child);
    while (!atomic_load(&shared->is_over)) {
        assert_int_equal(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
        check(&recording);
        steps++;
    }
    fprintf(stderr, "%u instants\n", steps);
    assert_true(steps > 1000);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    recording_remove(&recording);
    munmap(shared, sizeof *shared);
}

static void at_every_instant_a_ring_that_gets_full_is_whole(void **state)
{
    (void)state;
    step_through(emit_until_full, RECORDING_DROPS, check_records);
}

static void at_every_instant_a_ring_that_is_overwritten_is_whole(void **state)
{
    (void)state;
    step_through(emit_over_the_oldest, RECORDING_OVERWRITES, check_records);
}

static void at_every_instant_a_slot_of_the_board_is_whole_or_being_changed(void **state)
{
    (void)state;
    step_through(write_board, RECORDING_DROPS, check_slot);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(at_every_instant_a_ring_that_gets_full_is_whole),
    cmocka_unit_test(at_every_instant_a_ring_that_is_overwritten_is_whole),
    cmocka_unit_test(at_every_instant_a_slot_of_the_board_is_whole_or_being_changed),
};

TT_TEST_MAIN(cases)
