/* The emit path makes no system call and allocates nothing, once a ring has been run through. */
#include "harness.h"
#include "recording.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { EVENTS = 100000 };

/* From here on this thread may do nothing but end the process: the kernel kills whoever asks for anything else. */
static int forbid_system_calls(void)
{
    static struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    static const struct sock_fprog program = {sizeof rules / sizeof rules[0], rules};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0;
}

static void emit_all_kinds(unsigned count)
{
    static tt_board_slot *slot;
    const struct tt_board_entry entry = {.state = TT_TASK_STATE_WAITING, .wait_site = TT_HERE};
    for (unsigned i = 0; i < count; i++) {
        TT_EMIT(task_created, .task_id = tt_trace_new_id(), .site = TT_HERE, .name_number = i);
        TT_EMIT(exception_raised, .exception_id = i, .site = TT_HERE, .type = "OSError",
                .message = "some bytes were not there, and more are needed than one slot has");
        TT_EMIT_AT(tt_trace_clock(), task_finished, .task_id = i);
        slot = tt_board_claim(i + 1, 0, 0, TT_HERE, "name", i);
        tt_board_write(slot, &entry);
        tt_board_release(slot);
    }
}

/* Runs through all of the ring first, then emits where no system call is allowed. */
static int emit_in_silence(void)
{
    emit_all_kinds(20000);
    if (forbid_system_calls() != 0)
        syscall(SYS_exit_group, 3);
    emit_all_kinds(EVENTS);
    syscall(SYS_exit_group, 0);
    return 0;
}

static void emit_in_child(const char *mode)
{
    struct recording recording;
    int status;
    if (recording_is_under_valgrind())
        TT_SKIP("valgrind makes system calls of its own");
    recording_make_dir(&recording);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setenv("TELLTALE_RING_DIR", recording.dir, 1);
        setenv("TELLTALE_SUPERVISED", mode, 1);
        const struct tt_trace_options options = {.ring_bytes = 1 << 16, .program = "/nonexistent"};
        if (tt_trace_start(&options) <= TT_TRACE_OFF)
            _exit(2);
        emit_in_silence();
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        fail_msg("emitting made a system call: signal %d", WTERMSIG(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    recording_open(&recording, child);
    assert_true(atomic_load(&arena_ring(&recording.arena, 1)->attempts) >= 3 * EVENTS);
    recording_remove(&recording);
}

static void overwriting_makes_no_system_call(void **state)
{
    (void)state;
    emit_in_child("0");
}

static void dropping_makes_no_system_call(void **state)
{
    (void)state;
    emit_in_child("1");
}

static void the_filter_would_see_a_system_call(void **state)
{
    (void)state;
    int status;
    if (recording_is_under_valgrind())
        TT_SKIP("valgrind makes system calls of its own");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (forbid_system_calls() != 0)
            syscall(SYS_exit_group, 3);
        syscall(SYS_getppid);
        syscall(SYS_exit_group, 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static void emitting_allocates_nothing(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_OVERWRITES, 1 << 16, 0);
    struct mallinfo2 before = mallinfo2(); /* also the first event of a thread allocates nothing */
    emit_all_kinds(EVENTS);
    struct mallinfo2 after = mallinfo2();
    assert_int_equal(after.uordblks, before.uordblks);
    assert_int_equal(after.arena, before.arena);
    recording_end(&recording);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(overwriting_makes_no_system_call),
    cmocka_unit_test(dropping_makes_no_system_call),
    cmocka_unit_test(the_filter_would_see_a_system_call),
    cmocka_unit_test(emitting_allocates_nothing),
};

TT_TEST_MAIN(cases)
