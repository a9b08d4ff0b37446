/* Memory that runs out while a recording is read into a store, a store is opened, and its views and tables are asked: each call that takes
 * memory fails once. Whatever happens then is said: an error that names the shortage, or a pause of the recording that is counted. Nothing is
 * leaked, no answer is wrong, the store stays whole, and the next one who goes on with it has everything.
 *
 * TT_COUNT calls of each case fail, spread over all there are from TT_SEED on; when it is greater than their number, each of them. */
#include "harness.h"
#include "scarcity.h"
#include "tracer/each_event.h"
#include "tracer/studio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "arena.h"
#include "import.h"
#include "sql_scan.h"
#include "store_draft.h"

#define CALLS_IN_SUITE 12u

static struct studio studio;
static char kept_dir[160]; /* the arenas as their programs left them */

/* --------------------------------------------------------------------------------------------------- what is recorded */

static void live(void *argument)
{
    (void)argument;
    emit_each_event();
    for (uint64_t i = 1; i <= 40; i++) {
        uint64_t task = studio_create_task(i % 3 ? "worker" : "other", TT_HERE), exception = tt_trace_new_id();
        TT_EMIT(task_started, .task_id = task);
        TT_EMIT(task_resumed, .task_id = task, .step_number = 1);
        TT_EMIT(task_suspended, .task_id = task, .wait_object = task - 1, .wait_site = TT_HERE,
                .wait_kind = TT_WAIT_KIND_TASK, .state = TT_TASK_STATE_WAITING);
        tt_trace_note(task, "key", "text");
        if (i % 4 == 0)
            continue;
        TT_EMIT(task_woken, .task_id = task, .by = TT_ACTOR_TIMER);
        if (i % 2 == 0) {
            TT_EMIT(exception_raised, .exception_id = exception, .task_id = task, .site = TT_HERE, .type = "ValueError",
                    .message = "it failed");
            TT_EMIT(failure_stored, .failure_id = task, .exception_id = exception, .kind = TT_OBJECT_KIND_TASK,
                    .parent_kind = TT_ACTOR_MAIN, .how = TT_FAILURE_HOW_RAISED, .handle_count = 1,
                    .created_site = TT_HERE, .raised_site = TT_HERE, .type = "ValueError", .message = "it failed");
        }
        TT_EMIT(task_finished, .task_id = task, .step_count = 2, .busy = 1000,
                .outcome = (uint8_t)(i % 2 == 0 ? TT_OUTCOME_FAILED : TT_OUTCOME_RETURNED));
    }
    for (uint64_t i = 1; i <= 4; i++) {
        tt_board_slot *slot = tt_board_claim(i, 0, 1, TT_SITE_HERE("wait"), i % 2 ? "named" : NULL, (uint32_t)i);
        tt_board_write(slot, &(struct tt_board_entry){.state = TT_TASK_STATE_WAITING,
                                                      .wait_kind = TT_WAIT_KIND_SLEEP,
                                                      .wait_site = TT_HERE,
                                                      .since = tt_trace_clock(),
                                                      .step_count = 3});
    }
    if (argument)
        kill(getpid(), SIGKILL);
}

/* Copies a file that has holes. */
static void copy_file(const char *from, const char *to)
{
    static char buffer[65536];
    struct stat status;
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(in >= 0 && out >= 0 && fstat(in, &status) == 0);
    for (off_t at = lseek(in, 0, SEEK_DATA), end; at >= 0; at = lseek(in, end, SEEK_DATA)) {
        assert_true((end = lseek(in, at, SEEK_HOLE)) > at);
        while (at < end) {
            size_t wanted = end - at < (off_t)sizeof buffer ? (size_t)(end - at) : sizeof buffer;
            ssize_t length = pread(in, buffer, wanted, at);
            assert_true(length > 0 && pwrite(out, buffer, (size_t)length, at) == length);
            at += length;
        }
    }
    assert_int_equal(ftruncate(out, status.st_size), 0);
    close(in);
    close(out);
}

