/* The recorder at work: what happens in a program stands in the store within a second, however the program ends, however many there are,
 * and whatever becomes of the disk. */
#include "harness.h"
#include "studio.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "arena.h"
#include "telltale/trace.h"

/* What a program that is stopped at a point waits for, and how far it has come. */
struct stage {
    _Atomic int step;     /* that the program has reached */
    _Atomic int may_pass; /* it may go on past this one */
    _Atomic uint64_t count;
};

static struct stage *stage;
static struct studio studio;

static int open_studio(void **state)
{
    (void)state;
    stage = mmap(NULL, sizeof *stage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(stage, MAP_FAILED);
    studio_open(&studio);
    return 0;
}

static int close_studio(void **state)
{
    (void)state;
    studio_close(&studio);
    munmap(stage, sizeof *stage);
    return 0;
}

/* In the program: says that it has come to STEP, and waits until the test lets it pass. */
static void reach(int step)
{
    atomic_store(&stage->step, step);
    while (atomic_load(&stage->may_pass) < step)
        studio_sleep_us(500);
}

/* In the test. */
static void await_step(int step)
{
    for (int i = 0; i < 40000 && atomic_load(&stage->step) < step; i++)
        studio_sleep_us(500);
    assert_true(atomic_load(&stage->step) >= step);
}

static void let_pass(int step)
{
    atomic_store(&stage->may_pass, step);
}

static uint64_t create_task(const char *name, tt_site *site)
{
    uint64_t id = tt_trace_new_id();
    TT_EMIT(task_created, .task_id = id, .site = site, .name = name, .has_handle = 1, .parent_kind = TT_ACTOR_MAIN);
    return id;
}

/* ------------------------------------------------------------------------------------------------------- while it runs */

static void tell_life_of_tasks(void *argument)
{
    (void)argument;
    uint64_t first = create_task("first", TT_HERE), second = create_task("second", TT_HERE);
    reach(1);
    TT_EMIT(task_finished, .task_id = first, .outcome = TT_OUTCOME_RETURNED);
    reach(2);
    TT_EMIT(task_finished, .task_id = second, .outcome = TT_OUTCOME_CANCELLED);
    reach(3);
}

static void what_happens_is_in_the_store_within_a_second(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, tell_life_of_tasks, NULL, 0);
    const char *sql = "SELECT name, outcome FROM tasks ORDER BY task_id";
    await_step(1);
    studio_expect_within(&studio, 1000, sql, "first|pending\nsecond|pending");
    let_pass(1);
    await_step(2);
    studio_expect_within(&studio, 1000, sql, "first|returned\nsecond|pending");
    let_pass(2);
    await_step(3);
    studio_expect_within(&studio, 1000, sql, "first|returned\nsecond|cancelled");
    studio_expect(&studio, "SELECT end_reason, end_text, ended_ns FROM processes", "running|running|NULL");
    let_pass(3);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
}

static void show_on_board(void *argument)
{
    (void)argument;
    tt_site *created = TT_SITE_HERE("serve"), *waiting = TT_HERE;
    uint64_t id = create_task("server", created);
    tt_board_slot *slot = tt_board_claim(id, 0, 0, created, "server", 0);
    struct tt_board_entry entry = {.state = TT_TASK_STATE_WAITING, .wait_kind = TT_WAIT_KIND_RECV, .wait_object = 7, .wait_site = waiting,
                                   .since = tt_trace_clock(), .step_count = 3};
    tt_board_write(slot, &entry);
    reach(1);
    entry.state = TT_TASK_STATE_RUNNING;
    entry.wait_kind = TT_WAIT_KIND_NONE;
    entry.wait_site = NULL;
    tt_board_write(slot, &entry);
    reach(2);
    entry.state = TT_TASK_STATE_WAITING;
    entry.wait_kind = TT_WAIT_KIND_SLEEP;
    entry.wait_site = waiting;
    entry.since = tt_trace_clock();
    tt_board_write(slot, &entry);
    uint64_t gone = create_task("gone", created);
    tt_board_release(tt_board_claim(gone, id, 0, created, "gone", 0));
    reach(3);
}

