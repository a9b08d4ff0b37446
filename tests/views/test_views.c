/* Views: given rows, a query, the expected rows. A case is NAME.given.sql, NAME.query.sql, NAME.expected beside this file; the words of
 * events.def are given always. Each query is asked twice, of the views in the file with plain SQLite, as anybody does, and through a
 * reader, which puts its own in front: both must give what is expected. Of a view over the event stream
 * the store is made of the events of stream.events first (given_events.h), and the reader alone is asked, for no file has it.
 *
 * Expected files are written by this program with TT_ACCEPT=1, and reviewed like code. Up to eight columns make a line a row, more make
 * a line a value. */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "given_events.h"
#include "store.h"
#include "store_writer.h"

#define CASES_MAX         64
#define COLUMNS_IN_A_LINE 8

static char folder[256]; /* of the cases */

static char *read_file(const char *name, const char *suffix)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix);
    FILE *file = fopen(path, "r");
    if (!file)
        return NULL;
    char *text = NULL;
    size_t size = 0;
    ssize_t length = getdelim(&text, &size, '\0', file);
    if (length < 0) {
        free(text);
        text = strdup("");
    }
    fclose(file);
    return text;
}

static void execute(sqlite3 *connection, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(connection, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
}

static void give_words(sqlite3 *connection)
{
    static const struct {
        const char *enumeration;
        int number;
        const char *word;
    } words[] = {
#define TT_ENUM_VALUE(name, CONSTANT, number, word, text) {#name, number, #word},
#include "events.def"
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char *sql = sqlite3_mprintf("INSERT INTO word VALUES (%Q, %d, %Q)", words[i].enumeration, words[i].number,
                                    words[i].word);
        execute(connection, sql);
        sqlite3_free(sql);
    }
}

static void print_value(sqlite3_str *out, sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    for (const char *at = text ? text : "NULL"; *at; at++)
        if (*at == '\n')
            sqlite3_str_appendall(out, "\\n");
        else
            sqlite3_str_appendchar(out, 1, *at);
}

static char *print_rows(sqlite3 *connection, const char *sql)
{
    sqlite3_stmt *statement;
    sqlite3_str *out = sqlite3_str_new(NULL);
    int code = sqlite3_prepare_v2(connection, sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(connection));
    int columns = sqlite3_column_count(statement);
    bool is_table = columns <= COLUMNS_IN_A_LINE;
    for (int i = 0; is_table && i < columns; i++)
        sqlite3_str_appendf(out, "%s%s", sqlite3_column_name(statement, i), i + 1 < columns ? " | " : "\n");
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int i = 0; i < columns; i++) {
            if (!is_table)
                sqlite3_str_appendf(out, "%s: ", sqlite3_column_name(statement, i));
            print_value(out, statement, i);
            sqlite3_str_appendall(out, is_table && i + 1 < columns ? " | " : "\n");
        }
        if (!is_table)
            sqlite3_str_appendall(out, "\n");
    }
    if (code != SQLITE_DONE)
        fail_msg("%s", sqlite3_errmsg(connection));
    sqlite3_finalize(statement);
    return sqlite3_str_finish(out);
}

static void expect_same(const char *name, const char *how, const char *expected, const char *found)
{
    if (strcmp(expected, found) != 0) {
        fprintf(stderr, "%s, %s: expected:\n%s\nfound:\n%s\n", name, how, expected, found);
        fail();
    }
}

static void accept(const char *name, const char *found)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.expected", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(found, file);
    assert_int_equal(fclose(file), 0);
}

static bool is_stream_view(const char *name)
{
    const struct tt_store_view *view = tt_store_stream_views;
    while (view->name && strcmp(view->name, name) != 0)
        view++;
    return view->name != NULL;
}

static void gives_what_is_expected(void **state)
{
    const char *name = *state;
    char path[TT_TEST_PATH_MAX], store[TT_TEST_PATH_MAX + 16];
    char *given = read_file(name, ".given.sql"), *query = read_file(name, ".query.sql");
    assert_non_null(given);
    assert_non_null(query);
    assert_non_null(mkdtemp(tt_test_template(path, "views")));
    snprintf(store, sizeof store, "%s/given.telltale", path);

    struct tt__store_writer *writer;
    struct tt_store_error error;
    if (tt__store_open_writer(store, NULL, &writer, &error) < 0)
        fail_msg("%s", error.text);
    char *events = is_stream_view(name) ? read_file("stream", ".events") : NULL;
    if (events)
        give_events(writer, events);
    tt__store_close_writer(writer, true);

    sqlite3 *connection;
    assert_int_equal(sqlite3_open_v2(store, &connection, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    execute(connection, "BEGIN");
    give_words(connection);
    execute(connection, given);
    execute(connection, "COMMIT");
    char *plain = is_stream_view(name) ? NULL : print_rows(connection, query);
    assert_int_equal(sqlite3_close(connection), SQLITE_OK);

    struct tt_store_reader *reader;
    if (tt_store_open_reader(store, &reader, &error) < 0)
        fail_msg("%s", error.text);
    char *shadowed = print_rows(tt_store_reader_connection(reader), query);
    tt_store_close_reader(reader);

    if (getenv("TT_ACCEPT"))
        accept(name, shadowed);
    char *expected = read_file(name, ".expected");
    assert_non_null(expected);
    if (plain)
        expect_same(name, "asked plainly", expected, plain);
    expect_same(name, "asked through a reader", expected, shadowed);

    sqlite3_free(plain);
    sqlite3_free(shadowed);
    free(expected);
    free(events);
    free(given);
    free(query);
    assert_int_equal(unlink(store), 0);
    assert_int_equal(rmdir(path), 0);
}

static void expect_cases(const struct tt_store_view *views)
{
    for (const struct tt_store_view *view = views; view->name; view++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s.given.sql", folder, view->name);
        if (access(path, R_OK) < 0)
            fail_msg("the view %s has no case", view->name);
    }
}

/* A view without a case is found here: the files of the views are the list. */
static void each_view_has_a_case(void **state)
{
    (void)state;
    expect_cases(tt_store_views);
    expect_cases(tt_store_stream_views);
}

int main(int argc, char **argv)
{
    static struct CMUnitTest cases[CASES_MAX];
    size_t count = 0;
    const char *source = getenv("TELLTALE_TEST_SOURCE");
    snprintf(folder, sizeof folder, "%s/tests/views", source ? source : ".");
    DIR *stream = opendir(folder);
    if (!stream) {
        perror(folder);
        return 2;
    }
    cases[count++] = (struct CMUnitTest)cmocka_unit_test(each_view_has_a_case);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL && count < CASES_MAX;) {
        char *suffix = strstr(entry->d_name, ".given.sql");
        if (!suffix)
            continue;
        char *name = strndup(entry->d_name, (size_t)(suffix - entry->d_name));
        cases[count++] = (struct CMUnitTest){name, gives_what_is_expected, NULL, NULL, name};
    }
    closedir(stream);
    return tt_test_main(argc, argv, cases, count);
}
