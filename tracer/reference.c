/* reference.c: see reference.h.
 *
 * The texts of SQL. A comment above CREATE, without an empty line in between, is the entry's sentence. In the parentheses of a table, and
 * between SELECT and FROM of a view outside of any, a comment in front of an item is its column's sentence; an item without one shares
 * that of the item before. A table's column is the first word of its item, a view's the last one.
 */
#include "reference.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql_table.h"
#include "store.h"

struct maker {
    struct tt_reference *reference;
    size_t entry_capacity, column_capacity; /* the second: of the last entry */
    bool is_out_of_memory;
};

/* -------------------------------------------------------------------------------------------------- putting together */

static char *copy(struct maker *maker, const char *text)
{
    char *copied = strdup(text);
    maker->is_out_of_memory |= !copied;
    return copied;
}

/* NULL: no memory. */
static struct tt_reference_entry *add_entry(struct maker *maker, enum tt_reference_kind kind, const char *name,
                                            const char *facts, const char *text)
{
    struct tt_reference *reference = maker->reference;
    if (reference->entry_count == maker->entry_capacity) {
        size_t capacity = maker->entry_capacity ? 2 * maker->entry_capacity : 64;
        void *grown = reallocarray(reference->entries, capacity, sizeof *reference->entries);
        if (!grown) {
            maker->is_out_of_memory = true;
            return NULL;
        }
        reference->entries = grown;
        maker->entry_capacity = capacity;
    }
    struct tt_reference_entry *entry = &reference->entries[reference->entry_count++];
    *entry = (struct tt_reference_entry){.kind = kind};
    entry->name = copy(maker, name);
    entry->facts = facts ? copy(maker, facts) : NULL;
    entry->text = copy(maker, text);
    maker->column_capacity = 0;
    return entry;
}

static void add_column(struct maker *maker, struct tt_reference_entry *entry, const char *name, const char *facts,
                       const char *text)
{
    if (!entry)
        return;
    if (entry->column_count == maker->column_capacity) {
        size_t capacity = maker->column_capacity ? 2 * maker->column_capacity : 16;
        void *grown = reallocarray(entry->columns, capacity, sizeof *entry->columns);
        if (!grown) {
            maker->is_out_of_memory = true;
            return;
        }
        entry->columns = grown;
        maker->column_capacity = capacity;
    }
    struct tt_reference_column *column = &entry->columns[entry->column_count++];
    *column = (struct tt_reference_column){0};
    column->name = copy(maker, name);
    column->facts = facts && *facts ? copy(maker, facts) : NULL;
    column->text = text ? copy(maker, text) : NULL;
}

/* ---------------------------------------------------------------------------------------------------- texts of SQL */

enum token_kind { TOKEN_END, TOKEN_COMMENT, TOKEN_WORD, TOKEN_SIGN };

#define WORD_BYTES 64
#define TEXT_BYTES 2048 /* the longest comment has half of that; a longer one would be cut, which a test would see */

struct scanner {
    const char *at;
    enum token_kind kind;
    bool is_apart; /* an empty line is between this token and the one before */
    char sign;
    char word[WORD_BYTES];
    char comment[TEXT_BYTES]; /* one line */
    size_t depth;             /* of parentheses, behind the token */
};

static void copy_part(char *out, size_t size, const char *from, size_t length)
{
    length = length < size ? length : size - 1;
    memcpy(out, from, length);
    out[length] = '\0';
}

static const char *skip_quoted(const char *at)
{
    char quote = *at++;
    while (*at && *at != quote)
        at++;
    return *at ? at + 1 : at;
}

static void next(struct scanner *scanner)
{
    unsigned lines = 0;
    for (; isspace((unsigned char)*scanner->at); scanner->at++)
        lines += *scanner->at == '\n';
    scanner->is_apart = lines > 1;
    const char *begin = scanner->at;
    if (!*begin) {
        scanner->kind = TOKEN_END;
    } else if (strncmp(begin, "--", 2) == 0) {
        size_t length = strcspn(begin, "\n"), skipped = 2 + strspn(begin + 2, " ");
        scanner->kind = TOKEN_COMMENT;
        copy_part(scanner->comment, sizeof scanner->comment, begin + (skipped < length ? skipped : length),
                  skipped < length ? length - skipped : 0);
        scanner->at += length;
    } else if (isalnum((unsigned char)*begin) || *begin == '_') {
        while (isalnum((unsigned char)*scanner->at) || *scanner->at == '_')
            scanner->at++;
        scanner->kind = TOKEN_WORD;
        copy_part(scanner->word, sizeof scanner->word, begin, (size_t)(scanner->at - begin));
    } else {
        scanner->kind = TOKEN_SIGN;
        scanner->sign = *begin;
        scanner->at = *begin == '\'' || *begin == '"' ? skip_quoted(begin) : begin + 1;
        scanner->depth += *begin == '(';
        scanner->depth -= *begin == ')' && scanner->depth > 0;
    }
}

