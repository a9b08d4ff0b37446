/* What a finished store says of its tasks as a whole is what their rows say. */
#include "harness.h"
#include "studio.h"

#include <sqlite3.h>

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

static uint64_t random_state = 88172645463325252;

static int64_t pick(int64_t count)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (int64_t)(random_state >> 1) % count;
}

static void set(struct tt__cell *cell, int64_t value)
{
    *cell = (struct tt__cell){.integer = value, .kind = TT__CELL_INTEGER};
}

/* Tasks of PROCESS_ID; each time is up to SHUFFLE away from where the order of ids would have it. */
static void write_tasks(struct tt__store_writer *writer, int64_t process_id, int64_t count, int64_t shuffle)
{
    assert_int_equal(tt__store_begin(writer), 0);
    for (int64_t i = 1; i <= count; i++) {
        struct tt__cell row[TT__TASK_COLUMNS] = {{.kind = TT__CELL_NULL}};
        int64_t created_ns = i / 3 * 10 + pick(shuffle);
        set(&row[TT__TASK_task_id], process_id << 40 | i * 2);
        if (pick(50) != 0)
            set(&row[TT__TASK_created_ns], created_ns);
        if (pick(40) != 0)
            set(&row[TT__TASK_created_site_id], 1 + pick(4));
        if (pick(30) != 0) {
            set(&row[pick(20) != 0 ? TT__TASK_ended_ns : TT__TASK_abandoned_ns], created_ns + pick(3000));
            set(&row[TT__TASK_outcome], 1);
        }
        assert_int_equal(tt__store_write_rows(writer, TT__TABLE_TASK, row, 1), 0);
    }
    assert_int_equal(tt__store_commit(writer), 0);
}

static void make_store(int64_t shuffle)
{
    struct tt__store_writer *writer;
    struct tt_store_error error;
    assert_int_equal(tt__store_open_writer(studio.store, NULL, &writer, &error), 0);
    write_tasks(writer, 0, 20000, shuffle);
    write_tasks(writer, 1, 150, shuffle);
    tt__store_close_writer(writer, true);
}

/* All rows of SQL, as one text. */
static char *ask(const char *sql)
{
    sqlite3 *connection;
    sqlite3_stmt *statement;
    char *text = sqlite3_mprintf("");
    assert_int_equal(sqlite3_open(studio.store, &connection), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(connection, sql, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(statement); i++)
            text = sqlite3_mprintf("%z%s|", text, (const char *)sqlite3_column_text(statement, i));
    sqlite3_finalize(statement);
    sqlite3_close(connection);
    return text;
}

static const char *const questions[] = {
    "SELECT object_id, since_ns, amount, sentence FROM hints WHERE lint = 'task-flood' ORDER BY 1, 2",
    "SELECT process_id, task_count FROM processes ORDER BY 1",
    "SELECT count(*), total(t.task_id) FROM task_ranges AS r CROSS JOIN task AS t"
    " ON t.task_id BETWEEN r.first_task_id AND r.last_task_id"
    " WHERE coalesce(r.created_first_ns <= 30000, 1) AND coalesce(r.ended_last_ns > 30000, 1)"
    " AND t.created_ns <= 30000 AND coalesce(coalesce(t.ended_ns, t.abandoned_ns) > 30000, 1)"};
enum { QUESTIONS = sizeof questions / sizeof *questions };

/* Asks all questions with the summaries and without them. */
static void expect_the_same_without(void)
{
    char *with[QUESTIONS];
    studio_number(&studio, "SELECT count(*) FROM task_span");
    for (int i = 0; i < QUESTIONS; i++)
        with[i] = ask(questions[i]);
    sqlite3_free(ask("DELETE FROM task_span"));
    sqlite3_free(ask("DELETE FROM task_origin"));
    for (int i = 0; i < QUESTIONS; i++) {
        char *without = ask(questions[i]);
        assert_string_equal(with[i], without);
        assert_true(i == 1 || without[0] != '\0');
        sqlite3_free(with[i]);
        sqlite3_free(without);
    }
}

static void summaries_say_what_the_rows_say(void **state)
{
    (void)state;
    make_store(400);
    assert_int_equal(studio_number(&studio, "SELECT sum(task_count) FROM task_span"), 20150);
    assert_int_equal(studio_number(&studio, "SELECT count(*) FROM task_origin"), 8);
    expect_the_same_without();
}

static void what_comes_in_no_order_is_left_to_the_rows(void **state)
{
    (void)state;
    make_store(1000000);
    assert_int_equal(studio_number(&studio, "SELECT sum(task_count) FROM task_span"), 20150);
    assert_int_equal(studio_number(&studio, "SELECT count(*) FROM task_origin"), 0);
    expect_the_same_without();
}

static void who_goes_on_with_a_store_begins_without_summaries(void **state)
{
    (void)state;
    struct tt__store_writer *writer;
    struct tt_store_error error;
    make_store(400);
    assert_int_equal(tt__store_open_writer(studio.store, NULL, &writer, &error), 0);
    assert_int_equal(studio_number(&studio, "SELECT count(*) FROM task_span"), 0);
    write_tasks(writer, 2, 10, 400);
    tt__store_close_writer(writer, false);
    assert_int_equal(studio_number(&studio, "SELECT count(*) FROM task_span"), 0);
    assert_int_equal(tt__store_open_writer(studio.store, NULL, &writer, &error), 0);
    tt__store_close_writer(writer, true);
    assert_int_equal(studio_number(&studio, "SELECT sum(task_count) FROM task_span"), 20160);
}

/* Many rows go by another statement than few, when they have the same columns and are new; when they are not, they are
 * filled in as ever. */
static void rows_that_are_there_already_are_filled_in_many_at_once_too(void **state)
{
    (void)state;
    enum { ROWS = 1000 };
    static struct tt__cell rows[ROWS][TT__TASK_COLUMNS];
    struct tt__store_writer *writer;
    struct tt_store_error error;
    assert_int_equal(tt__store_open_writer(studio.store, NULL, &writer, &error), 0);
    assert_int_equal(tt__store_begin(writer), 0);
    memset(rows, 0, sizeof rows);
    set(&rows[0][TT__TASK_task_id], 700);
    set(&rows[0][TT__TASK_started_ns], 7);
    assert_int_equal(tt__store_write_rows(writer, TT__TABLE_TASK, rows[0], 1), 0);
    for (int pass = 0; pass < 2; pass++) {
        memset(rows, 0, sizeof rows);
        for (int i = 0; i < ROWS; i++) {
            set(&rows[i][TT__TASK_task_id], i + 1);
            set(&rows[i][pass == 0 ? TT__TASK_created_ns : TT__TASK_ended_ns], i * 10 + pass);
            if (i % 7 == 0)
                set(&rows[i][TT__TASK_name_number], i);
        }
        assert_int_equal(tt__store_write_rows(writer, TT__TABLE_TASK, rows[0], ROWS), 0);
    }
    assert_int_equal(tt__store_commit(writer), 0);
    tt__store_close_writer(writer, true);
    studio_expect(&studio,
                  "SELECT count(*), sum(created_ns), sum(ended_ns), sum(name_number), sum(started_ns) FROM task",
                  "1000|4995000|4996000|71071|7");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_setup_teardown(summaries_say_what_the_rows_say, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(what_comes_in_no_order_is_left_to_the_rows, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(who_goes_on_with_a_store_begins_without_summaries, open_studio, close_studio),
    cmocka_unit_test_setup_teardown(rows_that_are_there_already_are_filled_in_many_at_once_too, open_studio,
                                    close_studio),
};

TT_TEST_MAIN(cases)
