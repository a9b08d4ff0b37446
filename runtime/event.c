/* event.c: events: tasks wait until something has happened. See telltale/event.h.
 *
 * The loop's thread. From: asyncio.Event. */
#include <stdlib.h>

#include "lock_internal.h"
#include "loop_internal.h"
#include "precond.h"

static tt_event *event_of(struct tt_waitable *waitable)
{
    return tt_container_of(waitable, tt_event, waitable);
}

static int repr_event(const struct tt_waitable *waitable, char *buffer, size_t size)
{
    return tt_event_repr(event_of((struct tt_waitable *)waitable), buffer, size);
}

static void dismiss_event(struct tt_waitable *waitable)
{
    tt__line_wake(&event_of(waitable)->line, SIZE_MAX);
}

static void free_event(struct tt_waitable *waitable)
{
    tt__waitable_finish(waitable);
    free(event_of(waitable));
}

void tt__event_init(tt_event *event, struct tt_waitable *whole)
{
    static const struct tt_waitable_ops ops = {repr_event, dismiss_event, free_event};

    tt__waitable_init(&event->waitable, whole, &ops);
}

tt_event *tt_event_create_at(tt_site *site)
{
    tt_event *event = calloc(1, sizeof *event);

    if (!event) {
        tt_raise_at(site, &tt_MemoryError, "no memory for an event");
        return NULL;
    }
    tt__event_init(event, &event->waitable);
    tt__waitable_tell_created(&event->waitable, TT_RESOURCE_KIND_EVENT, 0, site);
    return event;
}

void tt_event_destroy(tt_event *event)
{
    if (event)
        tt__waitable_destroy(&event->waitable);
}

bool tt_event_is_set(const tt_event *event)
{
    TT_PRECOND("event_is_set.event", NULL, event != NULL);
    return event->is_set;
}

void tt_event_set(tt_event *event)
{
    TT_PRECOND("event_set.event", NULL, event != NULL);
    if (event->is_set)
        return;
    event->is_set = true;
    tt__line_wake(&event->line, SIZE_MAX);
}

void tt_event_clear(tt_event *event)
{
    TT_PRECOND("event_clear.event", NULL, event != NULL);
    event->is_set = false;
}

int tt__event_wait(tt_event *event, const struct tt_waiting *waiting)
{
    return event->is_set ? 0 : tt__line_wait(&event->line, &event->waitable, waiting, NULL);
}

int tt_event_wait_at(tt_site *site, tt_event *event)
{
    struct tt_waiting waiting;

    TT_PRECOND("event_wait.event", site, event != NULL);
    if (!tt__waiting_begin(&waiting, &event->waitable, TT_WAIT_KIND_EVENT, site))
        return -1;
    return tt__waiting_end(&waiting, tt__event_wait(event, &waiting));
}

int tt_event_repr(const tt_event *event, char *buffer, size_t size)
{
    TT_PRECOND("event_repr.event", NULL, event != NULL);
    TT_PRECOND("event_repr.buffer", NULL, buffer != NULL || size == 0);
    return tt__waitable_repr(&event->waitable, "Event", event->is_set ? "set" : "unset", &event->line, buffer, size);
}
