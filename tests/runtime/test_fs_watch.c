/* Files that change, waited for: by the kernel's telling, and by looking. */
#include "hardship.h"
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static char folder[TT_TEST_PATH_MAX];

static int open_folder(void **state)
{
    return mkdtemp(tt_test_template(folder, "watch")) && stage_open(state) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? stage_close(state) : -1;
}

#define cmocka_unit_test_with_folder(...) STAGE_CASE(__VA_ARGS__, open_folder, remove_folder)

/* The path of NAME in the folder; four of them at a time. */
static const char *in_folder(const char *name)
{
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void write_file(const char *path, const char *text, int flags)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);

    if (write(descriptor, text, strlen(text)) < 0)
        note("cannot write %s", path);
    close(descriptor);
}

static const char *const words[] = {
    [TT_FS_CREATED] = "created",       [TT_FS_REMOVED] = "removed",   [TT_FS_MOVED_FROM] = "moved from",
    [TT_FS_MOVED_TO] = "moved to",     [TT_FS_MODIFIED] = "modified", [TT_FS_WRITTEN] = "written",
    [TT_FS_ATTRIBUTES] = "attributes", [TT_FS_MOVED] = "moved",       [TT_FS_GONE] = "gone",
    [TT_FS_OVERFLOW] = "overflow",
};

static void note_change(const struct tt_fs_change *change)
{
    bool is_whole = strcmp(change->path, folder) == 0;

    note("%s %s%s%s", words[change->kind],
         is_whole                                ? "folder"
         : strlen(change->path) > strlen(folder) ? change->path + strlen(folder) + 1
                                                 : change->path,
         change->name[0] ? ": " : "", change->name);
}

static int close_watch(void *watch)
{
    tt_fs_watch_close(watch);
    return 0;
}

/* A watch of PATH that the end of the task closes. */
static tt_fs_watch *watch_until_end(const char *path)
{
    tt_fs_watch *watch = tt_fs_watch_open(path);

    return watch && tt_defer(close_watch, watch) == 0 ? watch : NULL;
}

