/*
 * Coroutines: what a switch keeps, where a stack begins, and what becomes of a coroutine that exits or is abandoned.
 * Stacks are test_stack.c's, unwinding is test_unwind.c's.
 *
 * Nothing asserts inside a coroutine: cmocka leaves a failed case by longjmp, which cannot cross stacks. Coroutines
 * note what they saw, and the case looks at it afterwards.
 */
#include "../harness.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "coro.h"

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

/* A million, as promised; a tenth of it where a switch is a hundred times slower. */
#define SWITCHES (TT_ASAN || TT_TSAN || RUNNING_ON_VALGRIND || TELLTALE_UCONTEXT ? 100000L : 1000000L)

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

/* ---- the basics ---- */

struct visit {
    struct tt_coro coro;
    uintptr_t frame;
    int count;
    void *seen;
};

static void visit_once(void *arg)
{
    struct visit *visit = arg;
    visit->frame = (uintptr_t)__builtin_frame_address(0);
    visit->seen = arg;
    visit->count++;
    tt__coro_exit(&visit->coro, &home);
}

static void a_coroutine_runs_on_its_own_stack_with_its_argument(void **state)
{
    struct visit visit = {.count = 0};
    (void)state;
    start(&visit.coro, visit_once, &visit);
    uintptr_t low = (uintptr_t)visit.coro.stack->bottom;
    uintptr_t high = low + tt__stack_bytes(visit.coro.stack);
    assert_int_equal(visit.count, 0);
    tt__coro_switch(&home, &visit.coro);
    assert_int_equal(visit.count, 1);
    assert_ptr_equal(visit.seen, &visit);
    assert_true(visit.frame > low && visit.frame < high);
    tt__coro_finish(&visit.coro);
}

static void look_at_alignment(void *arg)
{
    struct visit *visit = arg;
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    visit->count = frame % 16 == 0;
    char text[64];
    snprintf(text, sizeof text, "%.3f %Lg", 1.5, (long double)2.5); /* saves vector registers, aligned */
    visit->seen = strcmp(text, "1.500 2.5") == 0 ? visit : NULL;
    tt__coro_exit(&visit->coro, &home);
}

static void a_new_stack_is_aligned_as_a_call_wants_it(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) { /* more than there are offsets of tops */
        struct visit visit = {.count = 0};
        start(&visit.coro, look_at_alignment, &visit);
        tt__coro_switch(&home, &visit.coro);
        assert_int_equal(visit.count, 1);
        assert_ptr_equal(visit.seen, &visit);
        tt__coro_finish(&visit.coro);
    }
}

/* ---- what a switch keeps ---- */

#define WALKERS 7

static struct walker {
    struct tt_coro coro;
    uint64_t seed;
    long step_count;
    long error_count;
    int is_told_to_end;
} walkers[WALKERS];

static uint32_t dice_state;

static uint32_t roll(void)
{
    dice_state = dice_state * 1664525u + 1013904223u;
    return dice_state >> 8;
}

#if defined(__aarch64__)
#define VECTOR_REGISTER "+w"
#elif defined(__x86_64__)
#define VECTOR_REGISTER "+x"
#else
#define VECTOR_REGISTER "+m"
#endif

/* Makes the compiler keep twelve integers and twelve doubles alive across one switch: more than the machine has kept
 * registers, so all of those are in use, and the rest lies on the stack. Returns how many came back changed. */
