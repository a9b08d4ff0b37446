/* A task that overflows its stack ends the process, and is named before. Each case makes a child process do it. */
#include "stage.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "coro.h"
#include "loop_internal.h"

static volatile int depth_max = INT32_MAX;

/* Uses the stack up, page by page, as a recursion without an end does. */
static __attribute__((noinline)) int recurse(int depth)
{
    volatile char frame[1024];

    if (depth == depth_max)
        return 0;
    frame[0] = (char)depth;
    frame[sizeof frame - 1] = frame[0];
    return recurse(depth + 1) + frame[0];
}

static int overflow(void *arg)
{
    (void)arg;
    if (tt_sleep(0) < 0)
        return -1;
    return recurse(0);
}

static int run_overflow(void *options)
{
    tt_task *task = tt_create_task_with(overflow, NULL, options);

    return tt_await(task);
}

static void no_core(void)
{
    const struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
    signal(SIGSEGV, SIG_DFL);
}

static void overflow_named(void *arg)
{
    struct tt_task_options options = {.name = "deep"};

    (void)arg;
    no_core();
    _exit(tt_run(run_overflow, &options));
}

static void overflow_unnamed(void *arg)
{
    (void)arg;
    no_core();
    _exit(tt_run(overflow, NULL));
}

static void overflow_large(void *arg)
{
    struct tt_task_options options = {.name = "large", .stack_bytes = 512 * 1024};

    (void)arg;
    no_core();
    _exit(tt_run(run_overflow, &options));
}

static void overflow_large_main(void *arg)
{
    (void)arg;
    no_core();
    _exit(tt_run_with(overflow, NULL, &(struct tt_run_options){.stack_bytes = 256 * 1024 + 32 * 1024}));
}

static void *run_on_thread(void *arg)
{
    overflow_named(arg);
    return NULL;
}

static void overflow_on_thread(void *arg)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, run_on_thread, arg) == 0)
        pthread_join(thread, NULL);
}

static void expect_overflow(void (*fn)(void *arg), const char *name, unsigned kib)
{
    char output[8192], expected[256];
    int status;

    if (TT_ASAN || TT_TSAN)
        TT_SKIP("the sanitizer has handlers of its own in front");
    status = stage_in_child(fn, NULL, output, sizeof output);
    snprintf(expected, sizeof expected,
             "telltale: task %s overflowed its %u KiB stack; a larger one: stack_bytes in the options that it is "
             "created with\n",
             name, kib);
    if (!strstr(output, expected))
        print_error("expected: %sgot: %s\n", expected, output);
    assert_non_null(strstr(output, expected));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void an_overflow_is_told_with_the_tasks_name(void **state)
{
    (void)state;
    expect_overflow(overflow_named, "deep", TT_STACK_BYTES_DEFAULT / 1024);
}

static void also_a_default_name(void **state)
{
    (void)state;
    expect_overflow(overflow_unnamed, "Task-1", TT_STACK_BYTES_DEFAULT / 1024);
}

static void with_the_size_that_was_asked_for(void **state)
{
    (void)state;
    expect_overflow(overflow_large, "large", 512);
}

static void the_main_task_too_has_the_size_that_was_asked_for(void **state)
{
    (void)state;
    expect_overflow(overflow_large_main, "Task-1", 256 + 32);
}

static void on_other_threads_too(void **state)
{
    (void)state;
    expect_overflow(overflow_on_thread, "deep", TT_STACK_BYTES_DEFAULT / 1024);
}

/* ------------------------------------------------------------------------------------------------------- other faults */

static int fault(void *arg)
{
    (void)arg;
    return *(volatile int *)8;
}

static void fault_otherwise(void *arg)
{
    (void)arg;
    no_core();
    _exit(tt_run(fault, NULL));
}

static void another_fault_is_nobodys_overflow(void **state)
{
    char output[8192];
    int status;

    (void)state;
    if (TT_ASAN || TT_TSAN)
        TT_SKIP("the sanitizer has handlers of its own in front");
    status = stage_in_child(fault_otherwise, NULL, output, sizeof output);
    assert_null(strstr(output, "overflowed"));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static int send_to_itself(void *arg)
{
    (void)arg;
    raise(SIGSEGV);
    return 0;
}

static void be_sent_one(void *arg)
{
    (void)arg;
    no_core();
    _exit(tt_run(send_to_itself, NULL));
}

static void one_that_was_sent_ends_the_process_as_ever(void **state)
{
    int status = stage_in_child(be_sent_one, NULL, NULL, 0);

    (void)state;
    if (TT_ASAN || TT_TSAN)
        TT_SKIP("the sanitizer has handlers of its own in front");
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void handler_before(int number)
{
    (void)number;
    (void)!write(STDERR_FILENO, "handler of before\n", 18);
    _exit(42);
}

static void overflow_with_handler(void *arg)
{
    (void)arg;
    no_core();
    signal(SIGSEGV, handler_before);
    _exit(tt_run(overflow, NULL));
}

static void a_handler_that_was_there_is_called_after_it(void **state)
{
    char output[8192];
    int status;

    (void)state;
    if (TT_ASAN || TT_TSAN)
        TT_SKIP("the sanitizer has handlers of its own in front");
    status = stage_in_child(overflow_with_handler, NULL, output, sizeof output);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
    assert_non_null(strstr(output, "created with\nhandler of before\n"));
}

/* --------------------------------------------------------------------------------------------------- alternate stacks */

static int look_at_stack(void *out)
{
    return sigaltstack(NULL, out);
}

static void a_thread_gets_a_stack_for_the_run_and_keeps_its_own(void **state)
{
    static char own[65536];
    stack_t during = {0}, after = {0}, ours = {.ss_sp = own, .ss_size = sizeof own}, none = {.ss_flags = SS_DISABLE};
    stack_t before;

    (void)state;
    assert_int_equal(sigaltstack(&none, &before), 0);
    assert_int_equal(tt_loop_call_soon(stage_loop, look_at_stack, &during, NULL), 0);
    stage_turns(1);
    sigaltstack(NULL, &after);
    assert_false(during.ss_flags & SS_DISABLE);
    assert_true(after.ss_flags & SS_DISABLE);
    sigaltstack(&ours, NULL);
    assert_int_equal(tt_loop_call_soon(stage_loop, look_at_stack, &during, NULL), 0);
    stage_turns(1);
    sigaltstack(NULL, &after);
    assert_ptr_equal(during.ss_sp, own);
    assert_ptr_equal(after.ss_sp, own);
    sigaltstack(&before, NULL);
}

/* ------------------------------------------------------------------------------------------------------------- main */

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(an_overflow_is_told_with_the_tasks_name),
    cmocka_unit_test(also_a_default_name),
    cmocka_unit_test(with_the_size_that_was_asked_for),
    cmocka_unit_test(the_main_task_too_has_the_size_that_was_asked_for),
    cmocka_unit_test(on_other_threads_too),
    cmocka_unit_test(another_fault_is_nobodys_overflow),
    cmocka_unit_test(one_that_was_sent_ends_the_process_as_ever),
    cmocka_unit_test(a_handler_that_was_there_is_called_after_it),
    cmocka_unit_test_on_stage(a_thread_gets_a_stack_for_the_run_and_keeps_its_own),
};

TT_TEST_MAIN(cases)
