/* Files: what each call does, what it raises, and that a call which is cancelled, fails or has no memory leaves nothing
 * behind: no descriptor, no memory, no file that was not asked for.
 *
 * Past 600 lines: all calls of one header, each done, failing, cancelled in each state, and without memory. */
#include "stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <sys/stat.h>

static char folder[TT_TEST_PATH_MAX], here[512];

/* ------------------------------------------------------------------------------------------------------- held calls */

/* What a thread does with names that begin with "held", and with one descriptor, tells has_begun and waits for may_end. */
static sem_t has_begun, may_end;
static _Atomic int held_descriptor = -1;

int __real_open(const char *path, int flags, ...);
int __real_mkostemp(char *template, int flags);
ssize_t __real_read(int descriptor, void *buffer, size_t size);
int __wrap_open(const char *path, int flags, ...);
int __wrap_mkostemp(char *template, int flags);
ssize_t __wrap_read(int descriptor, void *buffer, size_t size);

static void hold(void)
{
    sem_post(&has_begun);
    while (sem_wait(&may_end) < 0 && errno == EINTR)
        ;
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list arguments;
    mode_t mode;

    va_start(arguments, flags);
    mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (strcmp(path, "held") == 0)
        hold();
    return __real_open(path, flags, mode);
}

int __wrap_mkostemp(char *template, int flags)
{
    if (strncmp(template, "held", 4) == 0)
        hold();
    return __real_mkostemp(template, flags);
}

ssize_t __wrap_read(int descriptor, void *bytes, size_t size)
{
    struct stat one, other; /* it may be a copy */

    if (held_descriptor >= 0 && fstat(descriptor, &one) == 0 && fstat(held_descriptor, &other) == 0 &&
        one.st_ino == other.st_ino)
        hold();
    return __real_read(descriptor, bytes, size);
}

/* ------------------------------------------------------------------------------------------------------------ stage */

/* The case works in a folder of its own, which must be empty at its end. */
static int open_folder(void **state)
{
    tt_test_template(folder, "fs");
    sem_init(&has_begun, 0, 0);
    sem_init(&may_end, 0, 0);
    held_descriptor = -1;
    if (!getcwd(here, sizeof here) || !mkdtemp(folder) || chdir(folder) < 0)
        return -1;
    return stage_open(state);
}

static int close_folder(void **state)
{
    int rc = stage_close(state), is_empty;

    if (chdir(here) < 0)
        return -1;
    is_empty = rmdir(folder) == 0;
    if (!is_empty)
        print_error("%s is not empty\n", folder);
    return is_empty ? rc : -1;
}

#define cmocka_unit_test_in_folder(...) STAGE_CASE(__VA_ARGS__, open_folder, close_folder)

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static tt_task *begin(tt_coro_fn *fn, void *arg)
{
    return tt_create_task_with(fn, arg, (&(struct tt_task_options){.loop = stage_loop, .name = "t"}));
}

/* ----------------------------------------------------------------------------------------------------- what they do */

static int write_and_read(void *arg)
{
    char buffer[32] = "";
    ssize_t size;
    int file = tt_fs_open("file", O_RDWR | O_CREAT | O_EXCL, 0600);

    (void)arg;
    if (file < 0 || tt_fs_write(file, "hello world", 11) < 0 || tt_fs_pwrite(file, "W", 1, 6) < 0 ||
        tt_fs_write(file, "!", 1) < 0 || tt_fs_fsync(file) < 0)
        return -1;
    note("close-on-exec %d", (fcntl(file, F_GETFD) & FD_CLOEXEC) != 0);
    if (lseek(file, 0, SEEK_SET) != 0)
        return tt_raise_errno(errno, "seek");
    size = tt_fs_read(file, buffer, 5);
    note("read %zd %s", size, buffer);
    size = tt_fs_pread(file, buffer, sizeof buffer, 6);
    note("pread %zd %.*s", size, (int)size, buffer);
    size = tt_fs_read(file, buffer, sizeof buffer);
    note("read %zd %.*s", size, (int)size, buffer);
    note("end %zd, nothing %zd %d", tt_fs_read(file, buffer, 1), tt_fs_read(file, buffer, 0),
         tt_fs_write(file, NULL, 0));
    return tt_fs_close(file) < 0 || tt_fs_unlink("file") < 0 ? -1 : 0;
}

