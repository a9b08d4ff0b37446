/* What TELLTALE_ variables say, with values that make sense and values that make none: a program that is started with those is not
 * recorded, and runs on. */
#include "harness.h"
#include "recording.h"
#include "ring_dir.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = {
    "TELLTALE_STORE",   "TELLTALE_RING_DIR", "TELLTALE_SUPERVISED", "TELLTALE_RING_BYTES", "TELLTALE_EVENTS",
    "TELLTALE_PROGRAM", "TELLTALE_POLL_MS",  "TELLTALE_MAX_SIZE",   "TELLTALE_MAX_AGE",    "TELLTALE_RING_POLICY",
    "TELLTALE_REDACT",  "TELLTALE_LTTNG",    "TELLTALE_LTTNG_DUMP"};

/* Starts with VALUE in variable NAME and nothing else but where to write, stops again, and returns what start did. */
static int start_with(const char *name, const char *value)
{
    struct recording recording;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(unsetenv(names[i]), 0);
    recording_make_dir(&recording);
    setenv("TELLTALE_RING_DIR", recording.dir, 1);
    setenv("TELLTALE_SUPERVISED", "1", 1);
    setenv(name, value, 1);
    int status = tt_trace_start(NULL);
    if (status < 0)
        assert_int_equal(tt_trace_categories, 0);
    TT_EMIT(task_started, .task_id = 1); /* the program runs on, recorded or not */
    tt_trace_stop();
    recording_remove(&recording);
    assert_int_equal(unsetenv(name), 0);
    return status;
}

