/* store_reader.c: connections that can do nothing but read. See store.h.
 *
 * A store may come from anywhere, so nothing in it is believed: not its views (they are this version's text, or TEMP
 * views stand in front of them), not its triggers, not its tables before their columns have been compared.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sql_table.h"
#include "store.h"
#include "store_check.h"
#include "store_claim.h"
#include "store_copy.h"
#include "store_migrate.h"
#include "store_settle.h"
#include "store_views.h"

#define DEADLINE_NS_DEFAULT (INT64_C(60) * 1000000000)
#define PROGRESS_STEPS      2000 /* of SQLite's machine between two looks at the clock: some 50 us */
#define TELL_NS             (INT64_C(200) * 1000000)
#define BUSY_MS             5000 /* the recorder's longest moment alone with the file is its end */

struct tt_store_reader {
    sqlite3 *connection;
    int fd; /* of the file; closing it earlier would drop SQLite's locks on it, which belong to the process */
    char *path;
    bool uses_files;             /* for what is too large to be sorted in memory */
    bool is_older;               /* of an older schema version, so it can be read from a copy only */
    struct tt__store_copy *copy; /* a private copy, when the store's folder cannot be written, or the store is older */
    int64_t deadline_ns;         /* on CLOCK_MONOTONIC; 0: none */
    void (*tell)(void *context, int64_t elapsed_ns); /* while a statement runs; NULL: nobody */
    void *tell_context;
    int64_t tell_since_ns, told_ns; /* on CLOCK_MONOTONIC */
    enum tt__store_stream stream; /* what has been asked for so far, and was made */
    bool has_pragmas; /* see declare_pragmas() */
    _Atomic int is_interrupted;
    bool asks_steps; /* a statement was prepared that reads them */
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* SQLite calls it now and then; not 0 ends the statement. */
static int check_deadline(void *context)
{
    struct tt_store_reader *reader = context;
    int64_t now = now_ns();
    if (reader->tell && now - reader->told_ns >= TELL_NS) {
        reader->told_ns = now;
        reader->tell(reader->tell_context, now - reader->tell_since_ns);
    }
    return atomic_load_explicit(&reader->is_interrupted, memory_order_relaxed) ||
           (reader->deadline_ns != 0 && now > reader->deadline_ns);
}

/* ----------------------------------------------------------------------------------------------------- the file */

/* Opens PATH, or says why it cannot be a store. */
static int open_file(const char *path, int *out_fd, struct tt_store_error *error)
{
    struct stat stat_buffer;
    if (stat(path, &stat_buffer) < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return tt__store_fail(error, TT_STORE_MISSING, "%s: there is no such file", path);
        return tt__store_fail(error, TT_STORE_UNREADABLE, "%s: cannot be looked at: %s", path, strerror(errno));
    }
    if (S_ISDIR(stat_buffer.st_mode))
        return tt__store_fail(error, TT_STORE_DIRECTORY, "%s: is a directory, and no store", path);
    if (!S_ISREG(stat_buffer.st_mode))
        return tt__store_fail(error, TT_STORE_NOT_REGULAR, "%s: is no regular file, so it is no store", path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return tt__store_fail(error, TT_STORE_UNREADABLE, "%s: cannot be opened for reading: %s", path,
                              strerror(errno));
    if (fstat(fd, &stat_buffer) < 0 || !S_ISREG(stat_buffer.st_mode)) {
        close(fd);
        return tt__store_fail(error, TT_STORE_NOT_REGULAR, "%s: is no regular file, so it is no store", path);
    }
    if (tt__store_check_header(fd, path, error) < 0) {
        close(fd);
        return -1;
    }
    *out_fd = fd;
    return 0;
}

/* ------------------------------------------------------------------------------------------------- the connection */

static void harden(sqlite3 *connection)
{
    static const struct {
        int limit, value;
    } limits[] = {
        {SQLITE_LIMIT_LENGTH, 256 << 20}, {SQLITE_LIMIT_SQL_LENGTH, 1 << 20},       {SQLITE_LIMIT_COLUMN, 500},
        {SQLITE_LIMIT_EXPR_DEPTH, 500},   {SQLITE_LIMIT_COMPOUND_SELECT, 100},      {SQLITE_LIMIT_ATTACHED, 0},
        {SQLITE_LIMIT_TRIGGER_DEPTH, 1},  {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000}, {SQLITE_LIMIT_WORKER_THREADS, 0},
    };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        sqlite3_limit(connection, limits[i].limit, limits[i].value);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL); /* TEMP views apart */
    sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0, NULL);
    sqlite3_busy_timeout(connection, BUSY_MS);
}

