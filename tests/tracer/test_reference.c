/* The reference: each table, view, virtual table and event is in it, with each column and a sentence for each. What there is SQLite says,
 * having made them, and events.def. */
#include "harness.h"

#include <sqlite3.h>

#include "reference.h"
#include "sql_table.h"
#include "store.h"

static struct tt_reference *reference;
static sqlite3 *connection;

static void execute(const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(connection, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
}

static int open_all(void **state)
{
    (void)state;
    reference = tt_reference_create();
    assert_non_null(reference);
    assert_int_equal(sqlite3_open(":memory:", &connection), SQLITE_OK);
    assert_int_equal(tt__sql_register(connection), SQLITE_OK);
    execute(tt_store_schema);
    execute("CREATE VIRTUAL TABLE temp.event USING event; CREATE VIRTUAL TABLE temp.steps USING steps;"
            "CREATE VIRTUAL TABLE temp.turns USING turns; CREATE VIRTUAL TABLE temp.instant USING instant");
    for (const struct tt_store_view *view = tt_store_views; view->name; view++)
        execute(view->sql);
    for (const struct tt_store_view *view = tt_store_stream_views; view->name; view++) {
        char *sql = sqlite3_mprintf("CREATE TEMP VIEW %s", strstr(view->sql, "CREATE VIEW ") + strlen("CREATE VIEW "));
        execute(sql);
        sqlite3_free(sql);
    }
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    tt_reference_destroy(reference);
    assert_int_equal(sqlite3_close(connection), SQLITE_OK);
    return 0;
}

static const struct tt_reference_entry *find(enum tt_reference_kind kind, const char *name)
{
    const struct tt_reference_entry *found = NULL;
    for (size_t i = 0; i < reference->entry_count; i++)
        if (reference->entries[i].kind == kind && strcmp(reference->entries[i].name, name) == 0) {
            if (found)
                fail_msg("%s is in the reference twice", name);
            found = &reference->entries[i];
        }
    if (!found)
        fail_msg("%s is not in the reference", name);
    return found;
}

/* A sentence is a text that begins like one, and is all of it: the buffer that it was read into was not full. */
static void expect_sentence(const char *text, const char *of)
{
    if (!text || strlen(text) < 3 || strlen(text) > 1900)
        fail_msg("%s has no sentence: %s", of, text ? text : "NULL");
}

/* The columns that SQLite finds, and a sentence in front of the first of them. */
static void expect_columns(const struct tt_reference_entry *entry)
{
    sqlite3_stmt *statement = NULL;
    size_t count = 0;
    assert_int_equal(
        sqlite3_prepare_v2(connection, "SELECT name FROM pragma_table_xinfo(?) ORDER BY cid", -1, &statement, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_bind_text(statement, 1, entry->name, -1, SQLITE_STATIC), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        if (count >= entry->column_count || strcmp(entry->columns[count].name, name) != 0)
            fail_msg("%s.%s is not in its place, there is %s", entry->name, name,
                     count < entry->column_count ? entry->columns[count].name : "nothing");
        count++;
    }
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    if (count == 0 || count != entry->column_count)
        fail_msg("%s has %zu columns, and %zu in the reference", entry->name, count, entry->column_count);
    expect_sentence(entry->text, entry->name);
    for (size_t i = 0; i < count; i++)
        if (entry->columns[i].text || i == 0)
            expect_sentence(entry->columns[i].text, entry->columns[i].name);
}

static void expect_each(const char *sql, enum tt_reference_kind kind, size_t least)
{
    sqlite3_stmt *statement = NULL;
    size_t count = 0, entries = 0;
    assert_int_equal(sqlite3_prepare_v2(connection, sql, -1, &statement, NULL), SQLITE_OK);
    for (; sqlite3_step(statement) == SQLITE_ROW; count++)
        expect_columns(find(kind, (const char *)sqlite3_column_text(statement, 0)));
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    for (size_t i = 0; i < reference->entry_count; i++)
        entries += reference->entries[i].kind == kind;
    assert_true(count >= least);
    assert_int_equal(entries, count);
}

static void each_table_is_in_it_with_a_sentence_for_each_column(void **state)
{
    (void)state;
    expect_each("SELECT name FROM main.sqlite_schema WHERE type = 'table'", TT_REFERENCE_TABLE, 40);
}

static void each_view_is_in_it_with_a_sentence_for_each_column(void **state)
{
    (void)state;
    expect_each("SELECT name FROM main.sqlite_schema WHERE type = 'view'", TT_REFERENCE_VIEW, 40);
    expect_each("SELECT name FROM temp.sqlite_schema WHERE type = 'view'", TT_REFERENCE_STREAM_VIEW, 5);
}

static void each_virtual_table_is_in_it_with_a_sentence_for_each_column(void **state)
{
    (void)state;
    expect_each("SELECT name FROM temp.sqlite_schema WHERE type = 'table'", TT_REFERENCE_STREAM_TABLE, 4);
    const struct tt_reference_entry *steps = find(TT_REFERENCE_STREAM_TABLE, "steps");
    assert_string_equal(steps->columns[steps->column_count - 1].facts, "argument");
}

static void expect_column(const struct tt_reference_entry *entry, size_t index, const char *name, const char *text)
{
    assert_true(index < entry->column_count);
    assert_string_equal(entry->columns[index].name, name);
    assert_string_equal(entry->columns[index].text, text);
    assert_non_null(entry->columns[index].facts);
}

static void each_event_category_and_word_is_in_it_as_events_def_has_it(void **state)
{
    (void)state;
    const struct tt_reference_entry *entry = NULL;
    size_t index = 0, events = 0, categories = 0, found = 0;
    char facts[96];
#define TT_FIELD(name, text)             expect_column(entry, index++, #name, text);
#define TT_U8(name, text)                TT_FIELD(name, text)
#define TT_U16(name, text)               TT_FIELD(name, text)
#define TT_U32(name, text)               TT_FIELD(name, text)
#define TT_U64(name, text)               TT_FIELD(name, text)
#define TT_I32(name, text)               TT_FIELD(name, text)
#define TT_ID(name, text)                TT_FIELD(name, text)
#define TT_TICKS(name, text)             TT_FIELD(name, text)
#define TT_WORD(name, enumeration, text) TT_FIELD(name, text)
#define TT_SITE(name, text)              TT_FIELD(name, text)
#define TT_TEXT(name, limit, text)       TT_FIELD(name, text)
#define TT_MESSAGE(name, limit, text)    TT_FIELD(name, text)
#define TT_EVENT(number, name, category, level, text_of_event, fields)             \
    entry = find(TT_REFERENCE_EVENT, #name);                                       \
    assert_string_equal(entry->text, text_of_event);                               \
    snprintf(facts, sizeof facts, "number %d, category %s, %s", number, #category, \
             strcmp(#level, "TT_LEVEL_VITAL") == 0 ? "vital" : "plain");           \
    assert_string_equal(entry->facts, facts);                                      \
    index = 0;                                                                     \
    events++;                                                                      \
    fields assert_int_equal(index, entry->column_count);
#define TT_CATEGORY(bit, name, default_on, text) \
    expect_column(find(TT_REFERENCE_CATEGORY, "categories"), categories++, #name, text);
#define TT_ENUM_BEGIN(name, text_of_words)           \
    entry = find(TT_REFERENCE_WORDS, #name);         \
    assert_string_equal(entry->text, text_of_words); \
    index = 0;
#define TT_ENUM_VALUE(name, CONSTANT, number, word, text) TT_FIELD(word, text)
#define TT_ENUM_END(name)                                 assert_int_equal(index, entry->column_count);
#include "events.def"
    for (size_t i = 0; i < reference->entry_count; i++)
        found += reference->entries[i].kind == TT_REFERENCE_EVENT;
    assert_int_equal(found, events);
    assert_int_equal(find(TT_REFERENCE_CATEGORY, "categories")->column_count, categories);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_setup_teardown(each_table_is_in_it_with_a_sentence_for_each_column, open_all, close_all),
    cmocka_unit_test_setup_teardown(each_view_is_in_it_with_a_sentence_for_each_column, open_all, close_all),
    cmocka_unit_test_setup_teardown(each_virtual_table_is_in_it_with_a_sentence_for_each_column, open_all, close_all),
    cmocka_unit_test_setup_teardown(each_event_category_and_word_is_in_it_as_events_def_has_it, open_all, close_all),
};

TT_TEST_MAIN(cases)