/* Notes COUNT changes. */
static int note_changes(tt_fs_watch *watch, int count)
{
    struct tt_fs_change change;

    while (count-- > 0) {
        if (tt_fs_watch_next(watch, &change) < 0)
            return -1;
        note_change(&change);
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------- telling */

static int change_a_folder(void *arg)
{
    tt_fs_watch *watch = watch_until_end(folder);
    struct tt_fs_change from, to;

    (void)arg;
    if (!watch)
        return -1;
    write_file(in_folder("a"), "x", 0);
    chmod(in_folder("a"), 0644);
    if (note_changes(watch, 4) < 0)
        return -1;
    rename(in_folder("a"), in_folder("b"));
    if (tt_fs_watch_next(watch, &from) < 0)
        return -1;
    note_change(&from);
    if (tt_fs_watch_next(watch, &to) < 0)
        return -1;
    note_change(&to);
    note("one move %d", from.cookie == to.cookie && from.cookie != 0);
    mkdir(in_folder("deep"), 0700);
    if (tt_fs_watch_next(watch, &to) < 0)
        return -1;
    note_change(&to);
    note("a folder %d", to.is_folder);
    write_file(in_folder("deep/c"), "x", 0); /* below: not told */
    unlink(in_folder("b"));
    return note_changes(watch, 1);
}

static void what_happens_in_a_folder_is_told(void **state)
{
    (void)state;
    assert_true(stage_run(change_a_folder, NULL));
    expect_notes("created folder: a", "modified folder: a", "written folder: a", "attributes folder: a",
                 "moved from folder: a", "moved to folder: b", "one move 1", "created folder: deep", "a folder 1",
                 "removed folder: b");
}

static int change_files(void *arg)
{
    tt_fs_watch *watch;

    (void)arg;
    write_file(in_folder("a"), "x", 0);
    write_file(in_folder("b"), "x", 0);
    watch = watch_until_end(in_folder("a"));
    if (!watch || tt_fs_watch_add(watch, in_folder("b")) < 0 || tt_fs_watch_add(watch, in_folder("./b")) < 0)
        return -1;
    write_file(in_folder("b"), "y", O_APPEND);
    write_file(in_folder("a"), "", O_TRUNC);
    if (note_changes(watch, 4) < 0)
        return -1;
    note("no more %d", tt_fs_watch_remove(watch, in_folder("b")));
    note("and again %d", tt_fs_watch_remove(watch, in_folder("b")));
    write_file(in_folder("b"), "y", O_APPEND);
    rename(in_folder("a"), in_folder("c"));
    unlink(in_folder("c"));
    if (note_changes(watch, 3) < 0)
        return -1;
    /* the same name anew is another file */
    write_file(in_folder("a"), "x", 0);
    if (tt_fs_watch_add(watch, in_folder("a")) < 0)
        return -1;
    write_file(in_folder("a"), "x", 0);
    return note_changes(watch, 2);
}

static void what_happens_to_files_is_told_until_they_are_gone(void **state)
{
    (void)state;
    assert_true(stage_run(change_files, NULL));
    expect_notes("modified b", "written b", "modified a", "written a", "no more 1", "and again 0", "moved a",
                 "attributes a", "gone a", "modified a", "written a");
}

/* Something that is queued for a path which is watched no more is not told. */
static int forget_what_is_queued(void *arg)
{
    tt_fs_watch *watch = watch_until_end(folder);

    (void)arg;
    if (!watch)
        return -1;
    write_file(in_folder("a"), "x", 0);
    if (note_changes(watch, 1) < 0)
        return -1;
    tt_fs_watch_remove(watch, folder);
    write_file(in_folder("b"), "x", 0);
    if (tt_fs_watch_add(watch, in_folder("a")) < 0)
        return -1;
    chmod(in_folder("a"), 0644);
    return note_changes(watch, 1);
}

static void what_is_watched_no_more_is_not_told(void **state)
{
    (void)state;
    assert_true(stage_run(forget_what_is_queued, NULL));
    expect_notes("created folder: a", "attributes a");
}

/* More than the kernel keeps: it says so once, behind what it has kept. */
static int change_too_much(void *arg)
{
    tt_fs_watch *watch = watch_until_end(folder);
    long bound = *(long *)arg, count = 0;
    struct tt_fs_change change = {0};
    struct stat about;

    if (!watch)
        return -1;
    write_file(in_folder("a"), "x", 0);
    for (long i = 0; i < bound + 10; i++) /* neighbours that are alike are told as one */
        if (chmod(in_folder("a"), 0600) < 0 || truncate(in_folder("a"), i % 2) < 0)
            return -1;
    while (change.kind != TT_FS_OVERFLOW && tt_fs_watch_next(watch, &change) == 0)
        count++;
    note("told %d, '%s' '%s', behind as many as it keeps %d", change.kind == TT_FS_OVERFLOW, change.path, change.name,
         count == bound + 1);
    if (tt_exc_pending() || stat(in_folder("a"), &about) < 0 || chmod(in_folder("a"), 0644) < 0)
        return -1;
    return note_changes(watch, 1);
}

static void what_is_lost_is_told(void **state)
{
    FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    long bound = 0;

    (void)state;
    if (!file || fscanf(file, "%ld", &bound) != 1 || bound > 100000)
        TT_SKIP("the kernel does not say how much it keeps, or keeps too much");
    fclose(file);
    assert_true(stage_run(change_too_much, &bound));
    expect_notes("told 1, '' '', behind as many as it keeps 1", "attributes folder: a");
}

/* ------------------------------------------------------------------------------------------------------------- waiting */

static int wait_for_one(void *watch)
{
    if (note_changes(watch, 1) < 0) {
        note_pending("waiter");
        return tt_catch(&tt_BaseException) ? tt_catch_end() : -1;
    }
    return 0;
}

static int wait_and_time_out(void *arg)
{
    tt_fs_watch *watch = watch_until_end(folder);

    (void)arg;
    if (!watch)
        return -1;
    if (tt_with_timeout(TT_MSEC(5), wait_for_one, watch) < 0)
        note_and_drop("timeout");
    mkdir(in_folder("x"), 0700);
    return note_changes(watch, 1);
}

static void a_timeout_ends_a_wait(void **state)
{
    (void)state;
    assert_true(stage_run(wait_and_time_out, NULL));
    expect_notes("waiter: CancelledError()", "created folder: x");
}

/* A change that came for a waiter who was cancelled in the same turn is the next one's. */
static int cancel_and_wait(void *arg)
{
    tt_fs_watch *watch = watch_until_end(folder);
    tt_task *task = tt_create_task(wait_for_one, watch);

    (void)arg;
    if (!watch || !task || tt_sleep(0) < 0)
        return -1;
    if (note_changes(watch, 1) < 0)
        note_and_drop("second");
    mkdir(in_folder("x"), 0700);
    tt_task_cancel(task, NULL);
    if (tt_await(task) < 0)
        return -1;
    tt_task_unref(task);
    return note_changes(watch, 1);
}

static void who_is_cancelled_takes_no_change(void **state)
{
    (void)state;
    assert_true(stage_run(cancel_and_wait, NULL));
    expect_notes("second: RuntimeError('another task is already waiting for a change')", "waiter: CancelledError()",
                 "created folder: x");
}

static int close_while_one_waits(void *arg)
{
    tt_fs_watch *watch = tt_fs_watch_open(folder);
    tt_task *task = tt_create_task(wait_for_one, watch);
    int rc;

    (void)arg;
    if (!watch || !task || tt_sleep(0) < 0)
        return -1;
    tt_fs_watch_close(watch);
    rc = tt_await(task);
    tt_task_unref(task);
    return rc;
}

static void closing_wakes_who_waits(void **state)
{
    (void)state;
    assert_true(stage_run(close_while_one_waits, NULL));
    expect_notes("waiter: RuntimeError('a watch was closed while a task waited for a change')");
}

static int watch_wrongly(void *arg)
{
    tt_fs_watch *watch;

    (void)arg;
    if (tt_fs_watch_open("/no/such/file") == NULL)
        note_pending("open");
    note("%s", strstr(tt_exc_message(tt_exc_pending()), "directory: watch /no/such/file"));
    (void)(tt_catch(&tt_OSError) && tt_catch_end());
    watch = watch_until_end(folder);
    if (!watch)
        return -1;
    if (tt_fs_watch_add(watch, "/no/such/file") < 0)
        note_and_drop("add");
    mkdir(in_folder("x"), 0700);
    return note_changes(watch, 1);
}

static void what_cannot_be_watched_says_why(void **state)
{
    (void)state;
    assert_true(stage_run(watch_wrongly, NULL));
    assert_null(tt_fs_watch_open(folder)); /* no loop runs */
    note_and_drop("outside");
    expect_notes("open: FileNotFoundError(2, 'No such file or directory')", "directory: watch /no/such/file",
                 "add: FileNotFoundError(2, 'No such file or directory')", "created folder: x",
                 "outside: RuntimeError('no running event loop')");
    tt_fs_watch_close(NULL);
}

/* -------------------------------------------------------------------------------------------------------------- polls */

static int make_later(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_MSEC(1)) < 0)
        return -1;
    write_file(in_folder("p.new"), "xyz", 0);
    return rename(in_folder("p.new"), in_folder("p"));
}

