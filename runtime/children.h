/* children.h: telling the trace which futures a gather, a wait or an iterator waits for, eight in an event.
 *
 * Only those that are pending are told: nobody waits for the others. Ask tt_trace_on(TT_CATEGORY_OF_children_told) first;
 * then begin, add each, end.
 *
 * The loop's thread. */
#ifndef TT_CHILDREN_H
#define TT_CHILDREN_H

#include "future_internal.h"

/* A wait for the first one that is done is often repeated for those that are left, each time for one less: it tells no
 * more than one event's worth, so that telling does not grow with the square of them. */
enum { TT_CHILDREN_IN_EVENT = 8 };

struct tt_children {
    uint64_t owner_id;
    unsigned count;
    uint64_t ids[TT_CHILDREN_IN_EVENT];
};

static inline void tt__children_end(struct tt_children *children)
{
    const uint64_t *ids = children->ids;

    if (children->count > 0)
        TT_EMIT(children_told, .owner_id = children->owner_id, .child_1 = ids[0], .child_2 = ids[1], .child_3 = ids[2],
                .child_4 = ids[3], .child_5 = ids[4], .child_6 = ids[5], .child_7 = ids[6], .child_8 = ids[7]);
    *children = (struct tt_children){.owner_id = children->owner_id};
}

static inline void tt__children_add(struct tt_children *children, const tt_future *child)
{
    if (child->state != TT_FUTURE_PENDING)
        return;
    if (children->count == TT_CHILDREN_IN_EVENT)
        tt__children_end(children);
    children->ids[children->count++] = child->id;
}

#endif