/* The virtual tables that are made of steps. */
static bool is_of_steps(const char *table)
{
    return table && (sqlite3_stricmp(table, "steps") == 0 || sqlite3_stricmp(table, "instant") == 0);
}

static int allow_reading(void *context, int action, const char *first, const char *second, const char *database,
                         const char *view)
{
    struct tt_store_reader *reader = context;
    (void)second, (void)database, (void)view;
    switch (action) {
    case SQLITE_READ:
        reader->asks_steps |= is_of_steps(first);
        return SQLITE_OK;
    case SQLITE_SELECT:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
        return SQLITE_OK;
    case SQLITE_PRAGMA: {
        /* Those that tell; none that a value could turn into an order. */
        static const char *const telling[] = {"table_info",    "table_xinfo", "table_list",       "index_list",
                                              "index_info",    "index_xinfo", "foreign_key_list", "database_list",
                                              "function_list", "pragma_list", "compile_options",  "integrity_check",
                                              "quick_check"};
        for (size_t i = 0; i < sizeof telling / sizeof telling[0]; i++)
            if (first && sqlite3_stricmp(first, telling[i]) == 0)
                return SQLITE_OK;
        static const char *const plain[] = {"application_id", "user_version", "schema_version",
                                            "page_count",     "page_size",    "journal_mode",
                                            "data_version",   "encoding",     "freelist_count"};
        for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
            if (first && !second && sqlite3_stricmp(first, plain[i]) == 0)
                return SQLITE_OK;
        return SQLITE_DENY;
    }
    default:
        return SQLITE_DENY;
    }
}

void tt__store_reader_restrict(struct tt_store_reader *reader, bool is_restricted)
{
    sqlite3_set_authorizer(reader->connection, is_restricted ? allow_reading : NULL, reader);
}

/* Sees to it that this version's views are asked and no others, about tables that are what they should be. */
static int put_views_in_front(struct tt_store_reader *reader, const char *name, int *out_code, struct tt_store_error *error)
{
    sqlite3 *connection = reader->connection;
    bool has_own = tt__store_has_own_schema(connection, out_code);
    if (*out_code != SQLITE_OK)
        return tt__store_fail_sqlite(error, connection, "reading its schema", name);
    if (has_own) {
        sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_VIEW, 1, NULL);
        return 0;
    }
    int is_older = tt__store_is_older(connection, name, error);
    reader->is_older = is_older > 0;
    if (is_older != 0 || tt__store_check_tables(connection, name, error) < 0)
        return -1;
    if ((*out_code = tt__store_create_views(connection)) != SQLITE_OK)
        return tt__store_fail_sqlite(error, connection, "making its views", name);
    return 0;
}

/* Opens PATH (the store, or its copy), and puts the views in front. Messages call it NAME. *OUT_CODE is SQLite's when
 * it failed there; a store that is older is told in READER. */
