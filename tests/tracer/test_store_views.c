/* The views of readers: this version's, whatever the file calls so, and the tables over the event stream when they are asked for. */
#include "harness.h"
#include "studio.h"

#include <sqlite3.h>
#include <unistd.h>

#include "store_writer.h"

static struct studio studio;

static int open_studio(void **state)
{
    (void)state;
    studio_open(&studio);
    return 0;
}

static int close_studio(void **state)
{
    (void)state;
    studio_close(&studio);
    return 0;
}

static void make_store(void)
{
    struct tt__store_writer *writer;
    struct tt_store_error error;
    if (tt__store_open_writer(studio.store, NULL, &writer, &error) < 0)
        fail_msg("%s", error.text);
    tt__store_close_writer(writer, true);
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *connection;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &connection), SQLITE_OK);
    if (sqlite3_exec(connection, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    assert_int_equal(sqlite3_close(connection), SQLITE_OK);
}

static struct tt_store_reader *open_reader(void)
{
    struct tt_store_reader *reader;
    struct tt_store_error error;
    if (tt_store_open_reader(studio.store, &reader, &error) < 0)
        fail_msg("%s", error.text);
    return reader;
}

/* SQLite's code for all of SQL, run by READER. */
static int run_in(struct tt_store_reader *reader, const char *sql)
{
    return sqlite3_exec(tt_store_reader_connection(reader), sql, NULL, NULL, NULL) & 0xff;
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
    make_store();
    struct tt_store_reader *reader = open_reader();
    assert_int_equal(run_in(reader, "SELECT * FROM main.tasks; SELECT loop_id FROM turns; SELECT * FROM phases"),
                     SQLITE_OK);
    tt_store_close_reader(reader);
    run_sql(studio.store, "CREATE INDEX mine ON note (key)");
    reader = open_reader();
    assert_int_equal(run_in(reader, "SELECT * FROM main.tasks; SELECT loop_id FROM turns; SELECT * FROM phases"),
                     SQLITE_OK);
    tt_store_close_reader(reader);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        assert_int_equal(unlink(studio.store), 0);
        make_store();
        run_sql(studio.store, changes[i]);
        reader = open_reader();
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
    make_store();
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct tt_store_error error;
        struct tt_store_reader *reader;
        sqlite3_stmt *statement, *before;
        assert_int_equal(tt_store_open_reader(studio.store, &reader, &error), 0);
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
    cmocka_unit_test_setup_teardown(only_a_file_with_nothing_but_our_own_text_is_asked_itself, open_studio,
                                    close_studio),
    cmocka_unit_test_setup_teardown(what_a_statement_asks_of_the_stream_is_there_in_time, open_studio, close_studio),
};

TT_TEST_MAIN(cases)
