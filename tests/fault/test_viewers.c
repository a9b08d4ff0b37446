/* Viewers on a store that is being written: 1 to 16 processes look at once, and one of them is stopped in the middle of a transaction.
 * Nobody is locked out, each sees a prefix that grows, the log stays within its bound, and looking changes nothing. */
#include "harness.h"
#include "tracer/truth.h"
#include "viewers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store.h"

/* Of recorders' option, so that the log reaches it within the test; with a batch, and what is copied only then, on top. */
#define CROWD_LOG_BYTES_MAX (UINT64_C(4) << 20)
#define STILL_LOG_BYTES_MAX (UINT64_C(1) << 20)
#define LOG_BYTES_BEYOND    (UINT64_C(24) << 20)
#define FREEZES_MAX         100 /* a recorder that is stopped may hold a lock that it has for an instant only */

static void expect_log_bounded(const struct studio *studio, uint64_t bytes_max)
{
    char path[160];
    struct stat stat_buffer;
    snprintf(path, sizeof path, "%s-wal", studio->store);
    if (stat(path, &stat_buffer) == 0)
        assert_true((uint64_t)stat_buffer.st_size <= bytes_max + LOG_BYTES_BEYOND);
}

/* As many as can look at it for MILLISECONDS at least. Nobody stands still: where they keep the log from being begun anew, that
 * is for a while, and what there is to see grows. */
static void be_looked_at_by_a_crowd(struct studio *studio, int64_t milliseconds)
{
    viewers_start(studio->store, VIEWERS_MAX, VIEWERS_OF_ALL_KINDS);
    for (int64_t end_ns = studio_now_ns() + milliseconds * 1000000; studio_now_ns() < end_ns;) {
        expect_log_bounded(studio, CROWD_LOG_BYTES_MAX);
        studio_sleep_us(10000);
    }
    viewers_await_growth();
    viewers_stop();
}

/* VIEWERS look at it for MILLISECONDS at least, and one more stands still meanwhile. */
static void be_looked_at(struct studio *studio, unsigned viewers, int64_t milliseconds)
{
    int64_t end_ns = studio_now_ns() + milliseconds * 1000000;
    viewers_start(studio->store, viewers, VIEWERS_OF_ALL_KINDS);
    viewers_await_looks(1);
    pid_t still = viewers_start_still(studio->store);
    viewers_await_growth();
    while (studio_now_ns() < end_ns)
        studio_sleep_us(10000);
    truth_expect_progress();
    viewers_await_looks(1);
    viewers_end_still(still);
    viewers_await_growth();
    viewers_stop();
}

/* ------------------------------------------------------------------------------------------------- nothing is changed */

static uint64_t sum_of_file(const char *path)
{
    unsigned char bytes[65536];
    struct stat stat_buffer;
    uint64_t sum = UINT64_C(14695981039346656037);
    int fd = open(path, O_RDONLY);
    if (fd < 0 && errno == ENOENT)
        return 0;
    assert_true(fd >= 0);
    for (ssize_t length; (length = read(fd, bytes, sizeof bytes)) > 0;)
        for (ssize_t i = 0; i < length; i++)
            sum = (sum ^ bytes[i]) * UINT64_C(1099511628211);
    assert_int_equal(fstat(fd, &stat_buffer), 0);
    close(fd);
    return sum ^ (uint64_t)stat_buffer.st_mtim.tv_nsec ^ (uint64_t)stat_buffer.st_mtim.tv_sec << 30;
}

/* Of bytes and times of the store and its log. */
static uint64_t sum_of_store(const struct studio *studio)
{
    char log[160];
    snprintf(log, sizeof log, "%s-wal", studio->store);
    return sum_of_file(studio->store) * 31 + sum_of_file(log);
}

static void expect_no_change(const struct studio *studio, enum viewers_kind kind)
{
    uint64_t sum = sum_of_store(studio);
    viewers_start(studio->store, VIEWERS_MAX, kind);
    viewers_await_looks(2);
    viewers_stop();
    assert_true(sum_of_store(studio) == sum);
}

/* Stops the recorder where it does not have the store for itself: it has it, if at all, for an instant. */
static void freeze_recorder(const struct studio *studio)
{
    struct tt_store_reader *reader;
    struct tt_store_error error;
    int status;
    for (unsigned i = 0; i < FREEZES_MAX; i++) {
        assert_int_equal(kill(studio->recorder, SIGSTOP), 0);
        assert_int_equal(waitpid(studio->recorder, &status, WUNTRACED), studio->recorder);
        assert_true(WIFSTOPPED(status));
        if (tt_store_open_reader(studio->store, &reader, &error) == 0) {
            tt_store_close_reader(reader);
            return;
        }
        assert_int_equal(kill(studio->recorder, SIGCONT), 0);
    }
    fail_msg("whenever the recorder is stopped a viewer is told: %s", error.text);
}