static int switch_with_full_registers(struct tt_coro *from, struct tt_coro *to, uint64_t seed)
{
#define EACH(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#define MAKE(n)                                      \
    uint64_t i##n = seed * (2 * n + 3) + n;          \
    double d##n = (double)(uint32_t)seed + 0.25 * n; \
    __asm__ volatile("" : "+r"(i##n));               \
    __asm__ volatile("" : VECTOR_REGISTER(d##n));
#define CHECK(n)                                  \
    __asm__ volatile("" : "+r"(i##n));            \
    __asm__ volatile("" : VECTOR_REGISTER(d##n)); \
    changed += (i##n != seed * (2 * n + 3) + n) + (d##n != (double)(uint32_t)seed + 0.25 * n);
    int changed = 0;
    EACH(MAKE)
    tt__coro_switch(from, to);
    EACH(CHECK)
    return changed;
}

static void walk(void *arg)
{
    struct walker *self = arg;
    uint64_t page[96];
    while (!self->is_told_to_end) {
        uint64_t seed = self->seed + (uint64_t)self->step_count;
        for (int i = 0; i < 96; i++)
            page[i] = seed ^ (uint64_t)i;
        uint32_t dice = roll();
        struct tt_coro *next = dice % 8 == 0 ? &home : &walkers[dice / 8 % WALKERS].coro;
        self->step_count++;
        if (next != &self->coro)
            self->error_count += switch_with_full_registers(&self->coro, next, seed);
        for (int i = 0; i < 96; i++)
            self->error_count += page[i] != (seed ^ (uint64_t)i);
    }
    tt__coro_exit(&self->coro, &home);
}

static void a_million_switches_keep_registers_and_stacks(void **state)
{
    long home_errors = 0, steps = 0;
    (void)state;
    dice_state = 20260;
    for (int i = 0; i < WALKERS; i++) {
        memset(&walkers[i], 0, sizeof walkers[i]);
        walkers[i].seed = 0x9e3779b97f4a7c15u * (uint64_t)(i + 1);
        start(&walkers[i].coro, walk, &walkers[i]);
    }
    while (steps < SWITCHES) {
        home_errors += switch_with_full_registers(&home, &walkers[roll() % WALKERS].coro, roll());
        steps = 0;
        for (int i = 0; i < WALKERS; i++)
            steps += walkers[i].step_count;
    }
    assert_int_equal(home_errors, 0);
    for (int i = 0; i < WALKERS; i++) {
        assert_true(walkers[i].step_count > SWITCHES / WALKERS / 4);
        walkers[i].is_told_to_end = 1;
        tt__coro_switch(&home, &walkers[i].coro);
        assert_int_equal(walkers[i].error_count, 0);
        tt__coro_finish(&walkers[i].coro);
    }
}

struct series {
    struct tt_coro coro;
    double x, sum;
};

/* Computes on in floating point while others do the same with other numbers. */
static void sum_series(void *arg)
{
    struct series *self = arg;
    double sum = 0, power = 1;
    for (int i = 0; i < 200; i++) {
        sum += power;
        power *= self->x;
        self->sum = sum;
        tt__coro_switch(&self->coro, &home);
    }
    tt__coro_exit(&self->coro, &home);
}

static void floating_point_values_survive_switches(void **state)
{
    struct series all[5];
    double sum = 0, power = 1;
    (void)state;
    for (int k = 0; k < 5; k++) {
        all[k].x = 0.1 * (k + 1);
        start(&all[k].coro, sum_series, &all[k]);
    }
    for (int i = 0; i < 200; i++) {
        for (int k = 0; k < 5; k++)
            tt__coro_switch(&home, &all[k].coro);
        sum += power; /* the third one's series, beside it */
        power *= 0.1 * 3;
        assert_true(sum == all[2].sum);
    }
    for (int k = 0; k < 5; k++) {
        assert_true(all[k].sum > 0.999999 / (1 - all[k].x) && all[k].sum < 1.000001 / (1 - all[k].x));
        tt__coro_switch(&home, &all[k].coro);
        tt__coro_finish(&all[k].coro);
    }
}

/* ---- depth ---- */

struct dive {
    struct tt_coro coro;
    int frame_errors;
    long switch_count;
};

/* Switches away at each level on the way down and again on the way up. */
static long dive_down(struct dive *dive, int depth)
{
    volatile uint64_t mark[2] = {(uint64_t)depth, (uintptr_t)dive};
    tt__coro_switch(&dive->coro, &home);
    dive->switch_count++;
    long below = depth > 0 ? dive_down(dive, depth - 1) : 0;
    tt__coro_switch(&dive->coro, &home);
    dive->switch_count++;
    dive->frame_errors += mark[0] != (uint64_t)depth || mark[1] != (uintptr_t)dive;
    return below + 1;
}

static void dive_and_exit(void *arg)
{
    struct dive *dive = arg;
    dive->frame_errors += dive_down(dive, 99) != 100;
    tt__coro_exit(&dive->coro, &home);
}

static void a_coroutine_can_switch_at_any_depth_of_its_calls(void **state)
{
    struct dive dives[3];
    (void)state;
    memset(dives, 0, sizeof dives);
    for (int k = 0; k < 3; k++)
        start(&dives[k].coro, dive_and_exit, &dives[k]);
    for (int i = 0; i < 201; i++)
        for (int k = 0; k < 3; k++)
            tt__coro_switch(&home, &dives[k].coro);
    for (int k = 0; k < 3; k++) {
        assert_int_equal(dives[k].switch_count, 200);
        assert_int_equal(dives[k].frame_errors, 0);
        tt__coro_finish(&dives[k].coro);
    }
}

#define CHAIN 100

static struct link {
    struct tt_coro coro;
    int visits;
} chain[CHAIN];

/* Starts the next one of the chain from its own stack; the answers come back through all of them. */
static void pass_on(void *arg)
{
    struct link *self = arg;
    struct tt_coro *before = self == chain ? &home : &self[-1].coro;
    self->visits++;
    if (self < chain + CHAIN - 1)
        tt__coro_switch(&self->coro, &self[1].coro);
    self->visits++;
    tt__coro_exit(&self->coro, before);
}

static void coroutines_can_be_started_from_coroutines_a_hundred_deep(void **state)
{
    (void)state;
    memset(chain, 0, sizeof chain);
    for (int i = 0; i < CHAIN; i++)
        start(&chain[i].coro, pass_on, &chain[i]);
    tt__coro_switch(&home, &chain[0].coro);
    for (int i = 0; i < CHAIN; i++) {
        assert_int_equal(chain[i].visits, 2);
        tt__coro_finish(&chain[i].coro);
    }
}

/* ---- ends ---- */

static void stay(void *arg)
{
    struct visit *visit = arg;
    for (;;) {
        visit->count++;
        tt__coro_switch(&visit->coro, &home);
    }
}

static void finishing_gives_the_stack_back_however_far_it_ran(void **state)
{
    struct tt_stack_counts counts;
    struct visit exited = {.count = 0}, abandoned = {.count = 0}, unstarted = {.count = 0};
    struct tt_coro never_prepared;
    (void)state;
    memset(&never_prepared, 0, sizeof never_prepared);
    start(&exited.coro, visit_once, &exited);
    start(&abandoned.coro, stay, &abandoned);
    start(&unstarted.coro, stay, &unstarted);
    tt__coro_switch(&home, &exited.coro);
    tt__coro_switch(&home, &abandoned.coro);
    tt__coro_switch(&home, &abandoned.coro);
    tt__stack_counts(&counts);
    assert_int_equal(counts.in_use, 3);
    errno = 77;
    tt__coro_finish(&exited.coro);
    tt__coro_finish(&abandoned.coro);
    tt__coro_finish(&unstarted.coro);
    tt__coro_finish(&exited.coro);
    tt__coro_finish(&never_prepared);
    assert_int_equal(errno, 77);
    tt__stack_counts(&counts);
    assert_int_equal(counts.in_use, 0);
    assert_int_equal(counts.pooled, 3);
    assert_int_equal(exited.count, 1);
    assert_int_equal(abandoned.count, 2);
    assert_int_equal(unstarted.count, 0);
}

/* A frame whose variables keep the address sanitizer's poison when it is left for good. */
static void leave_poison(void *arg)
{
    struct visit *visit = arg;
    volatile char low[100], middle[1000], high[100];
    low[0] = middle[0] = high[0] = 1;
    tt__coro_switch(&visit->coro, &home);
    visit->count += low[0] + middle[0] + high[0];
    tt__coro_exit(&visit->coro, &home);
}

static void fill_frame(void *arg)
{
    struct visit *visit = arg;
    volatile char all[4096];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)i;
    visit->count = all[4095] == (char)4095;
    tt__coro_exit(&visit->coro, &home);
}

static void a_stack_abandoned_in_the_middle_serves_the_next_tenant(void **state)
{
    struct tt_stack *first = NULL;
    (void)state;
    for (int i = 0; i < 100; i++) {
        struct visit visit = {.count = 0}, next = {.count = 0};
        start(&visit.coro, leave_poison, &visit);
        if (first == NULL)
            first = visit.coro.stack;
        assert_ptr_equal(visit.coro.stack, first);
        tt__coro_switch(&home, &visit.coro);
        tt__coro_finish(&visit.coro);
        start(&next.coro, fill_frame, &next);
        assert_ptr_equal(next.coro.stack, first);
        tt__coro_switch(&home, &next.coro);
        assert_int_equal(next.count, 1);
        tt__coro_finish(&next.coro);
    }
}

static void coroutines_abandoned_deep_in_their_calls_leave_nothing(void **state)
{
    struct dive dive;
    (void)state;
    for (int i = 0; i < 1000; i++) { /* 100,000 calls that never return; the thread sanitizer's limit is 65,536 */
        memset(&dive, 0, sizeof dive);
        start(&dive.coro, dive_and_exit, &dive);
        for (int depth = 0; depth < 100; depth++)
            tt__coro_switch(&home, &dive.coro);
        assert_int_equal(dive.switch_count, 99);
        tt__coro_finish(&dive.coro);
    }
}

/* ---- leaks: for the leak sanitizer, which ends a process with status 23 when it finds one ---- */

static void hold_memory(void *arg)
{
    struct visit *visit = arg;
    char *volatile only_here = malloc(1234);
    tt__coro_switch(&visit->coro, &home);
    free(only_here);
    tt__coro_exit(&visit->coro, &home);
}

static void exit_from_here(void *arg)
{
    (void)arg;
    exit(0);
}

/* As waitpid gives it: 0 is exit(0). */
static int status_of(void (*child)(void))
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        child();
        _exit(99);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void exit_while_a_coroutine_holds_memory(void)
{
    static struct visit visit;
    struct tt_stack *stack = tt__stack_acquire(0);
    if (stack == NULL)
        _exit(98);
    tt__coro_init(&visit.coro, stack, hold_memory, &visit);
    tt__coro_switch(&home, &visit.coro);
    exit(0);
}

static void what_only_a_suspended_coroutine_points_to_is_no_leak(void **state)
{
    (void)state;
    assert_int_equal(status_of(exit_while_a_coroutine_holds_memory), 0);
}

/* Far above the frame that switches, as main's variables are. */
static __attribute__((noinline)) void switch_from_deeper(struct tt_coro *to)
{
    tt__coro_switch(&home, to);
}

static void exit_within_a_coroutine_while_home_holds_memory(void)
{
    static struct visit visit;
    char *volatile only_here = malloc(4321);
    tt__coro_finish(&home);
    tt__coro_home_init(&home);
    struct tt_stack *stack = tt__stack_acquire(0);
    if (stack == NULL || only_here == NULL)
        _exit(98);
    tt__coro_init(&visit.coro, stack, exit_from_here, NULL);
    switch_from_deeper(&visit.coro);
    free(only_here);
}

static void what_only_home_points_to_is_no_leak_when_a_coroutine_exits(void **state)
{
    (void)state;
    assert_int_equal(status_of(exit_within_a_coroutine_while_home_holds_memory), 0);
}

static void return_from_entry(void *arg)
{
    (void)arg;
}

static void let_an_entry_return(void)
{
    static struct visit visit;
    struct tt_stack *stack = tt__stack_acquire(0);
    signal(SIGILL, SIG_DFL);
    signal(SIGTRAP, SIG_DFL);
    signal(SIGABRT, SIG_DFL);
    if (stack == NULL)
        _exit(98);
    tt__coro_init(&visit.coro, stack, return_from_entry, NULL);
    tt__coro_switch(&home, &visit.coro);
}

static void an_entry_that_returns_stops_the_process(void **state)
{
    (void)state;
    int status = status_of(let_an_entry_return);
    assert_true(WIFSIGNALED(status));
    assert_true(WTERMSIG(status) == SIGILL || WTERMSIG(status) == SIGABRT || WTERMSIG(status) == SIGTRAP);
}

/* ---- threads ---- */

struct loop_thread {
    pthread_t thread;
    struct tt_coro home, coro;
    long count;
    int status;
};

static void count_up(void *arg)
{
    struct loop_thread *self = arg;
    for (int i = 0; i < 1000; i++) {
        self->count++;
        tt__coro_switch(&self->coro, &self->home);
    }
    tt__coro_exit(&self->coro, &self->home);
}

/* Three tenants; the first one may have been prepared elsewhere. */
static void *run_loop_thread(void *arg)
{
    struct loop_thread *self = arg;
    tt__coro_home_init(&self->home);
    for (int round = 0; round < 3; round++) {
        struct tt_stack *stack = self->coro.stack == NULL ? tt__stack_acquire(0) : NULL;
        if (stack != NULL)
            tt__coro_init(&self->coro, stack, count_up, self);
        if (self->coro.stack == NULL)
            return NULL;
        for (int i = 0; i < 1001; i++)
            tt__coro_switch(&self->home, &self->coro);
        tt__coro_finish(&self->coro);
    }
    tt__coro_finish(&self->home);
    self->status = 1;
    return NULL;
}

static void threads_switch_among_their_own_coroutines_side_by_side(void **state)
{
    static struct loop_thread threads[4];
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i].thread, NULL, run_loop_thread, &threads[i]), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i].thread, NULL), 0);
        assert_int_equal(threads[i].status, 1);
        assert_int_equal(threads[i].count, 3000);
    }
}

static void a_coroutine_prepared_on_one_thread_runs_and_ends_on_another(void **state)
{
    static struct loop_thread other;
    (void)state;
    start(&other.coro, count_up, &other);
    assert_int_equal(pthread_create(&other.thread, NULL, run_loop_thread, &other), 0);
    assert_int_equal(pthread_join(other.thread, NULL), 0);
    assert_int_equal(other.status, 1);
    assert_int_equal(other.count, 3000);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_setup_teardown(a_coroutine_runs_on_its_own_stack_with_its_argument, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_new_stack_is_aligned_as_a_call_wants_it, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_million_switches_keep_registers_and_stacks, begin_case, end_case),
    cmocka_unit_test_setup_teardown(floating_point_values_survive_switches, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_coroutine_can_switch_at_any_depth_of_its_calls, begin_case, end_case),
    cmocka_unit_test_setup_teardown(coroutines_can_be_started_from_coroutines_a_hundred_deep, begin_case, end_case),
    cmocka_unit_test_setup_teardown(finishing_gives_the_stack_back_however_far_it_ran, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_stack_abandoned_in_the_middle_serves_the_next_tenant, begin_case, end_case),
    cmocka_unit_test_setup_teardown(coroutines_abandoned_deep_in_their_calls_leave_nothing, begin_case, end_case),
    cmocka_unit_test_setup_teardown(what_only_a_suspended_coroutine_points_to_is_no_leak, begin_case, end_case),
    cmocka_unit_test_setup_teardown(what_only_home_points_to_is_no_leak_when_a_coroutine_exits, begin_case, end_case),
    cmocka_unit_test_setup_teardown(an_entry_that_returns_stops_the_process, begin_case, end_case),
    cmocka_unit_test_setup_teardown(threads_switch_among_their_own_coroutines_side_by_side, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_coroutine_prepared_on_one_thread_runs_and_ends_on_another, begin_case, end_case),
};

TT_TEST_MAIN(cases)
