/*
 * Stacks: sizes, the pool and what it gives back, threads, and no memory. Their guards are test_guard.c's.
 */
#include "../harness.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "coro.h"

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

#define KIB 1024u

static size_t page;

static int begin_case(void **state)
{
    (void)state;
    page = (size_t)sysconf(_SC_PAGESIZE);
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

/* ---- sizes ---- */

static void sizes_are_rounded_up_to_pages_and_to_the_minimum(void **state)
{
    const size_t cases[][2] = {
        {0, TT_STACK_BYTES_DEFAULT}, {1, 32 * KIB},
        {32 * KIB, 32 * KIB},        {64 * KIB, 64 * KIB},
        {1024 * KIB, 1024 * KIB},    {9 * 1024 * KIB, 9 * 1024 * KIB},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tt_stack *stack = acquire(cases[i][0]);
        assert_int_equal(tt__stack_bytes(stack), cases[i][1]);
        tt__stack_release(stack);
    }
    struct tt_stack *stack = acquire(32 * KIB + 1);
    assert_int_equal(tt__stack_bytes(stack), 32 * KIB + page);
    tt__stack_release(stack);
}

static void every_usable_byte_is_its_own(void **state)
{
    struct tt_stack *stacks[70]; /* more than an arena has */
    const size_t sizes[] = {32 * KIB, 64 * KIB, 100 * KIB, 3 * 1024 * KIB};
    (void)state;
    for (int i = 0; i < 70; i++) {
        stacks[i] = acquire(sizes[i % 4]);
        memset(stacks[i]->bottom, i + 1, tt__stack_bytes(stacks[i]));
        assert_true(stacks[i]->top > stacks[i]->bottom + 28 * KIB);
        assert_true(stacks[i]->top <= stacks[i]->bottom + tt__stack_bytes(stacks[i]));
        assert_int_equal((uintptr_t)stacks[i]->top % 64, 0);
    }
    for (int i = 0; i < 70; i++) {
        const char *bytes = stacks[i]->bottom;
        for (size_t k = 0; k < tt__stack_bytes(stacks[i]); k += 16)
            assert_int_equal(bytes[k], i + 1);
        tt__stack_release(stacks[i]);
    }
}

static void tops_differ_in_their_place_within_a_page(void **state)
{
    struct tt_stack *stacks[15];
    (void)state;
    for (int i = 0; i < 15; i++) {
        stacks[i] = acquire(0);
        for (int k = 0; k < i; k++)
            assert_true((uintptr_t)stacks[i]->top % page != (uintptr_t)stacks[k]->top % page);
    }
    for (int i = 0; i < 15; i++)
        tt__stack_release(stacks[i]);
}

/* ---- the pool ---- */

static void stacks_come_back_last_in_first_out(void **state)
{
    struct tt_stack *a = acquire(0), *b = acquire(0), *c = acquire(0);
    (void)state;
    tt__stack_release(b);
    tt__stack_release(a);
    tt__stack_release(c);
    assert_ptr_equal(acquire(0), c);
    assert_ptr_equal(acquire(0), a);
    assert_ptr_equal(acquire(0), b);
    tt__stack_release(c);
    struct tt_stack *other = acquire(128 * KIB + TT_STACK_BYTES_DEFAULT); /* another size takes none of them */
    assert_true(other != c);
    assert_ptr_equal(acquire(TT_STACK_BYTES_DEFAULT), c);
    tt__stack_release(a);
    tt__stack_release(b);
    tt__stack_release(c);
    tt__stack_release(other);
    tt__stack_release(NULL);
}

static void a_burst_leaves_a_bounded_pool_and_gives_its_memory_back(void **state)
{
    enum { BURST = 3000, KEPT = 1024 };
    struct tt_stack **stacks = calloc(BURST, sizeof(struct tt_stack *));
    struct tt_stack_counts counts;
    (void)state;
    assert_non_null(stacks);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < BURST; i++) {
            stacks[i] = acquire(0);
            stacks[i]->top[-1] = 1;
        }
        /* The last one stays, so that its neighbours are not unmapped with their arena. */
        char *idle = stacks[BURST - 2]->bottom;
        size_t bytes = tt__stack_bytes(stacks[BURST - 2]);
        char *unmapped = stacks[BURST / 2]->bottom;
        assert_int_equal(resident_pages(stacks[BURST - 1]->bottom, bytes), 1);
        for (int i = 0; i < BURST - 1; i++)
            tt__stack_release(stacks[i]);
        tt__stack_counts(&counts);
        assert_int_equal(counts.in_use, 1);
        assert_int_equal(counts.pooled, KEPT);
        assert_int_equal(resident_pages(idle, bytes), 0);
        assert_int_equal(resident_pages(unmapped, bytes), -1);
        tt__stack_release(stacks[BURST - 1]);
    }
    free(stacks);
}

