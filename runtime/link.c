/* link.c: see telltale/link.h. */
#include <telltale/link.h>

#include "exc_internal.h"
#include "precond.h"

bool tt_link_write(char *out_link)
{
    TT_PRECOND("link_write.out_link", NULL, out_link != NULL);
    return tt_trace_link_write(tt__current_task_id(), out_link) != TT_TRACE_OFF;
}

bool tt_link_take_at(tt_site *site, const char *link)
{
    TT_PRECOND("link_take.link", site, link != NULL);
    return tt_trace_link_take_at(tt__current_task_id(), link, site) == 0;
}