static void viewers_of_a_live_store_see_a_growing_prefix_and_change_nothing(void **state)
{
    (void)state;
    struct studio studio;
    const struct truth_options options = {.threads = 4, .rate = 4000};
    const struct tt_recorder_options recorder = {.supervised = 1, .log_bytes_max = CROWD_LOG_BYTES_MAX};
    static const unsigned numbers[] = {1, 2, 4, 8, 16};
    const unsigned phases = sizeof numbers / sizeof numbers[0];
    truth_begin(&options);
    studio_open(&studio);
    /* Those who come before the store is there. */
    viewers_start(studio.store, 4, VIEWERS_EARLY);
    studio_start_recorder(&studio, &recorder);
    pid_t program = studio_start_program(&studio, truth_emit, NULL, 0);
    truth_await_start();
    viewers_await_growth();
    viewers_stop();
    int64_t milliseconds = (int64_t)studio_rounds(2) * 1000; /* TT_COUNT is in seconds */
    be_looked_at_by_a_crowd(&studio, milliseconds / 2);
    studio_kill_recorder(&studio);
    studio_start_recorder(&studio, NULL);
    for (unsigned i = 0; i < phases; i++)
        be_looked_at(&studio, numbers[i], milliseconds / 2 / phases);
    freeze_recorder(&studio);
    expect_no_change(&studio, VIEWERS_OF_ALL_KINDS);
    assert_int_equal(kill(studio.recorder, SIGCONT), 0);
    truth_end_program();
    assert_int_equal(studio_wait(program), 0);
    studio_kill_recorder(&studio);
    expect_no_change(&studio, VIEWERS_BY_CONNECTION);
    /* Those who look without a pause while the next recorder goes on, ends, and makes one file of it. */
    viewers_start(studio.store, VIEWERS_MAX / 2, VIEWERS_EARLY);
    viewers_await_looks(1);
    studio_start_recorder(&studio, NULL);
    studio_finish(&studio);
    viewers_await_looks(2);
    viewers_stop();
    truth_expect(&studio, false, false);
    assert_int_equal(studio_number(&studio, "SELECT count(*) FROM note"), truth_returned());
    expect_no_change(&studio, VIEWERS_OF_ALL_KINDS);
    fprintf(stderr, "%llu looks\n", (unsigned long long)viewers_look_count());
    studio_close(&studio);
}

/* While a viewer stands in the way of the log for longer than its limit, recording pauses: what is dropped is counted, and all goes on
 * when the viewer does. */
static void a_viewer_that_stands_still_makes_recording_pause_and_not_the_program(void **state)
{
    (void)state;
    struct studio studio;
    const struct tt_recorder_options recorder = {.supervised = 1, .log_bytes_max = STILL_LOG_BYTES_MAX};
    const struct truth_options options = {.threads = 4, .rate = 400000};
    truth_begin(&options);
    studio_open(&studio);
    studio_start_recorder(&studio, &recorder);
    pid_t program = studio_start_program(&studio, truth_emit, NULL, 65536);
    truth_await_start();
    studio_expect_within(&studio, 20000, "SELECT count(*) > 0 FROM note", "1");
    for (unsigned i = studio_rounds(2); i > 0; i--) {
        pid_t still = viewers_start_still(studio.store);
        /* It has paused when the store has stood still for a while, with the program emitting. */
        int64_t before = -1, now = 0;
        for (unsigned tries = 0; tries < 600 && before != now; tries++) {
            before = now;
            expect_log_bounded(&studio, STILL_LOG_BYTES_MAX);
            truth_expect_progress();
            studio_sleep_us(200000);
            now = studio_number(&studio, "SELECT count(*) FROM note");
        }
        assert_true(before == now && now > 0);
        expect_log_bounded(&studio, STILL_LOG_BYTES_MAX);
        viewers_end_still(still);
        char sql[160];
        snprintf(sql, sizeof sql,
                 "SELECT count(*) > %lld, (SELECT count(*) FROM metrics WHERE reader_pid = %d AND pause_reason = "
                 "'log') > 0 FROM note",
                 (long long)now, (int)still);
        studio_expect_within(&studio, 20000, sql, "1|1"); /* and who it was is told */
    }
    truth_end_program();
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    truth_expect(&studio, true, false);
    assert_true(studio_number(&studio, "SELECT drop_count FROM processes") > 0);
    studio_close(&studio);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(viewers_of_a_live_store_see_a_growing_prefix_and_change_nothing),
    cmocka_unit_test(a_viewer_that_stands_still_makes_recording_pause_and_not_the_program),
};

TT_TEST_MAIN(cases)
