/* The event stream in the store: every event is in it once, however often and whenever is committed; what is damaged
 * is said, and not believed; and steps are not put together over what is missing. */
#include "harness.h"
#include "studio_case.h"
#include "studio_store.h"

#include <sqlite3.h>
#include <zstd.h>

#include "chunk.h"
#include "sql_table.h"

static struct tt__store_writer *writer;
static struct tt_ingest *ingest;

/* BYTES_MAX: how large the store may be; 0: as usual. */
static void begin_with(uint64_t bytes_max)
{
    const struct tt__store_writer_options options = {.bytes_max = bytes_max};
    const struct tt_ingest_process process = {.pid = 100,
                                              .uuid = {1},
                                              .host = "h",
                                              .program = "/p",
                                              .command = "p",
                                              .monotonic_ns = 1000,
                                              .realtime_ns = 5000,
                                              .has_stream = true};
    writer = studio_open_writer(&studio, &options);
    ingest = studio_create_ingest(writer);
    assert_int_equal(studio_attach_process(ingest, &process, NULL), 0);
}

static void begin(void)
{
    begin_with(0);
}

static void commit(void)
{
    studio_commit(ingest);
}

/* The recorder ends, or is killed: what was not committed is not there. */
static void end(void)
{
    tt_ingest_destroy(ingest);
    tt__store_close_writer(writer, false);
    ingest = NULL;
    writer = NULL;
}

static int begin_case(void **state)
{
    studio_case_begin(state);
    begin();
    return 0;
}

static int end_case(void **state)
{
    end();
    return studio_case_end(state);
}

static void tell(uint32_t thread, uint64_t sequence, struct tt_decoded_event event)
{
    event.sequence = sequence;
    if (event.time_ns == 0)
        event.time_ns = (int64_t)sequence * 10;
    tt_ingest_event(ingest, 0, thread, &event);
}

#define RESUMED(task, step)                                     \
    ((struct tt_decoded_event){.number = TT_EVENT_task_resumed, \
                               .task_resumed = {.task_id = (task), .step_number = (step)}})
#define SUSPENDED(task)                    \
    ((struct tt_decoded_event){            \
        .number = TT_EVENT_task_suspended, \
        .task_suspended = {.task_id = (task), .wait_kind = TT_WAIT_KIND_SLEEP, .state = TT_TASK_STATE_WAITING}})
#define WOKEN(task) \
    ((struct tt_decoded_event){.number = TT_EVENT_task_woken, .task_woken = {.task_id = (task), .by = TT_ACTOR_TIMER}})
#define FINISHED(task)                                           \
    ((struct tt_decoded_event){.number = TT_EVENT_task_finished, \
                               .task_finished = {.task_id = (task), .outcome = TT_OUTCOME_RETURNED}})

static void each_event_is_in_the_stream_once_however_often_is_committed(void **state)
{
    (void)state;
    enum { THREADS = 3 };
    uint64_t random = studio_seed(), next[THREADS + 1] = {0};
    unsigned commits = 0;
    for (unsigned left = studio_rounds(60000); left > 0; left--) {
        uint32_t thread = 1 + (uint32_t)(studio_random(&random) % THREADS);
        tell(thread, next[thread], RESUMED(1 + next[thread] % 97, (uint32_t)next[thread] + 1));
        next[thread]++;
        /* Now often, now seldom. */
        if (studio_random(&random) % (left % 2000 < 500 ? 3 : 700) == 0) {
            commit();
            commits++;
        }
        if (studio_random(&random) % 25000 == 0) { /* another recorder goes on */
            commit();
            end();
            begin();
        }
    }
    commit();
    char expected[128];
    for (uint32_t thread = 1; thread <= THREADS; thread++) {
        char sql[256];
        snprintf(sql, sizeof sql,
                 "SELECT count(*), min(sequence), max(sequence), count(DISTINCT sequence), sum(json_extract(fields, "
                 "'$.step_number') = sequence + 1 AND task_id = 1 + sequence %% 97) FROM event WHERE thread_id = %u",
                 thread);
        snprintf(expected, sizeof expected, "%llu|0|%llu|%llu|%llu", (unsigned long long)next[thread],
                 (unsigned long long)next[thread] - 1, (unsigned long long)next[thread],
                 (unsigned long long)next[thread]);
        studio_expect(&studio, sql, expected);
        /* Rows of a thread come in the order of their numbers. */
        snprintf(
            sql, sizeof sql,
            "SELECT count(*) FROM (SELECT sequence, row_number() OVER () - 1 AS row FROM event WHERE thread_id = %u"
            " ORDER BY sequence) WHERE sequence <> row",
            thread);
        studio_expect(&studio, sql, "0");
    }
    assert_true(commits > 100);
    /* Pieces were joined: there are far fewer chunks than commits, and full ones. */
    int64_t chunks = studio_number(&studio, "SELECT count(*) FROM chunk");
    assert_true(chunks < commits / 10);
    assert_int_equal(studio_number(&studio, "SELECT max(event_count) FROM chunk"), TT_CHUNK_EVENTS);
}