/* Does with each arena in FROM: copies it to TO, or deletes it when that is NULL. */
static void take_arenas(const char *from, const char *to)
{
    char source[PATH_MAX], target[PATH_MAX];
    DIR *stream = opendir(from);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (!strstr(entry->d_name, TT_ARENA_SUFFIX))
            continue;
        snprintf(source, sizeof source, "%s/%s", from, entry->d_name);
        snprintf(target, sizeof target, "%s/%s", to ? to : "", entry->d_name);
        if (to)
            copy_file(source, target);
        else
            assert_int_equal(unlink(source), 0);
    }
    closedir(stream);
}

static void delete_store(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char path[sizeof studio.store + 16];
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(path, sizeof path, "%s%s", studio.store, ends[i]);
        assert_true(unlink(path) == 0 || errno == ENOENT);
    }
}

/* Two programs have run, one of them was killed, and nobody has read their arenas. The store lies on tmpfs, too. */
static void make_recording(void)
{
    studio_open(&studio);
    scarcity_begin();
    snprintf(kept_dir, sizeof kept_dir, "%s/kept", studio.dir);
    assert_int_equal(mkdir(kept_dir, 0700), 0);
    assert_int_equal(setenv("TELLTALE_EVENTS", "all", 1), 0);
    studio_wait(studio_start_program(&studio, live, NULL, 65536));
    studio_wait(studio_start_program(&studio, live, &studio, 65536));
    unsetenv("TELLTALE_EVENTS");
    assert_int_equal(studio_count_arenas(&studio), 2);
    take_arenas(studio.ring_dir, kept_dir);
    snprintf(studio.store, sizeof studio.store, "%.100s/run.telltale", studio.ring_dir);
}

static void remove_recording(void)
{
    delete_store();
    take_arenas(kept_dir, NULL);
    assert_int_equal(rmdir(kept_dir), 0);
    studio_close(&studio);
}

/* ------------------------------------------------------------------------------------------------------------ rounds */

struct trial {
    void (*prepare)(void);        /* with memory */
    bool (*attempt)(void);        /* returns whether it did what it does with enough of it */
    void (*settle)(bool is_done); /* looks at what that left */
    bool is_lasting;              /* all calls after the first that fails fail too */
};

/* Runs the trial with a call that fails, again and again, each time another one. */
static void fail_calls(const struct trial *trial, enum scarcity_of of, unsigned rounds)
{
    unsigned done = 0, refused = 0;
    uint64_t random = studio_seed();
    long before = scarcity_live();
    trial->prepare();
    scarcity_set(of, 0, false);
    assert_true(trial->attempt());
    long calls = scarcity_calls(), step = calls > (long)rounds ? calls / (long)rounds : 1;
    trial->settle(true);
    assert_int_equal(scarcity_live(), before);
    for (long number = 1 + (long)(studio_random(&random) % (uint64_t)step); number <= calls; number += step) {
        trial->prepare();
        scarcity_set(of, number, trial->is_lasting);
        bool is_done = trial->attempt();
        scarcity_set(of, 0, false);
        trial->settle(is_done);
        if (scarcity_live() != before)
            fail_msg("%ld pieces of memory are left behind after call %ld of %ld failed", scarcity_live() - before,
                     number, calls);
        done += is_done;
        refused += !is_done;
    }
    fprintf(stderr, "%u of %ld calls%s failed%s: %u times it was done all the same\n", done + refused, calls,
            of == SCARCITY_OF_OWN ? " of telltale" : "", trial->is_lasting ? " with all after them" : "", done);
    assert_true(refused > 0 || calls == 0);
}

/* telltale's own calls are few, and SQLite has been tested by others. */
static void fail_each_call(const struct trial *trial, unsigned rounds)
{
    fail_calls(trial, SCARCITY_OF_OWN, studio_rounds(2 * rounds));
    fail_calls(trial, SCARCITY_OF_ALL, studio_rounds(rounds));
}

static void expect_shortage(const struct tt_store_error *error)
{
    if (error->kind != TT_STORE_FAILED || !strstr(error->text, "memory"))
        fail_msg("told as error %d: %s", (int)error->kind, error->text);
}

/* --------------------------------------------------------------------------------------------------------- recording */

