/* Stores that a kill left in the middle of a change in place, with the rollback journal beside them: that is so for an instant when a
 * recorder makes a store, and for another when it makes one file of it at its end. */
#include "harness.h"
#include "studio_case.h"
#include "studio_store.h"

#include <fcntl.h>
#include <glob.h>
#include <sqlite3.h>
#include <sys/stat.h>

static char journal[160], kept[160];

static int begin_with_names(void **state)
{
    studio_case_begin(state);
    snprintf(journal, sizeof journal, "%s-journal", studio.store);
    snprintf(kept, sizeof kept, "%s/kept", studio.dir);
    return 0;
}

/* When the commit begins the journal has all that it will have; deleting it is what makes the commit hold. */
static int keep_journal(void *argument)
{
    (void)argument;
    return link(journal, kept);
}

/* Runs SQL in one transaction, and leaves all as it is before the journal is deleted. */
static void change_and_die(const char *sql)
{
    sqlite3 *connection;
    assert_int_equal(sqlite3_open(studio.store, &connection), SQLITE_OK);
    assert_int_equal(chmod(studio.store, 0600), 0);
    sqlite3_commit_hook(connection, keep_journal, NULL);
    assert_int_equal(sqlite3_exec(connection, "PRAGMA synchronous = OFF; BEGIN IMMEDIATE", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(connection), SQLITE_OK);
    assert_int_equal(rename(kept, journal), 0);
}

static void a_store_that_was_not_made_to_its_end_is_made_anew(void **state)
{
    (void)state;
    change_and_die(
        "PRAGMA application_id = 1414807884; PRAGMA user_version = 2; CREATE TABLE task (task_id INTEGER PRIMARY KEY)");
    struct stat stat_buffer;
    assert_int_equal(stat(studio.store, &stat_buffer), 0);
    assert_true(stat_buffer.st_size > 0); /* it says that it is a store, and it is none */
    studio_make_store(&studio);
    studio_expect(&studio, "PRAGMA integrity_check", "ok");
    studio_expect(&studio, "SELECT count(*) FROM recording", "1");
    studio_expect(&studio, "SELECT count(*) FROM tasks", "0");
}

static void what_was_half_changed_is_rolled_back_in_a_readers_own_copy(void **state)
{
    (void)state;
    struct tt_store_reader *reader;
    struct tt_store_error error;
    sqlite3_stmt *statement;
    struct stat before, after;
    studio_make_store(&studio);
    change_and_die("UPDATE recording SET telltale_version = 'half'");
    assert_int_equal(stat(studio.store, &before), 0);
    if (tt_store_open_reader(studio.store, &reader, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(sqlite3_prepare_v2(tt_store_reader_connection(reader), "SELECT telltale_version FROM recording",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_not_equal(sqlite3_column_text(statement, 0), "half");
    sqlite3_finalize(statement);
    tt_store_close_reader(reader);
    /* The store itself was not touched: the next writer rolls back. */
    assert_int_equal(access(journal, F_OK), 0);
    assert_int_equal(stat(studio.store, &after), 0);
    assert_true(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec && before.st_size == after.st_size);
    studio_make_store(&studio);
    assert_int_equal(access(journal, F_OK), -1);
    studio_expect(&studio, "SELECT count(*) FROM recording WHERE telltale_version = 'half'", "0");
}

/* However the reader ends, nothing of it is left: a pipe that is closed and a signal are usual ends. */
static void a_readers_own_copy_has_no_name_while_it_is_read(void **state)
{
    (void)state;
    struct tt_store_reader *reader;
    struct tt_store_error error;
    sqlite3_stmt *statement;
    char pattern[160];
    glob_t found;
    studio_make_store(&studio);
    change_and_die("UPDATE recording SET telltale_version = 'half'");
    assert_int_equal(setenv("TMPDIR", studio.dir, 1), 0);
    if (tt_store_open_reader(studio.store, &reader, &error) < 0)
        fail_msg("%s", error.text);
    snprintf(pattern, sizeof pattern, "%s/telltale-??????", studio.dir);
    assert_int_equal(glob(pattern, 0, NULL, &found), GLOB_NOMATCH);
    assert_int_equal(
        sqlite3_prepare_v2(tt_store_reader_connection(reader), "SELECT count(*) FROM recording", -1, &statement, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(statement, 0), 1);
    sqlite3_finalize(statement);
    tt_store_close_reader(reader);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio_with(a_store_that_was_not_made_to_its_end_is_made_anew, begin_with_names),
    cmocka_unit_test_in_studio_with(what_was_half_changed_is_rolled_back_in_a_readers_own_copy, begin_with_names),
    cmocka_unit_test_in_studio_with(a_readers_own_copy_has_no_name_while_it_is_read, begin_with_names),
};

TT_TEST_MAIN(cases)
