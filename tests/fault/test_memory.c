/* Memory that runs out while a recording is read into a store: each call that takes memory fails once. Then the recorder ends with an error,
 * or pauses. Nothing is leaked, the store stays whole, and the next one who goes on with it has everything, once. */
#include "harness.h"
#include "trial.h"

#include <fcntl.h>
#include <unistd.h>

#define CALLS_IN_SUITE 8u

/* What must be in the store, however often recorders began anew. */
static const char contents[] =
    "SELECT 'task', count(*), sum(step_count), sum(outcome), sum(parent_id), count(name), sum(wait_kind) FROM task"
    " UNION ALL SELECT 'failure', count(*), sum(how), sum(kind), sum(parent_kind), count(raised_site_id), "
    "count(exception_id) FROM failure"
    " UNION ALL SELECT 'thread', count(*), sum(attempt_count), sum(record_count), sum(drop_count), sum(hole_count), 0 "
    "FROM thread"
    " UNION ALL SELECT 'process', count(*), sum(attempt_count), sum(record_count), sum(is_balanced), count(goodbye_ns),"
    " count(gone_ns) FROM process"
    " UNION ALL SELECT 'chunk', sum(event_count), 0, 0, 0, 0, 0 FROM chunk"
    " UNION ALL SELECT 'event', count(*), count(DISTINCT name), count(task_id), count(fields), 0, 0 FROM event"
    " UNION ALL SELECT 'note', count(*), count(key), count(text), count(task_id), 0, 0 FROM note"
    " UNION ALL SELECT 'exception', count(*), count(type), count(message), 0, 0, 0 FROM exception"
    " UNION ALL SELECT 'site', count(*), sum(line), count(file), count(func), count(text), 0 FROM site"
    " UNION ALL SELECT 'board', count(*), sum(state), sum(wait_kind), sum(step_count), 0, 0 FROM board"
    " UNION ALL SELECT 'scope', count(*), sum(kind), sum(ending), 0, 0, 0 FROM scope"
    " UNION ALL SELECT 'io', count(*), sum(what), count(name), 0, 0, 0 FROM io"
    " UNION ALL SELECT 'gap', count(*), sum(count), 0, 0, 0, 0 FROM gap";
static char expected[4096];

/* As under `telltale record`, when the program has ended already. */
static bool record_supervised(void)
{
    static const char said[] = "started 1\nexited 1 3\nfinish\n";
    int control[2];
    assert_int_equal(pipe2(control, O_CLOEXEC), 0);
    assert_int_equal(write(control[1], said, sizeof said - 1), sizeof said - 1);
    close(control[1]);
    bool is_done =
        trial_run_recorder((struct tt_recorder_options){.control_fd = control[0], .supervised = 1, .wait_ms_max = 1});
    if (fcntl(control[0], F_GETFD) >= 0)
        close(control[0]);
    return is_done;
}

static void begin_anew(void)
{
    trial_delete_store();
    trial_take_arenas(trial_studio.ring_dir, NULL);
    trial_take_arenas(trial_kept_dir, trial_studio.ring_dir);
}

/* The next one has nothing left to do, or goes on. */
static void expect_all_is_there(bool is_done)
{
    if (!is_done)
        assert_true(trial_recover());
    if (studio_count_arenas(&trial_studio) != 0) { /* done: one arena was left for later */
        assert_true(trial_recover());
        assert_int_equal(studio_count_arenas(&trial_studio), 0);
    }
    studio_expect(&trial_studio, "PRAGMA integrity_check", "ok");
    if (expected[0] == '\0') {
        studio_text(&trial_studio, contents, expected, sizeof expected);
        assert_null(strstr(expected, "event|0|"));
    }
    studio_expect(&trial_studio, contents, expected);
}

static void a_recovery_without_memory_leaves_a_sound_store_and_the_next_one_has_all(void **state)
{
    (void)state;
    trial_make_recording();
    trial_run(&(struct trial){begin_anew, trial_recover, expect_all_is_there, false}, CALLS_IN_SUITE);
    trial_run(&(struct trial){begin_anew, trial_recover, expect_all_is_there, true}, CALLS_IN_SUITE);
    trial_remove_recording();
}

/* What a recorder has read of a program, half of whose life was over; the rest is in its arena. */
static void live_twice(void *argument)
{
    trial_live(NULL);
    studio_reach(1);
    trial_live(argument);
}

static void make_half_read_recording(void)
{
    char earlier[sizeof trial_studio.store + 16];
    trial_make_recording();
    trial_take_arenas(trial_kept_dir, NULL);
    trial_take_arenas(trial_studio.ring_dir, NULL);
    assert_int_equal(setenv("TELLTALE_EVENTS", "all", 1), 0);
    pid_t program = studio_start_program(&trial_studio, live_twice, &trial_studio, 65536);
    unsetenv("TELLTALE_EVENTS");
    studio_await(1);
    assert_true(trial_recover());
    studio_let_pass(1);
    studio_wait(program);
    assert_int_equal(studio_count_arenas(&trial_studio), 1);
    trial_take_arenas(trial_studio.ring_dir, trial_kept_dir);
    trial_path_of_earlier(earlier);
    trial_copy_file(trial_studio.store, earlier);
}

static void begin_again(void)
{
    char earlier[sizeof trial_studio.store + 16];
    begin_anew();
    trial_path_of_earlier(earlier);
    trial_copy_file(earlier, trial_studio.store);
}

static void a_recorder_that_has_no_memory_to_go_on_with_a_store_doubles_nothing(void **state)
{
    (void)state;
    make_half_read_recording();
    trial_run(&(struct trial){begin_again, trial_recover, expect_all_is_there, false}, CALLS_IN_SUITE);
    trial_remove_recording();
}

static void a_recording_without_memory_pauses_or_ends_and_the_next_one_has_all(void **state)
{
    (void)state;
    trial_make_recording();
    trial_run(&(struct trial){begin_anew, record_supervised, expect_all_is_there, false}, CALLS_IN_SUITE);
    trial_remove_recording();
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_recovery_without_memory_leaves_a_sound_store_and_the_next_one_has_all),
    cmocka_unit_test(a_recorder_that_has_no_memory_to_go_on_with_a_store_doubles_nothing),
    cmocka_unit_test(a_recording_without_memory_pauses_or_ends_and_the_next_one_has_all),
};

TT_TEST_MAIN(cases)
