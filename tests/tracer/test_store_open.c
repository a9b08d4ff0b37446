/* Opening stores: what is none is refused in clear words and left alone, what is one can only be read, whatever it contains. */
#include "harness.h"
#include "studio_case.h"
#include "studio_store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store_check.h"

static void write_file(const char *path, const void *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), length);
    assert_int_equal(close(fd), 0);
}

static void expect_reader_refuses(const char *path, enum tt_store_error_kind kind, const char *text)
{
    struct tt_store_reader *reader = NULL;
    struct tt_store_error error;
    assert_int_equal(tt_store_open_reader(path, &reader, &error), -1);
    assert_null(reader);
    if (error.kind != kind || !strstr(error.text, text) || !strstr(error.text, path))
        fail_msg("kind %d: %s", error.kind, error.text);
    assert_null(strchr(error.text, '\n'));
}

static void expect_writer_refuses(const char *path, enum tt_store_error_kind kind, const char *text)
{
    struct tt__store_writer *writer = NULL;
    struct tt_store_error error;
    assert_int_equal(tt__store_open_writer(path, NULL, &writer, &error), -1);
    if (error.kind != kind || !strstr(error.text, text))
        fail_msg("kind %d: %s", error.kind, error.text);
}

/* Both refuse the store, and it is as it was. */
static void expect_refused(enum tt_store_error_kind kind, const char *text)
{
    struct stat before, after;
    static char bytes_before[1 << 20], bytes_after[1 << 20];
    int fd = open(studio.store, O_RDONLY);
    assert_int_equal(fstat(fd, &before), 0);
    ssize_t length = pread(fd, bytes_before, sizeof bytes_before, 0);
    expect_reader_refuses(studio.store, kind, text);
    expect_writer_refuses(studio.store, kind, text);
    assert_int_equal(fstat(fd, &after), 0);
    assert_int_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
    assert_int_equal(pread(fd, bytes_after, sizeof bytes_after, 0), length);
    assert_memory_equal(bytes_before, bytes_after, (size_t)length);
    close(fd);
}

/* SQLite's code for all of SQL, run by READER. */
static int run_in(struct tt_store_reader *reader, const char *sql)
{
    return sqlite3_exec(tt_store_reader_connection(reader), sql, NULL, NULL, NULL) & 0xff;
}

/* ---------------------------------------------------------------------------------------------------- what is no store */

static void a_missing_file_is_refused(void **state)
{
    (void)state;
    expect_reader_refuses(studio.store, TT_STORE_MISSING, "no such file");
    expect_writer_refuses("/tmp/telltale-no-such-folder/run.telltale", TT_STORE_MISSING, "folder");
}

static void a_directory_is_refused(void **state)
{
    (void)state;
    expect_reader_refuses(studio.dir, TT_STORE_DIRECTORY, "is a directory");
    expect_writer_refuses(studio.dir, TT_STORE_DIRECTORY, "is a directory");
}

static void pipes_and_devices_are_refused_without_being_opened(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(studio.store, 0600), 0);
    expect_reader_refuses(studio.store, TT_STORE_NOT_REGULAR, "no regular file");
    expect_writer_refuses(studio.store, TT_STORE_NOT_REGULAR, "no regular file");
    expect_reader_refuses("/dev/null", TT_STORE_NOT_REGULAR, "no regular file");
    expect_writer_refuses("/dev/null", TT_STORE_NOT_REGULAR, "no regular file");
}

static void a_file_that_is_no_sqlite_file_is_refused(void **state)
{
    (void)state;
    static const char letter[] = "This is a letter, and no database, however long it may become, and it is long enough "
                                 "for a header to stand in it.";
    write_file(studio.store, letter, sizeof letter);
    expect_refused(TT_STORE_NOT_SQLITE, "no SQLite file");
    write_file(studio.store, "SQLite format 3", 15);
    expect_refused(TT_STORE_NOT_SQLITE, "no SQLite file");
    write_file(studio.store, "", 0);
    expect_reader_refuses(studio.store, TT_STORE_NOT_SQLITE, "is empty");
}

static void a_database_of_another_application_is_refused(void **state)
{
    (void)state;
    studio_run_sql(&studio, "PRAGMA application_id = 252006674; CREATE TABLE task (task_id)");
    expect_refused(TT_STORE_OTHER_APPLICATION, "another application");
    assert_int_equal(unlink(studio.store), 0);
    studio_run_sql(&studio, "CREATE TABLE task (task_id)");
    expect_refused(TT_STORE_OTHER_APPLICATION, "another application");
}

