/* A store that takes nothing any more, and processes that end meanwhile: the recorder gives up after a while, and what they said waits in
 * their arenas for the next one. */
#include "harness.h"
#include "studio_case.h"

#include <signal.h>
#include <sys/resource.h>

#define NOTES 500

static void note_often(void)
{
    for (int i = 0; i < NOTES; i++)
        tt_trace_note(0, "note", "");
}

/* ARGUMENT: the signal that ends it, NULL for none. */
static void note_before_and_after(void *argument)
{
    note_often();
    studio_reach(1);
    note_often();
    studio_reach(2);
    if (argument)
        raise(*(const int *)argument);
}

static void end_on_a_full_disk(const int *signal)
{
    studio_start_recorder(&studio, &(struct tt_recorder_options){.supervised = 1, .retry_ms_max = 100});
    pid_t program = studio_start_program(&studio, note_before_and_after, (void *)(uintptr_t)signal, 0);
    studio_await(1);
    studio_expect_within(&studio, 20000, "SELECT count(*) FROM note", "500");
    assert_int_equal(prlimit(studio.recorder, RLIMIT_FSIZE, &(struct rlimit){0, 0}, NULL), 0);
    studio_let_pass(1);
    studio_await(2);
    studio_sleep_us(
        300000); /* the recorder has tried in vain, and pauses; one that has not yet sees the end where it always does */
    studio_let_pass(2);
    studio_wait(program);
    studio_tell(&studio, "finish");
    assert_int_equal(studio_wait_recorder(&studio) >> 8, 1);
    assert_int_equal(studio_count_arenas(&studio), 1);

    studio_recover(&studio);
    assert_int_equal(studio_count_arenas(&studio), 0);
    studio_expect_sound(&studio);
    studio_expect(&studio, "SELECT count(*) FROM note", "1000");
    studio_expect(&studio, "SELECT end_reason FROM processes", signal ? "killed_without_goodbye" : "exit");
}

static void a_program_that_exits_while_the_disk_is_full_does_not_keep_the_recorder(void **state)
{
    (void)state;
    end_on_a_full_disk(NULL);
}

static void a_program_that_is_killed_while_the_disk_is_full_does_not_keep_the_recorder(void **state)
{
    static const int number = SIGKILL;
    (void)state;
    end_on_a_full_disk(&number);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio(a_program_that_exits_while_the_disk_is_full_does_not_keep_the_recorder),
    cmocka_unit_test_in_studio(a_program_that_is_killed_while_the_disk_is_full_does_not_keep_the_recorder),
};

TT_TEST_MAIN(cases)
