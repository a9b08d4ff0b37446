/* sql_table.c: what the virtual tables over the event stream have in common. See sql_table.h. */
#include "sql_table.h"

#include <string.h>

struct table {
    sqlite3_vtab base;
    sqlite3 *connection;
    const struct tt_sql_table_class *class;
};

int tt__sql_connect(sqlite3 *connection, void *class, int count, const char *const *arguments, sqlite3_vtab **out_table,
                    char **out_message)
{
    (void)count, (void)arguments, (void)out_message;
    /* Newer versions of SQLite want no comment in front. */
    int code = sqlite3_declare_vtab(connection, strstr(((const struct tt_sql_table_class *)class)->declaration, "CREATE TABLE"));
    if (code != SQLITE_OK)
        return code;
    sqlite3_vtab_config(connection, SQLITE_VTAB_INNOCUOUS);
    struct table *table = sqlite3_malloc(sizeof *table);
    if (!table)
        return SQLITE_NOMEM;
    *table = (struct table){.connection = connection, .class = class};
    *out_table = &table->base;
    return SQLITE_OK;
}

int tt__sql_disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

int tt__sql_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out_cursor)
{
    const struct table *table = (const struct table *)base;
    struct tt__sql_cursor *cursor = sqlite3_malloc64(table->class->cursor_bytes);
    if (!cursor)
        return SQLITE_NOMEM;
    memset(cursor, 0, table->class->cursor_bytes);
    cursor->connection = table->connection;
    *out_cursor = &cursor->base;
    return SQLITE_OK;
}

int tt__sql_is_over(sqlite3_vtab_cursor *cursor)
{
    return ((const struct tt__sql_cursor *)cursor)->is_over;
}

int tt__sql_settle(struct tt__sql_cursor *cursor, struct tt__scan *scan, int code)
{
    if (code == SQLITE_ROW)
        return SQLITE_OK;
    cursor->is_over = true;
    return code == SQLITE_DONE ? SQLITE_OK : tt__sql_fail(cursor, scan, code);
}

int tt__sql_fail(struct tt__sql_cursor *cursor, struct tt__scan *scan, int code)
{
    sqlite3_vtab *table = cursor->base.pVtab;
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = scan->message;
    scan->message = NULL;
    if (!table->zErrMsg && code != SQLITE_NOMEM && code != SQLITE_INTERRUPT)
        table->zErrMsg = sqlite3_mprintf("%s", sqlite3_errmsg(cursor->connection));
    return code;
}

/* --------------------------------------------------------------------------------------------- what is pushed down */

/* The sign of an operator in an index text, which EXPLAIN QUERY PLAN shows; 0: it narrows nothing. */
static char sign_of(int operator)
{
    switch (operator) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
        return '=';
    case SQLITE_INDEX_CONSTRAINT_GT:
        return '>';
    case SQLITE_INDEX_CONSTRAINT_GE:
        return ']';
    case SQLITE_INDEX_CONSTRAINT_LT:
        return '<';
    case SQLITE_INDEX_CONSTRAINT_LE:
        return '[';
    default:
        return '\0';
    }
}

bool tt__index_take(sqlite3_index_info *info, int number, struct tt_index_text *index, bool may_be_list)
{
    const struct sqlite3_index_constraint *constraint = &info->aConstraint[number];
    char sign = sign_of(constraint->op);
    if (!constraint->usable || sign == '\0' || constraint->iColumn < 0 ||
        2 * (unsigned)index->count + 2 >= TT_INDEX_TEXT_MAX ||
        sqlite3_stricmp(sqlite3_vtab_collation(info, number), "BINARY") != 0)
        return false;
    info->aConstraintUsage[number].argvIndex = index->count + 1;
    if (may_be_list && constraint->op == SQLITE_INDEX_CONSTRAINT_EQ && sqlite3_vtab_in(info, number, -1)) {
        (void)sqlite3_vtab_in(info, number, 1);
        sign = '#';
    }
    index->text[2 * index->count] = (char)('a' + constraint->iColumn);
    index->text[2 * index->count + 1] = sign;
    index->text[2 * ++index->count] = '\0';
    return true;
}

int tt__index_finish(sqlite3_index_info *info, const struct tt_index_text *index)
{
    info->idxStr = sqlite3_mprintf("%s", index->count > 0 ? index->text : "");
    info->needToFreeIdxStr = 1;
    return info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

static void narrow(struct tt_range *range, char sign, sqlite3_value *value)
{
    if (sqlite3_value_numeric_type(value) != SQLITE_INTEGER) /* the columns' affinity makes a number of '7' */
        return;
    int64_t number = sqlite3_value_int64(value), least = INT64_MIN, greatest = INT64_MAX;
    switch (sign) {
    case '=':
        least = greatest = number;
        break;
    case '>':
        if (number == INT64_MAX)
            range->greatest = INT64_MIN; /* nothing is: the range is empty */
        else
            least = number + 1;
        break;
    case ']':
        least = number;
        break;
    case '<':
        if (number == INT64_MIN)
            range->least = INT64_MAX;
        else
            greatest = number - 1;
        break;
    case '[':
        greatest = number;
        break;
    default:
        return;
    }
    range->least = least > range->least ? least : range->least;
    range->greatest = greatest < range->greatest ? greatest : range->greatest;
}

void tt__index_narrow(const char *index, int number, sqlite3_value *value, struct tt_range *range)
{
    narrow(range, index[2 * number + 1], value);
}
