/*
 * Guards: an overflow of a stack is caught, and said whose it was.
 *
 * The kinds of guard are forced by tt__stack_restrict_guards, so that each is tested whatever the kernel prefers. A
 * case that provokes a fault does so in a child, which tells by its exit status what its SIGSEGV handler found.
 */
#include "../harness.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "coro.h"

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

#define KIB 1024u

/* The sanitizers keep shadow memory for each byte of stack, valgrind looks through all stacks at each switch. */
#define MANY (TT_ASAN || TT_TSAN || RUNNING_ON_VALGRIND ? 4000 : 40000)

static size_t page;

static int begin_case(void **state)
{
    (void)state;
    page = (size_t)sysconf(_SC_PAGESIZE);
    tt__stack_restrict_guards(1, SIZE_MAX);
    return 0;
}

/* No stack in use, nothing mapped, no guard left: a clean teardown. */
static int end_case(void **state)
{
    struct tt_stack_counts counts;
    (void)state;
    tt__stack_pool_drain();
    tt__stack_counts(&counts);
    return counts.in_use == 0 && counts.pooled == 0 && counts.arenas == 0 && counts.guard_pages == 0 ? 0 : -1;
}

static struct tt_stack *acquire(size_t bytes)
{
    struct tt_stack *stack = tt__stack_acquire(bytes);
    assert_non_null(stack);
    return stack;
}

/* Pages of the range that have memory; -1: the range is not mapped. */
static long resident_pages(const void *start, size_t bytes)
{
    unsigned char pages[4096];
    long count = 0;
    assert_true(bytes / page <= sizeof pages);
    if (mincore((void *)(uintptr_t)start, bytes, pages) != 0) {
        assert_int_equal(errno, ENOMEM);
        return -1;
    }
    for (size_t i = 0; i < bytes / page; i++)
        count += pages[i] & 1;
    return count;
}

static void restrict_to(enum tt_stack_guard guard)
{
    tt__stack_restrict_guards(guard == TT_STACK_GUARD_LIGHT, guard == TT_STACK_GUARD_CANARY ? 0 : SIZE_MAX);
}

/* What the child of a provoked fault says. */
enum { FOUND = 40, FOUND_WRONG, FOUND_NONE, NOT_FAULTED, NO_SETUP };

static struct tt_stack *watched;

static void tell_guard(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    struct tt_stack *stack = tt__stack_find_guard(info->si_addr);
    int contains = tt__stack_guard_contains(watched, info->si_addr);
    _exit(stack == NULL ? FOUND_NONE : stack == watched && contains ? FOUND : FOUND_WRONG);
}