/* What must be in the store, however often recorders began anew. */
static const char contents[] =
    "SELECT 'task', count(*), sum(step_count), sum(outcome), sum(parent_id), count(name), sum(wait_kind) FROM task"
    " UNION ALL SELECT 'failure', count(*), sum(how), sum(kind), sum(parent_kind), count(raised_site_id), "
    "count(exception_id) FROM failure"
    " UNION ALL SELECT 'thread', count(*), sum(attempt_count), sum(record_count), sum(drop_count), sum(hole_count), 0 "
    "FROM thread"
    " UNION ALL SELECT 'process', count(*), sum(attempt_count), sum(record_count), sum(is_balanced), count(goodbye_ns),"
    " count(gone_ns) FROM process"
    " UNION ALL SELECT 'chunk', sum(event_count), 0, 0, 0, 0, 0 FROM chunk"
    " UNION ALL SELECT 'event', count(*), count(DISTINCT name), count(task_id), count(fields), 0, 0 FROM event"
    " UNION ALL SELECT 'note', count(*), count(key), count(text), count(task_id), 0, 0 FROM note"
    " UNION ALL SELECT 'exception', count(*), count(type), count(message), 0, 0, 0 FROM exception"
    " UNION ALL SELECT 'site', count(*), sum(line), count(file), count(func), count(text), 0 FROM site"
    " UNION ALL SELECT 'board', count(*), sum(state), sum(wait_kind), sum(step_count), 0, 0 FROM board"
    " UNION ALL SELECT 'scope', count(*), sum(kind), sum(ending), 0, 0, 0 FROM scope"
    " UNION ALL SELECT 'io', count(*), sum(what), count(name), 0, 0, 0 FROM io"
    " UNION ALL SELECT 'gap', count(*), sum(count), 0, 0, 0, 0 FROM gap";
static char expected[4096];
static int open_descriptors;

static int count_descriptors(void)
{
    int count = 0;
    DIR *stream = opendir("/proc/self/fd");
    assert_non_null(stream);
    while (readdir(stream))
        count++;
    closedir(stream);
    return count;
}

static bool run_recorder(struct tt_recorder_options options)
{
    struct tt_store_error error = {TT_STORE_OK, ""};
    options.store = studio.store;
    options.ring_dir = studio.ring_dir;
    options.ready_fd = -1;
    if (tt_recorder_run(&options, &error) == 0)
        return true;
    assert_string_not_equal(error.text, "");
    return false;
}

static bool recover(void)
{
    return run_recorder((struct tt_recorder_options){.control_fd = -1, .recover = 1});
}

/* As under `telltale record`, when the program has ended already. */
static bool record_supervised(void)
{
    static const char said[] = "started 1\nexited 1 3\nfinish\n";
    int control[2];
    assert_int_equal(pipe2(control, O_CLOEXEC), 0);
    assert_int_equal(write(control[1], said, sizeof said - 1), sizeof said - 1);
    close(control[1]);
    bool is_done =
        run_recorder((struct tt_recorder_options){.control_fd = control[0], .supervised = 1, .wait_ms_max = 1});
    if (fcntl(control[0], F_GETFD) >= 0)
        close(control[0]);
    return is_done;
}

static void begin_anew(void)
{
    delete_store();
    take_arenas(studio.ring_dir, NULL);
    take_arenas(kept_dir, studio.ring_dir);
}

/* The next one has nothing left to do, or goes on. */
static void expect_all_is_there(bool is_done)
{
    if (!is_done)
        assert_true(recover());
    if (studio_count_arenas(&studio) != 0) { /* done: one arena was left for later */
        assert_true(recover());
        assert_int_equal(studio_count_arenas(&studio), 0);
    }
    studio_expect(&studio, "PRAGMA integrity_check", "ok");
    if (expected[0] == '\0') {
        studio_text(&studio, contents, expected, sizeof expected);
        open_descriptors = count_descriptors();
        assert_null(strstr(expected, "event|0|"));
    }
    studio_expect(&studio, contents, expected);
    assert_int_equal(count_descriptors(), open_descriptors);
}

static void a_recovery_without_memory_leaves_a_sound_store_and_the_next_one_has_all(void **state)
{
    (void)state;
    make_recording();
    fail_each_call(&(struct trial){begin_anew, recover, expect_all_is_there, false}, CALLS_IN_SUITE);
    fail_each_call(&(struct trial){begin_anew, recover, expect_all_is_there, true}, CALLS_IN_SUITE);
    remove_recording();
}