static void a_value_that_makes_no_sense_is_refused_and_the_program_runs_on(void **state)
{
    (void)state;
    static const struct {
        const char *name, *values[24];
    } cases[] = {
        {"TELLTALE_EVENTS",
         {"step/0",
          "+step/0",
          "step/",
          "step/-1",
          "step/+1",
          "step/ 1",
          "step/1x",
          "step/1.5",
          "step/1000000000",
          "step/99999999999",
          "step/18446744073709551616",
          "all/0",
          "task/2",
          "-step/2",
          "none/2",
          "step/1/2",
          "nonsense",
          ",",
          "+",
          "-",
          "-none",
          "task,,step",
          " task"}},
        {"TELLTALE_RING_BYTES",
         {"abc", "0", "-1", "-65536", "+65536", "0x10000", "65537", "32K", "2G", "64KB", "64K ", " 64K", "K", "1e6",
          "18446744073709551616", "18014398509481985K", "99999999999999999999"}},
        {"TELLTALE_RING_POLICY",
         {"banana", "Drop", "drop ", "block", "block:", "block:0", "block:-1", "block:x", "block:5x", "block:5,drop",
          "block:60001", "block:4294967297", "block:99999999999999999999", "overwrite:5"}},
        {"TELLTALE_POLL_MS", {"0", "-5", "5x", "5,7", "1001", "4294967297", "99999999999999999999", "x", " 5", "5ms"}},
        {"TELLTALE_MAX_SIZE",
         {"1", "0K", "1M1", "-1", "1e9", "x", "99999999999999999999", "17592186044417M", "1T", "1023K"}},
        {"TELLTALE_MAX_AGE",
         {"0", "0s", "-1s", "never", "1w", "1hh", "h", "99999999999999999999", "213503982334602d", "1.5h"}},
        {"TELLTALE_REDACT", {"everything", "Messages", "messages,notes", "0"}},
        {"TELLTALE_LTTNG", {"maybe", "2", "-1", "1 ", "yes"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (const char *const *value = cases[i].values; *value; value++) {
            int status = start_with(cases[i].name, *value);
            if (status != -EINVAL)
                fail_msg("%s=%s: start returned %d", cases[i].name, *value, status);
            size_t length = strlen(cases[i].name);
            if (strncmp(tt_trace_start_reason(), cases[i].name, length) != 0 ||
                strncmp(tt_trace_start_reason() + length, " wants ", 7) != 0)
                fail_msg("%s=%s: the reason is: %s", cases[i].name, *value, tt_trace_start_reason());
        }
}

static void a_value_that_makes_sense_is_taken(void **state)
{
    (void)state;
    static const struct {
        const char *name, *values[12];
    } cases[] = {
        {"TELLTALE_EVENTS",
         {"", "step/1", "step/999999999", "+step/100", "all", "all/7", "none", "task,failure", "-task", "task,"}},
        {"TELLTALE_RING_BYTES", {"", "65536", "64K", "1M"}},
        {"TELLTALE_RING_POLICY", {"", "drop", "overwrite", "block:1", "block:60000"}},
        {"TELLTALE_POLL_MS", {"", "1", "1000"}},
        {"TELLTALE_MAX_SIZE", {"", "1M", "1048576", "4G"}},
        {"TELLTALE_MAX_AGE", {"", "1", "90s", "15m", "24h", "7d"}},
        {"TELLTALE_REDACT", {"", "messages"}},
        {"TELLTALE_LTTNG", {"", "0"}},
        /* These say nothing about the arena; what they say may come from a stranger, or is looked at when it is used. */
        {"TELLTALE_PROGRAM", {"", "/nonexistent"}},
        {"TELLTALE_LTTNG_DUMP", {"", "x", "-1"}},
        {"TELLTALE_PARENT", {"", "garbage"}},
        {"TELLTALE_SUPERVISED", {"1"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (const char *const *value = cases[i].values; *value; value++) {
            int status = start_with(cases[i].name, *value);
            if (status != TT_TRACE_RECORDING)
                fail_msg("%s=%s: start returned %d", cases[i].name, *value, status);
            assert_string_equal(tt_trace_start_reason(), "");
        }
}

/* What the caller says stands in front of what the environment says. */
static void a_variable_that_is_not_asked_is_not_blamed(void **state)
{
    (void)state;
    struct recording recording;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(unsetenv(names[i]), 0);
    recording_make_dir(&recording);
    setenv("TELLTALE_RING_BYTES", "nonsense", 1);
    struct tt_trace_options options = {.ring_dir = recording.dir, .program = "/nonexistent", .ring_bytes = 65536};
    assert_int_equal(tt_trace_start(&options), TT_TRACE_ARENA_ONLY);
    tt_trace_stop();
    options.poll_ms = 1001;
    assert_int_equal(tt_trace_start(&options), -EINVAL);
    assert_string_equal(tt_trace_start_reason(), "a number in the options is out of range");
    unsetenv("TELLTALE_RING_BYTES");
    recording_remove(&recording);
}

static void each_error_has_its_reason(void **state)
{
    (void)state;
    struct recording recording;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(unsetenv(names[i]), 0);
    assert_int_equal(tt_trace_start(NULL), -EINVAL);
    assert_non_null(strstr(tt_trace_start_reason(), "nothing says where to record"));
    assert_int_equal(tt_trace_start(&(struct tt_trace_options){.ring_dir = "relative"}), -EINVAL);
    assert_string_equal(tt_trace_start_reason(), "the ring dir is not an absolute path");
    assert_int_equal(tt_trace_start(&(struct tt_trace_options){.store = "/nonexistent/x/run.telltale"}), -ENOENT);
    assert_non_null(strstr(tt_trace_start_reason(), "does not exist"));
    assert_int_equal(tt_trace_start(&(struct tt_trace_options){.store = "/tmp/"}), -EISDIR);
    assert_string_equal(tt_trace_start_reason(), "the store is a folder");
    assert_int_equal(tt_trace_start(&(struct tt_trace_options){.ring_dir = "/etc/passwd"}), -ENOTDIR);
    assert_string_equal(tt_trace_start_reason(), "the ring dir is no folder, or a symbolic link");
    int result =
        tt_trace_start(&(struct tt_trace_options){.ring_dir = "/sys/telltale"}); /* EPERM, where /sys is the kernel's */
    assert_true(result == -EACCES || result == -EROFS || result == -ENOENT);
    recording_make_dir(&recording);
    assert_int_equal(chmod(recording.dir, 0777), 0);
    assert_int_equal(tt_trace_start(&(struct tt_trace_options){.ring_dir = recording.dir}), -EPERM);
    assert_non_null(strstr(tt_trace_start_reason(), "others may write to it"));
    recording_remove(&recording);
}

static void expect_refusal(const char *store, int error, const char *reason)
{
    char dir[PATH_MAX];
    struct tt_trace_options options = {.store = store, .program = "/bin/true"};
    assert_int_equal(tt_trace_start(&options), error);
    assert_non_null(strstr(tt_trace_start_reason(), reason));
    assert_int_equal(tt__ring_dir_of_store(store, dir, sizeof dir), 0);
    assert_int_equal(access(dir, F_OK), -1); /* nothing is left for nobody to read */
}

/* A recorder that has no better rights could tell nobody that it cannot write. */
static void a_store_that_its_recorder_could_not_write_is_refused(void **state)
{
    (void)state;
    struct recording recording;
    char store[320], other[320];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(unsetenv(names[i]), 0);
    recording_make_dir(&recording);
    snprintf(store, sizeof store, "%s/run.telltale", recording.dir);
    snprintf(other, sizeof other, "%s/other", recording.dir);
    assert_int_equal(symlink(other, store), 0);
    expect_refusal(store, -ELOOP, "is a symbolic link");
    assert_int_equal(unlink(store), 0);
    assert_int_equal(mkdir(store, 0700), 0);
    expect_refusal(store, -EISDIR, "is a folder");
    assert_int_equal(rmdir(store), 0);
    assert_int_equal(mkfifo(store, 0600), 0);
    expect_refusal(store, -EEXIST, "is no regular file");
    assert_int_equal(unlink(store), 0);
    assert_int_equal(chmod(recording.dir, 0555), 0);
    pid_t child = fork();
    if (child == 0) { /* root may write everywhere */
        if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
            _exit(9);
        expect_refusal(store, -EACCES, "no permission to write the store");
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(chmod(recording.dir, 0755), 0);
    FILE *file = fopen(store, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(chmod(store, 0400), 0);
    child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
            _exit(9);
        expect_refusal(store, -EACCES, "no permission to write the store");
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    recording_remove(&recording);
}

/* The caller's own numbers are asked no less than the environment's. */
static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    struct recording recording;
    const struct tt_trace_options cases[] = {
        {.ring_bytes = 1},
        {.ring_bytes = UINT64_MAX},
        {.ring_bytes = 100000},
        {.ring_policy = 99},
        {.ring_policy = TT_RING_POLICY_BLOCK},
        {.ring_policy = TT_RING_POLICY_BLOCK, .block_ms = UINT32_MAX},
        {.poll_ms = 1001},
        {.poll_ms = UINT32_MAX},
        {.store_bytes_max = 1},
        {.lttng = 99},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(unsetenv(names[i]), 0);
    recording_make_dir(&recording);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tt_trace_options options = cases[i];
        options.ring_dir = recording.dir;
        options.program = "/nonexistent";
        int status = tt_trace_start(&options);
        if (status != -EINVAL)
            fail_msg("case %zu: start returned %d", i, status);
    }
    const struct tt_trace_options rare = {
        .ring_dir = recording.dir, .program = "/nonexistent", .categories = TT_CATEGORY_step, .step_every = UINT32_MAX};
    assert_int_equal(tt_trace_start(&rare), TT_TRACE_ARENA_ONLY);
    tt_trace_stop();
    recording_remove(&recording);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_value_that_makes_no_sense_is_refused_and_the_program_runs_on),
    cmocka_unit_test(a_value_that_makes_sense_is_taken),
    cmocka_unit_test(options_out_of_range_are_refused),
    cmocka_unit_test(a_variable_that_is_not_asked_is_not_blamed),
    cmocka_unit_test(each_error_has_its_reason),
    cmocka_unit_test(a_store_that_its_recorder_could_not_write_is_refused),
};

TT_TEST_MAIN(cases)