static void the_board_shows_what_tasks_wait_for_also_after_a_kill(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, show_on_board, NULL, 0);
    await_step(1);
    studio_expect_within(&studio, 1000, "SELECT name, coroutine, state, wait_text, wait_at LIKE '%test_recorder.c:% in show_on_board', step_count FROM tasks",
                         "server|serve|waiting|recv on descriptor 7|1|3");
    let_pass(1);
    await_step(2);
    studio_expect_within(&studio, 1000, "SELECT state, wait_text, wait_at FROM tasks", "running|NULL|NULL");
    let_pass(2);
    await_step(3);
    studio_sleep_us(300000);
    assert_int_equal(kill(program, SIGKILL), 0);
    studio_wait(program);
    studio_finish(&studio);
    studio_expect(&studio, "SELECT name, outcome, state, wait_text FROM tasks ORDER BY task_id", "server|pending|waiting|sleep\ngone|pending|NULL|NULL");
    int64_t waited_ns = studio_number(&studio, "SELECT wait_ns FROM tasks WHERE name = 'server'");
    assert_in_range(waited_ns, INT64_C(290000000), INT64_C(20000000000));
    studio_expect(&studio, "SELECT count(*) FROM leaks", "0");
}

/* -------------------------------------------------------------------------------------------------------- how it ends */

static void exit_with_3(void *argument)
{
    (void)argument;
    create_task("task", TT_HERE);
    exit(3);
}

static void exit_without_goodbye(void *argument)
{
    (void)argument;
    create_task("task", TT_HERE);
    _exit(0);
}

static void kill_itself(void *argument)
{
    (void)argument;
    create_task("task", TT_HERE);
    raise(SIGKILL);
}

static void stop_tracing(void *argument)
{
    (void)argument;
    create_task("task", TT_HERE);
    tt_trace_stop();
    reach(1);
}

static void start_anew(void *argument)
{
    (void)argument;
    create_task("before", TT_HERE);
    tt_trace_stop();
    if (tt_trace_start(NULL) != TT_TRACE_RECORDING)
        _exit(9);
    create_task("after", TT_HERE);
}

static void replace_itself(void *argument)
{
    (void)argument;
    create_task("task", TT_HERE);
    execl("/bin/sleep", "sleep", "3600", (char *)NULL);
    _exit(9);
}

/* Runs PROGRAM to its end and tells the recorder how it ended, as a supervisor does. */
static void run_supervised(studio_program_fn program)
{
    char line[64];
    pid_t child = studio_start_program(&studio, program, NULL, 0);
    snprintf(line, sizeof line, "started %d", child);
    studio_tell(&studio, line);
    int status = studio_wait(child);
    if (WIFSIGNALED(status))
        snprintf(line, sizeof line, "signaled %d %d", child, WTERMSIG(status));
    else
        snprintf(line, sizeof line, "exited %d %d", child, WEXITSTATUS(status));
    studio_tell(&studio, line);
}

static void the_end_of_a_process_is_told_as_well_as_it_is_known(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    run_supervised(exit_with_3);
    run_supervised(exit_without_goodbye);
    run_supervised(kill_itself);
    assert_int_equal(studio_wait(studio_start_program(&studio, exit_with_3, NULL, 0)) >> 8, 3);
    studio_wait(studio_start_program(&studio, kill_itself, NULL, 0));
    studio_finish(&studio);
    studio_expect(&studio, "SELECT process_id, end_reason, end_text FROM processes ORDER BY process_id",
                  "0|exit|exit status 3\n1|exit|exit status 0, without goodbye\n2|signal|ended by SIGKILL\n3|exit|exited\n"
                  "4|killed_without_goodbye|ended without goodbye");
    studio_expect(&studio, "SELECT count(*) FROM tasks WHERE outcome = 'pending'", "5");
    studio_expect(&studio, "SELECT count(*) FROM processes WHERE ended_ns BETWEEN started_ns AND started_ns + 20000000000", "5");
    studio_expect_sound(&studio);
}

static unsigned count_arenas(void)
{
    unsigned count = 0;
    DIR *stream = opendir(studio.ring_dir);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        count += strstr(entry->d_name, TT_ARENA_SUFFIX) != NULL;
    closedir(stream);
    return count;
}