static void a_newer_schema_is_refused(void **state)
{
    (void)state;
    studio_make_store(&studio);
    studio_run_sql(&studio, "PRAGMA user_version = 3");
    expect_refused(TT_STORE_NEWER_SCHEMA, "newer telltale (schema 3");
}

static void a_store_whose_tables_are_not_a_stores_tables_is_refused(void **state)
{
    static const char *const damages[] = {
        "DROP TABLE touch",
        "ALTER TABLE task DROP COLUMN abandoned_ns",
        "DROP TABLE note; CREATE VIEW note AS SELECT 1",
        "DROP TABLE discard; CREATE TABLE discard (object_id INTEGER PRIMARY KEY, discarded_ns INTEGER NOT NULL, "
        "site_id INTEGER,"
        " reason TEXT AS (hex(zeroblob(1000000000))))",
        "ALTER TABLE task RENAME COLUMN outcome TO result",
    };
    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        char sql[1024];
        studio_make_store(&studio);
        /* Views would keep columns from being dropped. */
        for (const struct tt_store_view *view = tt_store_views; view->name; view++) {
            snprintf(sql, sizeof sql, "DROP VIEW IF EXISTS %s", view->name);
            studio_run_sql(&studio, sql);
        }
        studio_run_sql(&studio, damages[i]);
        expect_reader_refuses(studio.store, TT_STORE_DAMAGED, "not there as it should be");
        expect_writer_refuses(studio.store, TT_STORE_DAMAGED, "not there as it should be");
        assert_int_equal(unlink(studio.store), 0);
    }
}

/* The last ones name a module that SQLite does not have: whoever asks for columns of theirs hears that. */
static void a_table_that_is_no_plain_one_is_refused_before_anything_of_it_runs(void **state)
{
    static const char *const tables[] = {
        "DROP TABLE note; CREATE VIRTUAL TABLE note USING fts5(noted_ns, thread_id, sequence, task_id, site_id, key, "
        "text)",
        "CREATE VIRTUAL TABLE mine USING fts5(a)",
        "CREATE VIRTUAL TABLE json_each USING rtree(a, b, c)",
        "CREATE TABLE mine (a); PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql ="
        " 'CREATE VIRTUAL TABLE mine USING nothing_like_this(a)' WHERE name = 'mine'",
        "CREATE TABLE mine (a); PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 0, sql ="
        " 'CREATE/**/VIRTUAL TABLE mine USING nothing_like_this(a)' WHERE name = 'mine'",
    };
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        studio_make_store(&studio);
        studio_run_sql(&studio, tables[i]);
        expect_reader_refuses(studio.store, TT_STORE_DAMAGED, "no plain table");
        expect_writer_refuses(studio.store, TT_STORE_DAMAGED, "no plain table");
        assert_int_equal(unlink(studio.store), 0);
    }
    studio_make_store(&studio);
    studio_run_sql(&studio, "CREATE TABLE mine (a PRIMARY KEY) WITHOUT ROWID; CREATE INDEX other ON task (name)");
    tt_store_close_reader(studio_open_reader(&studio));
}

static void a_store_of_torn_pages_is_refused_as_damaged(void **state)
{
    (void)state;
    char garbage[4096];
    memset(garbage, 0xa5, sizeof garbage);
    studio_make_store(&studio);
    int fd = open(studio.store, O_RDWR);
    off_t size = lseek(fd, 0, SEEK_END);
    for (off_t at = 200; at < size; at += (off_t)sizeof garbage)
        assert_int_equal(pwrite(fd, garbage, sizeof garbage, at), sizeof garbage);
    close(fd);
    expect_reader_refuses(studio.store, TT_STORE_DAMAGED, "damaged");
}

static void an_unreadable_file_is_refused(void **state)
{
    (void)state;
    studio_make_store(&studio);
    assert_int_equal(chmod(studio.store, 0), 0);
    assert_int_equal(chmod(studio.dir, 0755), 0);
    pid_t child = fork();
    if (child == 0) { /* root may read everything, so it becomes somebody else */
        struct tt_store_reader *reader;
        struct tt_store_error error;
        if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
            _exit(2);
        _exit(tt_store_open_reader(studio.store, &reader, &error) < 0 && error.kind == TT_STORE_UNREADABLE ? 0 : 1);
    }
    assert_int_equal(studio_wait(child), 0);
}

