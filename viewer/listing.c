/* listing.c: see listing.h. */
#include "listing.h"

#include "draft.h"
#include "losses.h"

#include <inttypes.h>

/* Writes the query of a plain listing. Returns -1, or the status of a complaint. */
static int write_query(tt_draft *draft)
{
    int status = tt__draft_add_columns(draft, tt__draft_choose_columns(
                                                  draft, draft->listing->default_columns, draft->listing->host_columns));
    if (status >= 0)
        return status;
    fprintf(draft->sql, "\nFROM %s\nWHERE 1", draft->listing->view);
    tt__draft_add_conditions(draft);
    fprintf(draft->sql, "ORDER BY ");
    status = tt__draft_add_order(draft);
    fprintf(draft->sql, "%s", draft->listing->key);
    if (draft->given->limit > 0)
        fprintf(draft->sql, "\nLIMIT %" PRIu64, draft->given->limit);
    return status;
}

int tt__draft_print_listing(tt_draft *draft)
{
    int status = write_query(draft);
    return status < 0 ? tt__draft_print(draft) : status;
}

int tt__listing_run(struct tt_invocation *invocation, const struct tt_listing *listing)
{
    tt_draft draft;
    int status = tt__draft_open(&draft, invocation, listing, invocation->options);
    if (status >= 0)
        return status;
    status = tt__draft_print_listing(&draft);
    if (status == TT_EXIT_CLEAN)
        tt__losses_say(draft.session, &invocation->messages);
    return tt__draft_close(&draft, status);
}
