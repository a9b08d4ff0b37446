/* query.c: one query over a session's store. The contract is in query.h. */
#include "query.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

/* Columns whose place is remembered: more than nearly all queries have. A power of two. */
#define PLACES 64u

struct tt_query {
    tt_session *session;
    sqlite3_stmt *statement; /* NULL: it could not be prepared */
    char *user_what; /* what complaints call SQL that a user wrote; NULL: it is the program's own */
    bool is_begun;
    bool is_over; /* no row is left, or the query failed: all values are NULL */
    /* From the first row on: names of its columns, SQLite's own. */
    const char **columns;
    int column_count;
    struct place {
        const char *name;
        int column;
    } found[PLACES]; /* where columns were found, by the address of the name that was asked for: a guess, which is looked at */
};

static void complain_about_sql(tt_session *session, const char *what, int code)
{
    if (code == SQLITE_AUTH)
        tt__complain("%s: not allowed: a store is read only; SELECT and the pragmas that describe it are what there is", what);
    else
        tt__complain("%s: %s", what, tt_store_reader_message(tt__session_reader(session)));
}

static void complain_about_damage(tt_session *session, const char *message)
{
    const char *path = tt__session_path(session);
    tt__complain("%s: the store is damaged: %s; what is readable: sqlite3 %s .dump", path, message, path);
}

static void complain_about_failure(tt_session *session, int code)
{
    const char *message = tt_store_reader_message(tt__session_reader(session));
    const char *path = tt__session_path(session);
    if (code == SQLITE_INTERRUPT)
        tt__complain("%s: stopped after the time that --timeout allows", path);
    else if (code == SQLITE_CORRUPT || code == SQLITE_CORRUPT_INDEX || code == SQLITE_NOTADB)
        complain_about_damage(session, message);
    else
        tt__complain("%s: cannot read the store: %s", path, message);
}

/* Whether it is the statement that is wrong, and not the store. */
static bool is_mistake(int code)
{
    return code == SQLITE_ERROR || code == SQLITE_AUTH || code == SQLITE_TOOBIG || code == SQLITE_MISMATCH || code == SQLITE_READONLY;
}

static void fail(tt_query *query, int code)
{
    if (query->user_what != NULL && is_mistake(code)) {
        complain_about_sql(query->session, query->user_what, code);
        tt__session_fail(query->session, TT_EXIT_USAGE);
    } else {
        complain_about_failure(query->session, code);
        tt__session_fail(query->session, TT_EXIT_INPUT);
    }
    query->is_over = true;
}

/* A query that is the program's own, or a user's, which complaints call USER_WHAT. */
static tt_query *new_query(tt_session *session, const char *user_what)
{
    tt_query *query = calloc(1, sizeof *query);
    if (query == NULL || (user_what != NULL && (query->user_what = strdup(user_what)) == NULL)) {
        free(query);
        tt__complain("not enough memory for a query");
        tt__session_fail(session, TT_EXIT_OUTSIDE);
        return NULL;
    }
    query->session = session;
    return query;
}

tt_query *tt__query_open(tt_session *session, const char *sql)
{
    tt_query *query = new_query(session, NULL);
    if (query == NULL)
        return NULL;
    int code = tt_store_prepare(tt__session_reader(session), sql, &query->statement, NULL);
    if (code != SQLITE_OK)
        fail(query, code);
    return query;
}

void tt__query_close(tt_query *query)
{
    if (query == NULL)
        return;
    sqlite3_finalize(query->statement);
    free(query->columns);
    free(query->user_what);
    free(query);
}

void tt__query_bind_integer(tt_query *query, int number, int64_t value)
{
    if (query == NULL || query->is_over)
        return;
    int code = sqlite3_bind_int64(query->statement, number, value);
    if (code != SQLITE_OK)
        fail(query, code);
}

void tt__query_bind_text(tt_query *query, int number, const char *text)
{
    if (query == NULL || query->is_over)
        return;
    int code = sqlite3_bind_text(query->statement, number, text, -1, SQLITE_TRANSIENT);
    if (code != SQLITE_OK)
        fail(query, code);
}

void tt__query_bind_named(tt_query *query, const char *name, int64_t value)
{
    int number = query == NULL || query->is_over ? 0 : sqlite3_bind_parameter_index(query->statement, name);
    if (number > 0)
        tt__query_bind_integer(query, number, value);
}