static void a_symbolic_link_is_read_and_never_written_through(void **state)
{
    (void)state;
    char link[160];
    studio_make_store(&studio);
    snprintf(link, sizeof link, "%s/link.telltale", studio.dir);
    assert_int_equal(symlink(studio.store, link), 0);
    expect_writer_refuses(link, TT_STORE_NOT_REGULAR, "symbolic link");
    struct tt_store_reader *reader;
    struct tt_store_error error;
    assert_int_equal(tt_store_open_reader(link, &reader, &error), 0);
    tt_store_close_reader(reader);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("/tmp/telltale-points-nowhere", link), 0);
    expect_writer_refuses(link, TT_STORE_NOT_REGULAR, "symbolic link");
    assert_int_equal(access("/tmp/telltale-points-nowhere", F_OK), -1);
}

/* --------------------------------------------------------------------------------------------------- what a writer makes */

static void a_new_store_is_private_and_says_what_it_is(void **state)
{
    (void)state;
    struct stat stat_buffer;
    mode_t mask = umask(0);
    studio_make_store(&studio);
    umask(mask);
    assert_int_equal(stat(studio.store, &stat_buffer), 0);
    assert_int_equal(stat_buffer.st_mode & 07777, 0600);
    studio_expect(&studio, "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version",
                  "1414807884|2");
    studio_expect(&studio, "SELECT length(uuid), telltale_version <> '' FROM recording", "16|1");
    studio_expect(&studio, "SELECT count(*) FROM tasks", "0");
}

static void each_table_and_column_has_a_comment(void **state)
{
    (void)state;
    static const char create[] = "CREATE TABLE ";
    unsigned tables = 0;
    for (const char *at = tt_store_schema; (at = strstr(at, create)) != NULL; at += sizeof create) {
        const char *line = at - 1; /* the line above the statement */
        while (line > tt_store_schema && line[-1] != '\n')
            line--;
        if (strncmp(line, "-- ", 3) != 0)
            fail_msg("no comment above %.40s", at);
        tables++;
    }
    assert_true(tables > 20);
    for (const struct tt_store_view *view = tt_store_views; view->name; view++) {
        if (strncmp(view->sql, "-- ", 3) != 0)
            fail_msg("no comment above the view %s", view->name);
    }
}

static void a_store_has_one_writer(void **state)
{
    (void)state;
    struct tt__store_writer *writer = studio_open_writer(&studio, NULL);
    expect_writer_refuses(studio.store, TT_STORE_BUSY, "another recorder");
    tt__store_close_writer(writer, true);
    studio_make_store(&studio);
}

static void rows_of_all_tables_can_be_written_one_by_one_and_many_at_once(void **state)
{
    static const int columns[] = {
#define COUNT(table, name, keys, conflict) TT__##table##_COLUMNS,
        TT__TABLES(COUNT)};
    enum { ROWS = 120 };
    static struct tt__cell cells[ROWS * TT__TABLE_COLUMNS_MAX];
    (void)state;
    struct tt__store_writer *writer = studio_open_writer(&studio, NULL);
    for (int table = 0; table < TT__TABLE_COUNT; table++) {
        for (int row = 0; row < ROWS; row++)
            for (int i = 0; i < columns[table]; i++)
                cells[row * columns[table] + i] = (struct tt__cell){.integer = row + 1, .kind = TT__CELL_INTEGER};
        for (int turn = 0; turn < 2; turn++) { /* the second time all keys are there already */
            assert_int_equal(tt__store_begin(writer), 0);
            int result = tt__store_write_rows(writer, (enum tt__table)table, cells,
                                              table == TT__TABLE_PROCESS || table == TT__TABLE_PROCESS_MORE ? 1 : ROWS);
            const char *text = tt__store_writer_error(writer)->text;
            /* Numbers where texts are wanted are turned into texts; where blobs are wanted they are refused, as they should be. */
            if (result < 0 && table != TT__TABLE_PROCESS && table != TT__TABLE_PROCESS_MORE &&
                table != TT__TABLE_CHUNK && table != TT__TABLE_LINK)
                fail_msg("table %d: %s", table, text);
            if (result < 0)
                assert_non_null(strstr(text, "cannot store INT value in BLOB column"));
            tt__store_rollback(writer);
        }
    }
    tt__store_close_writer(writer, true);
}

