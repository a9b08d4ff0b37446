/* The recorder in trouble: rings overflow, disks are full, stores reach their limit, arenas are damaged. What is lost is counted, what
 * cannot be known is said to be unknown, and nothing else happens. */
#include "harness.h"
#include "studio_case.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arena.h"

static void kill_itself(void *argument)
{
    (void)argument;
    studio_create_task("task", TT_HERE);
    raise(SIGKILL);
}

/* ------------------------------------------------------------------------------------------------------- what is lost */

static void fail_and_flood(void *argument)
{
    uint64_t task = studio_create_task("failed", TT_HERE);
    TT_EMIT(failure_stored, .failure_id = task, .exception_id = tt_trace_new_id(), .kind = TT_OBJECT_KIND_TASK,
            .how = TT_FAILURE_HOW_RAISED, .type = "Exception", .message = "lost?");
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

/* A failure that was read, when nothing was recorded; ARGUMENT is how its release is told then. */
static void release_what_was_read(void *argument)
{
    const struct tt_event_failure_released *release = argument;
    uint64_t task = studio_create_task("failed", TT_HERE);
    struct tt_event_failure_released event = *release;
    TT_EMIT(failure_stored, .failure_id = task, .exception_id = tt_trace_new_id(), .kind = TT_OBJECT_KIND_TASK,
            .how = TT_FAILURE_HOW_RAISED, .type = "Exception", .message = "read?");
    for (int i = 0; i < 20000; i++)
        TT_EMIT(cancel_requested, .task_id = task, .reason = "flood");
    TT_EMIT(failure_touched, .failure_id = task, .how = TT_TOUCH_HOW_EXCEPTION, .is_user = 1);
    studio_reach(1);
    event.failure_id = task;
    tt_emit_failure_released(0, &event);
}

static void expect_released(struct tt_event_failure_released release, const char *expected)
{
    pid_t program = studio_start_program(&studio, release_what_was_read, &release, 65536);
    studio_await(1);
    studio_start_recorder(&studio, NULL);
    studio_expect_within(&studio, 20000, "SELECT count(*) > 0 FROM cancellation", "1");
    studio_sleep_us(100000); /* all of the ring is read, and there is room in it */
    studio_let_pass(1);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    studio_expect(&studio, "SELECT released_ns IS NOT NULL, state, reason FROM failures", expected);
}

static void a_failure_whose_reads_were_counted_is_certain_in_spite_of_losses(void **state)
{
    (void)state;
    expect_released((struct tt_event_failure_released){.counted = 1, .user_touch_count = 1}, "1|delivered|NULL");
}

static void a_failure_that_nobody_read_as_counted_is_lost_in_spite_of_losses(void **state)
{
    (void)state;
    expect_released((struct tt_event_failure_released){.counted = 1}, "1|lost|dropped");
}

static void a_failure_whose_reads_nobody_counted_is_unknown(void **state)
{
    (void)state;
    expect_released((struct tt_event_failure_released){0}, "1|unknown|NULL");
}

/* Addresses, for instance: the store has no room for them beside the number of the process. */
static void use_ids_that_are_none(void *argument)
{
    (void)argument;
    studio_create_task("good", TT_HERE);
    TT_EMIT(task_created, .task_id = UINT64_C(1) << 40, .name = "none");
    TT_EMIT(task_created, .task_id = UINT64_C(0x7fffdead0010), .name = "an address");
    TT_EMIT(task_created, .name = "nothing");
    TT_EMIT(exception_raised, .type = "E", .message = "of nothing");
    tt_board_slot *slot = tt_board_claim(UINT64_C(0x7fffdead0010), 0, 0, TT_HERE, "an address", 0);
    TT_EMIT(task_created, .task_id = (UINT64_C(1) << 40) - 1, .name = "the last one");
    studio_reach(1);
    tt_board_release(slot);
}

static void events_with_ids_that_are_none_are_counted(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, use_ids_that_are_none, NULL, 0);
    studio_await(1);
    studio_expect_within(&studio, 20000, "SELECT count(*) FROM task WHERE name = 'the last one'", "1");
    studio_let_pass(1);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    studio_expect(&studio, "SELECT name FROM tasks ORDER BY task_id", "good\nthe last one");
    studio_expect(&studio, "SELECT what, sum(count), is_vital FROM losses GROUP BY 1", "unreadable|4|1");
}

/* Without a telltale program nobody reads, and the newest is worth more than the oldest. */
static void run_unread(void *argument)
{
    (void)argument;
    struct tt_trace_options options = {.ring_bytes = 65536, .program = "/nonexistent"};
    tt_trace_stop();
    if (unsetenv("TELLTALE_SUPERVISED") < 0 || tt_trace_start(&options) != TT_TRACE_ARENA_ONLY)
        _exit(9);
    for (int i = 0; i < 5000; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        tt_trace_note(0, "unread", text);
    }
    kill_itself(NULL);
}