static void a_file_is_written_and_read(void **state)
{
    (void)state;
    assert_true(stage_run(write_and_read, NULL));
    expect_notes("close-on-exec 1", "read 5 hello", "pread 6 World!", "read 7  World!", "end 0, nothing 0 0");
}

static int write_much(void *arg)
{
    size_t size = 2 * TT_FS_CHUNK_BYTES + 5, length = 0;
    char *data = arg, *copy = NULL;
    int file = tt_fs_open("much", O_RDWR | O_CREAT, 0600), rc;

    if (file < 0 || tt_fs_write(file, data, size) < 0 || tt_fs_pwrite(file, data, size, (off_t)size) < 0)
        return -1;
    note("a part %d", tt_fs_pread(file, data, size, 0) == (ssize_t)TT_FS_CHUNK_BYTES);
    rc = tt_fs_read_file("much", 2 * size, &copy, &length);
    note("all %d %d %d", length == 2 * size, rc == 0 && memcmp(copy, data, size) == 0,
         rc == 0 && memcmp(copy + size, data, size) == 0);
    free(copy);
    return rc < 0 || tt_fs_close(file) < 0 || tt_fs_unlink("much") < 0 ? -1 : 0;
}

static void much_is_written_in_parts_and_read_at_most_a_part_at_a_time(void **state)
{
    size_t size = 2 * TT_FS_CHUNK_BYTES + 5;
    char *data = malloc(size);

    (void)state;
    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i * 7 + i / 1000);
    assert_true(stage_run(write_much, data));
    free(data);
    expect_notes("a part 1", "all 1 1 1");
}

static int change_paths(void *arg)
{
    struct stat stat;
    int file;

    (void)arg;
    if (tt_fs_mkdir("dir", 0700) < 0 || tt_fs_write_file("dir/a", "abc", 3, 0640) < 0 ||
        tt_fs_rename("dir/a", "dir/b") < 0 || tt_fs_stat("dir/b", &stat) < 0)
        return -1;
    note("size %d mode %o", (int)stat.st_size, (unsigned)stat.st_mode & 0777);
    if (symlink("dir/b", "link") < 0 || tt_fs_lstat("link", &stat) < 0)
        return -1;
    note("link %d", S_ISLNK(stat.st_mode));
    if (tt_fs_stat("link", &stat) < 0)
        return -1;
    note("link to %d", S_ISREG(stat.st_mode));
    file = open("dir", O_RDONLY | O_CLOEXEC);
    if (tt_fs_fstat(file, &stat) < 0)
        return -1;
    note("folder %d", S_ISDIR(stat.st_mode));
    close(file);
    return tt_fs_unlink("link") < 0 || tt_fs_unlink("dir/b") < 0 || tt_fs_rmdir("dir") < 0 ? -1 : 0;
}

static void paths_are_made_changed_asked_and_removed(void **state)
{
    (void)state;
    umask(022);
    assert_true(stage_run(change_paths, NULL));
    expect_notes("size 3 mode 640", "link 1", "link to 1", "folder 1");
}

static int list(void *arg)
{
    struct tt_fs_entry *entries = (void *)"untouched";
    ssize_t count = tt_fs_readdir(".", &entries);

    (void)arg;
    note("empty %zd %d", count, entries == NULL);
    for (int i = 0; i < 300; i++) {
        char name[32];

        snprintf(name, sizeof name, "a rather long name %03d", (i * 7) % 300);
        if (tt_fs_mkdir(name, 0700) < 0)
            return -1;
    }
    if (tt_fs_write_file("Z", "", 0, 0600) < 0)
        return -1;
    count = tt_fs_readdir(".", &entries);
    note("%zd: %s, %s ... %s", count, entries[0].name, entries[1].name, entries[count - 1].name);
    note("file %d folder %d", entries[0].type == DT_REG || entries[0].type == DT_UNKNOWN,
         entries[1].type == DT_DIR || entries[1].type == DT_UNKNOWN);
    for (ssize_t i = 1; i < count; i++)
        if (tt_fs_rmdir(entries[i].name) < 0)
            return -1;
    free(entries);
    return tt_fs_unlink("Z");
}

