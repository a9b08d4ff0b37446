/* narrow.c: see narrow.h. */
#include "narrow.h"

#include "store.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

/* The text behind "CREATE VIEW name AS". */
static const char *body_of(const char *view)
{
    const struct tt_store_view *const lists[] = {tt_store_views, tt_store_stream_views};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (const struct tt_store_view *known = lists[i]; known->name != NULL; known++)
            if (strcmp(known->name, view) == 0) {
                const char *create = strstr(known->sql, "CREATE VIEW ");
                const char *as = create != NULL ? strstr(create, " AS") : NULL;
                assert(as != NULL && "a view's text says what it is");
                return as + strlen(" AS");
            }
    assert(!"the view is one of this version");
    return "";
}

/* Writes TEXT, up to its semicolon, with every OLD as NEW. */
static void write_with(FILE *sql, const char *text, const char *old, const char *new)
{
    const char *end = strrchr(text, ';'), *found;
    assert(end != NULL && "a view's text ends");
    while ((found = strstr(text, old)) != NULL && found < end) {
        fprintf(sql, "%.*s%s", (int)(found - text), text, new);
        text = found + strlen(old);
    }
    fprintf(sql, "%.*s", (int)(end - text), text);
}

void tt__narrow_view(FILE *sql, const char *view, const struct tt_narrow_source *source, int64_t since_ns, int64_t until_ns)
{
    char old[64], new[64];
    snprintf(old, sizeof old, "FROM %s AS %s", source->source, source->alias);
    snprintf(new, sizeof new, "FROM of_span AS %s", source->alias);
    fprintf(sql, "WITH of_span AS (SELECT * FROM %s WHERE 1", source->source);
    if (until_ns < INT64_MAX)
        fprintf(sql, " AND coalesce(%s <= %" PRId64 ", 1)", source->begins, until_ns);
    if (since_ns > INT64_MIN)
        fprintf(sql, " AND coalesce(%s >= %" PRId64 ", 1)", source->ends, since_ns);
    fprintf(sql, "),\n%s AS (", view);
    write_with(sql, body_of(view), old, new);
    fprintf(sql, ")\n");
}
