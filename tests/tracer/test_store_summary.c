/* What a finished store says of its tasks as a whole is what their rows say. */
#include "harness.h"
#include "studio_case.h"
#include "studio_store.h"

#include <sqlite3.h>

static uint64_t random_state = 88172645463325252;

static int64_t pick(int64_t count)
{
    return (int64_t)(studio_random(&random_state) >> 1) % count;
}

/* Tasks of PROCESS_ID; each time is up to SHUFFLE away from where the order of ids would have it. */
static void write_tasks(struct tt__store_writer *writer, int64_t process_id, int64_t count, int64_t shuffle)
{
    assert_int_equal(tt__store_begin(writer), 0);
    for (int64_t i = 1; i <= count; i++) {
        struct tt__cell row[TT__TASK_COLUMNS] = {{.kind = TT__CELL_NULL}};
        int64_t created_ns = i / 3 * 10 + pick(shuffle);
        row[TT__TASK_task_id] = studio_cell(process_id << 40 | i * 2);
        if (pick(50) != 0)
            row[TT__TASK_created_ns] = studio_cell(created_ns);
        if (pick(40) != 0)
            row[TT__TASK_created_site_id] = studio_cell(1 + pick(4));
        if (pick(30) != 0) {
            row[pick(20) != 0 ? TT__TASK_ended_ns : TT__TASK_abandoned_ns] = studio_cell(created_ns + pick(3000));
            row[TT__TASK_outcome] = studio_cell(1);
        }
        assert_int_equal(tt__store_write_rows(writer, TT__TABLE_TASK, row, 1), 0);
    }
    assert_int_equal(tt__store_commit(writer), 0);
}

static void make_store(int64_t shuffle)
{
    struct tt__store_writer *writer = studio_open_writer(&studio, NULL);
    studio_run_sql(&studio, "INSERT INTO process (process_id, uuid, started_ns, seen_ns)"
                            " VALUES (0, x'00', 0, 1), (1, x'01', 0, 1)");
    write_tasks(writer, 0, 20000, shuffle);
    write_tasks(writer, 1, 150, shuffle);
    tt__store_close_writer(writer, true);
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
    for (int i = 0; i < QUESTIONS; i++) {
        with[i] = studio_rows(&studio, questions[i]);
        assert_string_not_equal(with[i], "");
    }
    studio_run_sql(&studio, "DELETE FROM task_span; DELETE FROM task_origin");
    for (int i = 0; i < QUESTIONS; i++) {
        studio_expect(&studio, questions[i], with[i]);
        sqlite3_free(with[i]);
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
    make_store(400);
    struct tt__store_writer *writer = studio_open_writer(&studio, NULL);
    assert_int_equal(studio_number(&studio, "SELECT count(*) FROM task_span"), 0);
    write_tasks(writer, 2, 10, 400);
    tt__store_close_writer(writer, false);
    assert_int_equal(studio_number(&studio, "SELECT count(*) FROM task_span"), 0);
    studio_make_store(&studio); /* brings it to its end */
    assert_int_equal(studio_number(&studio, "SELECT sum(task_count) FROM task_span"), 20160);
}

/* Many rows go by another statement than few, when they have the same columns and are new; when they are not, they are
 * filled in as ever. */
static void rows_that_are_there_already_are_filled_in_many_at_once_too(void **state)
{
    (void)state;
    enum { ROWS = 1000 };
    static struct tt__cell rows[ROWS][TT__TASK_COLUMNS];
    struct tt__store_writer *writer = studio_open_writer(&studio, NULL);
    assert_int_equal(tt__store_begin(writer), 0);
    memset(rows, 0, sizeof rows);
    rows[0][TT__TASK_task_id] = studio_cell(700);
    rows[0][TT__TASK_started_ns] = studio_cell(7);
    assert_int_equal(tt__store_write_rows(writer, TT__TABLE_TASK, rows[0], 1), 0);
    for (int pass = 0; pass < 2; pass++) {
        memset(rows, 0, sizeof rows);
        for (int i = 0; i < ROWS; i++) {
            rows[i][TT__TASK_task_id] = studio_cell(i + 1);
            rows[i][pass == 0 ? TT__TASK_created_ns : TT__TASK_ended_ns] = studio_cell(i * 10 + pass);
            if (i % 7 == 0)
                rows[i][TT__TASK_name_number] = studio_cell(i);
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
    cmocka_unit_test_in_studio(summaries_say_what_the_rows_say),
    cmocka_unit_test_in_studio(what_comes_in_no_order_is_left_to_the_rows),
    cmocka_unit_test_in_studio(who_goes_on_with_a_store_begins_without_summaries),
    cmocka_unit_test_in_studio(rows_that_are_there_already_are_filled_in_many_at_once_too),
};

TT_TEST_MAIN(cases)