/* ------------------------------------------------------------------------------------------------- what a reader can do */

static void a_reader_cannot_write_anything_anywhere(void **state)
{
    static const char *const attempts[] = {
        "DELETE FROM task",
        "INSERT INTO note (noted_ns, thread_id, sequence) VALUES (1, 1, 1)",
        "DROP VIEW main.tasks",
        "CREATE TABLE t (x)",
        "CREATE TEMP TABLE t (x)",
        "CREATE TEMP VIEW tasks AS SELECT 1",
        "DROP VIEW tasks",
        "PRAGMA user_version = 7",
        "PRAGMA query_only = OFF",
        "PRAGMA writable_schema = ON",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA temp_store_directory = '/tmp'",
        "ATTACH '/tmp/telltale-attached.db' AS other",
        "VACUUM",
        "VACUUM INTO '/tmp/telltale-vacuumed.db'",
        "REINDEX",
        "ANALYZE",
        "SELECT load_extension('/tmp/telltale.so')",
    };
    (void)state;
    studio_make_store(&studio);
    struct tt_store_reader *reader = studio_open_reader(&studio);
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++)
        if (run_in(reader, attempts[i]) == SQLITE_OK)
            fail_msg("accepted: %s", attempts[i]);
    assert_int_equal(run_in(reader, "SELECT * FROM tasks; PRAGMA table_info(tasks); PRAGMA user_version"), SQLITE_OK);
    tt_store_close_reader(reader);
    assert_int_equal(access("/tmp/telltale-attached.db", F_OK), -1);
    assert_int_equal(access("/tmp/telltale-vacuumed.db", F_OK), -1);
}

/* The same by either way: PRAGMA NAME, and the table of that. */
static void what_sqlite_tells_of_a_store_can_be_asked_as_tables(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "SELECT count(*) FROM pragma_table_list WHERE name = 'task'",
        "SELECT count(*) FROM pragma_table_info('task') WHERE name = 'task_id'",
        "SELECT count(*) FROM pragma_database_list WHERE name = 'main'",
        "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'",
        "SELECT user_version > 0 FROM pragma_user_version",
        "SELECT application_id <> 0 FROM pragma_application_id",
        "SELECT count(*) > 0 FROM pragma_index_list('task')",
        "SELECT count(*) > 0 FROM pragma_function_list",
    };
    struct tt_store_reader *reader;
    struct tt_store_error error;
    studio_make_store(&studio);
    if (tt_store_open_reader(studio.store, &reader, &error) < 0)
        fail_msg("%s", error.text);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        sqlite3_stmt *statement = NULL;
        sqlite3 *connection = tt_store_reader_connection(reader);
        if (tt_store_prepare(reader, queries[i], &statement, NULL) != SQLITE_OK ||
            sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_int(statement, 0) != 1)
            fail_msg("%s: %s", queries[i], sqlite3_errmsg(connection));
        sqlite3_finalize(statement);
    }
    tt_store_close_reader(reader);
}

static void a_reader_leaves_a_finished_store_and_its_folder_untouched(void **state)
{
    (void)state;
    char beside[160];
    struct stat before, after, folder_before, folder_after;
    studio_make_store(&studio);
    assert_int_equal(stat(studio.store, &before), 0);
    assert_int_equal(stat(studio.dir, &folder_before), 0);
    struct tt_store_reader *reader = studio_open_reader(&studio);
    assert_int_equal(run_in(reader, "SELECT * FROM tasks; SELECT * FROM leaks"), SQLITE_OK);
    snprintf(beside, sizeof beside, "%s-shm", studio.store);
    assert_int_equal(access(beside, F_OK), -1);
    tt_store_close_reader(reader);
    assert_int_equal(stat(studio.store, &after), 0);
    assert_int_equal(stat(studio.dir, &folder_after), 0);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    assert_int_equal(folder_before.st_mtim.tv_nsec, folder_after.st_mtim.tv_nsec);
}

