/* listing.c: see listing.h. What the user wrote becomes part of a query in two ways only: as a name of a column, which
 * must be one of the view's, and as the filter, which is prepared under the rule for users' SQL. */
#include "listing.h"

#include "query.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 64u /* no view has as many, and nobody reads more */

/* A query that is being put together, with the columns of its result. */
struct draft {
    const struct tt_command *command;
    const struct tt_listing *listing;
    tt_session *session;
    FILE *sql;
    struct tt_column columns[COLUMNS_MAX];
    char *names[COLUMNS_MAX];
    size_t count;
};

static const struct tt_listing_column *find_column(const struct tt_listing *listing, const char *name)
{
    for (size_t i = 0; i < listing->column_count; i++)
        if (strcmp(listing->columns[i].name, name) == 0)
            return &listing->columns[i];
    return NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static enum tt_unit unit_of(const struct tt_listing *listing, const char *name)
{
    for (const char *const *duration = listing->durations; *duration; duration++)
        if (strcmp(*duration, name) == 0)
            return TT_UNIT_DURATION;
    return ends_with(name, "_ns") ? TT_UNIT_INSTANT : TT_UNIT_NONE;
}

/* Whether the name may stand in SQL: the list of the view's columns decides, so nothing else gets through. */
static bool is_view_column(struct draft *draft, const char *name)
{
    return strpbrk(name, "\"'`[]") == NULL && tt__query_has_column(draft->session, draft->listing->view, name);
}

static int complain_about_column(struct draft *draft, const char *option, const char *name)
{
    return tt__usage_error(draft->command, "%s: there is no column %s", option, name);
}

static int add_column(struct draft *draft, const char *name)
{
    const struct tt_listing_column *known = find_column(draft->listing, name);
    if (draft->count == COLUMNS_MAX)
        return tt__usage_error(draft->command, "--columns: more than %u columns", COLUMNS_MAX);
    if (known == NULL && !is_view_column(draft, name))
        return complain_about_column(draft, "--columns", name);
    char *copy = strdup(name);
    if (copy == NULL) {
        tt__complain("not enough memory for the columns");
        return TT_EXIT_OUTSIDE;
    }
    fprintf(draft->sql, "%s", draft->count > 0 ? ", " : "SELECT ");
    if (known != NULL)
        fprintf(draft->sql, "%s AS \"%s\"", known->sql, name);
    else
        fprintf(draft->sql, "\"%s\"", name);
    draft->names[draft->count] = copy;
    draft->columns[draft->count++] = (struct tt_column){
        .name = copy,
        .heading = known != NULL ? known->heading : copy,
        .unit = known != NULL ? known->unit : unit_of(draft->listing, name),
        .is_wide = known != NULL ? known->is_wide : true,
    };
    return -1;
}

static int add_all_columns(struct draft *draft)
{
    int status = -1;
    tt_query *query = tt__query_open(draft->session, "SELECT name FROM pragma_table_xinfo(?1) ORDER BY cid");
    tt__query_bind_text(query, 1, draft->listing->view);
    while (status < 0 && tt__query_next(query))
        status = add_column(draft, tt__query_text(query, "name"));
    tt__query_close(query);
    return status;
}

static int add_sort(struct draft *draft, const char *name)
{
    bool is_descending = *name == '-';
    name += is_descending;
    const struct tt_listing_column *known = find_column(draft->listing, name);
    /* The id as a number: #10 comes after #9. */
    const char *sql = strcmp(name, "id") == 0 ? draft->listing->key : known != NULL ? known->sql : NULL;
    if (sql == NULL && !is_view_column(draft, name))
        return complain_about_column(draft, "--sort", name);
    if (sql != NULL)
        fprintf(draft->sql, "%s", sql);
    else
        fprintf(draft->sql, "\"%s\"", name);
    fprintf(draft->sql, "%s, ", is_descending ? " DESC" : "");
    return -1;
}

/* Calls TAKE with each word of LIST, which is separated by commas, as long as it returns -1. */
static int for_each_word(struct draft *draft, const char *list, int (*take)(struct draft *, const char *))
{
    int status = -1;
    char *copy = strdup(list);
    char *rest = copy;
    if (copy == NULL) {
        tt__complain("not enough memory for the columns");
        return TT_EXIT_OUTSIDE;
    }
    for (char *word; status < 0 && (word = strsep(&rest, ",")) != NULL;)
        status = take(draft, word);
    free(copy);
    return status;
}

/* Writes the query. Returns -1, or the status of a complaint. */
static int write_query(struct draft *draft, const struct tt_listing_options *given)
{
    const char *columns = given->columns != NULL ? given->columns : draft->listing->default_columns;
    int status = strcmp(columns, "all") == 0 ? add_all_columns(draft) : for_each_word(draft, columns, add_column);
    if (status >= 0)
        return status;
    fprintf(draft->sql, "\nFROM %s\n", draft->listing->view);
    /* Lines of its own, so that a comment in the filter ends where the filter does. */
    if (given->filter != NULL)
        fprintf(draft->sql, "WHERE (\n%s\n)\n", given->filter);
    fprintf(draft->sql, "ORDER BY ");
    if (given->sort != NULL)
        status = for_each_word(draft, given->sort, add_sort);
    fprintf(draft->sql, "%s", draft->listing->key);
    if (given->limit > 0)
        fprintf(draft->sql, "\nLIMIT %ju", (uintmax_t)given->limit);
    return status;
}

static int print_rows(struct tt_invocation *invocation, struct draft *draft, const char *sql)
{
    const struct tt_listing_options *given = invocation->options;
    char what[64];
    snprintf(what, sizeof what, "%s: --filter", draft->command->name);
    tt_query *query =
        given->filter != NULL ? tt__query_open_user(draft->session, sql, what) : tt__query_open(draft->session, sql);
    if (query == NULL)
        return TT_EXIT_USAGE;
    tt__query_print(query, &invocation->output, given->is_json ? TT_FORMAT_JSON : (enum tt_format)given->format,
                    draft->columns);
    tt__query_close(query);
    return TT_EXIT_CLEAN;
}

int tt__listing_run(struct tt_invocation *invocation, const struct tt_listing *listing)
{
    struct draft draft = {.command = invocation->command, .listing = listing};
    char *sql = NULL;
    size_t sql_bytes = 0;
    int status = tt__session_open(invocation, invocation->arguments[0], &draft.session);
    if (status >= 0)
        return status;
    draft.sql = open_memstream(&sql, &sql_bytes);
    if (draft.sql == NULL) {
        tt__complain("not enough memory for a query");
        return tt__session_close(draft.session, TT_EXIT_OUTSIDE);
    }
    status = write_query(&draft, invocation->options);
    if (fclose(draft.sql) == 0 && status < 0)
        status = print_rows(invocation, &draft, sql);
    for (size_t i = 0; i < draft.count; i++)
        free(draft.names[i]);
    free(sql);
    return tt__session_close(draft.session, status);
}
