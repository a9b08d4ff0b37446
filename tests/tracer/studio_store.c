/* studio_store.c: see studio_store.h. */
#include "studio_store.h"

#include "harness.h"

#include <sqlite3.h>

struct tt__store_writer *studio_open_writer(const struct studio *studio, const struct tt__store_writer_options *options)
{
    struct tt__store_writer *writer;
    struct tt_store_error error;
    if (tt__store_open_writer(studio->store, options, &writer, &error) < 0)
        fail_msg("%s", error.text);
    return writer;
}

void studio_make_store(const struct studio *studio)
{
    tt__store_close_writer(studio_open_writer(studio, NULL), true);
}

struct tt_store_reader *studio_open_reader(const struct studio *studio)
{
    struct tt_store_reader *reader;
    struct tt_store_error error;
    if (tt_store_open_reader(studio->store, &reader, &error) < 0)
        fail_msg("%s", error.text);
    return reader;
}

void studio_run_sql(const struct studio *studio, const char *sql)
{
    sqlite3 *connection;
    char *message = NULL;
    assert_int_equal(sqlite3_open(studio->store, &connection), SQLITE_OK);
    if (sqlite3_exec(connection, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    assert_int_equal(sqlite3_close(connection), SQLITE_OK);
}

struct tt__cell studio_cell(int64_t value)
{
    return (struct tt__cell){.integer = value, .kind = TT__CELL_INTEGER};
}

struct tt_ingest *studio_create_ingest(struct tt__store_writer *writer)
{
    struct tt_ingest *ingest;
    struct tt_store_error error;
    if (tt_ingest_create(writer, &ingest, &error) < 0)
        fail_msg("%s", error.text);
    return ingest;
}

uint32_t studio_attach_process(struct tt_ingest *ingest, const struct tt_ingest_process *process, bool *out_is_known)
{
    struct tt_store_error error;
    uint32_t process_id;
    bool is_known;
    if (tt_ingest_attach_process(ingest, process, &process_id, &is_known, &error) < 0)
        fail_msg("%s", error.text);
    if (out_is_known)
        *out_is_known = is_known;
    return process_id;
}

void studio_commit(struct tt_ingest *ingest)
{
    struct tt_store_error error;
    if (tt_ingest_commit(ingest, &error) < 0)
        fail_msg("%s", error.text);
}
