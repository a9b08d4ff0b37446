/* Memory that runs out while a store is opened, and its views and tables are asked: each call that takes memory fails once. Then that is what
 * is said; never that the store is damaged, and no answer is another one. */
#include "harness.h"
#include "trial.h"

#include <sqlite3.h>

#include "store_check.h"

#define CALLS_IN_SUITE 8u

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
    if (tt_store_open_reader(trial_studio.store, &reader, &error) < 0) {
        trial_expect_shortage(&error);
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
}

static void a_store_that_cannot_be_opened_for_want_of_memory_is_not_called_damaged(void **state)
{
    (void)state;
    trial_make_recording();
    assert_true(trial_recover());
    question = "SELECT count(*), sum(step_count) FROM tasks";
    trial_run(&(struct trial){prepare_nothing, open_and_ask, expect_nothing, false}, CALLS_IN_SUITE);
    trial_run(&(struct trial){prepare_nothing, open_and_ask, expect_nothing, true}, 4);
    trial_remove_recording();
}

static void open_it(void)
{
    struct tt_store_error error;
    if (tt_store_open_reader(trial_studio.store, &reader, &error) < 0)
        fail_msg("%s", error.text);
}

static bool make_stream_and_prepare(void)
{
    sqlite3_stmt *statement = NULL;
    int code = tt_store_prepare(reader, question, &statement, NULL);
    sqlite3_finalize(statement);
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_NOMEM && code != SQLITE_IOERR_NOMEM)
        fail_msg("told as error %d: %s", code, tt_store_reader_message(reader));
    return code == SQLITE_OK;
}

/* Asked again with memory, all of it is there, and the connection is one that reads. */
static void expect_whole_stream(bool is_done)
{
    sqlite3_stmt *statement = NULL;
    (void)is_done;
    assert_true(make_stream_and_prepare() && ask());
    tt__store_reader_restrict(reader, false); /* else nobody may ask this */
    assert_int_equal(sqlite3_prepare_v2(tt_store_reader_connection(reader), "PRAGMA query_only", -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(statement, 0), 1);
    sqlite3_finalize(statement);
    tt_store_close_reader(reader);
    reader = NULL;
}

static void a_stream_that_was_half_made_is_made_whole_when_there_is_memory(void **state)
{
    (void)state;
    trial_make_recording();
    assert_true(trial_recover());
    question = "SELECT count(*) FROM stall_reports";
    has_answer = false;
    trial_run(&(struct trial){open_it, make_stream_and_prepare, expect_whole_stream, false}, CALLS_IN_SUITE);
    trial_run(&(struct trial){open_it, make_stream_and_prepare, expect_whole_stream, true}, CALLS_IN_SUITE);
    trial_remove_recording();
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
    open_it();
    question = sql;
    has_answer = false;
    assert_true(ask()); /* the first one leaves what a connection keeps */
    release_memory(true);
    trial_run(&(struct trial){prepare_nothing, ask, release_memory, false}, rounds);
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
    trial_make_recording();
    assert_true(trial_recover());
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        ask_without_memory(questions[i], CALLS_IN_SUITE);
    trial_remove_recording();
}

static void views_have_the_right_answer_or_none(void **state)
{
    const struct tt_store_view *const lists[] = {tt_store_views, tt_store_stream_views};
    char sql[128];
    (void)state;
    trial_make_recording();
    assert_true(trial_recover());
    for (size_t i = 0; i < 2; i++)
        for (const struct tt_store_view *view = lists[i]; view->name; view++) {
            snprintf(sql, sizeof sql, "SELECT * FROM %s", view->name);
            fprintf(stderr, "%s: ", sql);
            ask_without_memory(sql, 3);
        }
    trial_remove_recording();
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_store_that_cannot_be_opened_for_want_of_memory_is_not_called_damaged),
    cmocka_unit_test(a_stream_that_was_half_made_is_made_whole_when_there_is_memory),
    cmocka_unit_test(tables_over_the_event_stream_have_the_right_answer_or_none),
    cmocka_unit_test(views_have_the_right_answer_or_none),
};

TT_TEST_MAIN(cases)