static void run_plainly(const char *sql)
{
    sqlite3 *connection;
    char *message = NULL;
    assert_int_equal(sqlite3_open(studio.store, &connection), SQLITE_OK);
    sqlite3_busy_timeout(connection, 5000);
    if (sqlite3_exec(connection, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(connection);
}

static void a_commit_that_failed_is_repeated_and_nothing_is_lost_or_doubled(void **state)
{
    (void)state;
    uint64_t sequence = 0;
    struct tt_store_error error;
    sqlite3 *other;
    for (int i = 0; i < 1000; i++, sequence++)
        tell(1, sequence, RESUMED(5, 1));
    commit();
    for (int i = 0; i < 100; i++, sequence++)
        tell(1, sequence, RESUMED(5, 1));
    assert_int_equal(sqlite3_open(studio.store, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(tt_ingest_commit(ingest, &error), -1);
    assert_int_equal(error.kind, TT_STORE_BUSY);
    assert_false(tt_ingest_is_hopeless(ingest));
    /* A full chunk meanwhile, which is to take the place of the pieces. */
    for (int i = 0; i < 5000; i++, sequence++)
        tell(1, sequence, RESUMED(5, 1));
    assert_int_equal(tt_ingest_commit(ingest, &error), -1);
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    commit();
    commit(); /* with nothing to do */
    studio_expect(&studio, "SELECT count(*), count(DISTINCT sequence), max(sequence) FROM event", "6100|6100|6099");
    studio_expect(&studio, "SELECT count(*), sum(event_count) FROM chunk", "2|6100");
}

static void a_commit_that_ran_out_of_room_halfway_is_repeated_when_there_is_some(void **state)
{
    (void)state;
    uint64_t sequence = 0, random = 3;
    struct tt_store_error error = {TT_STORE_OK, ""};
    int result = 0;
    end();
    begin_with(1 << 20);
    commit();
    run_plainly("CREATE TABLE ballast (bytes); INSERT INTO ballast VALUES (zeroblob(500000))");
    while (result == 0 && sequence < 10000000) { /* events that hardly compress, several chunks a commit */
        for (int i = 0; i < 9000; i++, sequence++)
            tell(1, sequence, RESUMED(1 + studio_random(&random) % 1000000, (uint32_t)studio_random(&random)));
        result = tt_ingest_commit(ingest, &error);
    }
    assert_int_equal(result, -1);
    assert_int_equal(error.kind, TT_STORE_FULL);
    assert_false(tt_ingest_is_hopeless(ingest));
    for (int i = 0; i < 3000; i++, sequence++) /* which may close a chunk */
        tell(1, sequence, RESUMED(5, 1));
    assert_int_equal(tt_ingest_commit(ingest, &error), -1);
    run_plainly("DROP TABLE ballast");
    commit();
    char expected[128];
    snprintf(expected, sizeof expected, "%llu|%llu|%llu", (unsigned long long)sequence, (unsigned long long)sequence,
             (unsigned long long)sequence - 1);
    studio_expect(&studio, "SELECT count(*), count(DISTINCT sequence), max(sequence) FROM event", expected);
}

/* What a query says that must fail. */
static void expect_error(const char *sql, const char *text)
{
    struct tt_store_reader *reader;
    struct tt_store_error error;
    if (tt_store_open_reader(studio.store, &reader, &error) < 0)
        fail_msg("%s", error.text);
    sqlite3 *connection = tt_store_reader_connection(reader);
    int code = sqlite3_exec(connection, sql, NULL, NULL, NULL);
    if ((code & 0xff) != SQLITE_CORRUPT || !strstr(sqlite3_errmsg(connection), text))
        fail_msg("%s: %d: %s", sql, code, sqlite3_errmsg(connection));
    tt_store_close_reader(reader);
}

/* Three chunks, each about another task, and of them a copy. */
static void keep_three_chunks(void)
{
    for (uint64_t sequence = 0; sequence < 3 * TT_CHUNK_EVENTS; sequence++)
        tell(1, sequence, RESUMED(1 + sequence / TT_CHUNK_EVENTS, 1));
    commit();
    run_plainly("CREATE TABLE kept AS SELECT * FROM chunk");
}

static void restore_chunks(void)
{
    run_plainly("DELETE FROM chunk; INSERT INTO chunk SELECT * FROM kept");
    studio_expect(&studio, "SELECT count(*) FROM event", "12288");
}

static void a_damaged_chunk_is_an_error_that_names_it_and_the_others_are_read(void **state)
{
    (void)state;
    static const char *const damages[] = {
        "UPDATE chunk SET data = substr(data, 1, length(data) - 1) WHERE chunk_id = 2",
        "UPDATE chunk SET data = zeroblob(length(data)) WHERE chunk_id = 2",
        "UPDATE chunk SET data = x'' WHERE chunk_id = 2",
        "UPDATE chunk SET checksum = checksum + 1 WHERE chunk_id = 2",
    };
    keep_three_chunks();
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        run_plainly(damages[i]);
        expect_error("SELECT count(*) FROM event", "chunk 2 of the event stream is damaged");
        expect_error("SELECT count(*) FROM steps", "chunk 2 of the event stream is damaged");
        studio_expect(&studio, "SELECT count(*) FROM event WHERE time_ns < 40000", "4000");
        restore_chunks();
    }
    run_plainly("DROP TABLE kept");
}

/* What stands beside a chunk decides whether it is looked at. */
static void a_chunk_whose_columns_are_damaged_is_not_passed_over(void **state)
{
    (void)state;
    static const char *const damages[] = {
        "thread_id = 77",
        "thread_id = thread_id + (1 << 41)",
        "event_count = event_count + 1",
        "event_count = 1 << 40",
        "first_ns = first_ns - 1",
        "last_ns = first_ns",
        "first_sequence = first_sequence + 1",
        "last_sequence = last_sequence - 1",
        "first_task_id = 3, last_task_id = 3",
        "first_task_id = first_task_id + (1 << 41), last_task_id = last_task_id + (1 << 41)",
        "first_task_id = NULL, last_task_id = NULL",
        "number_set = 0",
        "number_set = number_set << 1",
        "plain_bytes = -1",
        "checksum = checksum + (1 << 40)",
    };
    static const char *const queries[] = {"SELECT count(*) FROM event", "SELECT count(*) FROM steps",
                                          "SELECT count(*) FROM turns", "SELECT count(*) FROM event WHERE task_id = 2",
                                          "SELECT count(*) FROM event WHERE time_ns < 40000"};
    char sql[256];
    keep_three_chunks();
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        snprintf(sql, sizeof sql, "UPDATE chunk SET %s WHERE chunk_id = 2", damages[i]);
        run_plainly(sql);
        for (size_t j = 0; j < sizeof queries / sizeof queries[0]; j++)
            expect_error(queries[j], "chunk 2 of the event stream is damaged");
        restore_chunks();
    }
    run_plainly("DROP TABLE kept");
}

/* Rows of the stream as PRUNED leaves them are the same as when SQLite looks at each. */
static void what_is_pushed_down_changes_no_answer(void **state)
{
    (void)state;
    uint64_t random = studio_seed(), sequence = 0;
    for (; sequence < 20000; sequence++) {
        struct tt_decoded_event event = studio_random(&random) % 3 ? RESUMED(1 + sequence / 100, 1) : WOKEN(7);
        event.time_ns = (int64_t)(sequence * 10 + studio_random(&random) % 500);
        tell(1 + (uint32_t)(sequence % 2), sequence / 2, event);
    }
    commit();
    static const char *const conditions[] = {"time_ns >= 50000 AND time_ns < 60000",
                                             "time_ns = 50000",
                                             "time_ns > 199000",
                                             "time_ns <= 3000",
                                             "time_ns BETWEEN 9223372036854775807 AND 5",
                                             "time_ns > 1e5 AND time_ns < '170000'",
                                             "task_id = 7",
                                             "task_id IN (3, 150, 7, NULL, 'x')",
                                             "task_id = 12345678",
                                             "task_id = '7'",
                                             "task_id = 7.0",
                                             "task_id = '7e0'",
                                             "task_id = 7.5",
                                             "task_id = x'37'",
                                             "task_id IN ('7', 9)",
                                             "task_id IN (9, 7.0, 11)",
                                             "task_id = '7' AND task_id = 7.0",
                                             "thread_id = '2' AND sequence = '4000'",
                                             "name = 'task_woken'",
                                             "name = 'TASK_WOKEN'",
                                             "name = 'TASK_WOKEN' COLLATE NOCASE",
                                             "name IN ('task_woken', 'nothing')",
                                             "name = 'nothing'",
                                             "thread_id = 2",
                                             "thread_id = 2 AND sequence BETWEEN 4000 AND 4100",
                                             "process_id = 0",
                                             "process_id = 1",
                                             "process_id < 1",
                                             "process_id = 9223372036854775807",
                                             "process_id = -1",
                                             "thread_id >= 2 AND name = 'task_resumed' AND task_id > 100",
                                             "task_id IS NULL",
                                             "category = 'step'",
                                             "time_ns > 9223372036854775807",
                                             "time_ns < -9223372036854775808",
                                             "task_id IN (SELECT 7 UNION SELECT 9) AND name IN (SELECT 'task_woken')",
                                             "name = 5 OR task_id = 4",
                                             "time_ns = NULL"};
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        char sql[1024], expected[256];
        /* Behind a column that is computed nothing can be pushed. */
        snprintf(sql, sizeof sql,
                 "WITH plain AS MATERIALIZED (SELECT * FROM event) SELECT count(*) || ' ' || total(sequence) FROM "
                 "plain WHERE %s",
                 conditions[i]);
        studio_text(&studio, sql, expected, sizeof expected);
        snprintf(sql, sizeof sql, "SELECT count(*) || ' ' || total(sequence) FROM event WHERE %s", conditions[i]);
        studio_expect(&studio, sql, expected);
    }
}

static void nothing_is_concluded_over_what_is_missing(void **state)
{
    (void)state;
    tell(1, 0, RESUMED(5, 1));
    tell(1, 1, SUSPENDED(5));
    tell(1, 2, WOKEN(5));
    tell(1, 3, RESUMED(5, 2));
    /* 4 to 6 are missing: an end, a waking, a beginning perhaps. */
    tell(1, 7, SUSPENDED(5));
    tell(1, 8, WOKEN(5));
    tell(1, 9, RESUMED(5, 4));
    tell(2, 0, RESUMED(6, 1)); /* another thread has all of its events */
    tell(2, 1, SUSPENDED(6));
    /* 10 is missing, and the task ends. */
    tell(1, 11, FINISHED(5));
    tell(2, 2, FINISHED(6));
    commit();
    studio_expect(
        &studio,
        "SELECT task_id, step_number, began_ns, ended_ns, ending, after_kind, wait_kind, wait_ended_ns FROM steps"
        " ORDER BY task_id, coalesce(began_ns, ended_ns)",
        "5|1|0|10|waiting|NULL|sleep|20\n"
        "5|2|30|NULL|NULL|sleep|NULL|NULL\n"
        "5|NULL|NULL|70|waiting|NULL|sleep|80\n"
        "5|4|90|NULL|NULL|sleep|NULL|NULL\n"
        "6|1|0|10|waiting|NULL|sleep|NULL");
    /* The same when only chunks that have the task are unpacked. */
    studio_expect(&studio, "SELECT count(*), sum(ended_ns IS NULL), sum(began_ns IS NULL) FROM steps WHERE task_id = 5",
                  "4|2|1");
}

static void a_chunk_passed_over_is_no_gap_and_a_gap_in_it_is_one(void **state)
{
    (void)state;
    uint64_t sequence = 0;
    for (int with_gap = 0; with_gap < 2; with_gap++) {
        uint64_t task = 1000 + (uint64_t)with_gap;
        tell(1, sequence++, RESUMED(task, 1));
        for (int i = 0; i < 3 * (int)TT_CHUNK_EVENTS; i++) {
            sequence += with_gap && i == 6000;
            tell(1, sequence++, RESUMED(7, 1));
        }
        tell(1, sequence++, SUSPENDED(task));
    }
    commit();
    studio_expect(&studio, "SELECT began_ns IS NULL, ended_ns IS NULL FROM steps WHERE task_id = 1000", "0|0");
    studio_expect(&studio, "SELECT began_ns IS NULL, ended_ns IS NULL FROM steps WHERE task_id = 1001", "0|1\n1|0");
}

/* ------------------------------------------------------------------------------------------------- hostile chunks */

/* A chunk as it lies in the store. */
struct chunk_row {
    struct tt_chunk_summary summary;
    uint64_t plain_bytes;
    unsigned char *data;
    size_t length;
};

static sqlite3 *open_store(void)
{
    sqlite3 *connection;
    assert_int_equal(sqlite3_open(studio.store, &connection), SQLITE_OK);
    sqlite3_busy_timeout(connection, 5000);
    assert_int_equal(tt__sql_register(connection), SQLITE_OK);
    return connection;
}

static struct chunk_row read_chunk(sqlite3 *connection)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(connection,
                                        "SELECT thread_id, event_count, first_ns, last_ns, first_sequence, "
                                        "last_sequence, first_task_id, last_task_id, number_set, plain_bytes, data "
                                        "FROM chunk WHERE chunk_id = 1",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    struct chunk_row row = {
        .summary = {.thread_id = sqlite3_column_int64(statement, 0),
                    .event_count = (uint32_t)sqlite3_column_int64(statement, 1),
                    .first_ns = sqlite3_column_int64(statement, 2),
                    .last_ns = sqlite3_column_int64(statement, 3),
                    .first_sequence = (uint64_t)sqlite3_column_int64(statement, 4),
                    .last_sequence = (uint64_t)sqlite3_column_int64(statement, 5),
                    .first_task = (uint64_t)sqlite3_column_int64(statement, 6),
                    .last_task = (uint64_t)sqlite3_column_int64(statement, 7),
                    .number_set = (uint64_t)sqlite3_column_int64(statement, 8)},
        .plain_bytes = (uint64_t)sqlite3_column_int64(statement, 9),
        .length = (size_t)sqlite3_column_bytes(statement, 10),
    };
    row.data = malloc(row.length);
    memcpy(row.data, sqlite3_column_blob(statement, 10), row.length);
    sqlite3_finalize(statement);
    return row;
}

/* It goes to terminals. */
static void a_plan_is_told_in_characters_that_can_be_read(void **state)
{
    (void)state;
    char plan[256];
    tell(1, 0, RESUMED(1, 1));
    commit();
    sqlite3 *connection = open_store();
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(connection,
                                        "EXPLAIN QUERY PLAN SELECT * FROM event WHERE time_ns > 1 AND time_ns <= 9 AND"
                                        " thread_id >= 0 AND thread_id < 7 AND task_id = 1",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    snprintf(plan, sizeof plan, "%s", (const char *)sqlite3_column_text(statement, 3));
    sqlite3_finalize(statement);
    sqlite3_close(connection);
    for (const char *at = plan; *at; at++)
        if (*at < ' ' || *at > '~')
            fail_msg("byte %d in: %s", *at, plan);
}

/* Puts DATA in the place of the chunk's, with a checksum that holds. */
static void replace_data(sqlite3 *connection, const struct chunk_row *row, const void *data, size_t length)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(connection, "UPDATE chunk SET data = ?, checksum = ? WHERE chunk_id = 1", -1,
                                        &statement, NULL),
                     SQLITE_OK);
    sqlite3_bind_blob(statement, 1, data, (int)length, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, (int64_t)tt__chunk_checksum(&row->summary, row->plain_bytes, data, length));
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_finalize(statement);
}

