/*
 * Unwinding: backtraces, debuggers and sanitizers walk a coroutine's stack from any instruction of it, and the walk
 * must end at its first frame. Here the C compiler's own unwinder walks.
 */
#include "../harness.h"

#include <signal.h>
#include <ucontext.h>
#include <unwind.h>

#include "coro.h"

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

static struct tt_coro home;

static void start(struct tt_coro *coro, void (*entry)(void *), void *arg)
{
    struct tt_stack *stack = tt__stack_acquire(0);
    assert_non_null(stack);
    tt__coro_init(coro, stack, entry, arg);
}

/* Every case begins and ends with this: no stack left in use, none pooled. */
static int begin_case(void **state)
{
    (void)state;
    tt__coro_home_init(&home);
    return 0;
}

static int end_case(void **state)
{
    struct tt_stack_counts counts;
    (void)state;
    tt__coro_finish(&home);
    tt__stack_pool_drain();
    tt__stack_counts(&counts);
    return counts.in_use == 0 && counts.arenas == 0 && counts.guard_pages == 0 ? 0 : -1;
}

struct visit {
    struct tt_coro coro;
    int count;
};

#define FRAMES_MAX 200

struct backtrace {
    uintptr_t functions[FRAMES_MAX];
    uintptr_t last_ip;
    int count;
    int unknown_count; /* frames that no unwind table covers: libgcc stops there as if all were well */
    int has_ended;
};

/* _Unwind_FindEnclosingFunction takes what a call returns to, and looks one byte before it. */
static _Unwind_Reason_Code note_frame(struct _Unwind_Context *context, void *arg)
{
    struct backtrace *trace = arg;
    int is_interrupted_here = 0;
    uintptr_t ip = _Unwind_GetIPInfo(context, &is_interrupted_here);
    if (ip == 0) /* libgcc: comes behind the last frame */
        return _URC_NO_REASON;
    if (trace->count == FRAMES_MAX)
        return _URC_NORMAL_STOP;
    trace->last_ip = ip;
    void *function = _Unwind_FindEnclosingFunction((void *)(ip + (is_interrupted_here != 0)));
    trace->functions[trace->count++] = (uintptr_t)function;
    trace->unknown_count += function == NULL;
    return _URC_NO_REASON;
}

static __attribute__((noinline)) void take_backtrace(struct backtrace *trace)
{
    memset(trace, 0, sizeof *trace);
    trace->has_ended = _Unwind_Backtrace(note_frame, trace) == _URC_END_OF_STACK;
}

static int trace_contains(const struct backtrace *trace, void (*function)(void *))
{
    for (int i = 0; i < trace->count; i++)
        if (trace->functions[i] == (uintptr_t)function)
            return 1;
    return 0;
}

#if !TELLTALE_UCONTEXT
extern const char tt__coro_start[];

/* The few instructions from tt__coro_start on. */
static int ends_at_coro_start(const struct backtrace *trace)
{
    return trace->last_ip >= (uintptr_t)tt__coro_start && trace->last_ip < (uintptr_t)tt__coro_start + 32;
}
#else
static int ends_at_coro_start(const struct backtrace *trace)
{
    return trace->count > 0;
}
#endif

static struct backtrace shared_trace;

static __attribute__((noinline)) int recurse_and_trace(int depth)
{
    volatile int below = 0;
    if (depth == 0)
        take_backtrace(&shared_trace);
    else
        below = recurse_and_trace(depth - 1);
    return below + 1;
}

static void trace_in_coroutine(void *arg)
{
    struct visit *visit = arg;
    visit->count = recurse_and_trace(20);
    tt__coro_exit(&visit->coro, &home);
}

/* The first stack of an arena has no offset: right above its top is the guard of the second one, once that is in use.
 * So a walk that goes one word too far is a fault. */
static void start_below_a_guard(struct visit *visit, struct visit *above, void (*entry)(void *))
{
    start(&visit->coro, entry, visit);
    start(&above->coro, entry, above);
    assert_ptr_equal(visit->coro.stack->top, visit->coro.stack->bottom + tt__stack_bytes(visit->coro.stack));
    assert_ptr_equal(above->coro.stack->bottom - sysconf(_SC_PAGESIZE), visit->coro.stack->top);
}

