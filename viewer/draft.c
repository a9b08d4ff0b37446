/* draft.c: a query that is put together. The contract is in draft.h. */
#include "draft.h"

#include "moment.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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
static bool is_view_column(tt_draft *draft, const char *name)
{
    return strpbrk(name, "\"'`[]") == NULL && tt__query_has_column(draft->session, draft->listing->view, name);
}

static int complain_about_column(tt_draft *draft, const char *option, const char *name)
{
    return tt__usage_error(draft->invocation->command, "%s: there is no column %s", option, name);
}

int tt__draft_add(tt_draft *draft, const char *sql, struct tt_column column)
{
    if (draft->count == TT_DRAFT_COLUMNS_MAX)
        return tt__usage_error(draft->invocation->command, "--columns: more than %u columns", TT_DRAFT_COLUMNS_MAX);
    fprintf(draft->sql, "%s%s AS \"%s\"", draft->count > 0 ? ", " : "SELECT ", sql, column.name);
    draft->columns[draft->count++] = column;
    return -1;
}

static int add_column(tt_draft *draft, const char *name)
{
    const struct tt_listing_column *known = find_column(draft->listing, name);
    if (known == NULL && !is_view_column(draft, name))
        return complain_about_column(draft, "--columns", name);
    if (known != NULL)
        return tt__draft_add(draft, known->sql,
                             (struct tt_column){known->name, known->heading, known->unit, known->is_wide});
    char *copy = strdup(name);
    char *quoted = NULL;
    if (copy == NULL || asprintf(&quoted, "\"%s\"", name) < 0) {
        tt__complain("not enough memory for the columns");
        free(copy);
        return TT_EXIT_OUTSIDE;
    }
    int status = tt__draft_add(draft, quoted, (struct tt_column){copy, copy, unit_of(draft->listing, name), true});
    if (status < 0)
        draft->names[draft->count - 1] = copy;
    else
        free(copy);
    free(quoted);
    return status;
}

static int add_all_columns(tt_draft *draft)
{
    int status = -1;
    tt_query *query = tt__query_open(draft->session, "SELECT name FROM pragma_table_xinfo(?1) ORDER BY cid");
    tt__query_bind_text(query, 1, draft->listing->view);
    while (status < 0 && tt__query_next(query))
        status = add_column(draft, tt__query_text(query, "name"));
    tt__query_close(query);
    return status;
}

static int add_sort(tt_draft *draft, const char *name)
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
static int for_each_word(tt_draft *draft, const char *list, int (*take)(tt_draft *, const char *))
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

int tt__draft_add_columns(tt_draft *draft, const char *defaults)
{
    const char *columns = draft->given->columns != NULL ? draft->given->columns : defaults;
    return strcmp(columns, "all") == 0 ? add_all_columns(draft) : for_each_word(draft, columns, add_column);
}

const char *tt__draft_choose_columns(tt_draft *draft, const char *usual, const char *of_hosts)
{
    if (draft->given->columns != NULL || of_hosts == NULL)
        return usual;
    tt_query *query = tt__query_open(draft->session, "SELECT count(DISTINCT host) AS count FROM processes");
    bool has_several = tt__query_next(query) && tt__query_integer(query, "count") > 1;
    tt__query_close(query);
    return has_several ? of_hosts : usual;
}

bool tt__draft_has_conditions(const tt_draft *draft)
{
    return draft->until_ns < INT64_MAX || draft->since_ns > INT64_MIN || draft->given->filter != NULL;
}

static bool is_name_character(char character)
{
    return isalnum((unsigned char)character) || character == '_' || character == '$';
}

/* Whether WORD stands in SQL, as a name or otherwise. */
static bool mentions(const char *sql, const char *word)
{
    size_t length = strlen(word);
    for (const char *found = sql; (found = strcasestr(found, word)) != NULL; found++)
        if ((found == sql || !is_name_character(found[-1])) && !is_name_character(found[length]))
            return true;
    return false;
}

/* The user's filter. Columns of the listing that the view has not are there, whether they are shown or not: as those of a row that
 * the filter is asked of. The others need no such row, which would hide from SQLite what it could look up. */