static void a_folder_is_listed_sorted(void **state)
{
    (void)state;
    assert_true(stage_run(list, NULL));
    expect_notes("empty 0 1", "301: Z, a rather long name 000 ... a rather long name 299", "file 1 folder 1");
}

static int make_unique(void *arg)
{
    char first[] = "name-XXXXXX", second[] = "name-XXXXXX", bad[] = "name";
    int files[2] = {tt_fs_mkstemp(first), tt_fs_mkstemp(second)};

    (void)arg;
    note("different %d, written to %d", strcmp(first, second) != 0, tt_fs_write(files[1], "x", 1) == 0);
    if (tt_fs_close(files[0]) < 0 || tt_fs_close(files[1]) < 0 || tt_fs_unlink(first) < 0 || tt_fs_unlink(second) < 0)
        return -1;
    (void)!tt_fs_mkstemp(bad);
    return note_and_drop("bad");
}

static void a_file_of_a_unique_name_is_made(void **state)
{
    (void)state;
    assert_true(stage_run(make_unique, NULL));
    expect_notes("different 1, written to 1", "bad: OSError(22, 'Invalid argument')");
}

/* ------------------------------------------------------------------------------------------------------ whole files */

static int read_whole(void *arg)
{
    char *data = NULL;
    size_t size = 0;

    (void)arg;
    if (tt_fs_read_file("file", 5, &data, &size) < 0)
        return -1;
    note("%zu %s", size, data);
    free(data);
    if (tt_fs_read_file("file", 4, &data, &size) < 0)
        note_and_drop("4");
    if (tt_fs_read_file("/dev/zero", 100000, &data, &size) < 0)
        note_and_drop("zero");
    if (tt_fs_read_file("/proc/self/stat", 100000, &data, &size) < 0)
        return -1;
    note("proc %d", size > 10 && strlen(data) == size);
    free(data);
    if (tt_fs_read_file("/dev/null", 0, &data, NULL) < 0)
        return -1;
    note("null '%s'", data);
    free(data);
    return 0;
}

static void a_whole_file_is_read_up_to_a_limit(void **state)
{
    (void)state;
    put_file("file", "abcde");
    assert_true(stage_run(read_whole, NULL));
    unlink("file");
    expect_notes("5 abcde", "4: OSError(27, 'File too large')", "zero: OSError(27, 'File too large')", "proc 1",
                 "null ''");
}

static int write_twice(void *arg)
{
    char *data = NULL;

    (void)arg;
    if (tt_fs_write_file("file", "a longer one", 12, 0600) < 0 || tt_fs_write_file("file", "short", 5, 0600) < 0 ||
        tt_fs_read_file("file", SIZE_MAX, &data, NULL) < 0)
        return -1;
    note("%s", data);
    free(data);
    return tt_fs_unlink("file");
}

static void a_whole_file_is_written_anew(void **state)
{
    (void)state;
    assert_true(stage_run(write_twice, NULL));
    expect_notes("short");
}

/* ---------------------------------------------------------------------------------------------------------- failures */