static bool is_word(const struct scanner *scanner, const char *word)
{
    return scanner->kind == TOKEN_WORD && strcasecmp(scanner->word, word) == 0;
}

static void append_line(char *text, const char *line)
{
    size_t used = strlen(text);
    if (*line)
        snprintf(text + used, TEXT_BYTES - used, "%s%s", used > 0 ? " " : "", line);
}

struct item {
    char comment[TEXT_BYTES], first[WORD_BYTES], second[WORD_BYTES], last[WORD_BYTES];
    size_t token_count;
    bool is_hidden;
};

static void take_token(struct item *item, const struct scanner *scanner)
{
    if (scanner->kind == TOKEN_COMMENT) {
        if (item->token_count == 0)
            append_line(item->comment, scanner->comment);
        return;
    }
    if (scanner->kind == TOKEN_WORD) {
        item->is_hidden |= is_word(scanner, "HIDDEN");
        memcpy(item->token_count == 0   ? item->first
               : item->token_count == 1 ? item->second
                                        : item->last,
               scanner->word, WORD_BYTES);
        memcpy(item->last, scanner->word, WORD_BYTES);
    }
    item->token_count++;
}

/* An item is over. */
static void end_item(struct maker *maker, struct tt_reference_entry *entry, struct item *item, bool is_table)
{
    static const char *const constraints[] = {"PRIMARY", "CHECK", "UNIQUE", "FOREIGN", "CONSTRAINT"};
    bool is_column = item->token_count > 0;
    for (size_t i = 0; i < sizeof constraints / sizeof *constraints && is_table; i++)
        is_column &= strcmp(item->first, constraints[i]) != 0;
    if (is_column)
        add_column(maker, entry, is_table ? item->first : item->last,
                   !is_table         ? NULL
                   : item->is_hidden ? "argument"
                                     : item->second,
                   item->comment[0] ? item->comment : NULL);
    memset(item, 0, sizeof *item);
}

/* Behind the opening parenthesis of a table, or behind SELECT of a view. */
static void read_items(struct maker *maker, struct scanner *scanner, struct tt_reference_entry *entry, bool is_table)
{
    struct item item = {0};
    size_t depth = is_table ? 1 : 0;
    for (next(scanner); scanner->kind != TOKEN_END; next(scanner)) {
        bool is_sign = scanner->kind == TOKEN_SIGN;
        if ((is_table && scanner->depth == 0) || (!is_table && scanner->depth == 0 && is_word(scanner, "FROM")))
            break;
        if (is_sign && scanner->sign == ',' && scanner->depth == depth)
            end_item(maker, entry, &item, is_table);
        else
            take_token(&item, scanner);
    }
    end_item(maker, entry, &item, is_table);
}

static void skip_statement(struct scanner *scanner)
{
    while (scanner->kind != TOKEN_END && !(scanner->kind == TOKEN_SIGN && scanner->sign == ';' && scanner->depth == 0))
        next(scanner);
}

/* All tables and views of SQL. */
static void read_sql(struct maker *maker, const char *sql, enum tt_reference_kind kind)
{
    struct scanner scanner = {.at = sql};
    char text[TEXT_BYTES] = "", name[WORD_BYTES];
    for (next(&scanner); scanner.kind != TOKEN_END; next(&scanner)) {
        if (scanner.is_apart)
            text[0] = '\0';
        if (scanner.kind == TOKEN_COMMENT) {
            append_line(text, scanner.comment);
            continue;
        }
        bool is_create = is_word(&scanner, "CREATE");
        next(&scanner);
        bool is_table = is_word(&scanner, "TABLE");
        if (is_create && (is_table || is_word(&scanner, "VIEW"))) {
            next(&scanner);
            memcpy(name, scanner.word, sizeof name);
            while (scanner.kind != TOKEN_END &&
                   !(is_table ? scanner.depth == 1 : scanner.depth == 0 && is_word(&scanner, "SELECT")))
                next(&scanner);
            read_items(maker, &scanner, add_entry(maker, kind, name, NULL, text), is_table);
        }
        skip_statement(&scanner);
        text[0] = '\0';
    }
}

/* ---------------------------------------------------------------------------------------------------- events.def */

struct field {
    const char *name, *facts, *text;
};

