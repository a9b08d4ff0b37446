/* The recorder at work: what happens in a program stands in the store within a second, however the program ends, however many there are,
 * and whatever becomes of the disk. */
#include "harness.h"
#include "studio_case.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "store_writer.h"

/* ------------------------------------------------------------------------------------------------------- while it runs */

static void tell_life_of_tasks(void *argument)
{
    (void)argument;
    uint64_t first = studio_create_task("first", TT_HERE), second = studio_create_task("second", TT_HERE);
    studio_reach(1);
    TT_EMIT(task_finished, .task_id = first, .outcome = TT_OUTCOME_RETURNED);
    studio_reach(2);
    TT_EMIT(task_finished, .task_id = second, .outcome = TT_OUTCOME_CANCELLED);
    studio_reach(3);
}

static void what_happens_is_in_the_store_within_a_second(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, tell_life_of_tasks, NULL, 0);
    const char *sql = "SELECT name, outcome FROM tasks ORDER BY task_id";
    studio_await(1);
    studio_expect_within(&studio, 1000, sql, "first|pending\nsecond|pending");
    studio_let_pass(1);
    studio_await(2);
    studio_expect_within(&studio, 1000, sql, "first|returned\nsecond|pending");
    studio_let_pass(2);
    studio_await(3);
    studio_expect_within(&studio, 1000, sql, "first|returned\nsecond|cancelled");
    studio_expect(&studio, "SELECT end_reason, end_text, ended_ns FROM processes", "running|running|NULL");
    studio_let_pass(3);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
}

static void show_on_board(void *argument)
{
    (void)argument;
    tt_site *created = TT_SITE_HERE("serve"), *waiting = TT_HERE;
    uint64_t id = studio_create_task("server", created);
    tt_board_slot *slot = tt_board_claim(id, 0, 0, created, "server", 0);
    struct tt_board_entry entry = {.state = TT_TASK_STATE_WAITING,
                                   .wait_kind = TT_WAIT_KIND_RECV,
                                   .wait_object = 7,
                                   .wait_site = waiting,
                                   .since = tt_trace_clock(),
                                   .step_count = 3};
    tt_board_write(slot, &entry);
    studio_reach(1);
    entry.state = TT_TASK_STATE_RUNNING;
    entry.wait_kind = TT_WAIT_KIND_NONE;
    entry.wait_site = NULL;
    tt_board_write(slot, &entry);
    studio_reach(2);
    entry.state = TT_TASK_STATE_WAITING;
    entry.wait_kind = TT_WAIT_KIND_SLEEP;
    entry.wait_site = waiting;
    entry.since = tt_trace_clock();
    tt_board_write(slot, &entry);
    uint64_t gone = studio_create_task("gone", created);
    tt_board_release(tt_board_claim(gone, id, 0, created, "gone", 0));
    studio_reach(3);
}

static void the_board_shows_what_tasks_wait_for_also_after_a_kill(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, show_on_board, NULL, 0);
    studio_await(1);
    studio_expect_within(&studio, 1000,
                         "SELECT name, coroutine, state, wait_text, wait_at LIKE '%test_recorder.c:% in "
                         "show_on_board', step_count FROM tasks",
                         "server|serve|waiting|recv on descriptor 7|1|3");
    studio_let_pass(1);
    studio_await(2);
    studio_expect_within(&studio, 1000, "SELECT state, wait_text, wait_at FROM tasks", "running|NULL|NULL");
    studio_let_pass(2);
    studio_await(3);
    studio_sleep_us(300000);
    assert_int_equal(kill(program, SIGKILL), 0);
    studio_wait(program);
    studio_finish(&studio);
    studio_expect(&studio, "SELECT name, outcome, state, wait_text FROM tasks ORDER BY task_id",
                  "server|pending|waiting|sleep\ngone|pending|ready|NULL");
    int64_t waited_ns = studio_number(&studio, "SELECT wait_ns FROM tasks WHERE name = 'server'");
    assert_in_range(waited_ns, INT64_C(290000000), INT64_C(20000000000));
    studio_expect(&studio, "SELECT count(*) FROM leaks", "0");
}

/* -------------------------------------------------------------------------------------------------------- how it ends */

static void exit_with_3(void *argument)
{
    (void)argument;
    studio_create_task("task", TT_HERE);
    exit(3);
}