static void an_arena_that_nobody_read_keeps_the_newest_and_counts_the_rest(void **state)
{
    (void)state;
    studio_wait(studio_start_program(&studio, run_unread, NULL, 65536));
    studio_recover(&studio);
    studio_expect_sound(&studio);
    studio_expect(&studio, "SELECT max(CAST(text AS INTEGER)), count(*) - count(DISTINCT text) FROM note", "4999|0");
    studio_expect(&studio, "SELECT max(CAST(text AS INTEGER)) - min(CAST(text AS INTEGER)) + 1 - count(*) FROM note",
                  "0");
    studio_expect(&studio, "SELECT (SELECT sum(count) FROM losses WHERE what = 'overwritten') + count(*) FROM note",
                  "5002");
    studio_expect(&studio, "SELECT name, outcome FROM tasks", "task|pending"); /* the last event of all */
}

/* ------------------------------------------------------------------------------------------------------------ the disk */

/* Sixteen notes, then a pause of ARGUMENT microseconds, 200 for NULL. */
static void emit_until_told(void *argument)
{
    char text[64];
    uint64_t number = 0;
    uintptr_t pause_us = argument ? (uintptr_t)argument : 200;
    atomic_store(&studio_stage->step, 1);
    while (atomic_load(&studio_stage->may_pass) == 0) {
        snprintf(text, sizeof text, "%0*llu", 60, (unsigned long long)number);
        tt_trace_note(0, "disk", text);
        atomic_store(&studio_stage->count, ++number);
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
    studio_await(1);
    studio_expect_within(&studio, 2000, "SELECT count(*) > 0 FROM note", "1");
    set_file_limit(studio.recorder, 400 * 1024);
    studio_sleep_us(1000000);
    int64_t before = studio_number(&studio, "SELECT count(*) FROM note");
    uint64_t emitted = atomic_load(&studio_stage->count);
    studio_sleep_us(300000);
    assert_true(atomic_load(&studio_stage->count) > emitted); /* the program does not notice */
    assert_int_equal(studio_number(&studio, "SELECT count(*) FROM note"), before);
    set_file_limit(studio.recorder, RLIM_INFINITY);
    studio_sleep_us(300000);
    studio_let_pass(1);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    char sql[128];
    assert_true(studio_number(&studio, "SELECT drop_count FROM processes") > 0);
    snprintf(sql, sizeof sql, "SELECT (SELECT count(*) FROM note) + (SELECT drop_count FROM processes) - %llu",
             (unsigned long long)atomic_load(&studio_stage->count));
    studio_expect(&studio, sql, "0");
}

/* Tasks that live stay, whatever the size. */
static void create_until_told(void *argument)
{
    char name[64];
    uint64_t number = 0;
    (void)argument;
    atomic_store(&studio_stage->step, 1);
    while (atomic_load(&studio_stage->may_pass) == 0) {
        snprintf(name, sizeof name, "%0*llu", 60, (unsigned long long)number);
        studio_create_task(name, NULL);
        atomic_store(&studio_stage->count, ++number);
        if (number % 16 == 0)
            studio_sleep_us(200);
    }
}

static void a_store_at_its_size_limit_stops_growing_and_can_be_read(void **state)
{
    (void)state;
    struct tt_recorder_options options = {.supervised = 1, .store_bytes_max = 1100 * 1024},
                               larger = {.supervised = 1, .store_bytes_max = 700 * 1024 * 1024};
    studio_start_recorder(&studio, &options);
    pid_t program = studio_start_program(&studio, create_until_told, NULL, 65536);
    studio_await(1);
    studio_sleep_us(1500000);
    int64_t before = studio_number(&studio, "SELECT count(*) FROM task");
    assert_true(before > 0);
    studio_sleep_us(300000);
    assert_int_equal(studio_number(&studio, "SELECT count(*) FROM task"), before);
    studio_expect(&studio, "SELECT count(*) FROM pruned WHERE what <> 'note'", "0");
    studio_let_pass(1);
    assert_int_equal(studio_wait(program), 0);
    studio_kill_recorder(&studio);
    studio_expect(&studio, "PRAGMA integrity_check", "ok");
    /* With a larger limit, what is still in the ring follows, and what was dropped is counted. */
    studio_start_recorder(&studio, &larger);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT (SELECT count(*) FROM task) + (SELECT drop_count FROM processes) - %llu",
             (unsigned long long)atomic_load(&studio_stage->count));
    studio_expect(&studio, sql, "0");
}