static int fail_each(void *arg)
{
    struct tt_fs_entry *entries = NULL;
    struct stat stat;
    char *data = NULL, byte = 0;

    (void)arg;
#define FAIL(call)                                            \
    do {                                                      \
        if ((call) >= 0)                                      \
            return tt_raise(&tt_AssertionError, "%s", #call); \
        note("%s", tt_exc_message(tt_exc_pending()));         \
        if (!tt_catch(&tt_OSError) || tt_catch_end() < 0)     \
            return -1;                                        \
    } while (0)
    FAIL(tt_fs_open("/no/such/file", O_RDONLY, 0));
    FAIL(tt_fs_close(4711));
    FAIL(tt_fs_read(4711, &byte, 1));
    FAIL(tt_fs_pread(4711, &byte, 1, 0));
    FAIL(tt_fs_write(4711, &byte, 1));
    FAIL(tt_fs_pwrite(4711, &byte, 1, 0));
    FAIL(tt_fs_fsync(4711));
    FAIL(tt_fs_fstat(4711, &stat));
    FAIL(tt_fs_sendfile(1, 4711, 0, 1));
    FAIL(tt_fs_stat("no", &stat));
    FAIL(tt_fs_lstat("no", &stat));
    FAIL(tt_fs_rename("no", "nowhere"));
    FAIL(tt_fs_unlink("no"));
    FAIL(tt_fs_mkdir("no/no", 0700));
    FAIL(tt_fs_rmdir("no"));
    FAIL(tt_fs_readdir("no", &entries));
    FAIL(tt_fs_read_file("no", 1, &data, NULL));
    FAIL(tt_fs_write_file("no/no", "x", 1, 0600));
    FAIL(tt_fs_write_file("/dev/full", "x", 1, 0600));
    return 0;
}

static void a_failure_says_what_was_done_to_what(void **state)
{
    (void)state;
    assert_true(stage_run(fail_each, NULL));
    expect_notes(
        "[Errno 2] No such file or directory: open /no/such/file",
        "[Errno 9] Bad file descriptor: close descriptor 4711", "[Errno 9] Bad file descriptor: read descriptor 4711",
        "[Errno 9] Bad file descriptor: pread descriptor 4711", "[Errno 9] Bad file descriptor: write descriptor 4711",
        "[Errno 9] Bad file descriptor: pwrite descriptor 4711", "[Errno 9] Bad file descriptor: fsync descriptor 4711",
        "[Errno 9] Bad file descriptor: stat descriptor 4711",
        "[Errno 9] Bad file descriptor: sendfile descriptor 4711 to descriptor 1",
        "[Errno 2] No such file or directory: stat no", "[Errno 2] No such file or directory: lstat no",
        "[Errno 2] No such file or directory: rename no to nowhere", "[Errno 2] No such file or directory: unlink no",
        "[Errno 2] No such file or directory: mkdir no/no", "[Errno 2] No such file or directory: rmdir no",
        "[Errno 2] No such file or directory: readdir no", "[Errno 2] No such file or directory: read no",
        "[Errno 2] No such file or directory: write no/no", "[Errno 28] No space left on device: write /dev/full");
}

static int open_missing(void *arg)
{
    (void)arg;
    return tt_fs_open("/no/such/file", O_RDONLY, 0);
}

static void its_type_is_that_of_errno(void **state)
{
    (void)state;
    assert_false(stage_run(open_missing, NULL));
    expect_notes("main: FileNotFoundError(2, 'No such file or directory')");
}

/* A close that cannot suspend closes all the same. */
static int close_in_trouble(void *arg)
{
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC), rc;

    (void)arg;
    tt_raise(&tt_ValueError, "trouble");
    rc = tt_fs_close(file);
    note("rc %d closed %d", rc, fcntl(file, F_GETFD) < 0);
    return note_and_drop("pending");
}

static void close_closes_with_an_exception_pending_and_outside_of_tasks(void **state)
{
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)state;
    assert_true(stage_run(close_in_trouble, NULL));
    expect_notes("rc -1 closed 1", "pending: ValueError('trouble')");
    assert_int_equal(tt_fs_close(file), 0);
    assert_int_equal(tt_fs_close(file), -1);
    note_and_drop("again");
    expect_notes("again: OSError(9, 'Bad file descriptor')");
}

static int do_nothing_with_a_pending_exception(void *arg)
{
    struct stat stat = {.st_size = 4711};

    (void)arg;
    tt_raise(&tt_ValueError, "first");
    note("%d %d %d", tt_fs_open("made", O_CREAT | O_WRONLY, 0600), tt_fs_mkdir("made", 0700), tt_fs_stat(".", &stat));
    note("%d", (int)stat.st_size);
    return note_and_drop("pending");
}

static void with_an_exception_pending_nothing_is_done(void **state)
{
    (void)state;
    assert_true(stage_run(do_nothing_with_a_pending_exception, NULL));
    expect_notes("-1 -1 -1", "4711", "pending: ValueError('first')");
}

/* ---------------------------------------------------------------------------------------------------------- sendfile */

static int ends[2];

static int drain(void *arg)
{
    size_t total = 0;
    char buffer[4096];

    (void)arg;
    for (;;) {
        ssize_t size = tt_sock_recv(ends[1], buffer, sizeof buffer);

        if (size < 0)
            return -1;
        if (size == 0)
            break;
        total += (size_t)size;
    }
    note("received %zu", total);
    return 0;
}

enum { MUCH = 3000000 };