static int handle_faults(void)
{
    static char memory[64 * KIB];
    stack_t signal_stack = {.ss_sp = memory, .ss_size = sizeof memory};
    struct sigaction action = {.sa_sigaction = tell_guard, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    return sigaltstack(&signal_stack, NULL) == 0 && sigaction(SIGSEGV, &action, NULL) == 0;
}

static int exit_status_of(void (*child)(void))
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        if (!handle_faults())
            _exit(NO_SETUP);
        child();
        _exit(NOT_FAULTED);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static struct tt_coro home, diver;

static __attribute__((noinline)) int recurse_for_ever(int depth)
{
    volatile char frame[256];
    frame[0] = (char)depth;
    int below = depth >= 0 ? recurse_for_ever(depth + 1) : 0;
    return below + frame[0];
}

static void overflow(void *arg)
{
    (void)arg;
    recurse_for_ever(1);
    _exit(NOT_FAULTED);
}

static void overflow_in_coroutine(void)
{
    tt__coro_home_init(&home);
    tt__coro_init(&diver, watched, overflow, NULL);
    tt__coro_switch(&home, &diver);
}

static void write_below_bottom(void)
{
    *(volatile char *)(watched->bottom - 1) = 1;
}

static void write_at_far_end_of_guard(void)
{
    *(volatile char *)(watched->bottom - page) = 1;
}

static void skip_where_faults_are_errors(void)
{
    if (RUNNING_ON_VALGRIND)
        TT_SKIP("valgrind reports the overflow itself");
}

/* The middle one of three neighbours, on the kind of guard that the case is about; skips where the kernel has none. */
static void with_watched_stack(enum tt_stack_guard guard, void (*check)(void))
{
    restrict_to(guard);
    struct tt_stack *below = acquire(0);
    watched = acquire(0);
    struct tt_stack *above = acquire(0);
    enum tt_stack_guard given = watched->guard;
    if (given == guard)
        check();
    tt__stack_release(above);
    tt__stack_release(watched);
    tt__stack_release(below);
    if (given != guard && guard == TT_STACK_GUARD_LIGHT)
        TT_SKIP("this kernel has no light guards");
    assert_int_equal(given, guard);
}

static void check_overflows(void)
{
    assert_int_equal(exit_status_of(overflow_in_coroutine), FOUND);
    assert_int_equal(exit_status_of(write_below_bottom), FOUND);
    assert_int_equal(exit_status_of(write_at_far_end_of_guard), FOUND);
}

static void an_overflow_hits_a_light_guard_that_names_the_stack(void **state)
{
    (void)state;
    skip_where_faults_are_errors();
    with_watched_stack(TT_STACK_GUARD_LIGHT, check_overflows);
}

static void an_overflow_hits_a_guard_page_that_names_the_stack(void **state)
{
    (void)state;
    skip_where_faults_are_errors();
    with_watched_stack(TT_STACK_GUARD_PAGE, check_overflows);
}

static void check_addresses(void)
{
    char *bottom = watched->bottom;
    char on_home;
    void *elsewhere = malloc(1);
    assert_ptr_equal(tt__stack_find_guard(bottom - 1), watched);
    assert_ptr_equal(tt__stack_find_guard(bottom - page), watched);
    assert_null(tt__stack_find_guard(bottom));
    assert_null(tt__stack_find_guard(bottom - page - 1));
    assert_null(tt__stack_find_guard(watched->top));
    assert_true(tt__stack_find_guard(bottom + tt__stack_bytes(watched)) != watched);
    assert_null(tt__stack_find_guard(&on_home));
    assert_null(tt__stack_find_guard(elsewhere));
    assert_null(tt__stack_find_guard(NULL));
    assert_int_equal(tt__stack_guard_contains(watched, bottom - 1), 1);
    assert_int_equal(tt__stack_guard_contains(watched, bottom), 0);
    assert_int_equal(tt__stack_guard_contains(watched, bottom - page - 1), 0);
    free(elsewhere);
}

static void only_addresses_in_a_guard_are_taken_for_one(void **state)
{
    (void)state;
    with_watched_stack(TT_STACK_GUARD_PAGE, check_addresses);
}

static void fill_all(void *arg)
{
    struct tt_stack *stack = arg;
    char *end = (char *)__builtin_frame_address(0) - 1024;
    for (volatile char *at = stack->bottom; at < end; at += 16) /* no call: that would need stack itself */
        *at = (char)0xa5;
    tt__coro_exit(&diver, &home);
}

static void an_overflow_breaks_the_canary_and_full_use_does_not(void **state)
{
    (void)state;
    restrict_to(TT_STACK_GUARD_CANARY);
    struct tt_stack *below = acquire(0), *stack = acquire(0);
    char *at_bottom = stack->bottom;
    assert_int_equal(stack->guard, TT_STACK_GUARD_CANARY);
    assert_int_equal(tt__stack_canary_ok(stack), 1);
    memset(stack->bottom, 0xff, tt__stack_bytes(stack));
    memset(below->bottom, 0xff, tt__stack_bytes(below));
    assert_int_equal(tt__stack_canary_ok(stack), 1);
    assert_null(tt__stack_find_guard(at_bottom - 1));
    assert_int_equal(tt__stack_guard_contains(stack, at_bottom - 1), 0);
    const long places[] = {1, 8, 40, 64, (long)page, (long)page - 63};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        at_bottom[-places[i]] = 1;
        assert_int_equal(tt__stack_canary_ok(stack), 0);
        at_bottom[-places[i]] = 0;
        assert_int_equal(tt__stack_canary_ok(stack), 1);
    }
    tt__stack_release(below);
    tt__stack_release(stack);
}