static void a_drained_pool_maps_nothing_and_spares_what_is_in_use(void **state)
{
    struct tt_stack *used = acquire(0), *free_one = acquire(32 * KIB);
    struct tt_stack_counts counts;
    char *gone = free_one->bottom;
    (void)state;
    memset(used->bottom, 5, tt__stack_bytes(used));
    tt__stack_release(free_one);
    errno = 33;
    tt__stack_pool_drain();
    assert_int_equal(errno, 33);
    assert_int_equal(resident_pages(gone, 32 * KIB), -1);
    assert_int_equal(used->bottom[0], 5);
    tt__stack_counts(&counts);
    assert_int_equal(counts.in_use, 1);
    assert_int_equal(counts.arenas, 1);
    tt__stack_release(used);
    tt__stack_pool_drain();
    tt__stack_pool_drain();
    tt__stack_counts(&counts);
    assert_int_equal(counts.arenas, 0);
}

/* ---- threads ---- */

static void *acquire_for_another(void *arg)
{
    struct tt_stack **stack = arg;
    *stack = tt__stack_acquire(0);
    return NULL;
}

static void *release_for_another(void *arg)
{
    tt__stack_release(arg);
    return NULL;
}

static void run_thread(void *(*function)(void *), void *arg)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, function, arg), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void a_stack_released_on_another_thread_comes_home(void **state)
{
    struct tt_stack_counts counts;
    struct tt_stack *stack = acquire(0);
    (void)state;
    run_thread(release_for_another, stack);
    tt__stack_counts(&counts);
    assert_int_equal(counts.in_use, 0);
    assert_int_equal(counts.pooled, 1);
    assert_ptr_equal(acquire(0), stack);
    run_thread(release_for_another, stack);
    assert_ptr_equal(acquire(0), stack);
    tt__stack_release(stack);
}

static void a_stack_outlives_the_thread_that_acquired_it(void **state)
{
    struct tt_stack *stack = NULL;
    struct tt_stack_counts counts;
    (void)state;
    run_thread(acquire_for_another, &stack);
    assert_non_null(stack);
    char *bottom = stack->bottom;
    size_t bytes = tt__stack_bytes(stack);
    memset(bottom, 9, bytes);
    tt__stack_counts(&counts);
    assert_int_equal(counts.in_use, 0); /* it is of no business to this thread's pool */
    tt__stack_release(stack);
    assert_int_equal(resident_pages(bottom, bytes), -1);
}

static void *use_and_leave(void *arg)
{
    char **out_bottom = arg;
    struct tt_stack *stack = tt__stack_acquire(64 * KIB);
    if (stack != NULL)
        *out_bottom = stack->bottom;
    tt__stack_release(stack);
    return NULL;
}

static void a_threads_pool_is_freed_when_it_ends(void **state)
{
    char *bottom = NULL;
    (void)state;
    run_thread(use_and_leave, &bottom);
    assert_non_null(bottom);
    assert_int_equal(resident_pages(bottom, 64 * KIB), -1);
}

/* Stacks wander from thread to thread through the slots; each finds what its last holder wrote. */
#define EXCHANGE_SLOTS 16

static struct tt_stack *_Atomic exchange[EXCHANGE_SLOTS];
static atomic_int mismatch_count;

