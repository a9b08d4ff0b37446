/* draft.h: a query that is put together from what a command knows and what its user chose.
 *
 * What it is for. Commands that print rows of a view let the user choose columns, rows and order, and a span of time. What
 * the user wrote becomes part of the query in two ways only: as the name of a column, which must be one of the view's, and
 * as the filter, which is prepared under the rule for users' SQL.
 *
 * What it leaves to others. The plain case, one view and nothing else: listing.h. Running queries: query.h.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_DRAFT_H
#define TT_VIEWER_DRAFT_H

#include "listing.h"
#include "query.h"

#define TT_DRAFT_VALUES_MAX  8u
#define TT_DRAFT_COLUMNS_MAX 64u /* no view has as many, and nobody reads more */

typedef struct tt_draft {
    struct tt_invocation *invocation;
    const struct tt_listing *listing;
    const struct tt_listing_options *given;
    tt_session *session;
    FILE *sql; /* what is written so far; commands write to it, too */
    char *text;
    size_t text_bytes;
    struct tt_column columns[TT_DRAFT_COLUMNS_MAX];
    char *names[TT_DRAFT_COLUMNS_MAX]; /* what the columns' texts point to, where that is no constant */
    size_t count;
    struct {
        const char *name;
        int64_t value;
    } values[TT_DRAFT_VALUES_MAX];
    size_t value_count;
    size_t row_count;           /* that tt__draft_print has printed */
    int64_t since_ns, until_ns; /* the span; the least and greatest integer when there is no end of it */
} tt_draft;

/* Opens the store that INVOCATION names and begins a query. Returns -1, or the exit status after a complaint; then there is
 * nothing to close. */
int tt__draft_open(tt_draft *out_draft, struct tt_invocation *invocation, const struct tt_listing *listing,
                   const struct tt_listing_options *given);

/* Ends draft and session. Returns STATUS, or that of the first query that failed. */
int tt__draft_close(tt_draft *draft, int status);

/* Adds a column of the command's own, in front of what it has written: "SELECT SQL AS name" or ", SQL AS name". */
int tt__draft_add(tt_draft *draft, const char *sql, struct tt_column column);

/* Adds the columns that the user chose, or those of DEFAULTS. Returns -1, or the status of a complaint. */
const char *tt__draft_choose_columns(tt_draft *draft, const char *usual, const char *of_hosts);
int tt__draft_add_columns(tt_draft *draft, const char *defaults);

/* Writes the conditions that the user gave: " AND ..." for the span of time, " AND (filter)". */
void tt__draft_add_conditions(tt_draft *draft);

/* Whether there are any. */
bool tt__draft_has_conditions(const tt_draft *draft);

/* Writes the order that the user gave, if any: "A DESC, B, ". Returns -1, or the status of a complaint. */
int tt__draft_add_order(tt_draft *draft);

/* Whether data for programs is wanted, and no screen. */
bool tt__draft_is_data(const tt_draft *draft);

/* Gives the query's parameter NAME (":at", a constant) a value when it is run. */
void tt__draft_bind(tt_draft *draft, const char *name, int64_t value);

/* Runs the query that has been written and prints its rows. Returns the exit status. */
int tt__draft_print(tt_draft *draft);

/* Writes the query of a plain listing (columns, span, filter, order, limit), runs it and prints its rows. Returns the exit status. */
int tt__draft_print_listing(tt_draft *draft);

/* The query that has been written, for commands that print rows in a way of their own; under the rule for users' SQL when a
 * filter is in it. NULL after a complaint of which the status is in OUT_STATUS. */
tt_query *tt__draft_query(tt_draft *draft, int *out_status);

#endif