static void a_process_that_stops_tracing_is_closed_while_it_lives(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, stop_tracing, NULL, 0);
    await_step(1);
    studio_expect_within(&studio, 5000, "SELECT end_reason, end_text, is_balanced FROM processes", "stopped|tracing was stopped|1");
    assert_int_equal(count_arenas(), 0);
    let_pass(1);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
}

static void a_process_that_starts_anew_is_two_in_the_store(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    run_supervised(start_anew);
    studio_finish(&studio);
    studio_expect(&studio, "SELECT p.process_id, p.end_reason, t.name FROM processes AS p JOIN tasks AS t USING (process_id) ORDER BY 1",
                  "0|stopped|before\n1|exit|after");
    studio_expect_sound(&studio);
}

static void an_exec_is_noticed_though_the_process_lives(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, replace_itself, NULL, 0);
    studio_expect_within(&studio, 10000, "SELECT end_reason, end_text FROM processes", "exec|replaced by another program");
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
    assert_int_equal(count_arenas(), 2);
    assert_int_equal(tt_recorder_is_needed(studio.ring_dir), 1);
    studio_recover(&studio);
    assert_int_equal(count_arenas(), 0);
    studio_expect(&studio, "SELECT end_reason FROM processes ORDER BY end_reason", "exit\nkilled_without_goodbye");
    studio_expect(&studio, "SELECT count(*) FROM processes WHERE ended_ns BETWEEN started_ns AND started_ns + 20000000000", "2");
    studio_expect_sound(&studio);
}

static void recovering_leaves_living_processes_to_the_next_recorder(void **state)
{
    (void)state;
    pid_t program = studio_start_program(&studio, tell_life_of_tasks, NULL, 0);
    const char *sql = "SELECT name, outcome FROM tasks ORDER BY task_id";
    await_step(1);
    studio_recover(&studio);
    assert_int_equal(count_arenas(), 1);
    studio_expect(&studio, sql, "first|pending\nsecond|pending");
    let_pass(3);
    studio_wait(program);
    studio_recover(&studio);
    assert_int_equal(count_arenas(), 0);
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
    studio_expect(&studio, "SELECT count(*), min(n), max(n) FROM (SELECT count(*) AS n FROM note GROUP BY thread_id >> 40)", "12|1000|1000");
    studio_expect_sound(&studio);
}

static void a_later_run_joins_the_recording(void **state)
{
    (void)state;
    for (int run = 0; run < 3; run++) {
        studio_start_recorder(&studio, NULL);
        run_supervised(exit_with_3);
        studio_finish(&studio);
    }
    studio_expect(&studio, "SELECT group_concat(process_id), count(DISTINCT started_ns) FROM processes", "0,1,2|3");
    studio_expect(&studio, "SELECT count(*) FROM site AS a JOIN site AS b USING (hash) WHERE a.site_id <> b.site_id", "0");
    studio_expect_sound(&studio);
}

static void a_second_recorder_waits_for_the_first_or_finds_nothing_to_do(void **state)
{
    (void)state;
    struct tt_store_error error;
    struct tt_recorder_options options = {.store = studio.store, .ring_dir = studio.ring_dir, .ready_fd = -1, .control_fd = -1};
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, tell_life_of_tasks, NULL, 0);
    await_step(1);
    studio_expect_within(&studio, 1000, "SELECT count(*) FROM tasks", "2");
    assert_int_equal(tt_recorder_is_needed(studio.ring_dir), 0);
    assert_int_equal(tt_recorder_run(&options, &error), 0); /* each arena has its recorder: returns at once */
    let_pass(3);
    studio_wait(program);
    studio_finish(&studio);
    studio_expect_sound(&studio);
}

static void nothing_to_record_makes_no_store(void **state)
{
    (void)state;
    struct tt_store_error error;
    struct tt_recorder_options options = {.store = studio.store, .ring_dir = studio.ring_dir, .ready_fd = -1, .control_fd = -1};
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
    await_step(1);
    kill(studio.recorder, SIGTERM);
    kill(studio.recorder, SIGINT);
    kill(studio.recorder, SIGHUP);
    let_pass(3);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect(&studio, "SELECT count(*) FROM tasks WHERE outcome <> 'pending'", "2");
}

