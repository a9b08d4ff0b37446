/* Child processes: communicating once more with one whose pipes were read to their ends. asyncio: b"". */
#include "stage.h"

static void note_output(tt_process *process)
{
    struct tt_process_output output = {.out = "untouched"};

    if (tt_process_communicate(process, NULL, 0, 100, &output) < 0) {
        note_and_drop("communicate");
        return;
    }
    note("out %zu '%s', err %s", output.out_size, output.out ? output.out : "NULL", output.err ? output.err : "NULL");
    free(output.out);
    free(output.err);
}

static int communicate_again(void *arg)
{
    const struct tt_process_options options = {.out = {TT_STDIO_PIPE, 0}};
    char *argv[] = {"echo", "hi", NULL};
    tt_process *process = tt_process_spawn(argv, &options);

    (void)arg;
    if (!process)
        return -1;
    note_output(process);
    note_output(process);
    tt_process_destroy(process);
    return 0;
}

static void a_second_time_a_pipe_has_nothing_and_is_still_a_pipe(void **state)
{
    (void)state;
    assert_true(stage_run(communicate_again, NULL));
    expect_notes("out 3 'hi\n', err NULL", "out 0 '', err NULL");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(a_second_time_a_pipe_has_nothing_and_is_still_a_pipe),
};

TT_TEST_MAIN(cases)