static int connect_to(struct tt_store_reader *reader, const char *path, const char *name, int *out_code,
                      struct tt_store_error *error)
{
    char *plain = tt__store_sqlite_path(path);
    if (!plain)
        return tt__store_fail(error, TT_STORE_FAILED, "%s: no memory to open it", name);
    *out_code = sqlite3_open_v2(plain, &reader->connection,
                                SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    free(plain);
    if (*out_code != SQLITE_OK)
        return tt__store_fail_sqlite(error, reader->connection, "opening", name);
    sqlite3 *connection = reader->connection;
    harden(connection);
    sqlite3_progress_handler(connection, PROGRESS_STEPS, check_deadline, reader);
    tt_store_set_deadline(reader, DEADLINE_NS_DEFAULT);
    *out_code = sqlite3_exec(connection,
                             reader->uses_files ? "PRAGMA temp_store = FILE" : "PRAGMA temp_store = MEMORY", NULL, NULL,
                             NULL);
    if (*out_code == SQLITE_OK)
        *out_code = sqlite3_exec(connection,
                                 "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; SELECT count(*) FROM sqlite_schema",
                                 NULL, NULL, NULL);
    if (*out_code != SQLITE_OK)
        return tt__store_fail_sqlite(error, connection, "reading", name);
    if (put_views_in_front(reader, name, out_code, error) < 0)
        return -1;
    if ((*out_code = tt__sql_register(connection)) != SQLITE_OK)
        return tt__store_fail_sqlite(error, connection, "making its virtual tables", name);
    /* The tables of JSON, and that of columns, are declared when they are first used, which looks like writing: so here, once. */
    if ((*out_code = sqlite3_exec(connection,
                                  "SELECT 1 FROM json_each('[]'), json_tree('[]'), pragma_table_xinfo('');"
                                  "PRAGMA query_only = ON",
                                  NULL, NULL, NULL)) != SQLITE_OK)
        return tt__store_fail_sqlite(error, connection, "reading", name);
    tt__store_reader_restrict(reader, true);
    return 0;
}

/* Whether SQLite's CODE says that it would have had to write beside the store, and could not. */
static int needs_copy(int code)
{
    return (code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY || code == SQLITE_IOERR_SHMOPEN ||
           code == SQLITE_IOERR_SHMSIZE || code == SQLITE_IOERR_SHMMAP;
}

/* Goes on with a private copy, of which IS_SETTLED. */
static int connect_to_copy(struct tt_store_reader *reader, const char *path, bool is_settled, int *out_code,
                           struct tt_store_error *error)
{
    sqlite3_close(reader->connection);
    reader->connection = NULL;
    if (tt__store_copy_create(path, &reader->copy, error) < 0)
        return -1;
    const char *copy = tt__store_copy_path(reader->copy);
    if (tt__store_migrate_file(copy, path, error) < 0 || (is_settled && tt__store_settle_file(copy, error) < 0))
        return -1;
    if (connect_to(reader, copy, path, out_code, error) < 0)
        return -1;
    /* SQLite has read it, and so has open what it needs of it. */
    tt__store_copy_unlink(reader->copy);
    return 0;
}

static int open_reader(const char *path, bool uses_files, bool is_settled, struct tt_store_reader **out_reader,
                       struct tt_store_error *out_error)
{
    struct tt_store_error error = {TT_STORE_OK, ""};
    struct tt_store_reader *reader = calloc(1, sizeof *reader);
    int code = SQLITE_OK;
    if (!reader || !(reader->path = strdup(path))) {
        free(reader);
        return tt__store_fail(out_error, TT_STORE_FAILED, "%s: no memory to open it", path);
    }
    reader->fd = -1;
    reader->uses_files = uses_files;
    int result = open_file(path, &reader->fd, &error);
    if (result == 0) {
        result = is_settled ? -1 : connect_to(reader, path, path, &code, &error);
        if (result < 0 && (is_settled || needs_copy(code) || reader->is_older))
            result = connect_to_copy(reader, path, is_settled, &code, &error);
    }
    if (result < 0) {
        *out_error = error;
        tt_store_close_reader(reader);
        return -1;
    }
    *out_reader = reader;
    return 0;
}

int tt_store_open_reader(const char *path, struct tt_store_reader **out_reader, struct tt_store_error *out_error)
{
    return open_reader(path, false, false, out_reader, out_error);
}

int tt_store_open_large_reader(const char *path, struct tt_store_reader **out_reader, struct tt_store_error *out_error)
{
    return open_reader(path, true, false, out_reader, out_error);
}

int tt_store_open_settled_reader(const char *path, struct tt_store_reader **out_reader, struct tt_store_error *out_error)
{
    return open_reader(path, true, true, out_reader, out_error);
}

/* Makes what is WANTED of the event stream's tables and views, if it is not there. For this once the connection may do more than
 * read. Where it fails half-way, all is done again when it is wanted again: what is there stays, and the rest is made. */
static int make_stream(struct tt_store_reader *reader, enum tt__store_stream wanted)
{
    if (reader->stream >= wanted)
        return SQLITE_OK;
    tt__store_reader_restrict(reader, false);
    int code = sqlite3_exec(reader->connection, "PRAGMA query_only = OFF", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = tt__store_create_stream(reader->connection, reader->stream, wanted);
    int closed = sqlite3_exec(reader->connection, "PRAGMA query_only = ON", NULL, NULL, NULL);
    tt__store_reader_restrict(reader, true);
    code = code == SQLITE_OK ? closed : code;
    if (code == SQLITE_OK)
        reader->stream = wanted;
    return code;
}

/* The tables of what allow_reading() lets PRAGMAs tell, which are declared likewise, and seldom asked for: when the first statement names one. */
static int declare_pragmas(struct tt_store_reader *reader, const char *sql)
{
    static const char all[] =
        "SELECT 1 FROM pragma_table_list, pragma_table_info(''), pragma_index_list(''), pragma_index_info(''),"
        " pragma_index_xinfo(''), pragma_foreign_key_list(''), pragma_database_list, pragma_function_list,"
        " pragma_pragma_list, pragma_compile_options, pragma_integrity_check, pragma_quick_check, pragma_application_id,"
        " pragma_user_version, pragma_schema_version, pragma_page_count, pragma_page_size, pragma_journal_mode,"
        " pragma_data_version, pragma_encoding, pragma_freelist_count WHERE 0";
    if (reader->has_pragmas || !strcasestr(sql, "pragma_"))
        return SQLITE_OK;
    tt__store_reader_restrict(reader, false);
    int code = sqlite3_exec(reader->connection, all, NULL, NULL, NULL);
    tt__store_reader_restrict(reader, true);
    reader->has_pragmas = code == SQLITE_OK;
    return code;
}

int tt_store_prepare(struct tt_store_reader *reader, const char *sql, struct sqlite3_stmt **out_statement, const char **out_rest)
{
    int code = make_stream(reader, tt__store_asked_stream(sql));
    if (code == SQLITE_OK)
        code = declare_pragmas(reader, sql);
    if (code != SQLITE_OK)
        *out_statement = NULL;
    return code == SQLITE_OK ? sqlite3_prepare_v2(reader->connection, sql, -1, out_statement, out_rest) : code;
}

int tt_store_step(struct tt_store_reader *reader, struct sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    tt__store_doubt(reader->connection, code);
    return code;
}

struct sqlite3 *tt_store_reader_connection(struct tt_store_reader *reader)
{
    (void)make_stream(reader, TT__STREAM_VIEWS); /* without them a statement says what is not there */
    return reader->connection;
}

const char *tt_store_reader_message(struct tt_store_reader *reader)
{
    return sqlite3_errmsg(reader->connection);
}

int tt_store_reader_has_writer(const struct tt_store_reader *reader)
{
    return tt__store_is_claimed(reader->fd);
}

const char *tt_store_reader_path(const struct tt_store_reader *reader)
{
    return reader->path;
}

int tt_store_reader_asks_steps(const struct tt_store_reader *reader)
{
    return reader->asks_steps;
}

void tt_store_set_deadline(struct tt_store_reader *reader, int64_t nanoseconds)
{
    reader->deadline_ns = nanoseconds > 0 ? now_ns() + nanoseconds : 0;
}

void tt_store_set_progress(struct tt_store_reader *reader, void (*tell)(void *context, int64_t elapsed_ns), void *context)
{
    reader->tell = tell;
    reader->tell_context = context;
    reader->tell_since_ns = now_ns();
}

void tt_store_interrupt(struct tt_store_reader *reader)
{
    atomic_store_explicit(&reader->is_interrupted, 1, memory_order_relaxed);
}

void tt_store_close_reader(struct tt_store_reader *reader)
{
    if (!reader)
        return;
    sqlite3_close(reader->connection);
    tt__store_copy_destroy(reader->copy);
    if (reader->fd >= 0)
        close(reader->fd);
    free(reader->path);
    free(reader);
}