static void exit_without_goodbye(void *argument)
{
    (void)argument;
    studio_create_task("task", TT_HERE);
    _exit(0);
}

static void kill_itself(void *argument)
{
    (void)argument;
    studio_create_task("task", TT_HERE);
    raise(SIGKILL);
}

static void stop_tracing(void *argument)
{
    (void)argument;
    studio_create_task("task", TT_HERE);
    tt_trace_stop();
    studio_reach(1);
}

static void start_anew(void *argument)
{
    (void)argument;
    studio_create_task("before", TT_HERE);
    tt_trace_stop();
    if (tt_trace_start(NULL) != TT_TRACE_RECORDING)
        _exit(9);
    studio_create_task("after", TT_HERE);
}

static void replace_itself(void *argument)
{
    (void)argument;
    studio_create_task("task", TT_HERE);
    execl("/bin/sleep", "sleep", "3600", (char *)NULL);
    _exit(9);
}

static void the_end_of_a_process_is_told_as_well_as_it_is_known(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    studio_run(&studio, exit_with_3);
    studio_run(&studio, exit_without_goodbye);
    studio_run(&studio, kill_itself);
    assert_int_equal(studio_wait(studio_start_program(&studio, exit_with_3, NULL, 0)) >> 8, 3);
    studio_wait(studio_start_program(&studio, kill_itself, NULL, 0));
    studio_finish(&studio);
    studio_expect(
        &studio, "SELECT process_id, end_reason, end_text FROM processes ORDER BY process_id",
        "0|exit|exit status 3\n1|exit|exit status 0, without goodbye\n2|signal|ended by SIGKILL\n3|exit|exited\n"
        "4|killed_without_goodbye|ended without goodbye");
    studio_expect(&studio, "SELECT count(*) FROM tasks WHERE outcome = 'pending'", "5");
    studio_expect(&studio,
                  "SELECT count(*) FROM processes WHERE ended_ns BETWEEN started_ns AND started_ns + 20000000000", "5");
    studio_expect_sound(&studio);
}

static void a_process_that_stops_tracing_is_closed_while_it_lives(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, stop_tracing, NULL, 0);
    studio_await(1);
    studio_expect_within(&studio, 5000, "SELECT end_reason, end_text, is_balanced FROM processes",
                         "stopped|tracing was stopped|1");
    assert_int_equal(studio_count_arenas(&studio), 0);
    studio_let_pass(1);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
}

static void a_process_that_starts_anew_is_two_in_the_store(void **state)
{
    (void)state;
    studio_record(&studio, NULL, start_anew);
    studio_expect(
        &studio,
        "SELECT p.process_id, p.end_reason, t.name FROM processes AS p JOIN tasks AS t USING (process_id) ORDER BY 1",
        "0|stopped|before\n1|exit|after");
    studio_expect_sound(&studio);
}

static void an_exec_is_noticed_though_the_process_lives(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, replace_itself, NULL, 0);
    studio_expect_within(&studio, 10000, "SELECT end_reason, end_text FROM processes",
                         "exec|replaced by another program");
    assert_int_equal(kill(program, SIGKILL), 0);
    studio_wait(program);
    studio_finish(&studio);
    studio_expect_sound(&studio);
}

static void a_recorder_started_after_the_end_finds_all_that_is_left(void **state)
{
    (void)state;
    studio_wait(studio_start_program(&studio, exit_with_3, NULL, 0));
    studio_wait(studio_start_program(&studio, kill_itself, NULL, 0));
    assert_int_equal(studio_count_arenas(&studio), 2);
    assert_int_equal(tt_recorder_is_needed(studio.ring_dir), 1);
    studio_recover(&studio);
    assert_int_equal(studio_count_arenas(&studio), 0);
    studio_expect(&studio, "SELECT end_reason FROM processes ORDER BY end_reason", "exit\nkilled_without_goodbye");
    studio_expect(&studio,
                  "SELECT count(*) FROM processes WHERE ended_ns BETWEEN started_ns AND started_ns + 20000000000", "2");
    studio_expect_sound(&studio);
}

static void end_many_tasks(void *argument)
{
    (void)argument;
    for (int i = 0; i < 10000; i++)
        TT_EMIT(task_finished, .task_id = studio_create_task("one of many", TT_HERE), .outcome = TT_OUTCOME_RETURNED);
    raise(SIGKILL);
}

