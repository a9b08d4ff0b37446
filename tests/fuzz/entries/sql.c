/* SQL of a user, asked of a sound store: it reads, and changes nothing. */
#include "entry.h"
#include "sound.h"

#include <sqlite3.h>
#include <string.h>

#include "store.h"

#define ROWS_MAX 1000

static struct tt_store_reader *reader;

static void close_reader(void)
{
    tt_store_close_reader(reader);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static char path[160];
    struct tt_store_error error;
    (void)argc, (void)argv;
    snprintf(path, sizeof path, "%s/run.telltale", entry_folder());
    sound_store(entry_folder(), path);
    PROMISE(tt_store_open_reader(path, &reader, &error) == 0 && atexit(close_reader) == 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    sqlite3 *connection = tt_store_reader_connection(reader);
    sqlite3_stmt *statement = NULL;
    const char *at, *end;
    char *text = malloc(size + 1);
    PROMISE(text);
    memcpy(text, bytes, size);
    text[size] = '\0';
    tt_store_set_deadline(reader, INT64_C(1000000000));
    for (at = text; *at && sqlite3_prepare_v2(connection, at, -1, &statement, &end) == SQLITE_OK && statement;
         at = end) {
        PROMISE(sqlite3_stmt_readonly(statement));
        for (int row = 0; row < ROWS_MAX && sqlite3_step(statement) == SQLITE_ROW; row++)
            continue;
        sqlite3_finalize(statement);
        statement = NULL;
    }
    sqlite3_finalize(statement);
    PROMISE(sqlite3_total_changes(connection) == 0);
    free(text);
    return 0;
}