static void a_guarded_stack_has_no_canary_to_break(void **state)
{
    (void)state;
    restrict_to(TT_STACK_GUARD_PAGE);
    struct tt_stack *stack = acquire(0);
    assert_int_equal(stack->guard, TT_STACK_GUARD_PAGE);
    assert_int_equal(tt__stack_canary_ok(stack), 1); /* and does not read the guard, which would be a fault */
    tt__stack_release(stack);
}

static void checking_canaries_costs_no_memory(void **state)
{
    enum { COUNT = 100 };
    struct tt_stack *stacks[COUNT];
    (void)state;
    restrict_to(TT_STACK_GUARD_CANARY);
    for (int i = 0; i < COUNT; i++)
        stacks[i] = acquire(0);
    long dirty = -1;
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(tt__stack_canary_ok(stacks[i]), 1);
    FILE *smaps = fopen("/proc/self/smaps", "r"); /* the zero page is not counted there */
    assert_non_null(smaps);
    char line[256];
    int is_ours = 0;
    while (fgets(line, sizeof line, smaps) != NULL) {
        unsigned long low, high, kib;
        if (sscanf(line, "%lx-%lx ", &low, &high) == 2)
            is_ours = (uintptr_t)stacks[0]->bottom >= low && (uintptr_t)stacks[0]->bottom < high;
        else if (is_ours && sscanf(line, "Private_Dirty: %lu kB", &kib) == 1)
            dirty = (long)kib;
    }
    fclose(smaps);
    for (int i = 0; i < COUNT; i++)
        tt__stack_release(stacks[i]);
    if (!RUNNING_ON_VALGRIND)
        assert_int_equal(dirty, 0);
}

static void fill_and_come_back(enum tt_stack_guard guard)
{
    restrict_to(guard);
    struct tt_stack *stack = acquire(0);
    tt__coro_home_init(&home);
    tt__coro_init(&diver, stack, fill_all, stack);
    tt__coro_switch(&home, &diver);
    assert_int_equal(tt__stack_canary_ok(stack), 1);
    tt__coro_finish(&diver);
    tt__coro_finish(&home);
}

static void a_coroutine_may_use_its_stack_down_to_the_bottom(void **state)
{
    (void)state;
    fill_and_come_back(TT_STACK_GUARD_LIGHT);
    tt__stack_pool_drain();
    fill_and_come_back(TT_STACK_GUARD_PAGE);
    tt__stack_pool_drain();
    fill_and_come_back(TT_STACK_GUARD_CANARY);
}

/* Fills the pool, so that `watched` is given back to the kernel; then takes it again. */
static void check_after_return_of_memory(void)
{
    enum { COUNT = 1024 };
    static struct tt_stack *others[COUNT];
    for (int i = 0; i < COUNT; i++)
        others[i] = acquire(0);
    for (int i = 0; i < COUNT; i++)
        tt__stack_release(others[i]);
    watched->top[-1] = 1;
    tt__stack_release(watched);
    assert_int_equal(resident_pages(watched->bottom, tt__stack_bytes(watched)), 0);
    for (int i = 0; i < COUNT; i++)
        others[i] = acquire(0);
    assert_ptr_equal(acquire(0), watched);
    check_overflows();
    for (int i = 0; i < COUNT; i++)
        tt__stack_release(others[i]);
}