static void *trade_stacks(void *arg)
{
    uint32_t dice = (uint32_t)(uintptr_t)arg;
    for (int i = 0; i < 3000; i++) {
        dice = dice * 1664525u + 1013904223u;
        struct tt_stack *mine = tt__stack_acquire(0);
        if (mine == NULL)
            return NULL;
        memcpy(mine->bottom, &mine, sizeof mine);
        struct tt_stack *theirs = atomic_exchange(&exchange[dice >> 16 & (EXCHANGE_SLOTS - 1)], mine);
        if (theirs != NULL)
            mismatch_count += memcmp(theirs->bottom, &theirs, sizeof theirs) != 0;
        tt__stack_release(theirs);
    }
    return NULL;
}

static void threads_may_release_each_others_stacks_at_any_time(void **state)
{
    pthread_t threads[4];
    (void)state;
    for (uintptr_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, trade_stacks, (void *)(i + 1)), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(mismatch_count, 0);
    for (int i = 0; i < EXCHANGE_SLOTS; i++) { /* these outlived their threads */
        tt__stack_release(exchange[i]);
        exchange[i] = NULL;
    }
}

/* ---- no memory ---- */

static void a_size_that_no_machine_has_is_refused(void **state)
{
    const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 4096, SIZE_MAX / 2, SIZE_MAX / 2 + 1, SIZE_MAX / 4};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        errno = 0;
        assert_null(tt__stack_acquire(sizes[i]));
        assert_int_equal(errno, ENOMEM);
    }
    tt__stack_release(acquire(0));
}

/* Bytes of address space that the process has. */
static rlim_t mapped_bytes(void)
{
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (statm != NULL) {
        if (fscanf(statm, "%lu", &pages) != 1)
            pages = 0;
        fclose(statm);
    }
    return pages * page;
}

/* 0: refused with ENOMEM at some point, everything released, and it goes on afterwards. */
static int run_out_of_memory(void)
{
    enum { MOST = 100000 };
    static struct tt_stack *stacks[MOST];
    struct rlimit limit = {.rlim_cur = mapped_bytes() + (200u << 20), .rlim_max = RLIM_INFINITY};
    int count = 0;
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        return 1;
    for (int round = 0; round < 3; round++) {
        for (count = 0; count < MOST; count++) {
            errno = 0;
            if ((stacks[count] = tt__stack_acquire(0)) == NULL)
                break;
            stacks[count]->top[-1] = 1;
        }
        if (count < 1000 || count == MOST || errno != ENOMEM)
            return 2;
        for (int i = 0; i < count; i++)
            tt__stack_release(stacks[i]);
        if (round == 1)
            tt__stack_pool_drain();
    }
    struct tt_stack_counts counts;
    tt__stack_counts(&counts);
    return counts.in_use == 0 ? 0 : 3;
}

static void without_address_space_there_is_NULL_and_ENOMEM(void **state)
{
    int status;
    (void)state;
    if (TT_ASAN || TT_TSAN || RUNNING_ON_VALGRIND)
        TT_SKIP("the tool needs the address space that the case takes away");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(run_out_of_memory());
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_setup_teardown(sizes_are_rounded_up_to_pages_and_to_the_minimum, begin_case, end_case),
    cmocka_unit_test_setup_teardown(every_usable_byte_is_its_own, begin_case, end_case),
    cmocka_unit_test_setup_teardown(tops_differ_in_their_place_within_a_page, begin_case, end_case),
    cmocka_unit_test_setup_teardown(stacks_come_back_last_in_first_out, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_burst_leaves_a_bounded_pool_and_gives_its_memory_back, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_drained_pool_maps_nothing_and_spares_what_is_in_use, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_stack_released_on_another_thread_comes_home, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_stack_outlives_the_thread_that_acquired_it, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_threads_pool_is_freed_when_it_ends, begin_case, end_case),
    cmocka_unit_test_setup_teardown(threads_may_release_each_others_stacks_at_any_time, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_size_that_no_machine_has_is_refused, begin_case, end_case),
    cmocka_unit_test_setup_teardown(without_address_space_there_is_NULL_and_ENOMEM, begin_case, end_case),
};

TT_TEST_MAIN(cases)
