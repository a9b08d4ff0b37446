/* The recorder is killed at its system calls, one after the other over its whole life, in front of each call and behind it: nothing that
 * was emitted is missing or there twice, the program goes on, and the next recorder too. The test stops it at its calls by ptrace. */
#include "harness.h"
#include "tracer/truth.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#define CALL_STOP       (SIGTRAP | 0x80)
#define PROGRAM_STOPS   1200 /* of the recorder, after which the program is told to end */
#define BEGINNING_STOPS 400
#define CALLS_MAX       512

static const struct truth_options options = {.threads = 4, .rate = 20000};

/* A recorder that is stopped at its system calls. */
struct traced {
    pid_t pid;
    int control; /* the supervisor's end */
};

static struct traced start_traced(struct studio *studio)
{
    int control[2];
    struct traced traced;
    assert_int_equal(pipe2(control, O_CLOEXEC), 0);
    pid_t test = getpid();
    traced.pid = fork();
    assert_true(traced.pid >= 0);
    if (traced.pid == 0) {
        struct tt_store_error error;
        struct tt_recorder_options recorder = {.store = studio->store,
                                               .ring_dir = studio->ring_dir,
                                               .supervised = 1,
                                               .control_fd = control[0],
                                               .ready_fd = -1};
        close(control[1]);
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != test || ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
            _exit(TT_TEST_SKIPPED);
        raise(SIGSTOP);
        _exit(tt_recorder_run(&recorder, &error) == 0 ? 0 : 1);
    }
    close(control[0]);
    traced.control = control[1];
    int status;
    assert_int_equal(waitpid(traced.pid, &status, 0), traced.pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == TT_TEST_SKIPPED)
        TT_SKIP("processes cannot be traced here");
    assert_true(WIFSTOPPED(status));
    assert_int_equal(ptrace(PTRACE_SETOPTIONS, traced.pid, NULL, (void *)PTRACE_O_TRACESYSGOOD), 0);
    return traced;
}

/* Lets it go on to its next stop at a call. False: it has ended by itself, well. */
static bool go_on(const struct traced *traced)
{
    int status, signal = 0;
    for (;;) {
        assert_int_equal(ptrace(PTRACE_SYSCALL, traced->pid, NULL, (void *)(intptr_t)signal), 0);
        assert_int_equal(waitpid(traced->pid, &status, 0), traced->pid);
        if (WIFEXITED(status)) {
            assert_int_equal(WEXITSTATUS(status), 0);
            return false;
        }
        assert_true(WIFSTOPPED(status));
        if (WSTOPSIG(status) == CALL_STOP)
            return true;
        signal = WSTOPSIG(status);
    }
}

static long call_of(const struct traced *traced)
{
#if defined(__x86_64__)
    return ptrace(PTRACE_PEEKUSER, traced->pid, offsetof(struct user, regs.orig_rax), NULL);
#else
    (void)traced;
    return 0;
#endif
}

/* Runs a program and its recorder, which is killed at its stop number LAST, from 1; 0: never. Returns the number of its stops, and the
 * call at which it was killed. */
static unsigned run_to_stop(struct studio *studio, unsigned last, long *out_call)
{
    unsigned stops = 0;
    bool is_told = false;
    truth_begin(&options);
    studio_open(studio);
    struct traced traced = start_traced(studio);
    pid_t program = studio_start_program(studio, truth_emit, NULL, 0);
    truth_await_start();
    while (go_on(&traced)) {
        stops++;
        if (stops == last) {
            *out_call = call_of(&traced);
            assert_int_equal(kill(traced.pid, SIGKILL), 0);
            break;
        }
        if (stops >= PROGRAM_STOPS && !is_told) {
            is_told = true;
            truth_end_program();
            assert_int_equal(studio_wait(program), 0);
            assert_int_equal(write(traced.control, "finish\n", 7), 7);
        }
    }
    if (stops == last)
        studio_wait(traced.pid);
    close(traced.control);
    if (!is_told) {
        truth_expect_progress();
        studio_start_recorder(studio, NULL);
        truth_expect_progress();
        truth_end_program();
        assert_int_equal(studio_wait(program), 0);
        studio_finish(studio);
    }
    return stops;
}

static void expect_all(struct studio *studio)
{
    if (tt_recorder_is_needed(studio->ring_dir))
        studio_recover(studio);
    assert_int_equal(studio_count_arenas(studio), 0);
    truth_expect(studio, false, false);
    assert_int_equal(studio_number(studio, "SELECT count(*) FROM note"), truth_returned());
    studio_expect(studio, "SELECT end_reason FROM processes", "exit");
    studio_close(studio);
}

static void a_recorder_killed_at_each_of_its_system_calls_loses_and_doubles_nothing(void **state)
{
    (void)state;
    if (studio_is_under_valgrind())
        TT_SKIP("valgrind's own calls cannot be told from the recorder's");
    struct studio studio;
    long call;
    unsigned kinds[CALLS_MAX] = {0}, kind_count = 0;
    uint64_t seed = studio_seed();
    unsigned total = run_to_stop(&studio, 0, &call);
    assert_true(total > PROGRAM_STOPS);
    expect_all(&studio);
    unsigned rounds = studio_rounds(12);
    const char *stop = getenv("TT_STOP"); /* at this one, each time */
    for (unsigned i = 0; i < rounds; i++) {
        /* Somewhere in each part of its life; in every other round, of its beginning, when it makes the store. */
        unsigned span = i % 2 == 0 ? total : BEGINNING_STOPS;
        unsigned from = (unsigned)((uint64_t)span * i / rounds), to = (unsigned)((uint64_t)span * (i + 1) / rounds);
        unsigned last = 1 + from + (unsigned)(studio_random(&seed) % (to > from ? to - from : 1));
        if (stop)
            last = (unsigned)strtoul(stop, NULL, 10);
        call = -1;
        fprintf(stderr, "round %u: killed at stop %u of about %u\n", i + 1, last, total);
        run_to_stop(&studio, last, &call);
        if (call >= 0 && call < CALLS_MAX && kinds[call]++ == 0)
            kind_count++;
        expect_all(&studio);
    }
    fprintf(stderr, "%u rounds, killed at %u different calls\n", rounds, kind_count);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_recorder_killed_at_each_of_its_system_calls_loses_and_doubles_nothing),
};

TT_TEST_MAIN(cases)
