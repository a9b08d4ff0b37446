/* The views of readers: this version's, whatever the file calls so, and the tables over the event stream when they are asked for. */
#include "harness.h"
#include "studio_case.h"
#include "studio_store.h"

#include <sqlite3.h>
#include <unistd.h>

/* SQLite's code for all of SQL, run by READER. */
static int run_in(struct tt_store_reader *reader, const char *sql)
{
    return sqlite3_exec(tt_store_reader_connection(reader), sql, NULL, NULL, NULL) & 0xff;
}

/* All of the schema but for root pages. */
static char *schema_of(const char *path, bool is_made)
{
    sqlite3 *connection;
    sqlite3_stmt *row;
    assert_int_equal(sqlite3_open(path, &connection), SQLITE_OK);
    if (is_made) {
        assert_int_equal(sqlite3_exec(connection, tt_store_schema, NULL, NULL, NULL), SQLITE_OK);
        for (const struct tt_store_view *view = tt_store_views; view->name; view++)
            assert_int_equal(sqlite3_exec(connection, view->sql, NULL, NULL, NULL), SQLITE_OK);
    }
    assert_int_equal(sqlite3_prepare_v2(
                         connection,
                         "SELECT group_concat(quote(rowid) || type || name || tbl_name || (rootpage > 0) || quote(sql))"
                         " FROM sqlite_schema",
                         -1, &row, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    char *schema = strdup((const char *)sqlite3_column_text(row, 0));
    sqlite3_finalize(row);
    assert_int_equal(sqlite3_close(connection), SQLITE_OK);
    return schema;
}

/* They were put there without its understanding them. */
static void a_new_store_has_the_schema_that_sqlite_would_have_made(void **state)
{
    (void)state;
    tt__store_close_writer(studio_open_writer(&studio, NULL), false); /* a finished one has an index more */
    char *made = schema_of(":memory:", true), *found = schema_of(studio.store, false);
    assert_string_equal(found, made);
    free(made);
    free(found);
}

/* What is word for word this version's need not be made again; anything beside it, and nothing of the file is asked. */
static void only_a_file_with_nothing_but_our_own_text_is_asked_itself(void **state)
{
    static const char *const changes[] = {
        "CREATE TABLE turns (x); CREATE TABLE mine (x)",
        "CREATE VIEW phases AS SELECT 1 AS x",
        "DROP VIEW waits; CREATE VIEW waits AS SELECT 1 AS x",
        "DROP VIEW waits",
        "CREATE TRIGGER mine AFTER INSERT ON note BEGIN SELECT 1; END",
        "ALTER TABLE note ADD COLUMN mine INTEGER",
    };
    (void)state;
    studio_make_store(&studio);
    struct tt_store_reader *reader = studio_open_reader(&studio);
    assert_int_equal(run_in(reader, "SELECT * FROM main.tasks; SELECT loop_id FROM turns; SELECT * FROM phases"),
                     SQLITE_OK);
    tt_store_close_reader(reader);
    studio_run_sql(&studio, "CREATE INDEX mine ON note (key)");
    reader = studio_open_reader(&studio);
    assert_int_equal(run_in(reader, "SELECT * FROM main.tasks; SELECT loop_id FROM turns; SELECT * FROM phases"),
                     SQLITE_OK);
    tt_store_close_reader(reader);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        assert_int_equal(unlink(studio.store), 0);
        studio_make_store(&studio);
        studio_run_sql(&studio, changes[i]);
        reader = studio_open_reader(&studio);
        if (run_in(reader, "SELECT * FROM main.tasks") == SQLITE_OK)
            fail_msg("the file itself is asked, after %s", changes[i]);
        assert_int_equal(run_in(reader, "SELECT * FROM tasks; SELECT loop_id FROM turns; SELECT state FROM phases;"
                                        "SELECT text FROM waits"),
                         SQLITE_OK);
        tt_store_close_reader(reader);
    }
}

/* Tables and views over the event stream are made when a statement asks for them, whichever comes first. */
static void what_a_statement_asks_of_the_stream_is_there_in_time(void **state)
{
    static const char *const asked[] = {
        "SELECT Turns.loop_id FROM Turns",
        "SELECT state FROM phases",
        "SELECT count(*) FROM \"steps\"",
        "SELECT name FROM pragma_table_xinfo('instants')",
        "SELECT x.name FROM sqlite_temp_schema AS x WHERE x.name = 'held_up'",
    };
    (void)state;
    studio_make_store(&studio);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct tt_store_reader *reader = studio_open_reader(&studio);
        sqlite3_stmt *statement, *before;
        assert_int_equal(tt_store_prepare(reader, "SELECT name FROM tasks", &before, NULL), SQLITE_OK);
        assert_int_equal(tt_store_prepare(reader, "SELECT stepsize FROM task", &statement, NULL), SQLITE_ERROR);
        assert_null(statement);
        if (tt_store_prepare(reader, asked[i], &statement, NULL) != SQLITE_OK)
            fail_msg("%s: %s", asked[i], tt_store_reader_message(reader));
        int code = sqlite3_step(statement);
        assert_int_equal(code, i < 3 ? (i == 2 ? SQLITE_ROW : SQLITE_DONE) : SQLITE_ROW);
        sqlite3_finalize(statement);
        assert_int_equal(tt_store_prepare(reader, "CREATE TEMP VIEW mine AS SELECT 1", &statement, NULL), SQLITE_AUTH);
        assert_int_not_equal(sqlite3_step(before), SQLITE_ERROR);
        sqlite3_finalize(before);
        tt_store_close_reader(reader);
    }
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio(a_new_store_has_the_schema_that_sqlite_would_have_made),
    cmocka_unit_test_in_studio(only_a_file_with_nothing_but_our_own_text_is_asked_itself),
    cmocka_unit_test_in_studio(what_a_statement_asks_of_the_stream_is_there_in_time),
};

TT_TEST_MAIN(cases)
