/* tested: a cmocka program whose set-up and tear-down say which test runs, so that its recording knows what happened in which.
 *
 *   telltale record -o run.telltale -- tested
 *   telltale query run.telltale 'SELECT name, outcome, failure_count, pending_count, leak_count FROM tests'
 *
 * Of what it tests, fetching all pages, one test passes although nobody looks at a failure: the report says in which. cmocka does not
 * tell the tear-down how the test ended, so the last statement of each test does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <telltale/telltale.h>
#include <telltale/trace.h>

/* A test that tells: what its set-up and tear-down need. */
struct told {
    const char *name;
    uint64_t id;
    enum tt_test_outcome outcome;
};

static int begin(void **state)
{
    struct told *told = *state;

    told->id = tt_trace_test_begin(told->name);
    told->outcome = TT_TEST_OUTCOME_FAILED;
    return 0;
}

static int end(void **state)
{
    const struct told *told = *state;

    tt_trace_test_end(told->id, told->outcome, told->outcome == TT_TEST_OUTCOME_FAILED ? "it was left by an assertion" : NULL);
    return 0;
}

static void pass(void **state)
{
    ((struct told *)*state)->outcome = TT_TEST_OUTCOME_PASSED;
}

static void leave_out(void **state)
{
    ((struct told *)*state)->outcome = TT_TEST_OUTCOME_SKIPPED;
    skip();
}

#define TOLD(function) {#function, function, begin, end, &(struct told){.name = #function}}

/* ------------------------------------------------------------------------------------------------- what is tested */

static int fetch(void *page)
{
    if (tt_sleep(TT_MSEC(1)) < 0)
        return -1;
    return *(const int *)page == 7 ? tt_raise(&tt_ValueError, "no page %d", 7) : 0;
}

struct pages {
    int first, second;
};

/* Fetches two pages, and looks at what became of the first one only. */
static int fetch_both(void *arg)
{
    struct pages *pages = arg;
    tt_task *forgotten = tt_create_task(fetch, &pages->second);
    int rc = fetch(&pages->first);

    if (rc == 0)
        rc = tt_sleep(TT_MSEC(5));
    tt_task_unref(forgotten);
    return rc;
}

static int fetch_pages(int first, int second)
{
    struct pages pages = {first, second};

    return tt_run(fetch_both, &pages);
}

/* ------------------------------------------------------------------------------------------------------- the tests */

static void pages_are_fetched(void **state)
{
    assert_int_equal(fetch_pages(1, 2), 0);
    pass(state);
}

static void a_page_that_is_missing_is_told(void **state)
{
    assert_int_not_equal(fetch_pages(7, 2), 0);
    pass(state);
}

/* It passes, and yet the second page was not fetched. */
static void a_second_page_is_fetched_as_well(void **state)
{
    assert_int_equal(fetch_pages(1, 7), 0);
    pass(state);
}

static void a_page_has_a_number_above_0(void **state)
{
    int number = 0;

    assert_int_not_equal(number, 0);
    pass(state);
}

static void pages_of_other_hosts_are_fetched(void **state)
{
    leave_out(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOLD(pages_are_fetched),
        TOLD(a_page_that_is_missing_is_told),
        TOLD(a_second_page_is_fetched_as_well),
        TOLD(a_page_has_a_number_above_0),
        TOLD(pages_of_other_hosts_are_fetched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