static int poll_a_file(void *arg)
{
    const char *path = in_folder("p");
    struct tt_fs_poll poll;
    tt_task *task;
    int rc;

    (void)arg;
    if (tt_fs_poll_begin(&poll, path, TT_MSEC(1)) < 0)
        return -1;
    note("there %d", !poll.error);
    task = tt_create_task(make_later, NULL);
    if (!task)
        return -1;
    if (tt_fs_poll_next(&poll) < 0)
        return -1;
    note("there %d, before %d: %d", !poll.error, poll.error_before, (int)poll.stat.st_size);
    write_file(path, "longer", 0);
    if (tt_fs_poll_next(&poll) < 0)
        return -1;
    note("%d, before %d", (int)poll.stat.st_size, (int)poll.before.st_size);
    chmod(path, 0644);
    if (tt_fs_poll_next(&poll) < 0)
        return -1;
    note("%o, before %o", poll.stat.st_mode & 0777, poll.before.st_mode & 0777);
    unlink(path);
    if (tt_fs_poll_next(&poll) < 0)
        return -1;
    note("error %d, before %d", poll.error, poll.error_before);
    rc = tt_await(task);
    tt_task_unref(task);
    return rc;
}

static void a_file_that_is_looked_at_tells_what_changed(void **state)
{
    (void)state;
    assert_true(stage_run(poll_a_file, NULL));
    expect_notes("there 0", "there 1, before 2: 3", "6, before 3", "644, before 600", "error 2, before 0");
}

