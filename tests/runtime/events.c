/* events.c: see events.h. */
#include "events.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABELS_MAX = 32, LOG_BYTES = 1 << 16 };

static struct {
    uint64_t id;
    const char *label;
} labels[LABELS_MAX];
static size_t label_count;
static char text[LOG_BYTES];
static size_t length;
static uint32_t raised_line, last_line, released_line;

void events_begin(void)
{
    label_count = 0;
    length = 0;
    text[0] = '\0';
    raised_line = last_line = released_line = 0;
    tt_trace_categories = TT_CATEGORY_failure | TT_CATEGORY_cancel | TT_CATEGORY_reference;
}

void events_end(void)
{
    tt_trace_categories = 0;
}

void events_label(const tt_future *object, const char *label)
{
    if (label_count == LABELS_MAX)
        abort();
    labels[label_count].id = tt_future_id(object);
    labels[label_count++].label = label;
}

const char *events_log(void)
{
    return text;
}

uint32_t events_raised_line(void)
{
    return raised_line;
}

uint32_t events_last_line(void)
{
    return last_line;
}

uint32_t events_released_line(void)
{
    return released_line;
}

/* ---------------------------------------------------------------------------------------------------------- hearing */

static const char *label_of(uint64_t id)
{
    for (size_t i = label_count; i-- > 0;)
        if (labels[i].id == id)
            return labels[i].label;
    return id ? "?" : "nothing";
}

static void TT_PRINTF(1, 2) add(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    length += (size_t)vsnprintf(text + length, sizeof text - length, format, arguments);
    va_end(arguments);
    if (length >= sizeof text)
        abort();
}

#define TT_ENUM_BEGIN(name, description)          \
    static const char *name##_word(uint8_t value) \
    {                                             \
        switch (value) {
#define TT_ENUM_VALUE(name, constant, number, word, description) \
    case number:                                                 \
        return #word;
#define TT_ENUM_END(name) \
    default:              \
        return "?";       \
        }                 \
        }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include "events.def"
#pragma GCC diagnostic pop

static uint32_t line_of(const tt_site *site)
{
    return site ? site->line : 0;
}

#define HEAR(name)                                                                  \
    void __wrap_tt_emit_##name(uint64_t time, const struct tt_event_##name *event); \
    void __wrap_tt_emit_##name(uint64_t time, const struct tt_event_##name *event)

HEAR(failure_stored)
{
    (void)time;
    raised_line = line_of(event->raised_site);
    last_line = line_of(event->last_site);
    add("stored %s how=%s handles=%u\n", label_of(event->failure_id), failure_how_word(event->how),
        event->handle_count);
}

HEAR(exception_member)
{
    (void)time;
    add("member %u %s\n", event->position, event->type);
}

HEAR(failure_touched)
{
    (void)time;
    add("touched %s by=%s user=%u how=%s\n", label_of(event->failure_id), actor_word(event->by), event->is_user,
        touch_how_word(event->how));
}

HEAR(failure_forwarded)
{
    (void)time;
    add("forwarded %s to=%s how=%s\n", label_of(event->failure_id), label_of(event->to_id),
        forward_how_word(event->how));
}

HEAR(failure_reported)
{
    (void)time;
    add("reported %s\n", label_of(event->failure_id));
}

HEAR(failure_discarded)
{
    (void)time;
    add("discarded %s %s\n", label_of(event->failure_id), event->reason);
}

HEAR(failure_released)
{
    (void)time;
    released_line = line_of(event->site);
    add("released %s user=%u library=%u forwards=%u bit=%u closed=%u%s\n", label_of(event->failure_id),
        event->user_touch_count, event->library_touch_count, event->forward_count, event->retrieved,
        event->loop_closed, event->discarded ? " discarded" : "");
}

HEAR(reference_taken)
{
    (void)time;
    add("taken %s %u\n", label_of(event->object_id), event->handle_count);
}

HEAR(reference_released)
{
    (void)time;
    add("let go %s %u\n", label_of(event->object_id), event->handle_count);
}

HEAR(cancel_requested)
{
    (void)time;
    add("cancel %s by=%s accepted=%u count=%u\n", label_of(event->task_id), actor_word(event->by), event->accepted,
        event->request_count);
}

HEAR(cancel_delivered)
{
    (void)time;
    add("delivered %s before_start=%u\n", label_of(event->task_id), event->before_start);
}

HEAR(cancel_swallowed)
{
    (void)time;
    add("swallowed %s %u\n", label_of(event->task_id), event->request_count);
}

HEAR(cancel_converted)
{
    (void)time;
    add("converted %s\n", label_of(event->task_id));
}

HEAR(uncancelled)
{
    (void)time;
    add("uncancelled %s %u\n", label_of(event->task_id), event->request_count);
}

/* Told in these categories, and of no interest here. */
HEAR(exception_raised)
{
    (void)time;
    (void)event;
}