static void add_filter(tt_draft *draft)
{
    const struct tt_listing *listing = draft->listing;
    const char *filter = draft->given->filter;
    bool has_own = listing->filter_columns != NULL;
    const struct tt_listing_column *column = has_own ? listing->filter_columns : listing->columns;
    size_t count = has_own ? listing->filter_column_count : listing->column_count, named_count = 0;
    /* Lines of its own, so that a comment in the filter ends where the filter does. */
    for (; count > 0; column++, count--) {
        if (!mentions(filter, column->name) || is_view_column(draft, column->name))
            continue;
        if (named_count++ == 0)
            fprintf(draft->sql, " AND (SELECT (\n%s\n) FROM (SELECT ", filter);
        fprintf(draft->sql, "%s%s AS \"%s\"", named_count > 1 ? ", " : "", column->sql, column->name);
    }
    if (named_count > 0)
        fprintf(draft->sql, "))");
    else
        fprintf(draft->sql, " AND (\n%s\n)", filter);
}

void tt__draft_add_conditions(tt_draft *draft)
{
    /* What has no time is not left out: it may belong there. */
    if (draft->until_ns < INT64_MAX)
        fprintf(draft->sql, " AND coalesce(%s <= %" PRId64 ", 1)", draft->listing->begins, draft->until_ns);
    if (draft->since_ns > INT64_MIN)
        fprintf(draft->sql, " AND coalesce(%s >= %" PRId64 ", 1)", draft->listing->ends, draft->since_ns);
    if (draft->given->filter != NULL)
        add_filter(draft);
    fprintf(draft->sql, "\n");
}

int tt__draft_add_order(tt_draft *draft)
{
    return draft->given->sort == NULL ? -1 : for_each_word(draft, draft->given->sort, add_sort);
}

bool tt__draft_is_data(const tt_draft *draft)
{
    return draft->given->is_json || draft->given->format != TT_FORMAT_TABLE;
}

/* -------------------------------------------------------------------------------------------- begin and end */

static int find_span(tt_draft *draft)
{
    draft->since_ns = INT64_MIN;
    draft->until_ns = INT64_MAX;
    int status =
        tt__moment_find(draft->session, draft->invocation->command, "since", draft->given->since, &draft->since_ns);
    if (status < 0)
        status =
            tt__moment_find(draft->session, draft->invocation->command, "until", draft->given->until, &draft->until_ns);
    return status;
}

int tt__draft_open(tt_draft *out_draft, struct tt_invocation *invocation, const struct tt_listing *listing,
                   const struct tt_listing_options *given)
{
    *out_draft = (tt_draft){.invocation = invocation, .listing = listing, .given = given};
    int status = tt__session_open(invocation, invocation->arguments[0], &out_draft->session);
    if (status >= 0)
        return status;
    status = find_span(out_draft);
    if (status >= 0)
        return tt__session_close(out_draft->session, status);
    out_draft->sql = open_memstream(&out_draft->text, &out_draft->text_bytes);
    if (out_draft->sql != NULL)
        return -1;
    tt__complain("not enough memory for a query");
    return tt__session_close(out_draft->session, TT_EXIT_OUTSIDE);
}

int tt__draft_close(tt_draft *draft, int status)
{
    if (draft->sql != NULL)
        fclose(draft->sql);
    for (size_t i = 0; i < draft->count; i++)
        free(draft->names[i]);
    free(draft->text);
    return tt__session_close(draft->session, status);
}

/* ------------------------------------------------------------------------------------------------- running it */

void tt__draft_bind(tt_draft *draft, const char *name, int64_t value)
{
    assert(draft->value_count < TT_DRAFT_VALUES_MAX);
    draft->values[draft->value_count].name = name;
    draft->values[draft->value_count++].value = value;
}

static tt_query *prepare(tt_draft *draft)
{
    char what[64];
    if (draft->given->filter == NULL)
        return tt__query_open(draft->session, draft->text);
    snprintf(what, sizeof what, "%s: --filter", draft->invocation->command->name);
    return tt__query_open_user(draft->session, draft->text, what);
}

tt_query *tt__draft_query(tt_draft *draft, int *out_status)
{
    *out_status = TT_EXIT_OUTSIDE;
    if (fflush(draft->sql) != 0 || ferror(draft->sql)) {
        tt__complain("not enough memory for a query");
        return NULL;
    }
    tt_query *query = prepare(draft);
    if (query == NULL)
        *out_status = TT_EXIT_USAGE;
    for (size_t i = 0; i < draft->value_count; i++)
        tt__query_bind_named(query, draft->values[i].name, draft->values[i].value);
    return query;
}

int tt__draft_print(tt_draft *draft)
{
    int status = TT_EXIT_CLEAN;
    tt_query *query = tt__draft_query(draft, &status);
    if (query == NULL)
        return status;
    enum tt_format format = draft->given->is_json ? TT_FORMAT_JSON : (enum tt_format)draft->given->format;
    draft->row_count = tt__query_print(query, &draft->invocation->output, format, draft->columns);
    tt__query_close(query);
    return TT_EXIT_CLEAN;
}
