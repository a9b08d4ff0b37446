/* A store that somebody deletes or renames while it is recorded. Nobody would find what a recorder went on writing there: it begins a new
 * one under the name, and what was read from rings and is not overwritten yet gets into both. */
#include "harness.h"
#include "studio_case.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Three stages with a task each; ARGUMENT: so many notes before the first is over. */
static void work(void *argument)
{
    for (uintptr_t i = 0; i < (uintptr_t)argument; i++) {
        tt_trace_note(0, "many", "");
        if (i % 64 == 0)
            studio_sleep_us(1000);
    }
    for (int i = 1; i <= 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "task %d", i);
        studio_create_task(name, NULL);
        studio_reach(i);
    }
}

/* The program stands still with so many tasks, and the store that has the name now has the last of them. */
static void pass_stage(int number)
{
    char sql[64];
    struct stat made;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM task WHERE name = 'task %d'", number);
    studio_await(number);
    while (stat(studio.store, &made) < 0 || made.st_size == 0)
        studio_sleep_us(1000);
    studio_expect_within(&studio, 20000, "SELECT count(*) FROM sqlite_schema WHERE name = 'task'", "1");
    studio_expect_within(&studio, 20000, sql, "1");
}

/* The files of the store, as they are called; or with a suffix behind the name. */
static void for_each_file(int (*act)(const char *from, const char *to), const char *suffix)
{
    static const char *const kinds[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char from[160], to[192];
        snprintf(from, sizeof from, "%s%s", studio.store, kinds[i]);
        snprintf(to, sizeof to, "%s%s%s", studio.store, suffix, kinds[i]);
        (void)act(from, to);
    }
}

static int delete (const char *from, const char *to)
{
    (void)to;
    return unlink(from);
}

static void finish(pid_t program)
{
    studio_let_pass(3);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
}

static void what_was_read_before_is_in_the_new_one_too(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, work, NULL, 0);
    pass_stage(1);
    for_each_file(delete, "");
    studio_let_pass(1);
    pass_stage(2);
    for_each_file(delete, ""); /* again */
    studio_let_pass(2);
    pass_stage(3);
    finish(program);
    studio_expect(&studio, "SELECT name FROM tasks ORDER BY task_id", "task 1\ntask 2\ntask 3");
    studio_expect(&studio, "SELECT end_text, is_balanced FROM processes", "exited|1");
    studio_expect(&studio, "SELECT count(*) FROM losses", "0");
}

static void what_is_overwritten_by_then_is_counted(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, work, (void *)20000, 65536);
    pass_stage(1);
    for_each_file(delete, "");
    studio_let_pass(1);
    pass_stage(2);
    studio_let_pass(2);
    finish(program);
    studio_expect(&studio, "SELECT name FROM tasks ORDER BY task_id", "task 1\ntask 2\ntask 3");
    assert_true(studio_number(&studio, "SELECT sum(count) FROM losses WHERE what = 'overwritten'") > 15000);
    studio_expect(&studio, "SELECT attempt_count - record_count - (SELECT sum(count) FROM losses) FROM processes", "0");
}

static void one_that_was_renamed_is_whole_and_another_one_is_begun(void **state)
{
    char old[sizeof studio.store];
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, work, NULL, 0);
    pass_stage(1);
    snprintf(old, sizeof old, "%.*s.old", (int)sizeof old - 5, studio.store);
    assert_int_equal(rename(studio.store, old), 0); /* without its log */
    studio_let_pass(1);
    pass_stage(2);
    studio_let_pass(2);
    finish(program);
    studio_expect(&studio, "SELECT name FROM tasks ORDER BY task_id", "task 1\ntask 2\ntask 3");

    struct studio before = studio;
    memcpy(before.store, old, sizeof old);
    studio_expect(&before, "PRAGMA integrity_check", "ok");
    studio_expect(&before, "SELECT name FROM tasks ORDER BY task_id", "task 1");
    unlink(old);
}

static void cut_log(void)
{
    char log[sizeof studio.store + 8];
    snprintf(log, sizeof log, "%s-wal", studio.store);
    assert_int_equal(truncate(log, 0), 0);
}

/* SQLite does not miss what was cut: it would copy zeros into the store. */
static void one_whose_log_is_cut_is_set_aside_and_another_one_is_begun(void **state)
{
    char aside[sizeof studio.store + 16];
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, work, NULL, 0);
    pass_stage(1);
    /* As long as somebody reads this state the log cannot be copied. */
    sqlite3 *reader;
    assert_int_equal(sqlite3_open_v2(studio.store, &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM task", NULL, NULL, NULL), SQLITE_OK);
    studio_let_pass(1);
    pass_stage(2);
    cut_log();
    sqlite3_close(reader);
    studio_let_pass(2);
    finish(program);
    studio_expect(&studio, "SELECT name FROM tasks ORDER BY task_id", "task 1\ntask 2\ntask 3");
    studio_expect(&studio, "SELECT count(*) FROM losses", "0"); /* all of it was in the rings */
    snprintf(aside, sizeof aside, "%s.damaged", studio.store);
    assert_int_equal(unlink(aside), 0);
}

/* As somebody does who has SQLite's own program. */
static void copy_log(void)
{
    sqlite3 *connection;
    int frames = -1, copied = -1;
    assert_int_equal(sqlite3_open_v2(studio.store, &connection, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection, "SELECT count(*) FROM task", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_wal_checkpoint_v2(connection, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &copied),
                     SQLITE_OK);
    assert_true(frames > 0);
    assert_int_equal(copied, frames);
    sqlite3_close(connection);
}

static void a_log_that_is_cut_when_all_of_it_is_in_the_store_is_no_loss(void **state)
{
    char aside[sizeof studio.store + 16];
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, work, NULL, 0);
    pass_stage(1);
    copy_log();
    cut_log();
    studio_let_pass(1);
    pass_stage(2);
    studio_let_pass(2);
    finish(program);
    studio_expect(&studio, "SELECT name FROM tasks ORDER BY task_id", "task 1\ntask 2\ntask 3");
    studio_expect(&studio, "SELECT count(*) FROM losses", "0");
    snprintf(aside, sizeof aside, "%s.damaged", studio.store);
    assert_int_equal(access(aside, F_OK), -1);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio(what_was_read_before_is_in_the_new_one_too),
    cmocka_unit_test_in_studio(what_is_overwritten_by_then_is_counted),
    cmocka_unit_test_in_studio(one_whose_log_is_cut_is_set_aside_and_another_one_is_begun),
    cmocka_unit_test_in_studio(a_log_that_is_cut_when_all_of_it_is_in_the_store_is_no_loss),
    cmocka_unit_test_in_studio(one_that_was_renamed_is_whole_and_another_one_is_begun),
};

TT_TEST_MAIN(cases)
