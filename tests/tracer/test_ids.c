/* Ids: unique in the process, never 0, growing within a thread, also where nothing records. */
#include "harness.h"
#include "telltale/trace.h"

#include <pthread.h>

enum { THREADS = 4, IDS = 100000 };

static uint64_t drawn[THREADS][IDS];

static void *draw(void *argument)
{
    uint64_t *ids = argument;
    for (unsigned i = 0; i < IDS; i++)
        ids[i] = tt_trace_new_id();
    return NULL;
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void ids_are_unique_over_all_threads_and_grow_within_each(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, draw, drawn[i]), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_true(drawn[i][0] != 0);
        for (unsigned j = 1; j < IDS; j++)
            assert_true(drawn[i][j] > drawn[i][j - 1]);
    }
    qsort(drawn, THREADS * IDS, sizeof drawn[0][0], compare);
    const uint64_t *all = &drawn[0][0];
    for (unsigned i = 1; i < THREADS * IDS; i++)
        assert_true(all[i] != all[i - 1]);
    assert_true(all[THREADS * IDS - 1] < 2 * THREADS * IDS); /* and few are wasted: a store has 40 bits for them */
}

static void the_first_ids_of_a_process_are_small(void **state)
{
    (void)state;
    uint64_t first = tt_trace_new_id();
    assert_in_range(first, 1, THREADS * IDS * 2);
    assert_true(tt_trace_new_id() == first + 1);
}

static void the_clock_never_goes_back_on_a_thread(void **state)
{
    (void)state;
    uint64_t last = tt_trace_clock();
    assert_true(last != 0);
    for (unsigned i = 0; i < 1000000; i++) {
        uint64_t now = tt_trace_clock();
        assert_true(now >= last);
        last = now;
    }
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(ids_are_unique_over_all_threads_and_grow_within_each),
    cmocka_unit_test(the_first_ids_of_a_process_are_small),
    cmocka_unit_test(the_clock_never_goes_back_on_a_thread),
};

TT_TEST_MAIN(cases)
