/* Viewers on a store that is being written: 1 to 16 processes look at once, and one of them is stopped in the middle of a transaction.
 * Nobody is locked out, each sees a growing prefix, the log stays within its bound, and looking changes nothing. */
#include "harness.h"
#include "tracer/truth.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store.h"

#define VIEWERS_MAX 16u
#define LOG_BYTES_MAX \
    (UINT64_C(4) << 20) /* of the recorder's option: so that a stopped viewer makes it wait within the test */
/* What the log may have beyond: the checkpoint comes when it has 8 MiB, and the batch that was being written is up to 16 MiB. */
#define LOG_BYTES_BOUND (LOG_BYTES_MAX + (UINT64_C(24) << 20))

/* What viewers and test share. */
static struct looking {
    _Atomic uint32_t is_over;
    _Atomic uint64_t looks;
    _Atomic uint32_t is_inside; /* the one that is to be stopped has begun its transaction */
} * looking;

/* Exit statuses of viewers. */
enum { LOOKED_WELL = 0, CANNOT_OPEN = 2, CANNOT_READ = 3, HAS_SHRUNK = 4, HAS_A_HOLE = 5 };

static int64_t ask_number(sqlite3 *connection, const char *sql)
{
    sqlite3_stmt *statement;
    int64_t number = -1;
    if (sqlite3_prepare_v2(connection, sql, -1, &statement, NULL) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW)
        fprintf(stderr, "viewer: %s: %s\n", sql, sqlite3_errmsg(connection));
    else
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

static struct tt_store_reader *open_store(const char *path)
{
    struct tt_store_reader *reader;
    struct tt_store_error error;
    if (tt_store_open_reader(path, &reader, &error) < 0) {
        fprintf(stderr, "viewer: %s\n", error.text);
        _exit(CANNOT_OPEN);
    }
    return reader;
}

/* Looks again and again, by a connection that is opened anew each time or kept. */
static _Noreturn void look(const char *path, bool is_kept)
{
    int64_t last = 0;
    struct tt_store_reader *reader = open_store(path);
    while (!atomic_load(&looking->is_over)) {
        sqlite3 *connection = tt_store_reader_connection(reader);
        if (sqlite3_exec(connection, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
            _exit(CANNOT_READ);
        int64_t count = ask_number(connection, "SELECT count(*) FROM note WHERE key = '0'");
        int64_t next =
            ask_number(connection, "SELECT coalesce(max(CAST(text AS INTEGER)) + 1, 0) FROM note WHERE key = '0'");
        int64_t losses = ask_number(connection, "SELECT count(*) FROM losses");
        if (count < 0 || next < 0 || losses < 0 || sqlite3_exec(connection, "END", NULL, NULL, NULL) != SQLITE_OK)
            _exit(CANNOT_READ);
        if (count < last)
            _exit(HAS_SHRUNK);
        if (losses == 0 && next != count)
            _exit(HAS_A_HOLE);
        last = count;
        atomic_fetch_add(&looking->looks, 1);
        if (!is_kept) {
            tt_store_close_reader(reader);
            reader = open_store(path);
        }
        studio_sleep_us(20000);
    }
    tt_store_close_reader(reader);
    _exit(LOOKED_WELL);
}

/* Begins to read, and stands still. When it goes on, it sees what it saw. */
static _Noreturn void stand_still(const char *path)
{
    struct tt_store_reader *reader = open_store(path);
    sqlite3 *connection = tt_store_reader_connection(reader);
    if (sqlite3_exec(connection, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        _exit(CANNOT_READ);
    int64_t before = ask_number(connection, "SELECT count(*) FROM note");
    atomic_store(&looking->is_inside, 1);
    raise(SIGSTOP);
    int64_t after = ask_number(connection, "SELECT count(*) FROM note");
    if (before < 0 || after < 0)
        _exit(CANNOT_READ);
    tt_store_close_reader(reader);
    _exit(before == after ? LOOKED_WELL : HAS_SHRUNK);
}

static pid_t start_viewer(const char *path, int kind)
{
    pid_t test = getpid(), child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != test)
            _exit(98);
        if (kind < 0)
            stand_still(path);
        look(path, kind % 2 == 0);
    }
    return child;
}

static void expect_log_bounded(const struct studio *studio)
{
    char path[160];
    struct stat stat_buffer;
    snprintf(path, sizeof path, "%s-wal", studio->store);
    if (stat(path, &stat_buffer) == 0)
        assert_true((uint64_t)stat_buffer.st_size <= LOG_BYTES_BOUND);
}

/* VIEWERS look at it for MILLISECONDS, and one more stands still meanwhile. */
static void be_looked_at(struct studio *studio, unsigned viewers, int64_t milliseconds)
{
    pid_t pids[VIEWERS_MAX];
    int64_t end_ns = studio_now_ns() + milliseconds * 1000000;
    uint64_t looks = atomic_load(&looking->looks);
    atomic_store(&looking->is_over, 0);
    atomic_store(&looking->is_inside, 0);
    for (unsigned i = 0; i < viewers; i++)
        pids[i] = start_viewer(studio->store, (int)i);
    pid_t stopped = start_viewer(studio->store, -1);
    int status;
    assert_int_equal(waitpid(stopped, &status, WUNTRACED), stopped);
    assert_true(WIFSTOPPED(status));
    while (studio_now_ns() < end_ns || atomic_load(&looking->looks) < looks + viewers) {
        expect_log_bounded(studio);
        studio_sleep_us(10000);
    }
    truth_expect_progress();
    assert_int_equal(kill(stopped, SIGCONT), 0);
    assert_int_equal(studio_wait(stopped), 0);
    atomic_store(&looking->is_over, 1);
    for (unsigned i = 0; i < viewers; i++) {
        status = studio_wait(pids[i]);
        if (status != 0)
            fail_msg("viewer %u of %u ended with %d, signal %d", i, viewers, WEXITSTATUS(status), WTERMSIG(status));
    }
}

/* A sum over name, size, mode and bytes of what is in the store's folder. */
static uint64_t sum_of_store(const struct studio *studio)
{
    unsigned char bytes[65536];
    struct stat stat_buffer;
    uint64_t sum = UINT64_C(14695981039346656037);
    int fd = open(studio->store, O_RDONLY);
    assert_true(fd >= 0);
    for (ssize_t length; (length = read(fd, bytes, sizeof bytes)) > 0;)
        for (ssize_t i = 0; i < length; i++)
            sum = (sum ^ bytes[i]) * UINT64_C(1099511628211);
    assert_int_equal(fstat(fd, &stat_buffer), 0);
    close(fd);
    return sum ^ (uint64_t)stat_buffer.st_mtim.tv_nsec ^ (uint64_t)stat_buffer.st_mtim.tv_sec << 30;
}

static void viewers_of_a_live_store_see_a_growing_prefix_and_change_nothing(void **state)
{
    (void)state;
    struct studio studio;
    const struct tt_recorder_options recorder = {.supervised = 1, .log_bytes_max = LOG_BYTES_MAX};
    const struct truth_options options = {.threads = 4, .rate = 4000};
    static const unsigned numbers[] = {1, 2, 4, 8, 16};
    const unsigned phases = sizeof numbers / sizeof numbers[0];
    looking = mmap(NULL, sizeof *looking, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(looking, MAP_FAILED);
    truth_begin(&options);
    studio_open(&studio);
    studio_start_recorder(&studio, &recorder);
    pid_t program = studio_start_program(&studio, truth_emit, NULL, 0);
    truth_await_start();
    studio_expect_within(&studio, 20000, "SELECT count(*) > 0 FROM note", "1");
    int64_t milliseconds = (int64_t)studio_rounds(3) * 1000 / phases; /* TT_COUNT is in seconds */
    for (unsigned i = 0; i < phases; i++)
        be_looked_at(&studio, numbers[i], milliseconds);
    truth_end_program();
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    truth_expect(&studio, false, false);
    assert_int_equal(studio_number(&studio, "SELECT count(*) FROM note"), truth_returned());
    /* The finished store is one file, and stays as it is whoever looks. */
    uint64_t sum = sum_of_store(&studio);
    pid_t pids[VIEWERS_MAX];
    atomic_store(&looking->is_over, 0);
    uint64_t looks = atomic_load(&looking->looks);
    for (unsigned i = 0; i < VIEWERS_MAX; i++)
        pids[i] = start_viewer(studio.store, (int)i);
    while (atomic_load(&looking->looks) < looks + 2 * VIEWERS_MAX)
        studio_sleep_us(1000);
    atomic_store(&looking->is_over, 1);
    for (unsigned i = 0; i < VIEWERS_MAX; i++)
        assert_int_equal(studio_wait(pids[i]), 0);
    assert_true(sum_of_store(&studio) == sum);
    fprintf(stderr, "%llu looks\n", (unsigned long long)atomic_load(&looking->looks));
    studio_close(&studio);
    munmap(looking, sizeof *looking);
}

/* While a viewer stands in the way of the log for longer than its limit, recording pauses: what is dropped is counted, and all goes on
 * when the viewer does. */
static void a_viewer_that_stands_still_makes_recording_pause_and_not_the_program(void **state)
{
    (void)state;
    struct studio studio;
    const struct tt_recorder_options recorder = {.supervised = 1, .log_bytes_max = 1 << 20};
    const struct truth_options options = {.threads = 4, .rate = 400000};
    looking = mmap(NULL, sizeof *looking, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(looking, MAP_FAILED);
    truth_begin(&options);
    studio_open(&studio);
    studio_start_recorder(&studio, &recorder);
    pid_t program = studio_start_program(&studio, truth_emit, NULL, 65536);
    truth_await_start();
    studio_expect_within(&studio, 20000, "SELECT count(*) > 0 FROM note", "1");
    for (unsigned i = studio_rounds(2); i > 0; i--) {
        int status;
        pid_t stopped = start_viewer(studio.store, -1);
        assert_int_equal(waitpid(stopped, &status, WUNTRACED), stopped);
        assert_true(WIFSTOPPED(status));
        /* It has paused when the store has stood still for a while, with the program emitting. */
        int64_t before = -1, now = 0;
        for (unsigned tries = 0; tries < 600 && before != now; tries++) {
            before = now;
            truth_expect_progress();
            studio_sleep_us(200000);
            now = studio_number(&studio, "SELECT count(*) FROM note");
        }
        assert_true(before == now && now > 0);
        expect_log_bounded(&studio);
        assert_int_equal(kill(stopped, SIGCONT), 0);
        assert_int_equal(studio_wait(stopped), 0);
        char sql[80];
        snprintf(sql, sizeof sql, "SELECT count(*) > %lld FROM note", (long long)now);
        studio_expect_within(&studio, 20000, sql, "1");
    }
    truth_end_program();
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    truth_expect(&studio, true, false);
    assert_true(studio_number(&studio, "SELECT drop_count FROM processes") > 0);
    studio_close(&studio);
    munmap(looking, sizeof *looking);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(viewers_of_a_live_store_see_a_growing_prefix_and_change_nothing),
    cmocka_unit_test(a_viewer_that_stands_still_makes_recording_pause_and_not_the_program),
};

TT_TEST_MAIN(cases)
