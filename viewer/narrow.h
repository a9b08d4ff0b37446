/* narrow.h: a view that adds up rows of another, asked of the rows of a span of time only.
 *
 * What it is for. --since and --until of a command whose rows are sums: the condition has to stand inside of the view. So the
 * view's own text stands in the query, over a selection of what it adds up, and means what it means elsewhere.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_NARROW_H
#define TT_VIEWER_NARROW_H

#include "draft.h"

/* What a view adds up: rows of SOURCE, which it calls ALIAS wherever it names it, and from when until when one of them lasts, in
 * SQL. */
struct tt_narrow_source {
    const char *source, *alias;
    const char *begins, *ends;
};

/* Writes, in front of a query that selects from VIEW, that this is the view of the rows that last in the span from SINCE_NS to
 * UNTIL_NS. Rows without times are in it: they may belong there. */
void tt__narrow_view(FILE *sql, const char *view, const struct tt_narrow_source *source, int64_t since_ns, int64_t until_ns);

#endif