static int send_much(void *arg)
{
    int file = tt_fs_open("much", O_RDWR | O_CREAT, 0600);
    tt_task *reader = tt_create_task(drain, NULL);
    ssize_t sent;

    (void)arg;
    if (ftruncate(file, MUCH) < 0)
        return tt_raise_errno(errno, "truncate");
    sent = tt_fs_sendfile(ends[0], file, 10, 2 * (size_t)MUCH);
    note("sent %zd", sent);
    shutdown(ends[0], SHUT_WR);
    if (tt_await(reader) < 0)
        return -1;
    tt_task_unref(reader);
    return tt_fs_close(file) < 0 || tt_fs_unlink("much") < 0 ? -1 : 0;
}

static void a_file_is_sent_to_a_socket_that_fills_up(void **state)
{
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    assert_true(stage_run(send_much, NULL));
    expect_notes("sent 2999990", "received 2999990");
    close(ends[0]);
    close(ends[1]);
}

static int send_and_give_up(void *arg)
{
    int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    ssize_t sent;

    (void)arg;
    if (ftruncate(file, MUCH) < 0)
        return tt_raise_errno(errno, "truncate");
    sent = tt_fs_sendfile(ends[0], file, 0, MUCH); /* nobody reads */
    note("sent %zd", sent);
    close(file);
    return (int)sent;
}

static void sending_to_who_does_not_read_can_be_cancelled(void **state)
{
    tt_task *task;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    task = begin(send_and_give_up, NULL);
    for (int i = 0; i < 20; i++) {
        stage_turns(1);
        usleep(1000);
    }
    tt_task_cancel(task, NULL);
    stage_turns(3);
    assert_true(tt_task_cancelled(task));
    tt_task_unref(task);
    expect_notes("sent -1");
    close(ends[0]);
    close(ends[1]);
}

static int send_to_nobody(void *arg)
{
    int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    (void)arg;
    if (ftruncate(file, 100) < 0)
        return tt_raise_errno(errno, "truncate");
    if (tt_fs_sendfile(ends[0], file, 0, 100) < 0)
        note_and_drop("to nobody");
    close(file);
    return 0;
}

static void sending_to_who_has_gone_raises_and_never_signals(void **state)
{
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    close(ends[1]);
    assert_true(stage_run(send_to_nobody, NULL));
    expect_notes("to nobody: BrokenPipeError(32, 'Broken pipe')");
    close(ends[0]);
}

static int write_to_nobody(void *arg)
{
    char path[32];

    (void)arg;
    if (tt_fs_write(ends[1], "x", 1) < 0)
        note_and_drop("write");
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[1]);
    if (tt_fs_write_file(path, "x", 1, 0600) < 0)
        note_and_drop("write_file");
    return 0;
}

static void writing_to_a_pipe_that_nobody_reads_raises_and_never_signals(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_DFL);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    assert_true(stage_run(write_to_nobody, NULL));
    expect_notes("write: BrokenPipeError(32, 'Broken pipe')", "write_file: BrokenPipeError(32, 'Broken pipe')");
    close(ends[1]);
}

static int copy_file(void *arg)
{
    char *data = NULL;
    int from, to;
    ssize_t sent;

    (void)arg;
    put_file("from", "0123456789");
    from = tt_fs_open("from", O_RDONLY, 0);
    to = tt_fs_open("to", O_WRONLY | O_CREAT | O_APPEND, 0600); /* sendfile(2) refuses files that are appended to */
    sent = tt_fs_sendfile(to, from, 2, 5);
    if (sent < 0 || tt_fs_read_file("to", 100, &data, NULL) < 0)
        return -1;
    note("%zd %s", sent, data);
    free(data);
    return tt_fs_close(from) < 0 || tt_fs_close(to) < 0 || tt_fs_unlink("from") < 0 || tt_fs_unlink("to") < 0 ? -1 : 0;
}

static void what_sendfile_refuses_is_copied(void **state)
{
    (void)state;
    assert_true(stage_run(copy_file, NULL));
    expect_notes("5 23456");
}

/* ------------------------------------------------------------------------------------------------------ cancellation */

/* Nothing of the pool is free: requests wait. */
enum { POOL = 4 };

static int block(void *arg)
{
    (void)arg;
    sem_post(&has_begun);
    while (sem_wait(&may_end) < 0 && errno == EINTR)
        ;
    return 0;
}

