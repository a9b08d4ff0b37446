/* Recoveries beside recorders: a viewer that recovers a store reads what is there, once, and does not stay; the recorder of a program that
 * begins meanwhile does. */
#include "harness.h"
#include "studio_case.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"

static void tell_life_of_a_task(void *argument)
{
    (void)argument;
    uint64_t task = studio_create_task("first", TT_HERE);
    studio_reach(1);
    TT_EMIT(task_finished, .task_id = task, .outcome = TT_OUTCOME_RETURNED);
}

static struct {
    pid_t process;
    int go; /* a byte there has it begin */
    unsigned refused_count;
} late;

/* A recorder as a program starts one, which begins when it is told to. It is made before the recovery, whose lock it would inherit. */
static void make_late_recorder(void)
{
    int go[2];
    char word;
    struct tt_store_error error;
    struct tt_recorder_options options = {
        .store = studio.store, .ring_dir = studio.ring_dir, .ready_fd = -1, .control_fd = -1};
    assert_int_equal(pipe2(go, O_CLOEXEC), 0);
    late.process = fork();
    assert_true(late.process >= 0);
    if (late.process == 0) {
        close(go[1]);
        _exit(read(go[0], &word, 1) != 1 || tt_recorder_run(&options, &error) < 0);
    }
    close(go[0]);
    late.go = go[1];
    late.refused_count = 0;
}

/* A recovery has come to the second of two arenas that are none; what is between them is attached. The recorder that begins now would
 * end soon if it were not needed. */
static void begin_late(const char *arena, const char *reason)
{
    siginfo_t ended = {0};
    (void)arena;
    (void)reason;
    if (++late.refused_count != 2)
        return;
    assert_int_equal(write(late.go, "x", 1), 1);
    for (int i = 0; i < 300 && ended.si_pid == 0; i++) {
        studio_sleep_us(1000);
        assert_int_equal(waitid(P_PID, (id_t)late.process, &ended, WEXITED | WNOHANG | WNOWAIT), 0);
    }
}

/* Of a process that began at BEGAN_NS, as far as it tells: arenas are attached in that order. */
static void make_damaged_arena(const char *name, uint64_t began_ns)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", studio.ring_dir, name);
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(ftruncate(file, 1 << 20), 0);
    assert_int_equal(pwrite(file, "nothing of ours", 15, 0), 15);
    assert_int_equal(
        pwrite(file, &began_ns, sizeof began_ns, offsetof(struct tt_arena_header, clock_first.monotonic_ns)),
        sizeof began_ns);
    close(file);
}

static void a_recorder_that_begins_during_a_recovery_goes_on_when_that_is_over(void **state)
{
    (void)state;
    struct tt_store_error error;
    struct tt_recorder_options options = {.store = studio.store,
                                          .ring_dir = studio.ring_dir,
                                          .ready_fd = -1,
                                          .control_fd = -1,
                                          .recover = 1,
                                          .on_refused = begin_late};
    make_damaged_arena("4194305-0.arena", 0); /* of nobody */
    pid_t program = studio_start_program(&studio, tell_life_of_a_task, NULL, 0);
    studio_await(1);
    make_damaged_arena("4194306-0.arena", INT64_MAX);
    make_late_recorder();
    assert_true(tt_recorder_run(&options, &error) == 0 || error.kind == TT_STORE_DAMAGED);
    assert_int_equal(late.refused_count, 2);
    close(late.go);
    studio_let_pass(1);
    studio_wait(program);
    assert_int_equal(studio_wait(late.process), 0);
    assert_int_equal(studio_count_arenas(&studio), 2);
    studio_expect(&studio, "SELECT name, outcome FROM tasks ORDER BY task_id", "first|returned");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio(a_recorder_that_begins_during_a_recovery_goes_on_when_that_is_over),
};

TT_TEST_MAIN(cases)
