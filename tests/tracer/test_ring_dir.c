/* A default ring dir is deleted by the recorder that has read its last arena, and nobody who comes meanwhile is lost. */
#include "harness.h"
#include "ring_dir.h"
#include "studio_case.h"

#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char ring_dir[PATH_MAX]; /* the default one of the studio's store */

static int begin_with_default_ring_dir(void **state)
{
    studio_case_begin(state);
    assert_int_equal(tt__ring_dir_of_store(studio.store, ring_dir, sizeof ring_dir), 0);
    assert_int_equal(tt__ring_dir_prepare(ring_dir, studio.store), 0);
    return 0;
}

static void emit_task(const char *name)
{
    TT_EMIT(task_created, .task_id = 1, .name = name);
}

static void trace_in_ring_dir(void)
{
    const struct tt_trace_options options = {.store = studio.store, .ring_dir = ring_dir, .program = "/nonexistent"};
    if (tt_trace_start(&options) < 0)
        _exit(1);
}

static void run_program(const char *name)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        trace_in_ring_dir();
        emit_task(name);
        exit(0);
    }
    assert_int_equal(studio_wait(child), 0);
}

/* As the next viewer does. */
static void recover(void)
{
    const struct tt_recorder_options options = {.store = studio.store, .recover = 1, .ready_fd = -1, .control_fd = -1};
    struct tt_store_error error;
    assert_int_equal(tt_recorder_run(&options, &error), 0);
}

static bool is_there(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

/* That NAMES were recorded, and that the folder is gone, also under the name it had on its way. */
static void expect_recorded_and_deleted(const char *names)
{
    char pattern[PATH_MAX + 2];
    glob_t found;
    studio_expect(&studio, "SELECT name FROM tasks ORDER BY name", names);
    snprintf(pattern, sizeof pattern, "%s*", ring_dir);
    assert_int_equal(glob(pattern, 0, NULL, &found), GLOB_NOMATCH);
}

/* What happens as the folder loses its name. */
static void (*before_rename)(void), (*after_rename)(void);

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
    void (*before)(void) = before_rename, (*after)(void) = after_rename;
    if (strcmp(from, ring_dir) != 0)
        return __real_rename(from, to);
    before_rename = after_rename = NULL;
    if (before)
        before();
    int result = __real_rename(from, to);
    if (after)
        after();
    return result;
}

static void run_late(void)
{
    run_program("late");
}

static void make_another(void)
{
    assert_int_equal(tt__ring_dir_prepare(ring_dir, studio.store), 0);
}

static void the_folder_goes_with_its_last_arena(void **state)
{
    (void)state;
    run_program("first");
    recover();
    expect_recorded_and_deleted("first");
}

static void a_folder_that_somebody_named_stays(void **state)
{
    (void)state;
    run_program("first");
    assert_int_equal(__real_rename(ring_dir, studio.ring_dir), 0);
    const struct tt_recorder_options options = {
        .store = studio.store, .ring_dir = studio.ring_dir, .recover = 1, .ready_fd = -1, .control_fd = -1};
    struct tt_store_error error;
    assert_int_equal(tt_recorder_run(&options, &error), 0);
    assert_true(is_there(studio.ring_dir));
    expect_recorded_and_deleted("first");
}

static void an_arena_that_comes_while_it_is_deleted_is_read(void **state)
{
    (void)state;
    run_program("first");
    before_rename = run_late;
    recover();
    expect_recorded_and_deleted("first\nlate");
}

static void an_arena_whose_folder_is_made_anew_meanwhile_is_read(void **state)
{
    (void)state;
    run_program("first");
    before_rename = run_late;
    after_rename = make_another;
    recover();
    expect_recorded_and_deleted("first\nlate");
}

static void a_child_whose_parents_folder_is_gone_makes_it_anew(void **state)
{
    int go[2], gone;
    (void)state;
    assert_int_equal(pipe(go), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char word;
        trace_in_ring_dir();
        emit_task("parent");
        if (fork() > 0)
            exit(0);
        close(go[1]);
        if (read(go[0], &word, 1) == 0)
            emit_task("child");
        exit(0);
    }
    close(go[0]);
    assert_int_equal(studio_wait(child), 0);
    recover();
    gone = !is_there(ring_dir);
    close(go[1]);
    assert_true(gone);
    for (int i = 0; i < 20000 && studio_number(&studio, "SELECT count(*) FROM tasks") < 2; i++) {
        usleep(1000);
        recover();
    }
    recover();
    expect_recorded_and_deleted("child\nparent");
}

/* Whether PROCESS has the lock of the ring dir open. */
static bool has_lock_open(pid_t process)
{
    char pattern[64], target[PATH_MAX], lock[PATH_MAX + 8];
    glob_t found;
    bool is_open = false;
    snprintf(lock, sizeof lock, "%s/" TT_RING_DIR_LOCK, ring_dir);
    snprintf(pattern, sizeof pattern, "/proc/%ld/fd/*", (long)process);
    if (glob(pattern, 0, NULL, &found) != 0)
        return false;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        ssize_t length = readlink(found.gl_pathv[i], target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        is_open |= strcmp(target, lock) == 0;
    }
    globfree(&found);
    return is_open;
}

static void a_recorder_that_waited_for_a_folder_that_is_gone_takes_the_new_one(void **state)
{
    char lock_path[PATH_MAX + 8], store_path[PATH_MAX + 8];
    int control[2], started[2];
    char word;
    (void)state;
    snprintf(lock_path, sizeof lock_path, "%s/" TT_RING_DIR_LOCK, ring_dir);
    snprintf(store_path, sizeof store_path, "%s/" TT_RING_DIR_STORE, ring_dir);
    int lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    assert_int_equal(pipe(control), 0);
    assert_int_equal(pipe(started), 0);
    pid_t recorder = fork();
    assert_true(recorder >= 0);
    if (recorder == 0) {
        const struct tt_recorder_options options = {
            .store = studio.store, .supervised = 1, .ready_fd = -1, .control_fd = control[0]};
        struct tt_store_error error;
        close(control[1]);
        close(lock);
        _exit(write(started[1], "s", 1) != 1 || tt_recorder_run(&options, &error) != 0);
    }
    close(control[0]);
    close(started[1]);
    assert_int_equal(read(started[0], &word, 1), 1);
    close(started[0]);
    while (!has_lock_open(recorder))
        usleep(1000);
    assert_int_equal(unlink(lock_path), 0);
    assert_int_equal(unlink(store_path), 0);
    assert_int_equal(rmdir(ring_dir), 0);
    make_another();
    run_program("new");
    close(lock);
    close(control[1]);
    assert_int_equal(studio_wait(recorder), 0);
    expect_recorded_and_deleted("new");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio_with(the_folder_goes_with_its_last_arena, begin_with_default_ring_dir),
    cmocka_unit_test_in_studio_with(a_folder_that_somebody_named_stays, begin_with_default_ring_dir),
    cmocka_unit_test_in_studio_with(an_arena_that_comes_while_it_is_deleted_is_read, begin_with_default_ring_dir),
    cmocka_unit_test_in_studio_with(an_arena_whose_folder_is_made_anew_meanwhile_is_read, begin_with_default_ring_dir),
    cmocka_unit_test_in_studio_with(a_child_whose_parents_folder_is_gone_makes_it_anew, begin_with_default_ring_dir),
    cmocka_unit_test_in_studio_with(a_recorder_that_waited_for_a_folder_that_is_gone_takes_the_new_one,
                                    begin_with_default_ring_dir),
};

TT_TEST_MAIN(cases)
