/* Stores of an older schema version: they are read as if they were of this one, and a writer makes them so. stores/version_1.sql is one. */
#include "harness.h"
#include "studio_case.h"
#include "studio_store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

/* The whole of a file, with a NUL behind it; free() it. */
static char *read_file(const char *path, size_t *out_size)
{
    struct stat stat_buffer;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &stat_buffer), 0);
    char *bytes = calloc(1, (size_t)stat_buffer.st_size + 1);
    assert_non_null(bytes);
    assert_int_equal(read(fd, bytes, (size_t)stat_buffer.st_size), stat_buffer.st_size);
    close(fd);
    if (out_size)
        *out_size = (size_t)stat_buffer.st_size;
    return bytes;
}

static int begin_with_old_store(void **state)
{
    char path[512];
    studio_case_begin(state);
    snprintf(path, sizeof path, "%s/tests/tracer/stores/version_1.sql", getenv("TELLTALE_TEST_SOURCE"));
    char *sql = read_file(path, NULL);
    studio_run_sql(&studio, sql);
    free(sql);
    assert_int_equal(chmod(studio.store, 0600), 0);
    return 0;
}

/* What one row of one column says to a reader. */
static void expect_read(struct tt_store_reader *reader, const char *sql, const char *expected)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(tt_store_reader_connection(reader), sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(tt_store_reader_connection(reader)));
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal(sqlite3_column_text(statement, 0), expected);
    sqlite3_finalize(statement);
}

static void a_store_of_version_1_is_read_and_stays_as_it_is(void **state)
{
    (void)state;
    struct tt_store_reader *reader;
    struct tt_store_error error;
    size_t size_before, size_after;
    char *before = read_file(studio.store, &size_before);
    if (tt_store_open_reader(studio.store, &reader, &error) < 0)
        fail_msg("%s", error.text);
    expect_read(reader, "SELECT count(*) FROM tasks WHERE outcome = 'failed'", "3");
    expect_read(reader, "SELECT group_concat(DISTINCT state || ' ' || reason || ' ' || reported_to) FROM failures",
                "lost dropped custom");
    expect_read(reader, "SELECT raised_at || ' ' || name FROM failures WHERE message = 'job 2 went wrong'",
                "runtime/examples/exception_handler.c:40 in job job-2");
    expect_read(reader, "SELECT count(*) FROM losses", "0");
    /* Of each view there is an answer. */
    for (const struct tt_store_view *view = tt_store_views; view->name; view++) {
        char *sql = sqlite3_mprintf("SELECT count(*) >= 0 FROM %s", view->name);
        expect_read(reader, sql, "1");
        sqlite3_free(sql);
    }
    tt_store_close_reader(reader);
    char *after = read_file(studio.store, &size_after);
    assert_int_equal(size_before, size_after);
    assert_memory_equal(before, after, size_before);
    free(before);
    free(after);
}

static void a_writer_makes_it_one_of_this_version(void **state)
{
    (void)state;
    struct tt__store_writer *writer;
    struct tt_store_error error;
    studio_run_sql(
        &studio,
        "CREATE TABLE notes_of_mine (x); INSERT INTO notes_of_mine VALUES (7); CREATE VIEW mine AS SELECT x FROM "
        "notes_of_mine;"
        "CREATE INDEX task_name ON task (name)");
    if (tt__store_open_writer(studio.store, NULL, &writer, &error) < 0)
        fail_msg("%s", error.text);
    tt__store_close_writer(writer, true);
    studio_expect(&studio, "PRAGMA user_version", "2");
    studio_expect_sound(&studio);
    studio_expect(&studio, "SELECT group_concat(DISTINCT state || ' ' || reason || ' ' || reported_to) FROM failures",
                  "lost dropped custom");
    studio_expect(&studio, "SELECT telltale_version FROM recording", "0.1.0");
    studio_expect(&studio, "SELECT x FROM notes_of_mine", "7");
    studio_expect(&studio, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'telltale\\_old%' ESCAPE '\\'", "0");
    /* Once is enough. */
    studio_run_sql(&studio, "UPDATE recording SET telltale_version = 'changed'");
    if (tt__store_open_writer(studio.store, NULL, &writer, &error) < 0)
        fail_msg("%s", error.text);
    tt__store_close_writer(writer, true);
    studio_expect(&studio, "SELECT telltale_version FROM recording", "changed");
}

static void expect_refused(const char *text)
{
    struct tt_store_reader *reader;
    struct tt__store_writer *writer;
    struct tt_store_error error;
    assert_int_equal(tt_store_open_reader(studio.store, &reader, &error), -1);
    if (!strstr(error.text, text) || !strstr(error.text, studio.store))
        fail_msg("reader: %s", error.text);
    assert_int_equal(tt__store_open_writer(studio.store, NULL, &writer, &error), -1);
    if (!strstr(error.text, text))
        fail_msg("writer: %s", error.text);
}

static void what_cannot_be_made_so_is_left_as_it_was(void **state)
{
    (void)state;
    studio_run_sql(&studio, "CREATE TABLE telltale_old_task (x); INSERT INTO telltale_old_task VALUES (8)");
    expect_refused("making it a store of this version");
    studio_expect(&studio, "PRAGMA user_version", "1");
    studio_expect(&studio, "SELECT x FROM telltale_old_task", "8");
    studio_expect(&studio, "SELECT count(*) FROM task", "3");
    studio_expect(&studio, "SELECT count(*) FROM pragma_table_info('task') WHERE name = 'dumped_ns'", "0");
}

static void a_store_that_says_it_is_old_is_looked_at_like_any(void **state)
{
    (void)state;
    studio_run_sql(&studio, "DROP TABLE touch; CREATE VIRTUAL TABLE touch USING fts5(x)");
    expect_refused("is no plain table");
    studio_expect(&studio, "PRAGMA user_version", "1");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio_with(a_store_of_version_1_is_read_and_stays_as_it_is, begin_with_old_store),
    cmocka_unit_test_in_studio_with(a_writer_makes_it_one_of_this_version, begin_with_old_store),
    cmocka_unit_test_in_studio_with(what_cannot_be_made_so_is_left_as_it_was, begin_with_old_store),
    cmocka_unit_test_in_studio_with(a_store_that_says_it_is_old_is_looked_at_like_any, begin_with_old_store),
};

TT_TEST_MAIN(cases)