static void a_recorder_whose_supervisor_is_gone_ends_when_all_is_recorded(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, tell_life_of_tasks, NULL, 0);
    await_step(1);
    close(studio.control);
    studio.control = -1;
    let_pass(3);
    assert_int_equal(studio_wait(program), 0);
    assert_int_equal(studio_wait(studio.recorder), 0);
    studio.recorder = 0;
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
    studio_expect(&studio, "SELECT count(*) FROM note AS a JOIN note AS b ON a.thread_id = b.thread_id AND a.note_id < b.note_id"
                           " WHERE a.thread_id & 1099511627775 > 0", "0");
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
    atomic_store(&stage->count, count);
    atomic_store(&stage->step, handler_count);
}

static void events_of_signal_handlers_that_interrupt_an_emit_are_accounted_for(void **state)
{
    (void)state;
    char expected[64];
    studio_start_recorder(&studio, NULL);
    assert_int_equal(studio_wait(studio_start_program(&studio, be_interrupted, NULL, 0)), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    snprintf(expected, sizeof expected, "handler|%d\nmain|%llu", atomic_load(&stage->step), (unsigned long long)atomic_load(&stage->count));
    studio_expect(&studio, "SELECT key, count(*) FROM note GROUP BY key ORDER BY key", expected);
}

/* ------------------------------------------------------------------------------------------------------- what is lost */

static void fail_and_flood(void *argument)
{
    uint64_t task = create_task("failed", TT_HERE);
    TT_EMIT(failure_stored, .failure_id = task, .exception_id = tt_trace_new_id(), .kind = TT_OBJECT_KIND_TASK, .how = TT_FAILURE_HOW_RAISED,
            .type = "Exception", .message = "lost?");
    bool is_vital = argument != NULL;
    for (int i = 0; i < 20000; i++) {
        if (is_vital)
            TT_EMIT(cancel_requested, .task_id = task, .reason = "flood");
        else
            tt_trace_note(0, "flood", "");
    }
    kill_itself(NULL);
}

/* Nobody reads meanwhile, so that the ring overflows: the recorder comes after the end. */
static void flood(bool is_vital)
{
    studio_wait(studio_start_program(&studio, fail_and_flood, is_vital ? "" : NULL, 65536));
    studio_recover(&studio);
    studio_expect_sound(&studio);
    assert_true(studio_number(&studio, "SELECT drop_count FROM processes") > 18000);
}

static void lost_details_leave_failures_certain(void **state)
{
    (void)state;
    flood(false);
    studio_expect(&studio, "SELECT state, reason FROM failures", "lost|killed");
    studio_expect(&studio, "SELECT outcome FROM tasks WHERE name = 'failed'", "failed");
    studio_expect(&studio, "SELECT DISTINCT what, is_vital FROM losses WHERE what <> 'in_flight'", "dropped|0");
}

static void lost_vital_events_make_failures_unknown(void **state)
{
    (void)state;
    flood(true);
    studio_expect(&studio, "SELECT state, reason FROM failures", "unknown|NULL");
    studio_expect(&studio, "SELECT count(*) FROM leaks WHERE lint LIKE '%failure'", "0");
    assert_true(studio_number(&studio, "SELECT vital_drop_count FROM process") > 18000);
}

/* ------------------------------------------------------------------------------------------------------------ the disk */

/* Sixteen notes, then a pause of ARGUMENT microseconds, 200 for NULL. */
static void emit_until_told(void *argument)
{
    char text[64];
    uint64_t number = 0;
    uintptr_t pause_us = argument ? (uintptr_t)argument : 200;
    atomic_store(&stage->step, 1);
    while (atomic_load(&stage->may_pass) == 0) {
        snprintf(text, sizeof text, "%0*llu", 60, (unsigned long long)number);
        tt_trace_note(0, "disk", text);
        atomic_store(&stage->count, ++number);
        if (number % 16 == 0)
            studio_sleep_us((int64_t)pause_us);
    }
}

static void set_file_limit(pid_t process, rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(prlimit(process, RLIMIT_FSIZE, NULL, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(prlimit(process, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void a_full_disk_pauses_the_recording_and_it_goes_on_when_there_is_room(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, emit_until_told, NULL, 65536);
    await_step(1);
    studio_expect_within(&studio, 2000, "SELECT count(*) > 0 FROM note", "1");
    set_file_limit(studio.recorder, 400 * 1024);
    studio_sleep_us(1000000);
    int64_t before = studio_number(&studio, "SELECT count(*) FROM note");
    uint64_t emitted = atomic_load(&stage->count);
    studio_sleep_us(300000);
    assert_true(atomic_load(&stage->count) > emitted); /* the program does not notice */
    assert_int_equal(studio_number(&studio, "SELECT count(*) FROM note"), before);
    set_file_limit(studio.recorder, RLIM_INFINITY);
    studio_sleep_us(300000);
    let_pass(1);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    char sql[128];
    assert_true(studio_number(&studio, "SELECT drop_count FROM processes") > 0);
    snprintf(sql, sizeof sql, "SELECT (SELECT count(*) FROM note) + (SELECT drop_count FROM processes) - %llu",
             (unsigned long long)atomic_load(&stage->count));
    studio_expect(&studio, sql, "0");
}

static void a_store_at_its_size_limit_stops_growing_and_can_be_read(void **state)
{
    (void)state;
    struct tt_recorder_options options = {.supervised = 1, .store_bytes_max = 600 * 1024};
    studio_start_recorder(&studio, &options);
    pid_t program = studio_start_program(&studio, emit_until_told, NULL, 65536);
    await_step(1);
    studio_sleep_us(1500000);
    int64_t before = studio_number(&studio, "SELECT count(*) FROM note");
    assert_true(before > 0);
    studio_sleep_us(300000);
    assert_int_equal(studio_number(&studio, "SELECT count(*) FROM note"), before);
    let_pass(1);
    assert_int_equal(studio_wait(program), 0);
    studio_kill_recorder(&studio);
    studio_expect(&studio, "PRAGMA integrity_check", "ok");
    /* With a larger limit, what is still in the ring follows, and what was dropped is counted. */
    studio_recover(&studio);
    studio_expect_sound(&studio);
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT (SELECT count(*) FROM note) + (SELECT drop_count FROM processes) - %llu",
             (unsigned long long)atomic_load(&stage->count));
    studio_expect(&studio, sql, "0");
}

static void readers_see_a_growing_prefix_while_it_is_recorded(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, emit_until_told, (void *)(uintptr_t)3000, 0);
    await_step(1);
    studio_expect_within(&studio, 2000, "SELECT count(*) > 0 FROM note", "1");
    int64_t last = 0;
    for (int i = 0; i < 50; i++) {
        int64_t count = studio_number(&studio, "SELECT count(*) FROM note");
        assert_true(count >= last);
        last = count;
        studio_expect(&studio, "SELECT count(*) - 1 - max(CAST(text AS INTEGER)) FROM note", "0"); /* all up to the last one */
        studio_sleep_us(5000);
    }
    assert_true(last > 0);
    let_pass(1);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    studio_expect(&studio, "SELECT drop_count FROM processes", "0");
}

/* ----------------------------------------------------------------------------------------------------- hostile arenas */

static void put_file(const char *name, const void *bytes, size_t length, off_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", studio.ring_dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), length);
    if (size > 0)
        assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
}

static void files_that_are_no_arenas_are_left_alone(void **state)
{
    (void)state;
    char path[256];
    static const uint64_t magic = TT_ARENA_MAGIC;
    put_file("1-letter.arena", "Dear Sir or Madam", 17, TT_ARENA_HEADER_BYTES);
    put_file("1-short.arena", &magic, sizeof magic, 0); /* being made for an hour: not waited for */
    snprintf(path, sizeof path, "%s/1-short.arena", studio.ring_dir);
    assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){{1, 0}, {1, 0}}, 0), 0);
    put_file("1-empty.arena", "", 0, TT_ARENA_HEADER_BYTES); /* the same */
    snprintf(path, sizeof path, "%s/1-empty.arena", studio.ring_dir);
    assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){{1, 0}, {1, 0}}, 0), 0);
    put_file("999999999-gone.arena", "", 0, TT_ARENA_HEADER_BYTES); /* the same, and its process is gone: deleted */
    snprintf(path, sizeof path, "%s/999999999-gone.arena", studio.ring_dir);
    assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){{1, 0}, {1, 0}}, 0), 0);
    put_file("1-magic.arena", &magic, sizeof magic, TT_ARENA_HEADER_BYTES);
    snprintf(path, sizeof path, "%s/1-link.arena", studio.ring_dir);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    snprintf(path, sizeof path, "%s/1-pipe.arena", studio.ring_dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    studio_start_recorder(&studio, NULL);
    run_supervised(exit_with_3);
    studio_expect_within(&studio, 2000, "SELECT count(*) FROM processes", "1");
    studio_finish(&studio);
    assert_int_equal(count_arenas(), 6);
    studio_expect_sound(&studio);
}