/* Somebody who knows the format writes chunks whose checksums hold. */
static void whatever_a_chunk_says_queries_end_with_rows_or_an_error(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "SELECT count(*), sum(length(fields)) FROM event", "SELECT * FROM steps", "SELECT * FROM steps(500)",
        "SELECT * FROM turns", "SELECT count(*) FROM event WHERE task_id = 7 AND time_ns > 10 AND name = 'note'"};
    uint64_t random = studio_seed();
    unsigned readable = 0, rounds = studio_rounds(studio_is_under_valgrind() ? 100 : 2000);
    for (uint64_t sequence = 0; sequence < 40; sequence++) {
        tell(1, sequence, studio_random(&random) % 2 ? SUSPENDED(7) : RESUMED(7, 1));
        tell(1, ++sequence,
             (struct tt_decoded_event){.number = TT_EVENT_turn_ended, .turn_ended = {.loop_id = 3, .run = 5}});
        tell(1, ++sequence,
             (struct tt_decoded_event){.number = TT_EVENT_note, .note = {.task_id = 7, .text = {"text", 4}}});
        tell(1, ++sequence, FINISHED(7));
    }
    commit();
    sqlite3 *connection = open_store();
    struct chunk_row row = read_chunk(connection);
    unsigned char *plain = malloc(row.plain_bytes), *packed = malloc(ZSTD_compressBound(row.plain_bytes));
    run_plainly("PRAGMA synchronous = OFF");
    for (unsigned round = 0; round < rounds; round++) {
        assert_int_equal(ZSTD_decompress(plain, row.plain_bytes, row.data, row.length), row.plain_bytes);
        for (unsigned changes = 1 + studio_random(&random) % 3; changes > 0; changes--)
            plain[studio_random(&random) % row.plain_bytes] ^= (unsigned char)(1u << studio_random(&random) % 8);
        size_t length = ZSTD_compress(packed, ZSTD_compressBound(row.plain_bytes), plain, row.plain_bytes, 1);
        assert_false(ZSTD_isError(length));
        replace_data(connection, &row, packed, length);
        for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
            int code = sqlite3_exec(connection, queries[i], NULL, NULL, NULL);
            readable += code == SQLITE_OK;
            if (code != SQLITE_OK && (code & 0xff) != SQLITE_CORRUPT)
                fail_msg("%s: %d: %s", queries[i], code, sqlite3_errmsg(connection));
        }
    }
    assert_true(readable > rounds / 4); /* else hardly anything behind the checks was tried */
    free(plain);
    free(packed);
    free(row.data);
    sqlite3_close(connection);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_setup_teardown(each_event_is_in_the_stream_once_however_often_is_committed, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_commit_that_failed_is_repeated_and_nothing_is_lost_or_doubled, begin_case,
                                    end_case),
    cmocka_unit_test_setup_teardown(a_commit_that_ran_out_of_room_halfway_is_repeated_when_there_is_some, begin_case,
                                    end_case),
    cmocka_unit_test_setup_teardown(a_damaged_chunk_is_an_error_that_names_it_and_the_others_are_read, begin_case,
                                    end_case),
    cmocka_unit_test_setup_teardown(a_chunk_whose_columns_are_damaged_is_not_passed_over, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_plan_is_told_in_characters_that_can_be_read, begin_case, end_case),
    cmocka_unit_test_setup_teardown(whatever_a_chunk_says_queries_end_with_rows_or_an_error, begin_case, end_case),
    cmocka_unit_test_setup_teardown(what_is_pushed_down_changes_no_answer, begin_case, end_case),
    cmocka_unit_test_setup_teardown(nothing_is_concluded_over_what_is_missing, begin_case, end_case),
    cmocka_unit_test_setup_teardown(a_chunk_passed_over_is_no_gap_and_a_gap_in_it_is_one, begin_case, end_case),
};

TT_TEST_MAIN(cases)
