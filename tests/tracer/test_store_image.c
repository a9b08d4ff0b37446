/* Rows that are packed into an image are in the store as if their values had been bound one by one. */
#include "harness.h"
#include "studio_case.h"
#include "studio_store.h"

#include <sqlite3.h>

#include "store_image.h"

enum { ROWS = 5000, TEXT_MAX = 3000 };

static struct tt__cell rows[ROWS][TT__TASK_COLUMNS];
static char letters[TEXT_MAX];

static int begin_with_blank_rows(void **state)
{
    studio_case_begin(state);
    memset(rows, 0, sizeof rows);
    memset(letters, 'x', sizeof letters);
    return 0;
}

static uint64_t random_state = 88172645463325252;

static uint64_t draw(void)
{
    return studio_random(&random_state);
}

/* A number of any length, near the edges of what so many bytes hold. */
static int64_t draw_number(void)
{
    int64_t edge = (int64_t)(UINT64_C(1) << draw() % 64);
    return (draw() % 2 ? edge : (int64_t) - (uint64_t)edge) ^ (int64_t)(draw() % 4);
}

/* Fills row I: whole, with any values in any columns. */
static void fill_row(int i, int64_t task_id)
{
    for (int column = 1; column < TT__TASK_COLUMNS; column++)
        if (column != TT__TASK_name && draw() % 3 != 0)
            rows[i][column] = studio_cell(draw_number());
    if (draw() % 4 == 0)
        rows[i][TT__TASK_name] = (struct tt__cell){
            .text = letters, .length = (uint32_t)(draw() % (draw() % 10 == 0 ? TEXT_MAX : 80)), .kind = TT__CELL_TEXT};
    rows[i][TT__TASK_task_id] = studio_cell(task_id);
    rows[i][TT__TASK_created_ns] = studio_cell(draw_number());
    rows[i][TT__TASK_outcome] = studio_cell((int64_t)(draw() % 3));
}

/* Ids of three processes, as they come when several threads tell of them. */
static void fill_rows(void)
{
    for (int i = 0; i < ROWS; i++)
        fill_row(i, (int64_t)(i % 3) << 40 | (1 + (i ^ (i % 7 == 0)) * 3));
}

/* What is in the store before: some of the tasks have begun. */
static void write_begun(struct tt__store_writer *writer)
{
    struct tt__cell begun[TT__TASK_COLUMNS] = {{.kind = TT__CELL_NULL}};
    assert_int_equal(tt__store_begin(writer), 0);
    for (int i = 0; i < ROWS; i += 97) {
        begun[TT__TASK_task_id] = rows[i][TT__TASK_task_id];
        begun[TT__TASK_started_ns] = studio_cell(i);
        assert_int_equal(tt__store_write_rows(writer, TT__TABLE_TASK, begun, 1), 0);
    }
    assert_int_equal(tt__store_commit(writer), 0);
}

/* Writes all rows; returns how many of them were packed. */
static int write_rows(struct tt__store_writer *writer, bool is_packed)
{
    int count = 0;
    if (is_packed)
        tt__image_pack(writer, TT__TABLE_TASK, rows[0], ROWS);
    assert_int_equal(tt__store_begin(writer), 0);
    assert_int_equal(tt__store_write_rows(writer, TT__TABLE_TASK, rows[0], ROWS), 0);
    for (size_t i = 0; i < ROWS && is_packed; i++)
        count += tt__image_has_row(writer, i);
    tt__image_drop(writer);
    assert_int_equal(tt__store_commit(writer), 0);
    return count;
}

static char *other_store(void)
{
    static char path[sizeof studio.store + 8];
    snprintf(path, sizeof path, "%s.other", studio.store);
    return path;
}

