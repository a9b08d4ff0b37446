/* Forked children: what they emit goes into arenas of their own; nothing of theirs is ever in their parent's. */
#include "harness.h"
#include "recording.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "writer.h"

enum { EVENTS = 1000 };

static void emit(unsigned count, uint64_t first)
{
    for (unsigned i = 0; i < count; i++)
        TT_EMIT(task_started, .task_id = first + i);
}

static void wait_for(pid_t child, int status)
{
    int got;
    assert_int_equal(waitpid(child, &got, 0), child);
    if (WIFSIGNALED(got))
        fail_msg("the child was ended by signal %d", WTERMSIG(got));
    assert_int_equal(WEXITSTATUS(got), status);
}

/* No record of the parent's arena is a child's: the children's task ids begin at CHILD. */
#define CHILD UINT64_C(1000000)

static void check_parent(struct recording *recording, uint64_t own_events)
{
    uint64_t sum = 0;
    uint32_t rings = atomic_load(&recording->arena.header->ring_count);
    assert_int_equal(atomic_load(&recording->arena.header->state), TT_ARENA_ALIVE);
    for (uint32_t i = 0; i < rings; i++) {
        struct arena_record record;
        struct arena_count count = arena_count_ring(&recording->arena, i);
        assert_int_equal(count.holes, 0);
        assert_int_equal(count.records, count.attempts);
        sum += count.attempts;
        for (uint64_t position = 0; arena_next(&recording->arena, i, &position, true, &record) == 1;)
            if (record.event == TT_EVENT_task_started)
                assert_true(arena_number(&recording->arena, &record, "task_id") < CHILD);
    }
    assert_int_equal(sum, own_events);
}

static void check_child(struct recording *parent, pid_t pid, unsigned events)
{
    struct recording child = *parent;
    struct arena_record record;
    recording_open(&child, pid);
    assert_int_equal(recording_count(&child, "task_started"), events);
    assert_int_equal(recording_count(&child, "process_started"), 1);
    assert_true(recording_find(&child, "process_started", 0, &record));
    assert_int_equal(arena_number(&child.arena, &record, "pid"), pid);
    assert_int_equal(arena_number(&child.arena, &record, "parent_pid"), getpid());
    assert_int_equal(child.arena.header->pid, pid);
    assert_int_equal(child.arena.header->overwrite_oldest, parent->arena.header->overwrite_oldest);
    assert_int_equal(child.arena.header->ring_bytes, parent->arena.header->ring_bytes);
    assert_memory_not_equal(child.arena.header->process_uuid, parent->arena.header->process_uuid, 16);
    arena_close(&child.arena);
}

static void a_child_that_emits_gets_an_arena_of_its_own(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, 1 << 20, 0);
    emit(10, 1);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        emit(EVENTS, CHILD);
        _exit(tt_trace_start_from_environment() == TT_TRACE_RECORDING ? 5 : 6);
    }
    wait_for(child, 5);
    emit(10, 11);
    check_parent(&recording, 22);
    check_child(&recording, child, EVENTS);
    recording_end(&recording);
}

static void a_child_that_emits_nothing_gets_none_and_says_no_goodbye(void **state)
{
    (void)state;
    struct recording recording;
    char path[512];
    recording_begin(&recording, RECORDING_DROPS, 1 << 20, 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        exit(0); /* runs destructors */
    wait_for(child, 0);
    assert_false(arena_find(recording.dir, child, NULL, path, sizeof path));
    check_parent(&recording, 2);
    recording_end(&recording);
}

static void a_child_that_exits_says_goodbye_in_its_own_arena(void **state)
{
    (void)state;
    struct recording recording, forked;
    struct arena_record record;
    recording_begin(&recording, RECORDING_DROPS, 1 << 20, 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        emit(3, CHILD);
        exit(0);
    }
    wait_for(child, 0);
    check_parent(&recording, 2);
    forked = recording;
    recording_open(&forked, child);
    assert_int_equal(atomic_load(&forked.arena.header->state), TT_ARENA_GOODBYE);
    assert_true(recording_find(&forked, "process_ended", 0, &record));
    assert_int_equal(arena_number(&forked.arena, &record, "reason"), TT_END_REASON_EXIT);
    assert_int_equal(arena_number(&forked.arena, &record, "attempt_count"), 2 + 3 + 1);
    arena_close(&forked.arena);
    recording_end(&recording);
}

static void a_child_of_a_raw_clone_leaves_its_parents_arena_alone(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, 1 << 20, 0);
    tt_board_slot *slot = tt_board_claim(1, 0, 0, NULL, "parent's", 0);
    long child =
        syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, NULL); /* no handler of pthread_atfork runs */
    assert_true(child >= 0);
    if (child == 0) {
        const struct tt_board_entry entry = {.state = TT_TASK_STATE_DONE};
        tt_board_write(slot, &entry);
        emit(EVENTS, CHILD);
        tt_board_write(slot, &entry);
        tt_board_release(slot);
        _exit(7);
    }
    wait_for((pid_t)child, 7);
    check_parent(&recording, 2);
    assert_int_equal(atomic_load(&recording.arena.header->board_used), 1);
    const struct tt_board_slot *shown = (const void *)(recording.arena.base + recording.arena.header->board_offset);
    assert_int_equal(shown->state, TT_TASK_STATE_READY);
    assert_int_equal(shown->task_id, 1);
    check_child(&recording, (pid_t)child, EVENTS);
    tt_board_release(slot);
    recording_end(&recording);
}