static void views_in_the_file_do_not_matter(void **state)
{
    (void)state;
    studio_make_store(&studio);
    studio_run_sql(&studio,
                   "DROP VIEW tasks; CREATE VIEW tasks AS WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n "
                   "FROM r) SELECT n AS task_id FROM r;"
                   "DROP VIEW places; CREATE VIEW mine AS WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n "
                   "FROM r) SELECT n FROM r");
    struct tt_store_reader *reader = studio_open_reader(&studio);
    assert_int_equal(run_in(reader, "SELECT * FROM tasks; SELECT outcome FROM tasks; SELECT * FROM places"), SQLITE_OK);
    assert_int_not_equal(run_in(reader, "SELECT * FROM mine"), SQLITE_OK);
    assert_int_not_equal(run_in(reader, "SELECT * FROM main.tasks"), SQLITE_OK);
    tt_store_close_reader(reader);
}

static void a_statement_that_runs_too_long_is_ended(void **state)
{
    (void)state;
    studio_make_store(&studio);
    struct tt_store_reader *reader = studio_open_reader(&studio);
    tt_store_set_deadline(reader, 50000000);
    int64_t start_ns = studio_now_ns();
    assert_int_equal(
        run_in(reader, "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r"),
        SQLITE_INTERRUPT);
    assert_in_range(studio_now_ns() - start_ns, 50000000, INT64_C(20000000000));
    tt_store_set_deadline(reader, 0);
    assert_int_equal(
        run_in(reader,
               "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r LIMIT 100000) SELECT max(n) FROM r"),
        SQLITE_OK);
    tt_store_interrupt(reader);
    assert_int_equal(
        run_in(reader, "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r"),
        SQLITE_INTERRUPT);
    tt_store_close_reader(reader);
}

static void a_path_is_never_taken_for_a_uri(void **state)
{
    (void)state;
    char here[256];
    assert_non_null(getcwd(here, sizeof here));
    studio_make_store(&studio);
    assert_int_equal(chdir(studio.dir), 0);
    assert_int_equal(rename("run.telltale", "file:run.telltale?mode=memory"), 0);
    struct tt_store_reader *reader;
    struct tt_store_error error;
    assert_int_equal(tt_store_open_reader("file:run.telltale?mode=memory", &reader, &error), 0);
    assert_int_equal(run_in(reader, "SELECT * FROM tasks"), SQLITE_OK);
    tt_store_close_reader(reader);
    assert_int_equal(chdir(here), 0);
}

/* What a killed recorder leaves: the log, with rows that are not in the file yet. */
static void leave_log(void)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct tt__store_writer *writer;
        struct tt_store_error error;
        struct tt__cell note[TT__NOTE_COLUMNS] = {{.kind = TT__CELL_NULL}};
        for (int i = 0; i < 3; i++)
            note[i] = (struct tt__cell){.integer = 1, .kind = TT__CELL_INTEGER};
        if (tt__store_open_writer(studio.store, NULL, &writer, &error) < 0 || tt__store_begin(writer) < 0 ||
            tt__store_write_rows(writer, TT__TABLE_NOTE, note, 1) < 0 || tt__store_commit(writer) < 0)
            _exit(1);
        raise(SIGKILL);
    }
    assert_int_equal(studio_wait(child), SIGKILL);
}

static void a_store_with_a_log_is_read_where_nothing_can_be_written(void **state)
{
    (void)state;
    leave_log();
    char log[160], index[160];
    snprintf(log, sizeof log, "%s-wal", studio.store);
    snprintf(index, sizeof index, "%s-shm", studio.store);
    assert_int_equal(access(log, F_OK), 0);
    assert_int_equal(unlink(index), 0);
    assert_int_equal(chmod(studio.store, 0444) + chmod(log, 0444) + chmod(studio.dir, 0555), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) { /* root may write everywhere, so it becomes somebody else */
        struct tt_store_reader *reader;
        struct tt_store_error error;
        sqlite3_stmt *statement;
        if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
            _exit(2);
        unsetenv("TMPDIR"); /* which may be root's */
        if (tt_store_open_reader(studio.store, &reader, &error) < 0) {
            fprintf(stderr, "%s\n", error.text);
            _exit(3);
        }
        if (sqlite3_prepare_v2(tt_store_reader_connection(reader), "SELECT count(*) FROM note", -1, &statement, NULL) !=
                SQLITE_OK ||
            sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_int(statement, 0) != 1)
            _exit(4);
        sqlite3_finalize(statement);
        tt_store_close_reader(reader);
        _exit(0);
    }
    int status = studio_wait(child);
    assert_int_equal(chmod(studio.dir, 0700), 0);
    assert_int_equal(status, 0);
    assert_int_equal(access(index, F_OK), -1);
}

