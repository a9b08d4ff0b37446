/* listing.h: a command that is a table of one view, with the reader's choice of columns, rows and order.
 *
 * What it is for. ps, failures and their like are one thing: rows of a view. Such a command is a table of columns, a
 * struct tt_listing, and nothing else; its options are TT_LISTING_OPTIONS.
 *
 * What it leaves to others. What stands in the columns: the view. Printing: output/rows.h.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_LISTING_H
#define TT_VIEWER_LISTING_H

#include "command.h"
#include "output/rows.h"

/* A column with a short name and an expression of its own; every column of the view can be had by its name besides. */
struct tt_listing_column {
    const char *name;
    const char *sql;
    const char *heading;
    enum tt_unit unit;
    bool is_wide;
};

struct tt_listing {
    const char *view;
    const char *key; /* column of the view that names a row: the order of rows that nothing else decides */
    const struct tt_listing_column *columns;
    size_t column_count;
    const char *host_columns;    /* the default where the recording is of several hosts; NULL: the same */
    const char *default_columns;  /* names, separated by commas */
    const char *const *durations; /* columns of the view that are durations, ended by NULL; other ..._ns are instants */
    const char *begins, *ends;    /* from when until when a row lasts, in SQL: what --since and --until ask for */
    const struct tt_listing_column *filter_columns; /* what a filter may name besides the view's; NULL: columns */
    size_t filter_column_count;
};

/* The columns of tasks: those of telltale ps, which a filter over tasks may name in any command. */
#define TT_TASK_COLUMN_COUNT 15
extern const struct tt_listing_column tt__task_columns[TT_TASK_COLUMN_COUNT];

/* What the user chose; the command's struct of options. */
struct tt_listing_options {
    const char *columns;
    const char *sort;
    const char *filter;
    const char *since, *until;
    uint64_t limit;
    int format;
    bool is_json;
};

/* The options' table. Its texts name the view and give an example of a filter. */
#define TT_LISTING_OPTIONS(columns_help, filter_help)                                                               \
    {'C', "columns", TT_OPTION_TEXT, "LIST", columns_help, offsetof(struct tt_listing_options, columns), NULL},     \
        {'s',                                                                                                       \
         "sort",                                                                                                    \
         TT_OPTION_TEXT,                                                                                            \
         "LIST",                                                                                                    \
         "columns to sort by; -NAME: greatest first",                                                               \
         offsetof(struct tt_listing_options, sort),                                                                 \
         NULL},                                                                                                     \
        {'f', "filter", TT_OPTION_TEXT, "SQL", filter_help, offsetof(struct tt_listing_options, filter), NULL},     \
        {'n', "limit", TT_OPTION_NUMBER, "N", "at most so many", offsetof(struct tt_listing_options, limit), NULL}, \
        {0,                                                                                                         \
         "since",                                                                                                   \
         TT_OPTION_TEXT,                                                                                            \
         "TIME",                                                                                                    \
         "only what lasted until then or longer: 12.3s, 50%, -1s, 2026-01-31T12:00:00Z",                            \
         offsetof(struct tt_listing_options, since),                                                                \
         NULL},                                                                                                     \
        {0,                                                                                                         \
         "until",                                                                                                   \
         TT_OPTION_TEXT,                                                                                            \
         "TIME",                                                                                                    \
         "only what began before then",                                                                             \
         offsetof(struct tt_listing_options, until),                                                                \
         NULL},                                                                                                     \
        {0,                                                                                                         \
         "format",                                                                                                  \
         TT_OPTION_WORD,                                                                                            \
         "FORMAT",                                                                                                  \
         "table, json, ndjson or csv",                                                                              \
         offsetof(struct tt_listing_options, format),                                                               \
         tt__format_words},                                                                                         \
    {                                                                                                               \
        0, "json", TT_OPTION_FLAG, NULL, "the same as --format json", offsetof(struct tt_listing_options, is_json), \
            NULL                                                                                                    \
    }

/* Prints LISTING of the store that INVOCATION names, whose options begin with a struct tt_listing_options. Returns the exit
 * status. */
int tt__listing_run(struct tt_invocation *invocation, const struct tt_listing *listing);

#endif