static void occupy_pool(tt_future *blockers[POOL])
{
    for (int i = 0; i < POOL; i++)
        blockers[i] = tt_run_in_executor(stage_loop, block, NULL, NULL);
    for (int i = 0; i < POOL; i++)
        sem_wait(&has_begun);
}

static void free_pool(tt_future *blockers[POOL])
{
    for (int i = 0; i < POOL; i++)
        sem_post(&may_end);
    for (int i = 0; i < POOL; i++) {
        assert_int_equal(tt_loop_run_until_complete(stage_loop, blockers[i]), 0);
        tt_future_unref(blockers[i]);
    }
}

/* Has CALL, one of those below, wait for a thread, and cancels it. */
static void cancel_call(tt_coro_fn *call)
{
    tt_task *task = begin(call, NULL);

    stage_turns(2);
    assert_false(tt_task_done(task));
    tt_task_cancel(task, NULL);
    stage_turns(2);
    assert_true(tt_task_cancelled(task));
    tt_task_unref(task);
}

static int waiting_descriptor;

#define CALL(name, expression)    \
    static int name(void *arg)    \
    {                             \
        (void)arg;                \
        return (int)(expression); \
    }
static char buffer[4], name_template[] = "made-XXXXXX";
static struct stat a_stat;
static struct tt_fs_entry *some_entries;
static char *some_data;
CALL(call_open, tt_fs_open("made", O_CREAT | O_WRONLY, 0600))
CALL(call_close, tt_fs_close(waiting_descriptor))
CALL(call_read, tt_fs_read(waiting_descriptor, buffer, 1))
CALL(call_pread, tt_fs_pread(waiting_descriptor, buffer, 1, 0))
CALL(call_write, tt_fs_write(waiting_descriptor, "x", 1))
CALL(call_pwrite, tt_fs_pwrite(waiting_descriptor, "x", 1, 0))
CALL(call_fsync, tt_fs_fsync(waiting_descriptor))
CALL(call_fstat, tt_fs_fstat(waiting_descriptor, &a_stat))
CALL(call_sendfile, tt_fs_sendfile(waiting_descriptor, waiting_descriptor, 0, 1))
CALL(call_stat, tt_fs_stat(".", &a_stat))
CALL(call_lstat, tt_fs_lstat(".", &a_stat))
CALL(call_rename, tt_fs_rename("no", "made"))
CALL(call_unlink, tt_fs_unlink("there"))
CALL(call_mkdir, tt_fs_mkdir("made", 0700))
CALL(call_rmdir, tt_fs_rmdir("there"))
CALL(call_readdir, tt_fs_readdir(".", &some_entries))
CALL(call_mkstemp, tt_fs_mkstemp(name_template))
CALL(call_read_file, tt_fs_read_file("there", 10, &some_data, NULL))
CALL(call_write_file, tt_fs_write_file("there", "new", 3, 0600))

static tt_coro_fn *const calls[] = {call_open,      call_read,       call_pread,   call_write,   call_pwrite,
                                    call_fsync,     call_fstat,      call_stat,    call_lstat,   call_rename,
                                    call_unlink,    call_mkdir,      call_rmdir,   call_readdir, call_mkstemp,
                                    call_read_file, call_write_file, call_sendfile};

enum { CALLS = sizeof calls / sizeof calls[0] };

static void what_no_thread_has_begun_is_not_done_when_it_is_cancelled(void **state)
{
    tt_future *blockers[POOL];
    int files = stage_descriptors();

    (void)state;
    put_file("there", "old");
    waiting_descriptor = open("there", O_RDWR | O_CLOEXEC);
    occupy_pool(blockers);
    for (int i = 0; i < CALLS; i++)
        cancel_call(calls[i]);
    assert_int_equal(stage_descriptors(), files + 1);
    cancel_call(call_close); /* closed it is, what else */
    assert_int_equal(stage_descriptors(), files);
    free_pool(blockers);
    waiting_descriptor = open("there", O_RDWR | O_CLOEXEC);
    assert_int_equal(read(waiting_descriptor, buffer, 4), 3);
    assert_memory_equal(buffer, "old", 3);
    close(waiting_descriptor);
    assert_int_equal(unlink("there"), 0);
}

static int pipe_ends[2];