#define TT_U8(name, text)                {#name, "8 bits", text},
#define TT_U16(name, text)               {#name, "16 bits", text},
#define TT_U32(name, text)               {#name, "32 bits", text},
#define TT_U64(name, text)               {#name, "64 bits", text},
#define TT_I32(name, text)               {#name, "32 bits, signed", text},
#define TT_ID(name, text)                {#name, "id", text},
#define TT_TICKS(name, text)             {#name, "nanoseconds", text},
#define TT_WORD(name, enumeration, text) {#name, "word of " #enumeration, text},
#define TT_SITE(name, text)              {#name, "place", text},
#define TT_TEXT(name, limit, text)       {#name, "text, at most " #limit " bytes", text},
#define TT_MESSAGE(name, limit, text)    {#name, "message, at most " #limit " bytes", text},
#define TT_EVENT(number, name, category, level, text, fields) \
    static const struct field fields_of_##name[] = {fields{NULL, NULL, NULL}};
#include "events.def"

static const struct {
    int number;
    const char *level, *name, *category, *text;
    const struct field *fields;
} events[] = {
#define TT_EVENT(number, name, category, level, text, fields) \
    {number, #level, #name, #category, text, fields_of_##name},
#include "events.def"
};

static const struct {
    int bit, is_default;
    const char *name, *text;
} categories[] = {
#define TT_CATEGORY(bit, name, default_on, text) {bit, default_on, #name, text},
#include "events.def"
};

static const struct {
    const char *enumeration, *text;
} enumerations[] = {
#define TT_ENUM_BEGIN(name, text) {#name, text},
#include "events.def"
};

static const struct {
    const char *enumeration, *word, *text;
    int number;
} words[] = {
#define TT_ENUM_VALUE(name, CONSTANT, number, word, text) {#name, #word, text, number},
#include "events.def"
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void read_events(struct maker *maker)
{
    char facts[96];
    struct tt_reference_entry *entry = add_entry(maker, TT_REFERENCE_CATEGORY, "categories", NULL,
                                                 "What events are chosen by: TELLTALE_EVENTS, record --events.");
    for (size_t i = 0; i < COUNT(categories); i++)
        add_column(maker, entry, categories[i].name, categories[i].is_default ? "on" : "on request",
                   categories[i].text);
    for (size_t i = 0; i < COUNT(events); i++) {
        snprintf(facts, sizeof facts, "number %d, category %s, %s", events[i].number, events[i].category,
                 strcmp(events[i].level, "TT_LEVEL_VITAL") == 0 ? "vital" : "plain");
        entry = add_entry(maker, TT_REFERENCE_EVENT, events[i].name, facts, events[i].text);
        for (const struct field *field = events[i].fields; field->name; field++)
            add_column(maker, entry, field->name, field->facts, field->text);
    }
    for (size_t i = 0; i < COUNT(enumerations); i++) {
        entry = add_entry(maker, TT_REFERENCE_WORDS, enumerations[i].enumeration, NULL, enumerations[i].text);
        for (size_t j = 0; j < COUNT(words); j++) {
            if (strcmp(words[j].enumeration, enumerations[i].enumeration) != 0)
                continue;
            snprintf(facts, sizeof facts, "%d", words[j].number);
            add_column(maker, entry, words[j].word, facts, words[j].text);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------- all */

struct tt_reference *tt_reference_create(void)
{
    struct maker maker = {.reference = calloc(1, sizeof(struct tt_reference))};
    if (!maker.reference)
        return NULL;
    for (const struct tt_store_view *view = tt_store_views; view->name; view++)
        read_sql(&maker, view->sql, TT_REFERENCE_VIEW);
    for (const struct tt_sql_table_class *const *table = tt__sql_tables; *table; table++)
        read_sql(&maker, (*table)->declaration, TT_REFERENCE_STREAM_TABLE);
    for (const struct tt_store_view *view = tt_store_stream_views; view->name; view++)
        read_sql(&maker, view->sql, TT_REFERENCE_STREAM_VIEW);
    read_sql(&maker, tt_store_schema, TT_REFERENCE_TABLE);
    read_events(&maker);
    if (!maker.is_out_of_memory)
        return maker.reference;
    tt_reference_destroy(maker.reference);
    return NULL;
}

void tt_reference_destroy(struct tt_reference *reference)
{
    for (size_t i = 0; reference && i < reference->entry_count; i++) {
        struct tt_reference_entry *entry = &reference->entries[i];
        for (size_t j = 0; j < entry->column_count; j++) {
            free(entry->columns[j].name);
            free(entry->columns[j].facts);
            free(entry->columns[j].text);
        }
        free(entry->columns);
        free(entry->name);
        free(entry->facts);
        free(entry->text);
    }
    if (reference)
        free(reference->entries);
    free(reference);
}
