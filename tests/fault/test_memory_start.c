/* Memory that is not there when a recording begins. A recorder that cannot begin says so to who waits for it, and lets go of everything; a
 * program that cannot be recorded is told, and goes on. */
#include "harness.h"
#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ring_dir.h"

#define CALLS_IN_SUITE 8u
#define NOTES          100u /* of each of two threads */

/* ------------------------------------------------------------------------------------------------------ the recorder */

static char ring_dir[PATH_MAX];

/* As a supervisor starts it: the store is new, its ring dir is the usual one, and somebody waits. */
static bool begin_recording(void)
{
    struct tt_store_error error = {TT_STORE_OK, ""};
    struct tt_recorder_options options = {.store = trial_studio.store, .supervised = 1, .wait_ms_max = 1};
    int control[2], ready[2];
    char said[16] = "";
    assert_true(pipe2(control, O_CLOEXEC) == 0 && pipe2(ready, O_CLOEXEC) == 0);
    assert_int_equal(write(control[1], "finish\n", 7), 7);
    close(control[1]);
    options.control_fd = control[0];
    options.ready_fd = ready[1];
    bool is_done = tt_recorder_run(&options, &error) == 0;
    if (fcntl(control[0], F_GETFD) >= 0)
        close(control[0]);
    /* Either it was at work, or it hangs up without a word. */
    assert_int_equal(fcntl(ready[0], F_SETFL, O_NONBLOCK), 0);
    ssize_t length = read(ready[0], said, sizeof said - 1);
    close(ready[0]);
    if (length != 0 || is_done)
        assert_string_equal(said, "ready\n");
    if (!is_done)
        assert_string_not_equal(error.text, "");
    return is_done;
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* What a recorder leaves that failed is nothing, or what the next one goes on with. It leaves its ring dir when it could not see whether it is
 * empty; the next one, which can, removes it. */
static void expect_next_one_begins(bool is_done)
{
    char gone[PATH_MAX + 32];
    if (!is_done || is_there(ring_dir))
        assert_true(begin_recording());
    snprintf(gone, sizeof gone, "%s.%ld", ring_dir, (long)getpid()); /* its name while it is removed */
    assert_false(is_there(ring_dir));
    assert_false(is_there(gone));
    studio_expect(&trial_studio, "PRAGMA integrity_check", "ok");
    studio_expect(&trial_studio, "SELECT count(*) FROM process", "0");
}

static void a_recorder_that_has_no_memory_to_begin_says_so_to_who_waits(void **state)
{
    (void)state;
    studio_open(&trial_studio);
    scarcity_begin();
    assert_int_equal(tt__ring_dir_of_store(trial_studio.store, ring_dir, sizeof ring_dir), 0);
    trial_run(&(struct trial){trial_delete_store, begin_recording, expect_next_one_begins, false}, CALLS_IN_SUITE);
    trial_run(&(struct trial){trial_delete_store, begin_recording, expect_next_one_begins, true}, CALLS_IN_SUITE);
    trial_delete_store();
    studio_close(&trial_studio);
}

/* ------------------------------------------------------------------------------------------------------- the program */

static void *write_notes(void *argument)
{
    for (unsigned i = 0; i < NOTES; i++)
        tt_trace_note(0, "key", "text");
    return argument;
}

/* In a child, with a call that fails: tries to begin, and goes on. Its own child tries, too, without having been told. The stage gets the calls. */
static _Noreturn void live(long number, bool is_lasting)
{
    struct tt_trace_options options = {.ring_bytes = 65536, .program = "/nonexistent"};
    pthread_t thread;
    scarcity_set(SCARCITY_OF_ALL, number, is_lasting);
    int status = tt_trace_start(&options);
    if (status != TT_TRACE_RECORDING && status != -ENOMEM)
        _exit(90);
    if (pthread_create(&thread, NULL, write_notes, NULL) != 0)
        _exit(91);
    write_notes(NULL);
    pthread_join(thread, NULL);
    pid_t child = fork();
    if (child < 0)
        _exit(92);
    write_notes(NULL);
    if (child == 0)
        exit(0); /* says goodbye, if it is recorded */
    if (studio_wait(child) != 0)
        _exit(93);
    tt_trace_stop();
    studio_stage->count = (uint64_t)scarcity_calls();
    _exit(status == TT_TRACE_RECORDING ? 0 : 1);
}

/* What is recorded is recorded whole: three times NOTES, unless the child or all of it is missing. */
static void expect_all_or_nothing(bool is_recorded, unsigned arenas)
{
    char goodbyes[64];
    assert_true(arenas <= 2 && (!is_recorded || arenas > 0));
    if (arenas == 0)
        return;
    assert_true(trial_recover());
    assert_int_equal(studio_count_arenas(&trial_studio), 0);
    studio_expect_sound(&trial_studio);
    snprintf(goodbyes, sizeof goodbyes, "%u|%u", arenas, arenas);
    studio_expect(&trial_studio, "SELECT count(*), count(goodbye_ns) FROM process", goodbyes);
    int64_t notes = studio_number(&trial_studio, "SELECT count(*) FROM note");
    assert_int_equal(notes, is_recorded ? (arenas + 2) * NOTES : NOTES);
}

/* Returns how many calls there were. */
static long run_program(long number, bool is_lasting)
{
    trial_delete_store();
    fflush(NULL);
    pid_t program = fork();
    assert_true(program >= 0);
    if (program == 0) {
        signal(SIGABRT, SIG_DFL); /* cmocka's */
        live(number, is_lasting);
    }
    int status = studio_wait(program);
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
        fail_msg("when call %ld%s failed the program ended with status %x", number,
                 is_lasting ? " and all after it" : "", (unsigned)status);
    expect_all_or_nothing(WEXITSTATUS(status) == 0, studio_count_arenas(&trial_studio));
    return (long)studio_stage->count;
}

static void a_program_that_has_no_memory_to_be_recorded_goes_on(void **state)
{
    (void)state;
    studio_open(&trial_studio);
    scarcity_begin();
    assert_true(setenv("TELLTALE_RING_DIR", trial_studio.ring_dir, 1) == 0 &&
                setenv("TELLTALE_SUPERVISED", "1", 1) == 0);
    assert_true(run_program(0, false) >= 2); /* the page of its life, and the arena */
    for (int is_lasting = 0; is_lasting < 2; is_lasting++)
        for (long number = 1; number <= run_program(number, is_lasting); number++)
            continue;
    unsetenv("TELLTALE_RING_DIR");
    unsetenv("TELLTALE_SUPERVISED");
    trial_delete_store();
    studio_close(&trial_studio);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_recorder_that_has_no_memory_to_begin_says_so_to_who_waits),
    cmocka_unit_test(a_program_that_has_no_memory_to_be_recorded_goes_on),
};

TT_TEST_MAIN(cases)
