/* process_link.c: what a task of one process caused in another one. The contract is in telltale/trace.h.
 *
 * A link is "ARENA-LTTNG-TASK", hexadecimal numbers: the first 8 bytes of the uuid that the process has in its arena, the same for LTTng,
 * where it has another one, 0 where it has none; and the task's id. Both, because the reader of the one recording does not know
 * the other.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process_link.h"
#include "lttng.h"
#include "writer.h"

#define PARENT_VARIABLE "TELLTALE_PARENT"

static uint64_t arena_process(struct tt__life *life)
{
    uint64_t number = 0;
    if (!tt__trace_revive())
        return 0;
    for (int i = 7; i >= 0; i--)
        number = number << 8 | life->header->process_uuid[i];
    return number;
}

int tt_trace_link_write(uint64_t task_id, char out_link[TT_TRACE_LINK_BYTES])
{
    struct tt__life *life = tt__life();
    uint64_t arena = arena_process(life), lttng = tt__trace_revive_lttng() ? tt__lttng_process() : 0;
    out_link[0] = '\0';
    if (arena == 0 && lttng == 0)
        return TT_TRACE_OFF;
    snprintf(out_link, TT_TRACE_LINK_BYTES, "%" PRIx64 "-%" PRIx64 "-%" PRIx64, arena, lttng, task_id);
    return arena != 0 ? TT_TRACE_RECORDING : TT_TRACE_LTTNG;
}

/* A hexadecimal number up to END, the byte behind it. Where it stands then, or NULL. */
static const char *read_number(const char *text, char end, uint64_t *out_number)
{
    size_t length = strspn(text, "0123456789abcdef");
    if (length == 0 || length > 16 || text[length] != end)
        return NULL;
    *out_number = strtoull(text, NULL, 16);
    return text + length + (end != '\0');
}

/* False: TEXT is no link. */
static bool read_link(const char *text, struct tt_event_task_linked *out)
{
    const char *rest = read_number(text, '-', &out->cause_arena);
    rest = rest ? read_number(rest, '-', &out->cause_lttng) : NULL;
    return rest && read_number(rest, '\0', &out->cause_task_id) && (out->cause_arena != 0 || out->cause_lttng != 0);
}

int tt_trace_link_take_at(uint64_t task_id, const char *link, tt_site *site)
{
    struct tt_event_task_linked event = {.task_id = task_id, .site = site};
    if (*link == '\0')
        return 0;
    if (!read_link(link, &event))
        return -EINVAL;
    TT_EMIT(task_linked, .task_id = task_id, .cause_arena = event.cause_arena, .cause_lttng = event.cause_lttng,
            .cause_task_id = event.cause_task_id, .site = site);
    return 0;
}

bool tt__link_find_parent(struct tt_event_task_linked *out_event)
{
    const char *link = secure_getenv(PARENT_VARIABLE);
    *out_event = (struct tt_event_task_linked){0};
    return link && read_link(link, out_event);
}

void tt__link_tell_parent(void)
{
    struct tt_event_task_linked event;
    if (tt__link_find_parent(&event))
        TT_EMIT(task_linked, .cause_arena = event.cause_arena, .cause_lttng = event.cause_lttng,
                .cause_task_id = event.cause_task_id);
}
