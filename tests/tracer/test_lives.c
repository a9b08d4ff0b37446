/* What stats and diff tell of very many tasks, in one pass (coroutine_reports, histogram_reports, task_kind_reports), is what plain SQL
 * tells of them (coroutines, histograms, task_kinds), row by row. */
#include "harness.h"
#include "studio_case.h"
#include "studio_store.h"

#include <sqlite3.h>

static int begin_with_store(void **state)
{
    studio_case_begin(state);
    studio_make_store(&studio);
    return 0;
}

/* COLUMNS of all rows of VIEW, sorted, as one text, of which *OUT_COUNT says how many; NULL when they cannot be told. */
static char *tell(const char *columns, const char *view, int *out_count)
{
    struct tt_store_reader *reader;
    struct tt_store_error error;
    sqlite3_stmt *statement = NULL;
    char *sql = sqlite3_mprintf("SELECT %s FROM %s ORDER BY 1, 2, 3", columns, view), *text = sqlite3_mprintf("");
    int code;
    *out_count = 0;
    if (tt_store_open_reader(studio.store, &reader, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(tt_store_prepare(reader, sql, &statement, NULL), SQLITE_OK);
    for (; (code = sqlite3_step(statement)) == SQLITE_ROW; ++*out_count) {
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const char *value = (const char *)sqlite3_column_text(statement, i);
            text = sqlite3_mprintf("%z%s=%s(%d)\n", text, sqlite3_column_name(statement, i), value ? value : "NULL",
                                   sqlite3_column_type(statement, i));
        }
    }
    sqlite3_finalize(statement);
    tt_store_close_reader(reader);
    sqlite3_free(sql);
    if (code == SQLITE_DONE)
        return text;
    sqlite3_free(text);
    return NULL;
}

static void expect_alike(const char *columns, const char *plain_view, const char *own_view, int row_count)
{
    int plain_count, own_count;
    char *plain = tell(columns, plain_view, &plain_count), *own = tell(columns, own_view, &own_count);
    assert_non_null(plain);
    assert_non_null(own);
    assert_string_equal(own, plain);
    assert_true(own_count == row_count || (row_count < 0 && own_count > 0));
    sqlite3_free(plain);
    sqlite3_free(own);
}

/* ROW_COUNT: of coroutines; without any there is no other row either. */
static void expect_the_same(int row_count)
{
    expect_alike("*", "coroutines", "coroutine_reports", row_count);
    expect_alike("*", "histograms", "histogram_reports", row_count == 0 ? 0 : -1);
    /* A coroutine that is not known and one that is called so are of one kind: which of the two is told is left open. */
    expect_alike("kind, task_count, returned_count, failed_count, cancelled_count, abandoned_count,"
                 " pending_count, unknown_count,"
                 " duration_p50_ns, duration_p99_ns, created_file, created_func",
                 "task_kinds", "task_kind_reports", row_count == 0 ? 0 : -1);
}

/* Places of which several have one text, and some none; every outcome, times that are missing, run backwards, are alike, or need all
 * bytes of a number. */
static void rows_are_those_of_plain_sql(void **state)
{
    (void)state;
    expect_the_same(0);
    studio_run_sql(
        &studio,
        "INSERT INTO process (process_id, uuid, started_ns, seen_ns, vital_drop_last_ns)"
        " VALUES (0, x'00', 0, 5000000, NULL), (1, x'01', 0, 9000000, 3000);"
        "INSERT INTO site (site_id, hash, text) VALUES (1, 1, 'work'), (2, 2, 'work'), (3, 3, 'unknown'), (4, 4, ''),"
        " (5, 5, 'say \"x\" \\ ü'), (6, 6, NULL), (7, 7, 'wor'), (8, 8, 'one'), (9, 9, 'two')");
    expect_the_same(0);
    studio_run_sql(
        &studio,
        "INSERT INTO task (task_id, created_site_id, created_ns, started_ns, ended_ns, outcome, busy_ns, ready_ns, "
        "longest_step_ns)"
        " WITH RECURSIVE n (i, r) AS (SELECT 1, 12345 UNION ALL SELECT i + 1, (r * 1103515245 + 12345) % 2147483648 "
        "FROM n WHERE i < 5000)"
        " SELECT i | ((r / 512 % 5 = 0) << 40), nullif(r / 4096 % 8, 0), iif(i % 41, i * 10, NULL), iif(i % 37, i * 10 "
        "+ r / 64 % 700 - 20, NULL),"
        " iif(i % 11, i * 10 + (r / 16 % 3000 << r / 128 % 36) - 40, NULL), iif(i % 11, 1 + r / 32 % 3, NULL), iif(i "
        "% 11, r % 1000, NULL),"
        " iif(i % 13, r / 2 % 1000, NULL), iif(i % 11, r / 8 % 1000, NULL) FROM n;"
        "UPDATE task SET abandoned_ns = created_ns + 70 WHERE outcome IS NULL AND task_id % 4 = 0;"
        "INSERT INTO task (task_id, created_site_id, created_ns, ended_ns, outcome) VALUES (6001, 8, 5, "
        "9223372036854775800, 2),"
        " (6002, 9, 1, 11, 1), (6003, 9, 1, 11, 1), (6004, 9, 1, 5, 1)");
    expect_the_same(7);
}

/* Nobody learns a sum that is none. */
static void a_sum_that_is_too_large_is_an_error(void **state)
{
    int count;
    (void)state;
    studio_run_sql(&studio, "INSERT INTO task (task_id, created_ns, ended_ns, outcome, busy_ns, ready_ns)"
                            " VALUES (1, 0, 9223372036854775807, 1, 9223372036854775807, 0), (2, 0, 1, 1, 1, 0)");
    assert_null(tell("*", "coroutines", &count));
    assert_null(tell("*", "coroutine_reports", &count));
}

/* Around the ranks of percentiles: one task, then one more each time. */
static void each_count_of_tasks_has_its_percentiles(void **state)
{
    (void)state;
    studio_run_sql(&studio, "INSERT INTO site (site_id, hash, text) VALUES (1, 1, 'work')");
    for (int i = 1; i <= 102; i++) {
        char sql[160];
        snprintf(sql, sizeof sql,
                 "INSERT INTO task (task_id, created_site_id, created_ns, ended_ns, outcome) VALUES (%d, 1, 0, %d, 1)",
                 i, i * 7919 % 103 * 65521);
        studio_run_sql(&studio, sql);
        if (i < 4 || (i > 8 && i < 12) || i > 98)
            expect_the_same(1);
    }
}

/* Below, at and above each bound of the scale. */
static void each_class_has_what_lies_in_it(void **state)
{
    (void)state;
    studio_run_sql(&studio, "INSERT INTO site (site_id, hash, text, file, line, func)"
                            " VALUES (1, 1, 'work', 'a.c', 1, 'f'), (2, 2, 'work', 'a.c', 2, 'f'),"
                            " (3, 3, 'work', 'b.c', 3, 'f'), (4, 4, NULL, 'b.c', 3, 'f')");
    studio_run_sql(&studio, "WITH RECURSIVE bound (i, ns) AS ("
                            "SELECT 0, 1000"
                            " UNION ALL SELECT i + 1, iif(i % 3 = 1, ns / 2 * 5, ns * 2) FROM bound WHERE i < 30)"
                            " INSERT INTO task (task_id, created_site_id, created_ns, started_ns, ended_ns, outcome)"
                            " SELECT i * 3 + d + 2, (i + d) % 5, 100, 100 + ns + d, 100 + ns - d, 1 + i % 3"
                            " FROM bound, (SELECT -1 AS d UNION SELECT 0 UNION SELECT 1)");
    expect_the_same(2);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio_with(rows_are_those_of_plain_sql, begin_with_store),
    cmocka_unit_test_in_studio_with(each_class_has_what_lies_in_it, begin_with_store),
    cmocka_unit_test_in_studio_with(a_sum_that_is_too_large_is_an_error, begin_with_store),
    cmocka_unit_test_in_studio_with(each_count_of_tasks_has_its_percentiles, begin_with_store),
};

TT_TEST_MAIN(cases)