static void recovering_a_large_store_leaves_its_summaries_for_later(void **state)
{
    (void)state;
    int is_unsummarised = -1;
    struct tt_store_error error;
    struct tt_recorder_options options = {.store = studio.store,
                                          .ring_dir = studio.ring_dir,
                                          .ready_fd = -1,
                                          .control_fd = -1,
                                          .recover = 1,
                                          .summary_bytes_max = 1 << 16,
                                          .out_is_unsummarised = &is_unsummarised};
    const char *sql = "SELECT outcome, count(*) FROM tasks", *ranges = "SELECT sum(task_count) FROM task_span";
    studio_wait(studio_start_program(&studio, end_many_tasks, NULL, 8 << 20));
    assert_int_equal(tt_recorder_run(&options, &error), 0);
    assert_int_equal(is_unsummarised, 1);
    studio_expect(&studio, ranges, "NULL");
    studio_expect(&studio, sql, "returned|10000");
    tt_recorder_summarise(studio.store);
    studio_expect(&studio, ranges, "10000");
    studio_expect(&studio, sql, "returned|10000");
    studio_expect_sound(&studio);

    /* A small one has them at once. */
    options.summary_bytes_max = 0;
    studio_wait(studio_start_program(&studio, end_many_tasks, NULL, 8 << 20));
    assert_int_equal(tt_recorder_run(&options, &error), 0);
    assert_int_equal(is_unsummarised, 0);
    studio_expect(&studio, ranges, "20000");
}

/* A process that has nothing of SQLite's open: when a byte comes through *OUT_SIGNAL it opens the store for writing, and exits: 0, 1 when
 * somebody else writes it. */
static pid_t start_another_writer(int *out_signal)
{
    struct tt_store_error error;
    struct tt__store_writer *writer;
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t other = fork();
    if (other == 0) {
        if (read(ends[0], &byte, 1) == 1 && tt__store_open_writer(studio.store, NULL, &writer, &error) == 0)
            _exit(0);
        _exit(error.kind == TT_STORE_BUSY ? 1 : 2);
    }
    close(ends[0]);
    *out_signal = ends[1];
    return other;
}

static void send_byte(int signal)
{
    assert_int_equal(write(signal, "", 1), 1);
    close(signal);
}

static void summaries_that_are_made_later_give_way_to_a_recorder(void **state)
{
    (void)state;
    struct tt_store_error error;
    struct tt__store_writer *writer;
    struct tt__store_writer_options giving_way = {.gives_way = true};
    int signal;
    struct tt_recorder_options options = {.store = studio.store,
                                          .ring_dir = studio.ring_dir,
                                          .ready_fd = -1,
                                          .control_fd = -1,
                                          .recover = 1,
                                          .summary_bytes_max = 1 << 16};
    studio_wait(studio_start_program(&studio, end_many_tasks, NULL, 8 << 20));
    assert_int_equal(tt_recorder_run(&options, &error), 0);

    /* Whoever has the store and does not give way keeps it. */
    pid_t other = start_another_writer(&signal);
    assert_int_equal(tt__store_open_writer(studio.store, NULL, &writer, &error), 0);
    send_byte(signal);
    assert_int_equal(studio_wait(other), 1 << 8);
    tt__store_close_writer(writer, false);

    /* Whoever gives way is waited for, and leaves the store as it is. */
    other = start_another_writer(&signal);
    assert_int_equal(tt__store_open_writer(studio.store, &giving_way, &writer, &error), 0);
    send_byte(signal);
    while (tt__store_run(writer, "SELECT count(*) FROM task AS a, task AS b", NULL, 0, NULL, NULL) == 0)
        ;
    tt__store_close_writer(writer, true);
    assert_int_equal(studio_wait(other), 0);
    studio_expect(&studio, "SELECT sum(task_count) FROM task_span", "NULL");
    studio_expect(&studio, "SELECT outcome, count(*) FROM tasks", "returned|10000");
    studio_expect_sound(&studio);
}

static void recovering_leaves_living_processes_to_the_next_recorder(void **state)
{
    (void)state;
    pid_t program = studio_start_program(&studio, tell_life_of_tasks, NULL, 0);
    const char *sql = "SELECT name, outcome FROM tasks ORDER BY task_id";
    studio_await(1);
    studio_recover(&studio);
    assert_int_equal(studio_count_arenas(&studio), 1);
    studio_expect(&studio, sql, "first|pending\nsecond|pending");
    studio_let_pass(3);
    studio_wait(program);
    studio_recover(&studio);
    assert_int_equal(studio_count_arenas(&studio), 0);
    studio_expect(&studio, sql, "first|returned\nsecond|cancelled");
    studio_expect_sound(&studio);
}

