/* make_store.c: makes a store out of given rows, for tests of the viewer.
 *
 *     make_store STORE ROWS.sql...
 *
 * The tables, views and words are the ones that the recorder would write; the rows are plain INSERTs.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

static void run(sqlite3 *database, const char *sql, const char *what)
{
    char *message = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &message) == SQLITE_OK)
        return;
    fprintf(stderr, "make_store: %s: %s\n", what, message);
    exit(1);
}

static void run_file(sqlite3 *database, const char *name)
{
    FILE *file = fopen(name, "re");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(name);
        exit(1);
    }
    size_t size = (size_t)ftell(file);
    char *sql = calloc(1, size + 1);
    rewind(file);
    if (sql == NULL || fread(sql, 1, size, file) != size) {
        perror(name);
        exit(1);
    }
    fclose(file);
    run(database, sql, name);
    free(sql);
}

static void insert_words(sqlite3 *database)
{
    static const struct {
        const char *enumeration;
        int number;
        const char *word;
    } words[] = {
#define TT_ENUM_VALUE(name, CONSTANT, number, word, text) {#name, number, #word},
#include "events.def"
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char *sql = sqlite3_mprintf("INSERT INTO word VALUES (%Q, %d, %Q)", words[i].enumeration, words[i].number, words[i].word);
        run(database, sql, "words");
        sqlite3_free(sql);
    }
}

int main(int argc, char **argv)
{
    sqlite3 *database;
    if (argc < 2) {
        fprintf(stderr, "usage: make_store STORE ROWS.sql...\n");
        return 2;
    }
    if (sqlite3_open(argv[1], &database) != SQLITE_OK) {
        fprintf(stderr, "make_store: %s: %s\n", argv[1], sqlite3_errmsg(database));
        return 1;
    }
    run(database, "BEGIN; PRAGMA application_id = 1414807884; PRAGMA user_version = 2;", "header");
    run(database, tt_store_schema, "schema");
    insert_words(database);
    for (const struct tt_store_view *view = tt_store_views; view->name != NULL; view++)
        run(database, view->sql, view->name);
    for (int i = 2; i < argc; i++)
        run_file(database, argv[i]);
    /* What has ended was read to its end. */
    run(database, "UPDATE process SET is_balanced = 1 WHERE is_balanced IS NULL AND coalesce(goodbye_ns, gone_ns) IS NOT NULL", "ends");
    run(database, "COMMIT", "commit");
    return sqlite3_close(database) == SQLITE_OK ? 0 : 1;
}