static void grandchildren_have_arenas_too(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, 1 << 20, 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        emit(5, CHILD);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            emit(EVENTS, CHILD);
            _exit(tt_trace_categories != 0 ? 8 : 9);
        }
        int status = 0;
        struct recording own = recording;
        _exit(waitpid(grandchild, &status, 0) == grandchild && WEXITSTATUS(status) == 8 &&
                      arena_find(own.dir, grandchild, NULL, own.path, sizeof own.path)
                  ? 8
                  : 10);
    }
    wait_for(child, 8);
    check_parent(&recording, 2);
    check_child(&recording, child, 5);
    recording_end(&recording);
}

static _Atomic bool is_over;
static _Atomic uint64_t thread_events;

/* More slots than a thread keeps for itself, so that some go to the list that threads share, and come from it. */
static void use_the_board(uint64_t first)
{
    tt_board_slot *slots[16 * TT_BOARD_CHAIN_SLOTS];
    for (uint32_t i = 0; i < sizeof slots / sizeof *slots; i++)
        slots[i] = tt_board_claim(first + i, 0, 0, TT_HERE, "held", i);
    for (uint32_t i = 0; i < sizeof slots / sizeof *slots; i++)
        tt_board_release(slots[i]);
}

static void *emit_all_the_time(void *argument)
{
    while (!atomic_load(&is_over)) {
        emit(1, 1);
        atomic_fetch_add(&thread_events, 1);
        use_the_board(1);
    }
    return argument;
}

static void forking_while_other_threads_emit_mixes_nothing_up(void **state)
{
    (void)state;
    enum { THREADS = 3, CHILD_SECONDS_MAX = 60 /* it waits for nobody */ };
    struct recording recording;
    pthread_t threads[THREADS];
    time_t began = time(NULL);
    recording_begin(&recording, RECORDING_OVERWRITES, 1 << 16, 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, emit_all_the_time, NULL), 0);
    unsigned rounds = recording_rounds(recording_is_under_valgrind() ? 5 : 30); /* there threads take turns */
    for (unsigned i = 0; i < rounds; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) { /* and whatever the other threads were about to do is of no consequence here */
            alarm(CHILD_SECONDS_MAX);
            emit(EVENTS, CHILD);
            use_the_board(CHILD);
            tt_board_slot *slot = tt_board_claim(CHILD, 0, 0, TT_HERE, "own", 0);
            _exit(slot ? 7 : 8);
        }
        wait_for(child, 7);
        check_child(&recording, child, EVENTS);
    }
    atomic_store(&is_over, true);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    uint64_t attempts = 0;
    for (uint32_t i = 0; i < atomic_load(&recording.arena.header->ring_count); i++) {
        struct arena_record record;
        for (uint64_t at = arena_first_position(&recording.arena, i);
             arena_next(&recording.arena, i, &at, true, &record) != 0;)
            if (record.event == TT_EVENT_task_started)
                assert_int_equal(arena_number(&recording.arena, &record, "task_id"), 1);
        attempts += atomic_load(&arena_ring(&recording.arena, i)->attempts);
    }
    uint64_t own = atomic_load(&thread_events) + 2 * (THREADS + 1); /* attached, detached; started, attached */
    assert_in_range(attempts, own,
                    own + (uint64_t)(time(NULL) - began) + 1); /* the clock is sampled, once a second at most */
    recording_end(&recording);
}

static void a_child_that_can_have_no_arena_goes_on_without(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, 1 << 20, 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        assert_int_equal(chdir(recording.dir), 0);
        assert_int_equal(unlink(strrchr(recording.path, '/') + 1), 0);
        assert_int_equal(rmdir(recording.dir), 0);
        errno = 123;
        emit(EVENTS, CHILD);
        _exit(tt_trace_categories == 0 && errno == 123 ? 7 : 8);
    }
    wait_for(child, 7);
    check_parent(&recording, 2);
    tt_trace_stop();
    arena_close(&recording.arena);
}