/* ------------------------------------------------------------------------------------------------ many, and one recorder */

static void emit_some(void *argument)
{
    char text[32];
    for (uintptr_t i = 0; i < (uintptr_t)argument; i++) {
        snprintf(text, sizeof text, "%lu", (unsigned long)i);
        tt_trace_note(0, "count", text);
        if (i % 100 == 0)
            studio_sleep_us(1000);
    }
}

static void many_processes_at_once_share_a_recording(void **state)
{
    enum { PROCESSES = 12, NOTES = 1000 };
    pid_t programs[PROCESSES];
    (void)state;
    studio_start_recorder(&studio, NULL);
    for (int i = 0; i < PROCESSES; i++)
        programs[i] = studio_start_program(&studio, emit_some, (void *)(uintptr_t)NOTES, 0);
    for (int i = 0; i < PROCESSES; i++)
        assert_int_equal(studio_wait(programs[i]), 0);
    studio_finish(&studio);
    studio_expect(&studio,
                  "SELECT count(*), min(n), max(n) FROM (SELECT count(*) AS n FROM note GROUP BY thread_id >> 40)",
                  "12|1000|1000");
    studio_expect_sound(&studio);
}

static void a_later_run_joins_the_recording(void **state)
{
    (void)state;
    for (int run = 0; run < 3; run++) {
        studio_record(&studio, NULL, exit_with_3);
    }
    studio_expect(&studio, "SELECT group_concat(process_id), count(DISTINCT started_ns) FROM processes", "0,1,2|3");
    studio_expect(&studio, "SELECT count(*) FROM site AS a JOIN site AS b USING (hash) WHERE a.site_id <> b.site_id",
                  "0");
    studio_expect_sound(&studio);
}

static void a_second_recorder_waits_for_the_first_or_finds_nothing_to_do(void **state)
{
    (void)state;
    struct tt_store_error error;
    struct tt_recorder_options options = {
        .store = studio.store, .ring_dir = studio.ring_dir, .ready_fd = -1, .control_fd = -1};
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, tell_life_of_tasks, NULL, 0);
    studio_await(1);
    studio_expect_within(&studio, 1000, "SELECT count(*) FROM tasks", "2");
    assert_int_equal(tt_recorder_is_needed(studio.ring_dir), 0);
    assert_int_equal(tt_recorder_run(&options, &error), 0); /* each arena has its recorder: returns at once */
    studio_let_pass(3);
    studio_wait(program);
    studio_finish(&studio);
    studio_expect_sound(&studio);
}

static void nothing_to_record_makes_no_store(void **state)
{
    (void)state;
    struct tt_store_error error;
    struct tt_recorder_options options = {
        .store = studio.store, .ring_dir = studio.ring_dir, .ready_fd = -1, .control_fd = -1};
    assert_int_equal(tt_recorder_run(&options, &error), 0);
    options.recover = 1;
    assert_int_equal(tt_recorder_run(&options, &error), 0);
    assert_int_equal(access(studio.store, F_OK), -1);
}

static void signals_meant_for_the_program_do_not_end_the_recorder(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, tell_life_of_tasks, NULL, 0);
    studio_await(1);
    kill(studio.recorder, SIGTERM);
    kill(studio.recorder, SIGINT);
    kill(studio.recorder, SIGHUP);
    studio_let_pass(3);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect(&studio, "SELECT count(*) FROM tasks WHERE outcome <> 'pending'", "2");
}

static void a_recorder_whose_supervisor_is_gone_ends_when_all_is_recorded(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, tell_life_of_tasks, NULL, 0);
    studio_await(1);
    close(studio.control);
    studio.control = -1;
    studio_let_pass(3);
    assert_int_equal(studio_wait(program), 0);
    assert_int_equal(studio_wait_recorder(&studio), 0);
    studio_expect(&studio, "SELECT count(*) FROM tasks WHERE outcome <> 'pending'", "2");
    studio_expect_sound(&studio);
}

/* ------------------------------------------------------------------------------------------------------- many threads */

