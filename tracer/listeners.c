/* listeners.c: see listeners.h. */
#include "listeners.h"

#include <string.h>

#include "lttng_table.h"

/* The index of WHO among those that were seen, from FROM on; count: it is not there. */
static size_t find(const struct tt__listeners *listeners, size_t from, const void *who)
{
    while (from < listeners->count && listeners->who[from] != who)
        from++;
    return from;
}

void tt__listeners_look(struct tt__listeners *listeners, const struct tt_lttng_table *table)
{
    struct tt__listeners now = {
        .last = listeners->last, .told = listeners->told, .lacking_told = listeners->lacking_told};
    now.count = table->process_listeners(now.who, TT_LISTENERS_MAX, &now.lacking, &now.list);
    if (now.count > TT_LISTENERS_MAX)
        now.count = TT_LISTENERS_MAX;
    if (now.count > 0 && now.list == 0 && listeners->last > 0)
        return; /* somebody is about to begin, and would not hear it; who is numbered for the first time is numbered again */
    bool is_the_same = now.count == listeners->count && memcmp(now.who, listeners->who, sizeof now.who) == 0;
    listeners->lacking = now.lacking;
    if (is_the_same && now.list == listeners->list)
        return;
    size_t next = 0; /* of those that were seen */
    for (size_t i = 0; i < now.count; i++) {
        size_t at = is_the_same && i + 1 == now.count ? listeners->count : find(listeners, next, now.who[i]);
        bool goes_on = at < listeners->count;
        now.numbers[i] = goes_on ? listeners->numbers[at] : ++now.last;
        if (goes_on)
            next = at + 1;
    }
    *listeners = now;
}

bool tt__listeners_are_untold(const struct tt__listeners *listeners)
{
    return listeners->count > 0 &&
           (listeners->last != listeners->told || listeners->lacking != listeners->lacking_told);
}

void tt__listeners_tell(struct tt__listeners *listeners, struct tt_event_process_started *event)
{
    event->listener_set = event->listener_new = event->listener_lacking = 0;
    event->listener_first = listeners->count > 0 ? listeners->numbers[0] : listeners->last + 1;
    for (size_t i = 0; i < listeners->count; i++)
        if (listeners->numbers[i] < event->listener_first)
            event->listener_first = listeners->numbers[i];
    for (size_t i = 0; i < listeners->count; i++) {
        uint32_t place = listeners->numbers[i] - event->listener_first;
        if (place >= 64)
            continue;
        event->listener_set |= UINT64_C(1) << place;
        event->listener_lacking |= (listeners->lacking >> i & 1) << place;
        if (listeners->numbers[i] > listeners->told)
            event->listener_new |= UINT64_C(1) << place;
    }
    listeners->told = listeners->last;
    listeners->lacking_told = listeners->lacking;
}