/* What a recorder has read of a program, half of whose life was over; the rest is in its arena. */
static void live_twice(void *argument)
{
    live(NULL);
    studio_reach(1);
    live(argument);
}

static void path_of_earlier(char path[static sizeof studio.store + 16])
{
    snprintf(path, sizeof studio.store + 16, "%s/earlier", studio.dir);
}

static void make_half_read_recording(void)
{
    char earlier[sizeof studio.store + 16];
    make_recording();
    take_arenas(kept_dir, NULL);
    take_arenas(studio.ring_dir, NULL);
    assert_int_equal(setenv("TELLTALE_EVENTS", "all", 1), 0);
    pid_t program = studio_start_program(&studio, live_twice, &studio, 65536);
    unsetenv("TELLTALE_EVENTS");
    studio_await(1);
    assert_true(recover());
    studio_let_pass(1);
    studio_wait(program);
    assert_int_equal(studio_count_arenas(&studio), 1);
    take_arenas(studio.ring_dir, kept_dir);
    path_of_earlier(earlier);
    copy_file(studio.store, earlier);
}

static void begin_again(void)
{
    char earlier[sizeof studio.store + 16];
    begin_anew();
    path_of_earlier(earlier);
    copy_file(earlier, studio.store);
}

static void a_recorder_that_has_no_memory_to_go_on_with_a_store_doubles_nothing(void **state)
{
    (void)state;
    make_half_read_recording();
    fail_each_call(&(struct trial){begin_again, recover, expect_all_is_there, false}, CALLS_IN_SUITE);
    remove_recording();
}

static void a_recording_without_memory_pauses_or_ends_and_the_next_one_has_all(void **state)
{
    (void)state;
    make_recording();
    fail_each_call(&(struct trial){begin_anew, record_supervised, expect_all_is_there, false}, CALLS_IN_SUITE);
    remove_recording();
}

/* ----------------------------------------------------------------------------------------------------------- reading */

static const char *question; /* what is asked, of the connection that is open */
static struct tt_store_reader *reader;
static uint64_t answer; /* of the first time */
static bool has_answer;

static uint64_t add_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* The value as it is: a conversion would take memory of the test's own. */
static uint64_t add_value(uint64_t hash, sqlite3_stmt *statement, int column)
{
    int kind = sqlite3_column_type(statement, column);
    sqlite3_int64 integer = kind == SQLITE_INTEGER ? sqlite3_column_int64(statement, column) : 0;
    double real = kind == SQLITE_FLOAT ? sqlite3_column_double(statement, column) : 0;
    hash = add_bytes(add_bytes(add_bytes(hash, &kind, sizeof kind), &integer, sizeof integer), &real, sizeof real);
    if (kind != SQLITE_TEXT && kind != SQLITE_BLOB)
        return hash;
    const void *bytes = sqlite3_column_blob(statement, column);
    return add_bytes(hash, bytes, (size_t)sqlite3_column_bytes(statement, column));
}

/* All rows in the same order, or a shortage. */
static bool ask(void)
{
    sqlite3 *connection = tt_store_reader_connection(reader);
    sqlite3_stmt *statement = NULL;
    uint64_t hash = 0;
    int code = sqlite3_prepare_v2(connection, question, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        while ((code = sqlite3_step(statement)) == SQLITE_ROW)
            for (int i = 0; i < sqlite3_column_count(statement); i++)
                hash = add_value(hash, statement, i);
        sqlite3_finalize(statement);
    }
    if (code != SQLITE_DONE) {
        if ((code & 0xff) != SQLITE_NOMEM && code != SQLITE_IOERR_NOMEM &&
            sqlite3_extended_errcode(connection) != SQLITE_IOERR_NOMEM)
            fail_msg("%s: told as error %d: %s", question, code, sqlite3_errmsg(connection));
        return false;
    }
    if (has_answer && hash != answer)
        fail_msg("%s: has another answer", question);
    has_answer = true;
    answer = hash;
    return true;
}

static bool open_and_ask(void)
{
    struct tt_store_error error = {TT_STORE_OK, ""};
    if (tt_store_open_reader(studio.store, &reader, &error) < 0) {
        expect_shortage(&error);
        return false;
    }
    bool is_done = ask();
    tt_store_close_reader(reader);
    reader = NULL;
    return is_done;
}

