/* store_check.c: see store_check.h. */
#include "store_check.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The header of an SQLite file, 100 bytes: offset 0 magic, 60 user_version, 68 application_id, both with the highest
 * byte first. */
#define HEADER_BYTES          100
#define HEADER_MAGIC          "SQLite format 3"
#define HEADER_USER_VERSION   60
#define HEADER_APPLICATION_ID 68

int tt__store_fail(struct tt_store_error *error, enum tt_store_error_kind kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error->kind = kind;
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return -1;
}

int tt__store_fail_sqlite(struct tt_store_error *error, struct sqlite3 *connection, const char *what, const char *path)
{
    int code = sqlite3_extended_errcode(connection);
    /* SQLite calls it a disk error when memory is missing for reading. */
    const char *message = code == SQLITE_IOERR_NOMEM ? "out of memory" : sqlite3_errmsg(connection);
    switch (code & 0xff) {
    case SQLITE_FULL:
        return tt__store_fail(error, TT_STORE_FULL,
                              "%s: %s: no room left on the disk, or the store has reached its size limit", path, what);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return tt__store_fail(error, TT_STORE_BUSY, "%s: %s: locked by another process", path, what);
    case SQLITE_NOTADB:
        return tt__store_fail(error, TT_STORE_NOT_SQLITE, "%s: is no SQLite file, so it is no store", path);
    case SQLITE_CORRUPT:
        return tt__store_fail(error, TT_STORE_DAMAGED, "%s: %s: the store is damaged (%s)", path, what, message);
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return tt__store_fail(error, TT_STORE_UNREADABLE, "%s: %s: %s", path, what, message);
    default:
        return tt__store_fail(error, TT_STORE_FAILED, "%s: %s: %s", path, what, message);
    }
}

void tt__store_doubt(struct sqlite3 *connection, int code)
{
    if ((code & 0xff) == SQLITE_CORRUPT)
        (void)sqlite3_db_release_memory(connection);
}