static void no_child_emits_after_a_stop(void **state)
{
    (void)state;
    struct recording recording;
    char path[512];
    recording_begin(&recording, RECORDING_DROPS, 1 << 20, 0);
    tt_trace_stop();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        emit(EVENTS, CHILD);
        _exit(tt_trace_start_from_environment() == TT_TRACE_OFF ? 7 : 8);
    }
    wait_for(child, 7);
    assert_false(arena_find(recording.dir, child, NULL, path, sizeof path));
    recording_end(&recording);
}

static void a_child_that_stops_tracing_before_its_first_event_has_no_arena(void **state)
{
    (void)state;
    struct recording recording;
    char path[512];
    recording_begin(&recording, RECORDING_DROPS, 1 << 20, 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        tt_trace_stop();
        emit(EVENTS, CHILD);
        _exit(tt_trace_start_from_environment() == TT_TRACE_OFF ? 7 : 8);
    }
    wait_for(child, 7);
    assert_false(arena_find(recording.dir, child, NULL, path, sizeof path));
    check_parent(&recording, 2);
    recording_end(&recording);
}

/* Emits an event of each object, and a note attached to the first. */
static void tell_about(uint64_t inherited, uint64_t own)
{
    TT_EMIT(failure_released, .failure_id = inherited, .user_touch_count = 1);
    TT_EMIT(task_finished, .task_id = inherited, .outcome = TT_OUTCOME_RETURNED);
    TT_EMIT(task_created, .task_id = own, .parent_id = inherited, .parent_kind = TT_ACTOR_TASK);
    TT_EMIT(task_finished, .task_id = own, .outcome = TT_OUTCOME_RETURNED);
    tt_trace_note(inherited, "who", "the child");
}

static void what_a_child_inherited_emits_nothing_and_what_it_makes_does(void **state)
{
    (void)state;
    struct recording recording, forked;
    struct arena_record record;
    recording_begin(&recording, RECORDING_DROPS, 1 << 20, 0);
    uint64_t inherited = tt_trace_new_id();
    TT_EMIT(task_created, .task_id = inherited);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        uint64_t own = tt_trace_new_id();
        tell_about(inherited, own);
        if (tt_board_claim(inherited, 0, 0, NULL, "inherited", 0) || !tt_board_claim(own, 0, 0, NULL, "own", 0))
            _exit(8);
        pid_t grandchild = fork();
        int status = 0;
        if (grandchild == 0) {
            uint64_t last = tt_trace_new_id();
            tell_about(own, last);
            tell_about(inherited, tt_trace_new_id());
            _exit(9);
        }
        _exit(waitpid(grandchild, &status, 0) == grandchild && WEXITSTATUS(status) == 9 &&
                      arena_find(recording.dir, grandchild, NULL, recording.path, sizeof recording.path)
                  ? 7
                  : 8);
    }
    wait_for(child, 7);
    TT_EMIT(task_finished, .task_id = inherited, .outcome = TT_OUTCOME_FAILED); /* the parent goes on telling */
    assert_int_equal(recording_count(&recording, "task_finished"), 1);
    forked = recording;
    recording_open(&forked, child);
    assert_int_equal(recording_count(&forked, "failure_released"), 0);
    assert_int_equal(recording_count(&forked, "task_created"), 1);
    assert_int_equal(recording_count(&forked, "task_finished"), 1);
    assert_int_equal(recording_count(&forked, "note"), 1);
    assert_true(recording_find(&forked, "task_created", 0, &record));
    assert_int_equal(arena_number(&forked.arena, &record, "parent_id"), inherited);
    assert_true(arena_number(&forked.arena, &record, "task_id") > inherited);
    arena_close(&forked.arena);
    recording_end(&recording);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(what_a_child_inherited_emits_nothing_and_what_it_makes_does),
    cmocka_unit_test(a_child_that_emits_gets_an_arena_of_its_own),
    cmocka_unit_test(a_child_that_emits_nothing_gets_none_and_says_no_goodbye),
    cmocka_unit_test(a_child_that_exits_says_goodbye_in_its_own_arena),
    cmocka_unit_test(a_child_of_a_raw_clone_leaves_its_parents_arena_alone),
    cmocka_unit_test(grandchildren_have_arenas_too),
    cmocka_unit_test(forking_while_other_threads_emit_mixes_nothing_up),
    cmocka_unit_test(a_child_that_can_have_no_arena_goes_on_without),
    cmocka_unit_test(a_child_that_stops_tracing_before_its_first_event_has_no_arena),
    cmocka_unit_test(no_child_emits_after_a_stop),
};

TT_TEST_MAIN(cases)
