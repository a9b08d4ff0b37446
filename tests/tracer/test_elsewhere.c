/* Processes whose life is not where one looks first: the first thread has ended, or the process is in other namespaces. Each is recorded
 * to its end, and no longer. */
#include "harness.h"
#include "studio_case.h"
#include "studio_store.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define NO_NAMESPACES 77 /* exit status of a program that could not have them */

static void note(const char *key)
{
    tt_trace_note(0, key, "");
}

/* The leak sanitizer asks it. What the first thread referred to it takes for lost when that is gone, and in other namespaces it
 * does not work. */
static bool is_elsewhere;
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return is_elsewhere;
}

/* ---------------------------------------------------------------------------------------------- without first thread */

static pid_t first_thread;

/* Whether the thread is a zombie, as /proc tells of it. */
static bool has_ended(pid_t thread)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)thread);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    const char *end = strrchr(text, ')');
    return end && end[1] == ' ' && end[2] == 'Z';
}

static void *outlive(void *argument)
{
    while (!has_ended(first_thread))
        studio_sleep_us(1000);
    note("outlives");
    studio_reach(1);
    note("goes on");
    studio_reach(2);
    exit(argument != NULL); /* as the end of the last thread does; the thread sanitizer has one more, which has no end */
}

static void end_first_thread(void *argument)
{
    pthread_t thread;
    (void)argument;
    first_thread = getpid();
    is_elsewhere = true;
    note("begins");
    if (pthread_create(&thread, NULL, outlive, NULL) != 0)
        _exit(9);
    pthread_exit(NULL);
}

#define NOTES "SELECT group_concat(key, ', ') FROM (SELECT key FROM note ORDER BY noted_ns)"

/* A recorder that looks after the first thread is gone takes the process for a living one, and goes on to do so. */
static void a_process_without_its_first_thread_is_recorded_to_its_end(void **state)
{
    (void)state;
    if (studio_is_under_valgrind())
        TT_SKIP("valgrind takes what a thread has for lost when the first one is gone");
    pid_t program = studio_start_program(&studio, end_first_thread, NULL, 0);
    studio_await(1);
    studio_start_recorder(&studio, NULL);
    studio_expect_within(&studio, 20000, NOTES, "begins, outlives");
    studio_sleep_us(100000); /* ten looks at its memory */
    studio_expect(&studio, "SELECT end_reason FROM processes", "running");
    studio_let_pass(1);
    studio_expect_within(&studio, 20000, NOTES, "begins, outlives, goes on");
    studio_let_pass(2);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    studio_expect(&studio, NOTES, "begins, outlives, goes on");
    studio_expect(&studio, "SELECT end_reason FROM processes", "exit");
}

static void a_process_killed_without_its_first_thread_has_ended(void **state)
{
    (void)state;
    pid_t program = studio_start_program(&studio, end_first_thread, NULL, 0);
    studio_await(1);
    studio_start_recorder(&studio, NULL);
    studio_expect_within(&studio, 20000, NOTES, "begins, outlives");
    kill(program, SIGKILL);
    assert_true(WIFSIGNALED(studio_wait(program)));
    studio_finish(&studio);
    studio_expect(&studio, "SELECT end_reason FROM processes", "killed_without_goodbye");
}

/* -------------------------------------------------------------------------------------------------- other namespaces */

static bool write_offsets(void)
{
    static const char offsets[] = "monotonic 100000 0\nboottime 100000 0\n";
    int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
    bool is_written = fd >= 0 && write(fd, offsets, sizeof offsets - 1) == (ssize_t)sizeof offsets - 1;
    if (fd >= 0)
        close(fd);
    return is_written;
}