void tt__query_bind_named_text(tt_query *query, const char *name, const char *text)
{
    int number = query == NULL || query->is_over ? 0 : sqlite3_bind_parameter_index(query->statement, name);
    if (number > 0)
        tt__query_bind_text(query, number, text);
}

static void explain(tt_query *query)
{
    char *expanded = sqlite3_expanded_sql(query->statement);
    tt__session_explain(query->session, expanded != NULL ? expanded : sqlite3_sql(query->statement));
    sqlite3_free(expanded);
}

/* Where a row has which column. */
static bool learn_columns(tt_query *query)
{
    int count = sqlite3_data_count(query->statement);
    query->columns = calloc((size_t)count + 1, sizeof *query->columns);
    if (query->columns == NULL) {
        tt__complain("not enough memory for a query");
        tt__session_fail(query->session, TT_EXIT_OUTSIDE);
        query->is_over = true;
        return false;
    }
    for (int i = 0; i < count; i++)
        query->columns[i] = sqlite3_column_name(query->statement, i);
    query->column_count = count;
    return true;
}

bool tt__query_next(tt_query *query)
{
    if (query == NULL || query->is_over)
        return false;
    if (!query->is_begun)
        explain(query);
    query->is_begun = true;
    int code = tt_store_step(tt__session_reader(query->session), query->statement);
    tt__session_hide_progress(query->session);
    if (code == SQLITE_ROW)
        return query->columns != NULL || learn_columns(query);
    if (code != SQLITE_DONE)
        fail(query, code);
    query->is_over = true;
    return false;
}

static int find_column(tt_query *query, const char *column)
{
    struct place *place = &query->found[(uintptr_t)column * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (PLACES - 1)];
    if (place->name == column && strcmp(query->columns[place->column], column) == 0)
        return place->column;
    for (int i = 0; i < query->column_count; i++)
        if (query->columns[i] != NULL && strcmp(query->columns[i], column) == 0) {
            *place = (struct place){column, i};
            return i;
        }
    assert(!"the query has the column that is asked for");
    return -1;
}

const char *tt__query_text(tt_query *query, const char *column)
{
    if (query == NULL || query->is_over)
        return NULL;
    return (const char *)sqlite3_column_text(query->statement, find_column(query, column));
}

int64_t tt__query_integer(tt_query *query, const char *column)
{
    if (query == NULL || query->is_over)
        return 0;
    return sqlite3_column_int64(query->statement, find_column(query, column));
}

bool tt__query_is_null(tt_query *query, const char *column)
{
    if (query == NULL || query->is_over)
        return true;
    return sqlite3_column_type(query->statement, find_column(query, column)) == SQLITE_NULL;
}

bool tt__query_is_integer(tt_query *query, const char *column)
{
    if (query == NULL || query->is_over)
        return false;
    return sqlite3_column_type(query->statement, find_column(query, column)) == SQLITE_INTEGER;
}

int64_t tt__query_count(tt_session *session, const char *sql)
{
    tt_query *query = tt__query_open(session, sql);
    int64_t count = tt__query_next(query) ? sqlite3_column_int64(query->statement, 0) : 0;
    tt__query_close(query);
    return count;
}

void tt__query_file(tt_session *session)
{
    if (tt__session_has_failed(session))
        return;
    tt_query *query = tt__query_open(session, "PRAGMA quick_check(1)");
    const char *complaint = tt__query_next(query) ? tt__query_text(query, "quick_check") : NULL;
    if (complaint != NULL && strcmp(complaint, "ok") != 0) {
        const char *line = strchr(complaint, '\n'); /* behind "*** in database main ***" */
        complain_about_damage(session, line != NULL ? line + 1 : complaint);
        tt__session_fail(session, TT_EXIT_INPUT);
    }
    tt__query_close(query);
}

bool tt__query_has_column(tt_session *session, const char *table, const char *name)
{
    tt_query *query = tt__query_open(session, "SELECT 1 FROM pragma_table_xinfo(?1) WHERE name = ?2");
    tt__query_bind_text(query, 1, table);
    tt__query_bind_text(query, 2, name);
    bool is_there = tt__query_next(query);
    tt__query_close(query);
    return is_there;
}

/* ------------------------------------------------------------------------------------------------ printing */