static void *emit_once(void *argument)
{
    tt_trace_note(0, "thread", argument);
    return NULL;
}

static void come_and_go(void *argument)
{
    enum { THREADS = 2000 };
    (void)argument;
    for (int i = 0; i < THREADS; i++) {
        char text[16];
        pthread_t thread;
        snprintf(text, sizeof text, "%d", i);
        if (pthread_create(&thread, NULL, emit_once, text) != 0)
            _exit(9);
        pthread_join(thread, NULL);
    }
}

static void threads_that_come_and_go_use_rings_again_and_are_told_apart(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    assert_int_equal(studio_wait(studio_start_program(&studio, come_and_go, NULL, 65536)), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    /* With 2,000 threads and fewer rings some may have met no free ring, and went to the emergency ring; all notes are there once. */
    studio_expect(&studio, "SELECT count(*), count(DISTINCT text) FROM note", "2000|2000");
    studio_expect(&studio,
                  "SELECT count(*) FROM note AS a JOIN note AS b ON a.thread_id = b.thread_id AND a.note_id < b.note_id"
                  " WHERE a.thread_id & 1099511627775 > 0",
                  "0");
    assert_true(studio_number(&studio, "SELECT count(*) FROM thread") > 500);
    assert_true(studio_number(&studio, "SELECT count(*) FROM cursor") <= 256);
}

static volatile sig_atomic_t handler_count;

static void emit_in_handler(int number)
{
    (void)number;
    tt_trace_note(0, "handler", "");
    handler_count++;
}

static void be_interrupted(void *argument)
{
    (void)argument;
    uint64_t count = 0;
    struct sigaction action = {.sa_handler = emit_in_handler, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (; handler_count < 300; count++) {
        tt_trace_note(0, "main", "x");
        if (count % 64 == 0)
            studio_sleep_us(300);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    atomic_store(&studio_stage->count, count);
    atomic_store(&studio_stage->step, handler_count);
}

static void events_of_signal_handlers_that_interrupt_an_emit_are_accounted_for(void **state)
{
    (void)state;
    char expected[64];
    studio_start_recorder(&studio, NULL);
    assert_int_equal(studio_wait(studio_start_program(&studio, be_interrupted, NULL, 0)), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    snprintf(expected, sizeof expected, "handler|%d\nmain|%llu", atomic_load(&studio_stage->step),
             (unsigned long long)atomic_load(&studio_stage->count));
    studio_expect(&studio, "SELECT key, count(*) FROM note GROUP BY key ORDER BY key", expected);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio(what_happens_is_in_the_store_within_a_second),
    cmocka_unit_test_in_studio(the_board_shows_what_tasks_wait_for_also_after_a_kill),
    cmocka_unit_test_in_studio(the_end_of_a_process_is_told_as_well_as_it_is_known),
    cmocka_unit_test_in_studio(a_process_that_stops_tracing_is_closed_while_it_lives),
    cmocka_unit_test_in_studio(a_process_that_starts_anew_is_two_in_the_store),
    cmocka_unit_test_in_studio(an_exec_is_noticed_though_the_process_lives),
    cmocka_unit_test_in_studio(a_recorder_started_after_the_end_finds_all_that_is_left),
    cmocka_unit_test_in_studio(summaries_that_are_made_later_give_way_to_a_recorder),
    cmocka_unit_test_in_studio(recovering_a_large_store_leaves_its_summaries_for_later),
    cmocka_unit_test_in_studio(recovering_leaves_living_processes_to_the_next_recorder),
    cmocka_unit_test_in_studio(many_processes_at_once_share_a_recording),
    cmocka_unit_test_in_studio(a_later_run_joins_the_recording),
    cmocka_unit_test_in_studio(a_second_recorder_waits_for_the_first_or_finds_nothing_to_do),
    cmocka_unit_test_in_studio(nothing_to_record_makes_no_store),
    cmocka_unit_test_in_studio(signals_meant_for_the_program_do_not_end_the_recorder),
    cmocka_unit_test_in_studio(a_recorder_whose_supervisor_is_gone_ends_when_all_is_recorded),
    cmocka_unit_test_in_studio(threads_that_come_and_go_use_rings_again_and_are_told_apart),
    cmocka_unit_test_in_studio(events_of_signal_handlers_that_interrupt_an_emit_are_accounted_for),
};

TT_TEST_MAIN(cases)
