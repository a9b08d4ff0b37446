/*
 * Measuring stacks: how far down a tenant wrote, whoever was there before; and that looking makes no memory.
 */
#include "../harness.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stack.h"

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

#define KIB 1024u

static int begin_case(void **state)
{
    (void)state;
    return 0;
}

static int end_case(void **state)
{
    struct tt_stack_counts counts;
    (void)state;
    tt__stack_pool_drain();
    tt__stack_counts(&counts);
    return counts.in_use == 0 && counts.pooled == 0 && counts.arenas == 0 ? 0 : -1;
}

static uint32_t bytes; /* of the stack that was measured last */

static void skip_under_valgrind(void)
{
    if (RUNNING_ON_VALGRIND)
        TT_SKIP("valgrind complains of what reads an old stack: nothing is measured under it");
}

/* A tenant that writes so many bytes down from the end. Returns what is measured. */
static size_t use(size_t wanted)
{
    struct tt_stack *stack = tt__stack_acquire(0);
    assert_non_null(stack);
    tt__stack_measure_begin(stack);
    memset(stack->bottom + stack->bytes - wanted, 0x5a, wanted);
    size_t used = tt__stack_measure_end(stack, &bytes);
    assert_int_equal(bytes, stack->bytes);
    tt__stack_release(stack);
    return used;
}

static void what_was_written_is_measured_to_the_word(void **state)
{
    (void)state;
    skip_under_valgrind();
    assert_int_equal(use(8), 8);
    assert_int_equal(use(5000), 5000);
    assert_int_equal(use(TT_STACK_BYTES_DEFAULT), TT_STACK_BYTES_DEFAULT);
}

static void a_deep_tenant_leaves_nothing_to_the_next(void **state)
{
    (void)state;
    skip_under_valgrind();
    assert_int_equal(use(40 * KIB), 40 * KIB);
    assert_int_equal(use(4 * KIB), 4 * KIB);
    assert_int_equal(use(50 * KIB), 50 * KIB);
    assert_int_equal(use(64), 64);
}

static void a_tenant_that_was_not_measured_is_not_counted_with_the_next(void **state)
{
    (void)state;
    skip_under_valgrind();
    struct tt_stack *stack = tt__stack_acquire(0);
    assert_non_null(stack);
    memset(stack->bottom, 0x77, stack->bytes);
    assert_int_equal(tt__stack_measure_end(stack, &bytes), 0); /* it was not begun */
    tt__stack_release(stack);
    assert_int_equal(use(2 * KIB), 2 * KIB);
}

static void nothing_used_is_nothing(void **state)
{
    (void)state;
    skip_under_valgrind();
    struct tt_stack *stack = tt__stack_acquire(0);
    assert_non_null(stack);
    tt__stack_measure_begin(stack);
    assert_int_equal(tt__stack_measure_end(stack, &bytes), 0);
    tt__stack_release(stack);
}

static void looking_touches_no_page(void **state)
{
    (void)state;
    skip_under_valgrind();
    size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = TT_STACK_BYTES_DEFAULT / page, count = 0;
    unsigned char is_there[TT_STACK_BYTES_DEFAULT / 4096];
    struct tt_stack *stack = tt__stack_acquire(0);
    assert_non_null(stack);
    tt__stack_measure_begin(stack);
    memset(stack->bottom + stack->bytes - page, 1, page);
    assert_int_equal(tt__stack_measure_end(stack, &bytes), page);
    assert_int_equal(mincore(stack->bottom, stack->bytes, is_there), 0);
    for (size_t i = 0; i < pages; i++)
        count += is_there[i] & 1;
    assert_int_equal(count, 1);
    tt__stack_release(stack);
}

static void large_stacks_are_measured_whole(void **state)
{
    (void)state;
    skip_under_valgrind();
    struct tt_stack *stack = tt__stack_acquire(3 * KIB * KIB);
    assert_non_null(stack);
    tt__stack_measure_begin(stack);
    stack->bottom[0] = 1; /* and nothing in between */
    assert_int_equal(tt__stack_measure_end(stack, &bytes), stack->bytes);
    tt__stack_release(stack);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_setup_teardown(what_was_written_is_measured_to_the_word, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_deep_tenant_leaves_nothing_to_the_next, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_tenant_that_was_not_measured_is_not_counted_with_the_next, begin_case, end_case),
    cmocka_unit_test_setup_teardown(nothing_used_is_nothing, begin_case, end_case),
    cmocka_unit_test_setup_teardown(looking_touches_no_page, begin_case, end_case),
    cmocka_unit_test_setup_teardown(large_stacks_are_measured_whole, begin_case, end_case),
};

TT_TEST_MAIN(cases)