static int read_pipe(void *arg)
{
    char *byte = arg;
    ssize_t size;

    held_descriptor = pipe_ends[0];
    size = tt_fs_read(pipe_ends[0], byte, 1);
    note("read %zd", size);
    *byte = 'b';
    return (int)size;
}

static void a_read_that_a_thread_makes_is_left_alone_with_a_buffer_of_its_own(void **state)
{
    tt_task *task;
    char byte = 'a', rest;

    (void)state;
    assert_int_equal(pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(write(pipe_ends[1], "c", 1), 1);
    task = begin(read_pipe, &byte);
    stage_turns(2);
    sem_wait(&has_begun);
    tt_task_cancel(task, NULL);
    stage_turns(2);
    assert_true(tt_task_cancelled(task));
    tt_task_unref(task);
    expect_notes("read -1");
    sem_post(&may_end);
    stage_close_loop(); /* waits for the orphan */
    held_descriptor = -1;
    assert_int_equal(byte, 'b');
    assert_int_equal(read(pipe_ends[0], &rest, 1), -1); /* it has read */
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

static int open_held(void *arg)
{
    (void)arg;
    return tt_fs_open("held", O_RDWR | O_CREAT, 0600);
}

static int make_held(void *arg)
{
    char name[] = "held-XXXXXX";

    (void)arg;
    return tt_fs_mkstemp(name);
}

/* Has CALL begin on a thread, which then waits for may_end. */
static tt_task *begin_held(tt_coro_fn *call)
{
    tt_task *task = begin(call, NULL);

    stage_turns(2);
    sem_wait(&has_begun);
    return task;
}

static void cancel_held(tt_coro_fn *call)
{
    tt_task *task = begin_held(call);

    tt_task_cancel(task, NULL);
    stage_turns(2);
    assert_true(tt_task_cancelled(task));
    tt_task_unref(task);
    sem_post(&may_end);
    stage_close_loop();
}

static void a_file_that_is_opened_for_a_cancelled_call_is_closed_again(void **state)
{
    (void)state;
    cancel_held(open_held); /* the stage counts descriptors */
    assert_int_equal(unlink("held"), 0);
}

static void a_made_file_that_nobody_takes_is_closed_and_removed(void **state)
{
    (void)state;
    cancel_held(make_held); /* the folder must be empty */
}

static void an_abandoned_call_is_waited_for_by_the_loops_end(void **state)
{
    tt_task *task = begin_held(open_held);

    (void)state;
    sem_post(&may_end);
    stage_close_loop();
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of t");
    tt_task_unref(task);
    assert_int_equal(unlink("held"), 0);
}

static int open_held_in_time(void *arg)
{
    return tt_with_timeout(TT_MSEC(5), open_held, arg);
}

static void a_timeout_ends_a_call(void **state)
{
    (void)state;
    assert_false(stage_run(open_held_in_time, NULL));
    expect_notes("main: TimeoutError()");
    sem_post(&may_end);
    stage_close_loop();
    unlink("held"); /* the thread may not have got that far */
}

/* ------------------------------------------------------------------------------------------------------ no memory */

static int without_memory(void *arg)
{
    (void)arg;
    for (int i = 0; i < CALLS; i++) {
        allocation_fail(1, false);
        (void)!calls[i](NULL);
        allocation_fail(0, false);
        if (!tt_exc_is(tt_exc_pending(), &tt_MemoryError))
            note_pending("not without memory");
        if (!tt_catch(&tt_BaseException) || tt_catch_end() < 0)
            return -1;
    }
    waiting_descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
    allocation_fail(1, false);
    note("close %d", tt_fs_close(waiting_descriptor));
    allocation_fail(0, false);
    return note_and_drop("close");
}

static void without_memory_each_call_raises_and_close_closes(void **state)
{
    (void)state;
    assert_true(stage_run(without_memory, NULL));
    expect_notes("close -1", "close: MemoryError('no memory to close')");
}

static int use_on_thread_memory(void *number)
{
    some_data = NULL;
    some_entries = NULL;
    allocation_fail(*(long *)number, false);
    if (tt_fs_read_file("/proc/self/maps", 10000000, &some_data, NULL) < 0) /* its size is not known before */
        note_and_drop("read");
    free(some_data);
    if (tt_fs_readdir("/", &some_entries) < 0)
        note_and_drop("readdir");
    free(some_entries);
    *(long *)number = allocation_has_failed() ? *(long *)number + 1 : 0;
    allocation_fail(0, false);
    return 0;
}

static void each_allocation_of_a_call_can_fail(void **state)
{
    long number = 1;

    (void)state;
    while (number) {
        assert_true(number < 100);
        stage_forget_notes();
        assert_true(stage_run(use_on_thread_memory, &number));
        if (number)
            assert_non_null(strstr(stage_notes(), "emory")); /* MemoryError, or Cannot allocate memory */
    }
    expect_no_notes();
}

/* ------------------------------------------------------------------------------------------------------- many at once */

enum { WRITERS = 100 };

static int write_own(void *arg)
{
    char path[32], *data = NULL;
    int rc;

    snprintf(path, sizeof path, "file-%d", (int)(intptr_t)arg);
    if (tt_fs_write_file(path, path, strlen(path), 0600) < 0 || tt_fs_read_file(path, 100, &data, NULL) < 0)
        return -1;
    rc = strcmp(data, path) == 0 ? 0 : tt_raise(&tt_AssertionError, "%s in %s", data, path);
    free(data);
    return rc < 0 ? -1 : tt_fs_unlink(path);
}

static int write_many(void *arg)
{
    tt_task *tasks[WRITERS];
    tt_future *all;
    int rc;

    (void)arg;
    for (intptr_t i = 0; i < WRITERS; i++)
        tasks[i] = tt_create_task(write_own, (void *)i);
    all = tt_gather(tasks, WRITERS, false);
    rc = tt_await(all);
    tt_future_unref(all);
    for (int i = 0; i < WRITERS; i++)
        tt_task_unref(tasks[i]);
    return rc;
}

static void many_tasks_have_their_own_files(void **state)
{
    (void)state;
    assert_true(stage_run(write_many, NULL));
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_folder(a_file_is_written_and_read),
    cmocka_unit_test_in_folder(much_is_written_in_parts_and_read_at_most_a_part_at_a_time),
    cmocka_unit_test_in_folder(paths_are_made_changed_asked_and_removed),
    cmocka_unit_test_in_folder(a_folder_is_listed_sorted),
    cmocka_unit_test_in_folder(a_file_of_a_unique_name_is_made),
    cmocka_unit_test_in_folder(a_whole_file_is_read_up_to_a_limit),
    cmocka_unit_test_in_folder(a_whole_file_is_written_anew),
    cmocka_unit_test_in_folder(a_failure_says_what_was_done_to_what),
    cmocka_unit_test_in_folder(its_type_is_that_of_errno),
    cmocka_unit_test_in_folder(close_closes_with_an_exception_pending_and_outside_of_tasks),
    cmocka_unit_test_in_folder(with_an_exception_pending_nothing_is_done),
    cmocka_unit_test_in_folder(a_file_is_sent_to_a_socket_that_fills_up),
    cmocka_unit_test_in_folder(sending_to_who_does_not_read_can_be_cancelled),
    cmocka_unit_test_in_folder(sending_to_who_has_gone_raises_and_never_signals),
    cmocka_unit_test_in_folder(writing_to_a_pipe_that_nobody_reads_raises_and_never_signals),
    cmocka_unit_test_in_folder(what_sendfile_refuses_is_copied),
    cmocka_unit_test_in_folder(what_no_thread_has_begun_is_not_done_when_it_is_cancelled),
    cmocka_unit_test_in_folder(a_read_that_a_thread_makes_is_left_alone_with_a_buffer_of_its_own),
    cmocka_unit_test_in_folder(a_file_that_is_opened_for_a_cancelled_call_is_closed_again),
    cmocka_unit_test_in_folder(an_abandoned_call_is_waited_for_by_the_loops_end),
    cmocka_unit_test_in_folder(a_timeout_ends_a_call),
    cmocka_unit_test_in_folder(a_made_file_that_nobody_takes_is_closed_and_removed),
    cmocka_unit_test_in_folder(without_memory_each_call_raises_and_close_closes),
    cmocka_unit_test_in_folder(each_allocation_of_a_call_can_fail),
    cmocka_unit_test_in_folder(many_tasks_have_their_own_files),
};

TT_TEST_MAIN(cases)