/* Writes the rows of a store as they are now into another one by one, and expects both to be the same. */
static void expect_the_same(void)
{
    char sql[sizeof studio.store + 600];
    assert_int_equal(rename(studio.store, other_store()), 0);
    struct tt__store_writer *writer = studio_open_writer(&studio, NULL);
    write_begun(writer);
    write_rows(writer, false);
    tt__store_close_writer(writer, true);
    sqlite3 *connection;
    assert_int_equal(sqlite3_open(studio.store, &connection), SQLITE_OK);
    snprintf(sql, sizeof sql, "ATTACH '%s' AS other", other_store());
    assert_int_equal(sqlite3_exec(connection, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_stmt *statement;
    assert_int_equal(
        sqlite3_prepare_v2(connection,
                           "SELECT count(*), (SELECT count(*) FROM other.task),"
                           " (SELECT count(*) FROM (SELECT * FROM main.task EXCEPT SELECT * FROM other.task)),"
                           " (SELECT group_concat(integrity_check) FROM pragma_integrity_check('task', 'other'))"
                           " FROM main.task",
                           -1, &statement, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(statement, 0), ROWS);
    assert_int_equal(sqlite3_column_int(statement, 1), ROWS);
    assert_int_equal(sqlite3_column_int(statement, 2), 0);
    assert_string_equal((const char *)sqlite3_column_text(statement, 3), "ok");
    sqlite3_finalize(statement);
    sqlite3_close(connection);
    unlink(other_store());
}

static void packed_rows_are_what_bound_ones_are(void **state)
{
    (void)state;
    fill_rows();
    struct tt__store_writer *writer = studio_open_writer(&studio, NULL);
    write_begun(writer);
    int packed = write_rows(writer, true);
    tt__store_close_writer(writer, true);
    assert_in_range(packed, ROWS * 9 / 10,
                    ROWS - ROWS / 97 - 1); /* not those that have begun, nor those with long names */
    expect_the_same();
}

static void batch_after_batch_is_packed(void **state)
{
    (void)state;
    struct tt__store_writer *writer = studio_open_writer(&studio, NULL);
    for (int batch = 0; batch < 4; batch++) {
        memset(rows, 0, sizeof rows);
        for (int i = 0; i < ROWS; i++)
            fill_row(i, (int64_t)batch * ROWS + i + 1);
        assert_in_range(write_rows(writer, true), ROWS * 9 / 10, ROWS);
    }
    tt__store_close_writer(writer, true);
    studio_expect(&studio, "SELECT count(*), sum(task_id), max(task_id) FROM task", "20000|200010000|20000");
    studio_expect(&studio, "PRAGMA integrity_check", "ok");
}

static void tasks_that_have_not_ended_and_few_ones_are_not_packed(void **state)
{
    (void)state;
    fill_rows();
    struct tt__store_writer *writer = studio_open_writer(&studio, NULL);
    for (int i = 0; i < ROWS; i += 2)
        rows[i][TT__TASK_outcome].kind = TT__CELL_NULL;
    assert_in_range(write_rows(writer, true), ROWS * 4 / 10, ROWS / 2);
    tt__store_close_writer(writer, true);
    studio_expect(&studio, "SELECT count(*), sum(outcome IS NULL) FROM task", "5000|2500");
    studio_expect(&studio, "SELECT count(*) FROM task INDEXED BY task_open WHERE outcome IS NULL", "2500");
    unlink(studio.store);

    writer = studio_open_writer(&studio, NULL);
    for (int i = 0; i < ROWS; i++)
        if (i >= (int)TT__IMAGE_ROWS_MIN - 1)
            rows[i][TT__TASK_outcome].kind = TT__CELL_NULL;
    assert_int_equal(write_rows(writer, true), 0);
    tt__store_close_writer(writer, true);
    studio_expect(&studio, "SELECT count(*) FROM task", "5000");
}

/* It cannot come from telltale itself, which has just looked. */
static void a_row_that_comes_in_between_changes_nothing_and_all_are_written_one_by_one(void **state)
{
    (void)state;
    fill_rows();
    struct tt__store_writer *writer = studio_open_writer(&studio, NULL);
    tt__image_pack(writer, TT__TABLE_TASK, rows[0], ROWS);
    write_begun(writer);
    assert_int_equal(tt__store_begin(writer), 0);
    assert_int_equal(tt__image_insert(writer, TT__TABLE_TASK, rows[0], ROWS), 0);
    assert_int_equal(tt__store_write_rows(writer, TT__TABLE_TASK, rows[0], ROWS), 0);
    tt__image_drop(writer);
    assert_int_equal(tt__store_commit(writer), 0);
    tt__store_close_writer(writer, true);
    expect_the_same();
}

/* What was packed is for one transaction and one list of rows. */
static void an_image_of_other_rows_is_not_taken(void **state)
{
    (void)state;
    fill_rows();
    struct tt__store_writer *writer = studio_open_writer(&studio, NULL);
    tt__image_pack(writer, TT__TABLE_TASK, rows[0], ROWS);
    assert_int_equal(tt__store_begin(writer), 0);
    assert_int_equal(tt__image_insert(writer, TT__TABLE_TASK, rows[1], ROWS - 1), 0);
    assert_int_equal(tt__image_insert(writer, TT__TABLE_TASK_FILL, rows[0], ROWS), 0);
    tt__image_drop(writer);
    assert_int_equal(tt__image_insert(writer, TT__TABLE_TASK, rows[0], ROWS), 0);
    assert_int_equal(tt__store_commit(writer), 0);
    tt__store_close_writer(writer, true);
    studio_expect(&studio, "SELECT count(*) FROM task", "0");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio_with(packed_rows_are_what_bound_ones_are, begin_with_blank_rows),
    cmocka_unit_test_in_studio_with(batch_after_batch_is_packed, begin_with_blank_rows),
    cmocka_unit_test_in_studio_with(tasks_that_have_not_ended_and_few_ones_are_not_packed, begin_with_blank_rows),
    cmocka_unit_test_in_studio_with(a_row_that_comes_in_between_changes_nothing_and_all_are_written_one_by_one,
                                    begin_with_blank_rows),
    cmocka_unit_test_in_studio_with(an_image_of_other_rows_is_not_taken, begin_with_blank_rows),
};

TT_TEST_MAIN(cases)