static void a_backtrace_ends_at_the_first_frame_of_its_coroutine(void **state)
{
    struct visit visit = {.count = 0}, above = {.count = 0};
    (void)state;
    start_below_a_guard(&visit, &above, trace_in_coroutine);
    tt__coro_switch(&home, &visit.coro);
    assert_int_equal(visit.count, 21);
    assert_true(shared_trace.has_ended);
    if (!TELLTALE_UCONTEXT) /* the C library's own first frame has no table */
        assert_int_equal(shared_trace.unknown_count, 0);
    assert_in_range(shared_trace.count, 22, 32);
    assert_true(trace_contains(&shared_trace, trace_in_coroutine));
    assert_true(ends_at_coro_start(&shared_trace));
    tt__coro_finish(&visit.coro);
    tt__coro_finish(&above.coro);
}

#if defined(__x86_64__) && !TELLTALE_UCONTEXT && !TT_ASAN && !TT_TSAN

#define TRAP_FLAG 0x100ull

static volatile sig_atomic_t steps_in_switch, steps_in_start, bad_step_count;

static void step_home(struct visit *visit);

/* At each single instruction of ours (a compiler's are not always exact where it pushes the flags): the walk must end,
 * know each frame, and be on one of the two stacks entirely. */
static void trace_step(int number, siginfo_t *info, void *context)
{
    static struct backtrace trace;
    const ucontext_t *at = context;
    uintptr_t ip = (uintptr_t)at->uc_mcontext.gregs[REG_RIP];
    (void)number;
    (void)info;
    take_backtrace(&trace);
    int is_in_coroutine = ends_at_coro_start(&trace);
    int is_in_home = trace_contains(&trace, (void (*)(void *))step_home);
    int is_in_start = ip - (uintptr_t)tt__coro_start < 9; /* up to the call */
    int is_in_switch = _Unwind_FindEnclosingFunction((void *)(ip + 1)) == (void *)tt__coro_switch_stacks;
    steps_in_switch += is_in_switch;
    steps_in_start += is_in_start;
    if (is_in_switch || is_in_start)
        bad_step_count += !trace.has_ended || trace.unknown_count > 0 || is_in_coroutine == is_in_home;
}

static __attribute__((noinline)) void step_home(struct visit *visit)
{
    __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() | TRAP_FLAG);
    tt__coro_switch(&home, &visit->coro);
    tt__coro_switch(&home, &visit->coro);
    tt__coro_switch(&home, &visit->coro);
    __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~TRAP_FLAG);
    visit->count++;
}

static void stay_twice(void *arg)
{
    struct visit *visit = arg;
    tt__coro_switch(&visit->coro, &home);
    tt__coro_switch(&visit->coro, &home);
    tt__coro_exit(&visit->coro, &home);
}

static void unwinding_ends_cleanly_at_every_instruction(void **state)
{
    struct visit visit = {.count = 0}, above = {.count = 0};
    struct sigaction action = {.sa_sigaction = trace_step, .sa_flags = SA_SIGINFO | SA_ONSTACK}, before;
    static char memory[256 * 1024];
    stack_t signal_stack = {.ss_sp = memory, .ss_size = sizeof memory}, no_stack = {.ss_flags = SS_DISABLE};
    (void)state;
    if (RUNNING_ON_VALGRIND)
        TT_SKIP("valgrind has no trap flag");
    start_below_a_guard(&visit, &above, stay_twice);
    assert_int_equal(sigaltstack(&signal_stack, NULL), 0);
    assert_int_equal(sigaction(SIGTRAP, &action, &before), 0);
    step_home(&visit);
    assert_int_equal(sigaction(SIGTRAP, &before, NULL), 0);
    assert_int_equal(sigaltstack(&no_stack, NULL), 0);
    assert_int_equal(visit.count, 1);
    assert_int_equal(steps_in_switch, 6 * 17); /* three ways there and back */
    assert_int_equal(steps_in_start, 3);
    assert_int_equal(bad_step_count, 0);
    tt__coro_finish(&visit.coro);
    tt__coro_finish(&above.coro);
}

#else

static void unwinding_ends_cleanly_at_every_instruction(void **state)
{
    (void)state;
    TT_SKIP("needs x86-64's trap flag and a build without sanitizers");
}

#endif

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_setup_teardown(a_backtrace_ends_at_the_first_frame_of_its_coroutine, begin_case, end_case),
    cmocka_unit_test_setup_teardown(unwinding_ends_cleanly_at_every_instruction, begin_case, end_case),
};

TT_TEST_MAIN(cases)