static struct tt_cell read_cell(sqlite3_stmt *statement, int column)
{
    struct tt_cell cell = {0};
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        cell.kind = TT_CELL_INTEGER;
        cell.integer = sqlite3_column_int64(statement, column);
        break;
    case SQLITE_FLOAT:
        cell.kind = TT_CELL_REAL;
        cell.real = sqlite3_column_double(statement, column);
        break;
    case SQLITE_TEXT:
        cell.kind = TT_CELL_TEXT;
        cell.bytes = (const char *)sqlite3_column_text(statement, column);
        cell.size = (size_t)sqlite3_column_bytes(statement, column);
        break;
    case SQLITE_BLOB:
        cell.kind = TT_CELL_BLOB;
        cell.bytes = sqlite3_column_blob(statement, column);
        cell.size = (size_t)sqlite3_column_bytes(statement, column);
        break;
    default:
        cell.kind = TT_CELL_NULL;
        break;
    }
    return cell;
}

static struct tt_column *columns_of_statement(sqlite3_stmt *statement, size_t count)
{
    struct tt_column *columns = calloc(count + 1, sizeof *columns);
    for (size_t i = 0; columns != NULL && i < count; i++) {
        const char *name = sqlite3_column_name(statement, (int)i);
        columns[i] = (struct tt_column){.name = name, .heading = name, .is_wide = true};
    }
    return columns;
}

static int print_rows(tt_query *query, tt_rows *rows, struct tt_cell *cells)
{
    while (tt__query_next(query)) {
        for (size_t i = 0; i < rows->column_count; i++)
            cells[i] = read_cell(query->statement, (int)i);
        if (tt__rows_add(rows, cells) < 0)
            return -1;
    }
    return 0;
}

size_t tt__query_print(tt_query *query, tt_output *output, enum tt_format format, const struct tt_column *columns)
{
    if (query == NULL || query->is_over)
        return 0;
    size_t row_count = 0;
    size_t count = (size_t)sqlite3_column_count(query->statement);
    if (count == 0) { /* a statement without rows: it is only run */
        tt__query_next(query);
        return 0;
    }
    struct tt_cell *cells = calloc(count + 1, sizeof *cells);
    struct tt_column *own = columns == NULL ? columns_of_statement(query->statement, count) : NULL;
    tt_rows rows;
    if (cells == NULL || (columns == NULL && own == NULL) ||
        tt__rows_init(&rows, output, format, columns != NULL ? columns : own, count) < 0) {
        tt__complain("not enough memory to print rows");
        tt__session_fail(query->session, TT_EXIT_OUTSIDE);
    } else {
        int printed = print_rows(query, &rows, cells);
        row_count = rows.row_count;
        if (tt__rows_finish(&rows) < 0 || printed < 0) {
            tt__complain("not enough memory to print a table; try --format csv");
            tt__session_fail(query->session, TT_EXIT_OUTSIDE);
        }
    }
    free(own);
    free(cells);
    return row_count;
}

/* ------------------------------------------------------------------------------------------ queries of users */

/* What they may do is the reader's business: its connection has an authorizer that allows reading only (store.h). */

/* Prepares the first statement of SQL, which complaints call WHAT. NULL after a complaint when it makes no sense; *OUT_REST is
 * what stands behind it. */
static tt_query *open_user(tt_session *session, const char *sql, const char *what, const char **out_rest)
{
    tt_query *query = new_query(session, what);
    if (query == NULL)
        return NULL;
    int code = tt_store_prepare(tt__session_reader(session), sql, &query->statement, out_rest);
    if (code == SQLITE_OK)
        return query;
    complain_about_sql(session, what, code);
    tt__query_close(query);
    return NULL;
}

tt_query *tt__query_open_user(tt_session *session, const char *sql, const char *what)
{
    const char *rest = NULL;
    tt_query *query = open_user(session, sql, what, &rest);
    if (query == NULL || (query->statement != NULL && *rest == '\0'))
        return query;
    tt__complain("%s: one expression is wanted, and no statement", what);
    tt__query_close(query);
    return NULL;
}

int tt__query_run_user_sql(tt_session *session, tt_output *output, enum tt_format format, const char *sql)
{
    size_t result_count = 0;
    while (*sql != '\0') {
        tt_query *query = open_user(session, sql, "query", &sql);
        if (query == NULL)
            return TT_EXIT_USAGE;
        if (query->statement != NULL) {
            if (result_count++ > 0 && format == TT_FORMAT_TABLE)
                tt__print_own(output, "\n");
            tt__query_print(query, output, format, NULL);
        }
        tt__query_close(query);
    }
    if (result_count > 0)
        return TT_EXIT_CLEAN;
    tt__complain("query: there is no SQL in it");
    return TT_EXIT_USAGE;
}