static void readers_see_a_growing_prefix_while_it_is_recorded(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, emit_until_told, (void *)(uintptr_t)3000, 0);
    studio_await(1);
    studio_expect_within(&studio, 2000, "SELECT count(*) > 0 FROM note", "1");
    int64_t last = 0;
    for (int i = 0; i < 50; i++) {
        int64_t count = studio_number(&studio, "SELECT count(*) FROM note");
        assert_true(count >= last);
        last = count;
        studio_expect(&studio, "SELECT count(*) - 1 - max(CAST(text AS INTEGER)) FROM note",
                      "0"); /* all up to the last one */
        studio_sleep_us(5000);
    }
    assert_true(last > 0);
    studio_let_pass(1);
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
    studio_run(&studio, kill_itself);
    studio_expect_within(&studio, 2000, "SELECT end_text FROM processes", "ended by SIGKILL");
    studio_finish(&studio);
    assert_int_equal(studio_count_arenas(&studio), 6);
    studio_expect_sound(&studio);
}

static void emit_300(void *argument)
{
    (void)argument;
    for (int i = 0; i < 300; i++)
        tt_trace_note(0, "some", "text");
}

/* Changes random bytes of a real arena, and has it recovered: nothing may happen but a store that is sound in itself. */
static void damaged_arenas_do_no_harm(void **state)
{
    (void)state;
    uint64_t seed = studio_seed();
    for (unsigned round = studio_rounds(60); round > 0; round--) {
        studio_wait(studio_start_program(&studio, round % 2 ? kill_itself : emit_300, NULL, 65536));
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

/* ------------------------------------------------------------------------------------- children that cannot be recorded */

/* No file can be opened any more, as in a child that has given up its rights no arena can be made. */
static void bar(void)
{
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_NOFILE, &none) < 0)
        _exit(9);
}

static void be_barred_child(void)
{
    bar();
    for (int i = 0; i < 3; i++)
        tt_trace_note(0, "barred", "");
    _exit(*tt_trace_start_reason() ? 0 : 8);
}

static void be_barred_parent(void)
{
    bar();
    pid_t child = fork();
    if (child == 0)
        be_barred_child();
    _exit(child > 0 && studio_wait(child) == 0 ? 0 : 7);
}

static void be_child(void)
{
    tt_trace_note(0, "child", "");
    exit(0);
}

static void be_silent_child(void)
{
    bar();
    _exit(0); /* a sanitizer would have files to open */
}

static void have_children(void *argument)
{
    void (*const children[])(void) = {be_barred_child, be_child, be_barred_parent, be_silent_child, be_barred_child};
    (void)argument;
    tt_trace_note(0, "parent", "");
    for (size_t i = 0; i < sizeof children / sizeof *children; i++) {
        pid_t child = fork();
        if (child == 0)
            children[i]();
        if (child < 0 || studio_wait(child) != 0)
            _exit(9);
    }
    pid_t bare = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (bare == 0)
        be_barred_child();
    if (bare < 0 || studio_wait(bare) != 0)
        _exit(9);
    tt_trace_note(0, "parent", "");
}

/* Who says nothing is not missing. */
static void children_that_can_have_no_arena_are_counted_and_know_why(void **state)
{
    (void)state;
    if (studio_is_under_valgrind())
        TT_SKIP("valgrind opens files where there are none to be had");
    studio_start_recorder(&studio, NULL);
    assert_int_equal(studio_wait(studio_start_program(&studio, have_children, NULL, 0)), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    studio_expect(&studio, "SELECT key, count(*) FROM note GROUP BY key ORDER BY key", "child|1\nparent|2");
    studio_expect(&studio, "SELECT process_id, what, count, is_vital, detail FROM losses", "0|children|NULL|1|4");
    studio_expect(&studio, "SELECT process_id, child_drop_count FROM processes ORDER BY process_id", "0|4\n1|0");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio(an_arena_that_nobody_read_keeps_the_newest_and_counts_the_rest),
    cmocka_unit_test_in_studio(lost_details_leave_failures_certain),
    cmocka_unit_test_in_studio(lost_vital_events_make_failures_unknown),
    cmocka_unit_test_in_studio(a_failure_whose_reads_were_counted_is_certain_in_spite_of_losses),
    cmocka_unit_test_in_studio(a_failure_that_nobody_read_as_counted_is_lost_in_spite_of_losses),
    cmocka_unit_test_in_studio(a_failure_whose_reads_nobody_counted_is_unknown),
    cmocka_unit_test_in_studio(events_with_ids_that_are_none_are_counted),
    cmocka_unit_test_in_studio(a_full_disk_pauses_the_recording_and_it_goes_on_when_there_is_room),
    cmocka_unit_test_in_studio(a_store_at_its_size_limit_stops_growing_and_can_be_read),
    cmocka_unit_test_in_studio(readers_see_a_growing_prefix_while_it_is_recorded),
    cmocka_unit_test_in_studio(files_that_are_no_arenas_are_left_alone),
    cmocka_unit_test_in_studio(damaged_arenas_do_no_harm),
    cmocka_unit_test_in_studio(children_that_can_have_no_arena_are_counted_and_know_why),
};

TT_TEST_MAIN(cases)