/* Changes random bytes of a real arena, and has it recovered: nothing may happen but a store that is sound in itself. */
static void damaged_arenas_do_no_harm(void **state)
{
    (void)state;
    uint64_t seed = studio_seed();
    for (unsigned round = studio_rounds(60); round > 0; round--) {
        studio_wait(studio_start_program(&studio, round % 2 ? kill_itself : emit_some, (void *)(uintptr_t)300, 65536));
        char path[512] = "";
        DIR *stream = opendir(studio.ring_dir);
        for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
            if (strstr(entry->d_name, TT_ARENA_SUFFIX))
                snprintf(path, sizeof path, "%s/%s", studio.ring_dir, entry->d_name);
        closedir(stream);
        int fd = open(path, O_RDWR);
        assert_true(fd >= 0);
        off_t size = lseek(fd, 0, SEEK_END);
        for (uint64_t i = studio_random(&seed) % 40 + 1; i > 0; i--) {
            static const unsigned char telling[] = {0, 1, 0x7f, 0x80, 0xff};
            uint64_t random = studio_random(&seed);
            /* Mostly where something stands: header, heads of rings, first slots. */
            off_t spaces[] = {4096, 65536, 4096, size};
            off_t from = random % 4 == 2 ? size / 2 : 0;
            off_t at = from + (off_t)(studio_random(&seed) % (uint64_t)spaces[random % 4]);
            unsigned char byte = random & 16 ? telling[random % sizeof telling] : (unsigned char)(random >> 8);
            if (at < size && at > 8) /* the magic stays, else nothing would be read */
                assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        }
        if (studio_random(&seed) % 8 == 0)
            assert_int_equal(ftruncate(fd, (off_t)(studio_random(&seed) % (uint64_t)size)), 0);
        close(fd);
        studio_recover(&studio);
        unlink(path); /* one that was refused stays */
        if (access(studio.store, F_OK) == 0) {
            studio_expect(&studio, "PRAGMA integrity_check", "ok");
            studio_number(&studio, "SELECT count(*) FROM tasks");
            studio_number(&studio, "SELECT count(*) FROM leaks");
        }
    }
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_setup_teardown(what_happens_is_in_the_store_within_a_second, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(the_board_shows_what_tasks_wait_for_also_after_a_kill, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(the_end_of_a_process_is_told_as_well_as_it_is_known, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(a_process_that_stops_tracing_is_closed_while_it_lives, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(a_process_that_starts_anew_is_two_in_the_store, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(an_exec_is_noticed_though_the_process_lives, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(a_recorder_started_after_the_end_finds_all_that_is_left, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(recovering_leaves_living_processes_to_the_next_recorder, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(many_processes_at_once_share_a_recording, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(a_later_run_joins_the_recording, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(a_second_recorder_waits_for_the_first_or_finds_nothing_to_do, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(nothing_to_record_makes_no_store, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(signals_meant_for_the_program_do_not_end_the_recorder, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(a_recorder_whose_supervisor_is_gone_ends_when_all_is_recorded, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(threads_that_come_and_go_use_rings_again_and_are_told_apart, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(events_of_signal_handlers_that_interrupt_an_emit_are_accounted_for, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(lost_details_leave_failures_certain, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(lost_vital_events_make_failures_unknown, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(a_full_disk_pauses_the_recording_and_it_goes_on_when_there_is_room, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(a_store_at_its_size_limit_stops_growing_and_can_be_read, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(readers_see_a_growing_prefix_while_it_is_recorded, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(files_that_are_no_arenas_are_left_alone, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(damaged_arenas_do_no_harm, open_studio, close_studio),
};

TT_TEST_MAIN(cases)