static void a_log_left_by_a_kill_is_read_where_it_lies(void **state)
{
    (void)state;
    leave_log();
    struct tt_store_reader *reader = studio_open_reader(&studio);
    assert_int_equal(run_in(reader, "SELECT * FROM note"), SQLITE_OK);
    tt_store_close_reader(reader);
    studio_expect(&studio, "SELECT count(*) FROM note", "1");
}

/* Else nobody would ever copy it into the store, and it would grow as long as the recording does. */
static void a_writer_knows_how_long_its_log_is_and_the_log_begins_anew(void **state)
{
    (void)state;
    struct tt__store_writer *writer;
    struct tt_store_error error;
    struct tt__cell note[TT__NOTE_COLUMNS] = {{.kind = TT__CELL_NULL}};
    char log[160];
    struct stat first, last;
    for (int i = 0; i < 3; i++)
        note[i] = (struct tt__cell){.integer = 1, .kind = TT__CELL_INTEGER};
    snprintf(log, sizeof log, "%s-wal", studio.store);
    assert_int_equal(tt__store_open_writer(studio.store, NULL, &writer, &error), 0);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(tt__store_log_bytes(writer), 0);
        assert_int_equal(tt__store_begin(writer), 0);
        assert_int_equal(tt__store_write_rows(writer, TT__TABLE_NOTE, note, 1), 0);
        assert_int_equal(tt__store_commit(writer), 0);
        assert_true(tt__store_log_bytes(writer) > 0);
        assert_int_equal(tt__store_checkpoint(writer), 0);
        assert_int_equal(stat(log, i == 0 ? &first : &last), 0);
    }
    assert_int_equal(last.st_size, first.st_size);
    tt__store_close_writer(writer, true);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio(a_missing_file_is_refused),
    cmocka_unit_test_in_studio(a_directory_is_refused),
    cmocka_unit_test_in_studio(pipes_and_devices_are_refused_without_being_opened),
    cmocka_unit_test_in_studio(a_file_that_is_no_sqlite_file_is_refused),
    cmocka_unit_test_in_studio(a_database_of_another_application_is_refused),
    cmocka_unit_test_in_studio(a_newer_schema_is_refused),
    cmocka_unit_test_in_studio(a_store_whose_tables_are_not_a_stores_tables_is_refused),
    cmocka_unit_test_in_studio(a_table_that_is_no_plain_one_is_refused_before_anything_of_it_runs),
    cmocka_unit_test_in_studio(a_store_of_torn_pages_is_refused_as_damaged),
    cmocka_unit_test_in_studio(an_unreadable_file_is_refused),
    cmocka_unit_test_in_studio(a_symbolic_link_is_read_and_never_written_through),
    cmocka_unit_test_in_studio(a_new_store_is_private_and_says_what_it_is),
    cmocka_unit_test_in_studio(each_table_and_column_has_a_comment),
    cmocka_unit_test_in_studio(a_store_has_one_writer),
    cmocka_unit_test_in_studio(rows_of_all_tables_can_be_written_one_by_one_and_many_at_once),
    cmocka_unit_test_in_studio(a_reader_cannot_write_anything_anywhere),
    cmocka_unit_test_in_studio(what_sqlite_tells_of_a_store_can_be_asked_as_tables),
    cmocka_unit_test_in_studio(a_reader_leaves_a_finished_store_and_its_folder_untouched),
    cmocka_unit_test_in_studio(views_in_the_file_do_not_matter),
    cmocka_unit_test_in_studio(a_statement_that_runs_too_long_is_ended),
    cmocka_unit_test_in_studio(a_path_is_never_taken_for_a_uri),
    cmocka_unit_test_in_studio(a_store_with_a_log_is_read_where_nothing_can_be_written),
    cmocka_unit_test_in_studio(a_log_left_by_a_kill_is_read_where_it_lies),
    cmocka_unit_test_in_studio(a_writer_knows_how_long_its_log_is_and_the_log_begins_anew),
};

TT_TEST_MAIN(cases)