static int poll_once(void *poll)
{
    return tt_fs_poll_next(poll);
}

static int poll_in_vain(void *arg)
{
    struct tt_fs_poll poll;

    (void)arg;
    if (tt_fs_poll_begin(&poll, folder, TT_MSEC(1)) < 0)
        return -1;
    if (tt_with_timeout(TT_MSEC(20), poll_once, &poll) < 0)
        note_and_drop("poll");
    mkdir(in_folder("new"), 0700);
    return tt_fs_poll_next(&poll);
}

static void looking_in_vain_can_be_given_up(void **state)
{
    (void)state;
    assert_true(stage_run(poll_in_vain, NULL));
    expect_notes("poll: TimeoutError()");
}

/* ------------------------------------------------------------------------------------------------------------ hardship */

static int change_soon(void *arg)
{
    (void)arg;
    write_file(in_folder("h"), "x", O_TRUNC);
    return 0;
}

/* Waits for a change that comes a turn later, by both ways. */
static int watch_and_poll(void *arg)
{
    tt_fs_watch *watch = watch_until_end(folder);
    struct tt_fs_change change;
    struct tt_fs_poll poll;

    (void)arg;
    if (!watch || tt_fs_watch_add(watch, "/") < 0 || tt_fs_poll_begin(&poll, in_folder("h"), TT_MSEC(1)) < 0 ||
        tt_loop_call_soon(NULL, change_soon, NULL, NULL) < 0)
        return -1;
    do
        if (tt_fs_watch_next(watch, &change) < 0)
            return -1;
    while (change.kind != TT_FS_WRITTEN || strcmp(change.path, folder) != 0);
    return tt_fs_poll_next(&poll);
}

static void waiting_is_cancelled_anywhere(void **state)
{
    (void)state;
    assert_true(cancel_everywhere(watch_and_poll, NULL) > 4);
}

static void a_loop_is_closed_over_waiting_anywhere(void **state)
{
    (void)state;
    close_over_everywhere(watch_and_poll, NULL);
}

static void each_allocation_of_waiting_fails_once(void **state)
{
    (void)state;
    assert_true(fail_each_allocation(watch_and_poll, NULL) > 5);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_with_folder(what_happens_in_a_folder_is_told),
    cmocka_unit_test_with_folder(what_happens_to_files_is_told_until_they_are_gone),
    cmocka_unit_test_with_folder(what_is_watched_no_more_is_not_told),
    cmocka_unit_test_with_folder(what_is_lost_is_told),
    cmocka_unit_test_with_folder(a_timeout_ends_a_wait),
    cmocka_unit_test_with_folder(who_is_cancelled_takes_no_change),
    cmocka_unit_test_with_folder(closing_wakes_who_waits),
    cmocka_unit_test_with_folder(what_cannot_be_watched_says_why),
    cmocka_unit_test_with_folder(a_file_that_is_looked_at_tells_what_changed),
    cmocka_unit_test_with_folder(looking_in_vain_can_be_given_up),
    cmocka_unit_test_with_folder(waiting_is_cancelled_anywhere),
    cmocka_unit_test_with_folder(a_loop_is_closed_over_waiting_anywhere),
    cmocka_unit_test_with_folder(each_allocation_of_waiting_fails_once),
};

TT_TEST_MAIN(cases)