static void prepare_nothing(void)
{
}

static void expect_nothing(bool is_done)
{
    (void)is_done;
    if (!open_descriptors)
        open_descriptors = count_descriptors();
    assert_int_equal(count_descriptors(), open_descriptors);
}

static void a_store_that_cannot_be_opened_for_want_of_memory_is_not_called_damaged(void **state)
{
    (void)state;
    make_recording();
    assert_true(recover());
    question = "SELECT count(*), sum(step_count) FROM tasks";
    fail_each_call(&(struct trial){prepare_nothing, open_and_ask, expect_nothing, false}, CALLS_IN_SUITE);
    fail_each_call(&(struct trial){prepare_nothing, open_and_ask, expect_nothing, true}, 4);
    remove_recording();
}

/* SQLite gives back what it keeps for the next time, the text of the last error apart, which is always the same afterwards. */
static void release_memory(bool is_done)
{
    sqlite3 *connection = tt_store_reader_connection(reader);
    assert_int_equal(sqlite3_exec(connection, "SELECT nothing", NULL, NULL, NULL), SQLITE_ERROR);
    while (sqlite3_db_release_memory(connection) > 0)
        continue;
    expect_nothing(is_done);
}

static void ask_without_memory(const char *sql, unsigned rounds)
{
    struct tt_store_error error;
    if (tt_store_open_reader(studio.store, &reader, &error) < 0)
        fail_msg("%s", error.text);
    question = sql;
    has_answer = false;
    open_descriptors = 0;
    assert_true(ask()); /* the first one leaves what a connection keeps */
    release_memory(true);
    fail_each_call(&(struct trial){prepare_nothing, ask, release_memory, false}, rounds);
    tt_store_close_reader(reader);
    reader = NULL;
}

static void tables_over_the_event_stream_have_the_right_answer_or_none(void **state)
{
    static const char *const questions[] = {
        "SELECT * FROM event",
        "SELECT time_ns, name, fields FROM event WHERE task_id IN (SELECT task_id FROM task WHERE outcome = 1) AND "
        "time_ns > 0",
        "SELECT * FROM event WHERE name = 'task_finished' ORDER BY time_ns DESC",
        "SELECT * FROM steps",
        "SELECT * FROM steps((SELECT max(time_ns) FROM event))",
        "SELECT * FROM turns",
        "SELECT * FROM instant((SELECT max(time_ns) FROM event))",
    };
    (void)state;
    make_recording();
    assert_true(recover());
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        ask_without_memory(questions[i], CALLS_IN_SUITE);
    remove_recording();
}

static void views_have_the_right_answer_or_none(void **state)
{
    const struct tt_store_view *const lists[] = {tt_store_views, tt_store_stream_views};
    char sql[128];
    (void)state;
    make_recording();
    assert_true(recover());
    for (size_t i = 0; i < 2; i++)
        for (const struct tt_store_view *view = lists[i]; view->name; view++) {
            snprintf(sql, sizeof sql, "SELECT * FROM %s", view->name);
            fprintf(stderr, "%s: ", sql);
            ask_without_memory(sql, 3);
        }
    remove_recording();
}

/* --------------------------------------------------------------------------------------------------------- importing */