/* What a child in a namespace of its own (FLAG) does, of which its parent, which is where the recorder is, says how it went. */
static void go_elsewhere(int flag, void (*be_child)(void))
{
    int status;
    is_elsewhere = true;
    if (unshare(flag | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) < 0 || (flag == CLONE_NEWTIME && !write_offsets()))
        _exit(NO_NAMESPACES);
    note("before");
    pid_t child = fork();
    if (child == 0) {
        be_child();
        exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        _exit(9);
    note("after");
    if (!WIFSIGNALED(status) && status != 0)
        _exit(8);
}

static void note_twice(void)
{
    note("there");
    studio_reach(1);
    note("there still");
}

static void die_there(void)
{
    note("there");
    studio_reach(1);
    _exit(0); /* without a goodbye; a signal of its own spares the first process of a namespace */
}

static void be_in_pid_namespace(void *argument)
{
    (void)argument;
    go_elsewhere(CLONE_NEWPID, note_twice);
}

static void die_in_pid_namespace(void *argument)
{
    (void)argument;
    go_elsewhere(CLONE_NEWPID, die_there);
}

static void be_in_time_namespace(void *argument)
{
    (void)argument;
    go_elsewhere(CLONE_NEWTIME, note_twice);
}

/* Records PROGRAM, whose child stands still until it was looked at. */
static void record_elsewhere(studio_program_fn program)
{
    studio_start_recorder(&studio, NULL);
    pid_t child = studio_start_program(&studio, program, NULL, 0);
    while (atomic_load(&studio_stage->step) < 1) {
        int status;
        if (waitpid(child, &status, WNOHANG) == child) {
            studio_finish(&studio);
            if (WIFEXITED(status) && WEXITSTATUS(status) == NO_NAMESPACES)
                TT_SKIP("no namespaces can be had here");
            fail_msg("the program ended with status %d", status);
        }
        studio_sleep_us(1000);
    }
    studio_expect_within(&studio, 20000, NOTES, "before, there");
    studio_sleep_us(100000); /* five looks at the arena */
    studio_expect(&studio, "SELECT group_concat(end_reason) FROM processes", "running,running");
    studio_let_pass(1);
    assert_int_equal(studio_wait(child), 0);
    studio_finish(&studio);
}

static void a_process_in_another_pid_namespace_is_recorded_to_its_end(void **state)
{
    (void)state;
    record_elsewhere(be_in_pid_namespace);
    studio_expect_sound(&studio);
    studio_expect(&studio, NOTES, "before, there, there still, after");
    studio_expect(&studio, "SELECT pid = 1, end_reason FROM processes ORDER BY process_id", "0|exit\n1|exit");
}

static void a_process_that_dies_in_another_pid_namespace_has_ended(void **state)
{
    (void)state;
    record_elsewhere(die_in_pid_namespace);
    studio_expect(&studio, NOTES, "before, there, after");
    studio_expect(&studio, "SELECT pid = 1, end_reason FROM processes ORDER BY process_id",
                  "0|exit\n1|killed_without_goodbye");
}

/* Its clocks are 100,000 s ahead, and its times are not. */
static void a_process_in_another_time_namespace_has_the_times_of_the_recording(void **state)
{
    (void)state;
    record_elsewhere(be_in_time_namespace);
    studio_expect_sound(&studio);
    studio_expect(&studio, NOTES, "before, there, there still, after");
    studio_expect(&studio, "SELECT end_reason FROM processes ORDER BY process_id", "exit\nexit");
    studio_expect(
        &studio,
        "SELECT p.started_ns BETWEEN q.started_ns AND q.ended_ns, p.ended_ns BETWEEN p.started_ns AND q.ended_ns"
        " FROM processes AS p, processes AS q WHERE p.process_id = 1 AND q.process_id = 0",
        "1|1");
}

/* What its events say of its clocks is brought to the recording's, too. */
static void what_events_say_of_shifted_clocks_is_shifted(void **state)
{
    const int64_t second = 1000000000;
    struct tt__store_writer *writer = studio_open_writer(&studio, NULL);
    struct tt_ingest *ingest = studio_create_ingest(writer);
    struct tt_ingest_process process = {
        .uuid = {1}, .monotonic_ns = 10 * second, .realtime_ns = 1000 * second, .boottime_ns = 10 * second};
    (void)state;
    (void)studio_attach_process(ingest, &process, NULL);
    process.uuid[0] = 2;
    process.monotonic_ns = process.boottime_ns = 11 * second;
    process.clock_shift_ns = -100 * second;
    uint32_t shifted = studio_attach_process(ingest, &process, NULL);
    struct tt_decoded_event event = {.number = TT_EVENT_clock_sampled, .sequence = 1, .time_ns = 2 * second};
    event.clock_sampled = (struct tt_decoded_clock_sampled){.monotonic_ns = (uint64_t)(112 * second),
                                                            .realtime_ns = (uint64_t)(1002 * second),
                                                            .boottime_ns = (uint64_t)(112 * second)};
    tt_ingest_event(ingest, shifted, 1, &event);
    studio_commit(ingest);
    tt_ingest_destroy(ingest);
    tt__store_close_writer(writer, true);
    studio_expect(&studio, "SELECT sampled_ns, monotonic_ns, boottime_ns FROM clock_sample",
                  "2000000000|12000000000|12000000000");
    studio_expect(&studio, "SELECT sum(slept_ns) FROM clocks", "0");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio(a_process_without_its_first_thread_is_recorded_to_its_end),
    cmocka_unit_test_in_studio(a_process_killed_without_its_first_thread_has_ended),
    cmocka_unit_test_in_studio(a_process_in_another_pid_namespace_is_recorded_to_its_end),
    cmocka_unit_test_in_studio(a_process_that_dies_in_another_pid_namespace_has_ended),
    cmocka_unit_test_in_studio(a_process_in_another_time_namespace_has_the_times_of_the_recording),
    cmocka_unit_test_in_studio(what_events_say_of_shifted_clocks_is_shifted),
};

TT_TEST_MAIN(cases)