static uint32_t read_big_endian(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

int tt__store_check_header(int fd, const char *path, struct tt_store_error *error)
{
    unsigned char header[HEADER_BYTES];
    ssize_t length = pread(fd, header, sizeof header, 0);
    if (length < 0)
        return tt__store_fail(error, TT_STORE_UNREADABLE, "%s: cannot be read: %s", path, strerror(errno));
    if (length == 0)
        return tt__store_fail(error, TT_STORE_NOT_SQLITE, "%s: is empty, so it is no store", path);
    if (length < HEADER_BYTES || memcmp(header, HEADER_MAGIC, sizeof HEADER_MAGIC) != 0)
        return tt__store_fail(error, TT_STORE_NOT_SQLITE, "%s: is no SQLite file, so it is no store", path);
    if (read_big_endian(header + HEADER_APPLICATION_ID) != TT_STORE_APPLICATION_ID)
        return tt__store_fail(error, TT_STORE_OTHER_APPLICATION,
                              "%s: is an SQLite file of another application, and no store", path);
    int32_t version = (int32_t)read_big_endian(header + HEADER_USER_VERSION);
    if (version > TT_STORE_SCHEMA_VERSION)
        return tt__store_fail(error, TT_STORE_NEWER_SCHEMA,
                              "%s: was written by a newer telltale (schema %d, this one knows up to %d); use that one",
                              path, version, TT_STORE_SCHEMA_VERSION);
    if (version < 1)
        return tt__store_fail(error, TT_STORE_DAMAGED, "%s: says that it is a store of schema %d, which never was",
                              path, version);
    return 0;
}

/* ---------------------------------------------------------------------------------------------------------- tables */

/* Table by table, column by column: what must be the same. Only plain tables have a row here, and no computed column.
 * */
#define DESCRIBE_TABLES                                                                                 \
    "SELECT s.name || '.' || c.name || ' ' || c.type || ' ' || c.pk || ' ' || c.hidden || ' ' || c.cid" \
    " FROM sqlite_schema AS s JOIN pragma_table_xinfo(s.name) AS c"                                     \
    " WHERE s.type = 'table' AND s.rootpage > 0 AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1"

/* The text of the row at hand; NULL: none, or *OUT_FAILED had no memory for it. */
static const char *text_of(sqlite3_stmt *statement, sqlite3_stmt **out_failed)
{
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    if (!text && sqlite3_errcode(sqlite3_db_handle(statement)) == SQLITE_NOMEM)
        *out_failed = statement;
    return text;
}

/* What stands in FOUND must have all that stands in EXPECTED; both are sorted by byte. The statement that failed; NULL: none. */
static sqlite3_stmt *compare_tables(sqlite3_stmt *expected, sqlite3_stmt *found, const char **out_missing)
{
    sqlite3_stmt *failed = NULL;
    int code = sqlite3_step(found);
    int expected_code;
    while ((expected_code = sqlite3_step(expected)) == SQLITE_ROW) {
        const char *wanted = text_of(expected, &failed), *text = NULL;
        while (wanted && code == SQLITE_ROW && (text = text_of(found, &failed)) && strcmp(text, wanted) < 0)
            code = sqlite3_step(found);
        if (failed)
            return failed;
        if (code != SQLITE_ROW && code != SQLITE_DONE)
            return found;
        if (code == SQLITE_DONE || !text || strcmp(text, wanted) != 0) {
            *out_missing = wanted;
            return NULL;
        }
    }
    return expected_code == SQLITE_DONE ? NULL : expected;
}

int tt__store_check_plainness(struct sqlite3 *connection, const char *path, struct tt_store_error *error)
{
    sqlite3_stmt *statement = NULL;
    int result = -1;
    if (sqlite3_prepare_v2(connection,
                           "SELECT name FROM sqlite_schema WHERE type = 'table'"
                           " AND (sql IS NULL OR rootpage IS NULL OR rootpage <= 0 OR sql NOT LIKE 'CREATE TABLE %')",
                           -1, &statement, NULL) != SQLITE_OK) {
        tt__store_fail_sqlite(error, connection, "reading its schema", path);
    } else {
        int code = sqlite3_step(statement);
        const char *name = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
        if (code == SQLITE_DONE)
            result = 0;
        else if (code == SQLITE_ROW)
            tt__store_fail(error, TT_STORE_DAMAGED, "%s: says that it is a store, but %.40s is no plain table in it", path,
                           name ? name : "something");
        else
            tt__store_fail_sqlite(error, connection, "reading its schema", path);
    }
    sqlite3_finalize(statement);
    return result;
}

int tt__store_check_tables(struct sqlite3 *connection, const char *path, struct tt_store_error *error)
{
    sqlite3 *model = NULL;
    sqlite3_stmt *expected = NULL, *found = NULL;
    const char *missing = NULL;
    int result = -1;
    if (tt__store_check_plainness(connection, path, error) < 0)
        return -1;
    if (sqlite3_open_v2(":memory:", &model, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK ||
        sqlite3_exec(model, tt_store_schema, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(model, DESCRIBE_TABLES, -1, &expected, NULL) != SQLITE_OK) {
        tt__store_fail(error, TT_STORE_FAILED, "%s: cannot be compared with what a store is: %s", path,
                       sqlite3_errmsg(model));
    } else if (sqlite3_prepare_v2(connection, DESCRIBE_TABLES, -1, &found, NULL) != SQLITE_OK) {
        tt__store_fail_sqlite(error, connection, "reading its schema", path);
    } else {
        sqlite3_stmt *failed = compare_tables(expected, found, &missing);
        if (failed)
            tt__store_fail_sqlite(error, sqlite3_db_handle(failed), "reading its schema", path);
        else if (missing)
            tt__store_fail(error, TT_STORE_DAMAGED,
                           "%s: says that it is a store, but %.*s is not there as it should be: somebody changed its "
                           "tables, or another build of telltale made them",
                           path, (int)strcspn(missing, " "), missing);
        else
            result = 0;
    }
    sqlite3_finalize(found);
    sqlite3_finalize(expected);
    sqlite3_close(model);
    return result;
}

/* ----------------------------------------------------------------------------------------------------------- paths */

char *tt__store_sqlite_path(const char *path)
{
    const char *prefix = path[0] == '/' ? "" : "./";
    size_t size = strlen(prefix) + strlen(path) + 1;
    char *plain = malloc(size);
    if (plain)
        snprintf(plain, size, "%s%s", prefix, path);
    return plain;
}

bool tt__store_is_network(long type)
{
    static const unsigned long types[] = {
        0x6969,     /* NFS */
        0x517b,     /* SMB */
        0xff534d42, /* CIFS */
        0xfe534d42, /* SMB2 */
        0x01021997, /* 9P */
        0x5346414f, /* AFS */
        0x6b414653, /* AFS of the kernel */
        0x73757245, /* Coda */
        0x00c36400, /* Ceph */
        0x0bd00bd0, /* Lustre */
        0x47504653, /* GPFS */
        0x7461636f, /* OCFS2 */
        0x01161970, /* GFS2 */
        0x564c,     /* NCP */
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (((unsigned long)type & 0xffffffffUL) == types[i])
            return true;
    return false;
}