static void a_guard_outlives_the_return_of_the_stacks_memory(void **state)
{
    (void)state;
    skip_where_faults_are_errors();
    with_watched_stack(TT_STACK_GUARD_LIGHT, check_after_return_of_memory);
}

/* ---- many ---- */

static size_t count_maps(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    size_t count = 0;
    assert_non_null(maps);
    for (int c; (c = fgetc(maps)) != EOF;)
        count += c == '\n';
    fclose(maps);
    return count;
}

static void hold_many(size_t guard_count_expected_max, int light_expected)
{
    struct tt_stack **stacks = calloc((size_t)MANY, sizeof(struct tt_stack *));
    struct tt_stack_counts counts;
    size_t by_guard[3] = {0, 0, 0};
    assert_non_null(stacks);
    for (int i = 0; i < MANY; i++) {
        stacks[i] = acquire(0);
        memcpy(stacks[i]->top - sizeof i, &i, sizeof i);
        by_guard[stacks[i]->guard]++;
    }
    assert_true(count_maps() < 65530);
    tt__stack_counts(&counts);
    assert_int_equal(counts.in_use, MANY);
    assert_int_equal(counts.guard_pages, by_guard[TT_STACK_GUARD_PAGE]);
    assert_true(by_guard[TT_STACK_GUARD_PAGE] <= guard_count_expected_max);
    if (light_expected)
        assert_int_equal(by_guard[TT_STACK_GUARD_LIGHT], MANY);
    else
        assert_int_equal(by_guard[TT_STACK_GUARD_PAGE] + by_guard[TT_STACK_GUARD_CANARY], MANY);
    for (int i = 0; i < MANY; i++) {
        assert_memory_equal(stacks[i]->top - sizeof i, &i, sizeof i);
        assert_int_equal(tt__stack_canary_ok(stacks[i]), 1);
        tt__stack_release(stacks[i]);
    }
    if (!light_expected)
        assert_true(by_guard[TT_STACK_GUARD_CANARY] > 0 && by_guard[TT_STACK_GUARD_PAGE] > 0);
    free(stacks);
}

static void forty_thousand_stacks_have_light_guards(void **state)
{
    (void)state;
    struct tt_stack *first = acquire(0);
    int is_light = first->guard == TT_STACK_GUARD_LIGHT;
    tt__stack_release(first);
    if (!is_light)
        TT_SKIP("this kernel has no light guards");
    hold_many(0, 1);
}

/* Where tools allow 4,000 stacks only, the limit is set in their midst; else it is the kernel's. */
static void beyond_the_kernels_limit_of_mappings_canaries_take_over(void **state)
{
    (void)state;
    tt__stack_restrict_guards(0, MANY < 40000 ? 2000 : SIZE_MAX);
    hold_many(MANY < 40000 ? 2000 : 65530 / 2 - 1000, 0);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_setup_teardown(an_overflow_hits_a_light_guard_that_names_the_stack, begin_case, end_case),
    cmocka_unit_test_setup_teardown(an_overflow_hits_a_guard_page_that_names_the_stack, begin_case, end_case),
    cmocka_unit_test_setup_teardown(only_addresses_in_a_guard_are_taken_for_one, begin_case, end_case),
    cmocka_unit_test_setup_teardown(an_overflow_breaks_the_canary_and_full_use_does_not, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_guarded_stack_has_no_canary_to_break, begin_case, end_case),
    cmocka_unit_test_setup_teardown(checking_canaries_costs_no_memory, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_coroutine_may_use_its_stack_down_to_the_bottom, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_guard_outlives_the_return_of_the_stacks_memory, begin_case, end_case),
    cmocka_unit_test_setup_teardown(forty_thousand_stacks_have_light_guards, begin_case, end_case),
    cmocka_unit_test_setup_teardown(beyond_the_kernels_limit_of_mappings_canaries_take_over, begin_case, end_case),
};

TT_TEST_MAIN(cases)