/* One event of each kind, of one process on one thread, with a hole in the numbers. */
static int hand_in(struct tt_import *import, struct tt_store_error *error)
{
    static const struct tt_decoded_text text = {"text", 4};
    uint64_t sequence = 0;
    struct tt_import_event event = {.process = 7, .time = {.monotonic_ns = 1000, .realtime_ns = 2000}};
#define TT_U8(field, text)                .field = 1,
#define TT_U16(field, text)               .field = 1,
#define TT_U32(field, text)               .field = 1,
#define TT_U64(field, text)               .field = 1,
#define TT_I32(field, text)               .field = 1,
#define TT_ID(field, text)                .field = sequence % 8 + 1,
#define TT_TICKS(field, text)             .field = 1,
#define TT_WORD(field, enumeration, text) .field = 1,
#define TT_SITE(field, text)              .field = tt_import_place(import, #field, 7, "function", NULL),
#define TT_TEXT(field, limit, ...)        .field = text,
#define TT_EVENT(number_, name_, category, level, text, fields)                        \
    {                                                                                  \
        struct tt_decoded_event decoded = {.number = number_, .sequence = sequence++}; \
        decoded.name_ = (struct tt_decoded_##name_){fields};                           \
        if (number_ == 1)                                                              \
            decoded.process_started.uuid_low = 7;                                      \
        event.time.monotonic_ns += 1000;                                               \
        event.event = &decoded;                                                        \
        sequence += sequence == 20; /* a hole */                                       \
        if (tt_import_event(import, &event, error) < 0)                                \
            return -1;                                                                 \
    }
#include "events.def"
    struct tt_import_discard discard = {.count = 1, .has_count = true, .from = {.monotonic_ns = 0}, .to = event.time};
    return tt_import_discarded(import, &discard, error);
}

/* As `telltale import` does. */
static bool import_once(void)
{
    struct tt_store_error error = {TT_STORE_OK, ""};
    struct tt_store_draft *draft = NULL;
    struct tt_import *import = NULL;
    struct tt_import_summary summary;
    bool is_done = false;
    if (tt_store_draft_open(studio.store, true, &draft, &error) == 0) {
        struct tt_import_options options = {
            .store = tt_store_draft_path(draft), .is_appending = true, .exit_pid = 1, .exit_status = 3};
        is_done = tt_import_open(&options, &import, &error) == 0 && hand_in(import, &error) == 0 &&
                  tt_import_finish(import, true, &summary, &error) == 0;
        tt_import_close(import);
        if (is_done)
            is_done = tt_store_draft_publish(draft, &error) == 0;
        else
            tt_store_draft_discard(draft);
    }
    if (!is_done)
        assert_string_not_equal(error.text, "");
    return is_done;
}

/* The store is there, whole; or nothing is, no draft either. */
static void expect_store_or_nothing(bool is_done)
{
    unsigned count = 0;
    DIR *stream = opendir(studio.ring_dir);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        if (strncmp(entry->d_name, "run.telltale", 12) == 0)
            count++;
    closedir(stream);
    assert_int_equal(count, is_done);
    expect_nothing(is_done);
    if (is_done)
        studio_expect(&studio, "PRAGMA integrity_check", "ok");
}

static void an_import_without_memory_leaves_nothing(void **state)
{
    (void)state;
    make_recording();
    take_arenas(studio.ring_dir, NULL);
    fail_each_call(&(struct trial){delete_store, import_once, expect_store_or_nothing, false}, CALLS_IN_SUITE);
    remove_recording();
}

/* Goes on with the recording's store, which must be what it was before, or have the import in it. */
static void copy_earlier(void)
{
    char earlier[sizeof studio.store + 16];
    path_of_earlier(earlier);
    delete_store();
    copy_file(earlier, studio.store);
}

static void expect_earlier_store(bool is_done)
{
    expect_store_or_nothing(true);
    studio_expect(&studio, "SELECT count(*) FROM process", is_done ? "3" : "2");
}

static void an_import_without_memory_leaves_the_earlier_store(void **state)
{
    char earlier[sizeof studio.store + 16];
    (void)state;
    make_recording();
    assert_true(recover());
    path_of_earlier(earlier);
    copy_file(studio.store, earlier);
    fail_each_call(&(struct trial){copy_earlier, import_once, expect_earlier_store, false}, 6);
    remove_recording();
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_recovery_without_memory_leaves_a_sound_store_and_the_next_one_has_all),
    cmocka_unit_test(a_recorder_that_has_no_memory_to_go_on_with_a_store_doubles_nothing),
    cmocka_unit_test(a_recording_without_memory_pauses_or_ends_and_the_next_one_has_all),
    cmocka_unit_test(a_store_that_cannot_be_opened_for_want_of_memory_is_not_called_damaged),
    cmocka_unit_test(tables_over_the_event_stream_have_the_right_answer_or_none),
    cmocka_unit_test(views_have_the_right_answer_or_none),
    cmocka_unit_test(an_import_without_memory_leaves_nothing),
    cmocka_unit_test(an_import_without_memory_leaves_the_earlier_store),
};

TT_TEST_MAIN(cases)
