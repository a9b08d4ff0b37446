/* each_event.c: see each_event.h. */
#include "each_event.h"

#include "telltale/trace.h"

static uint64_t next_value(void)
{
    static uint64_t value;
    return ++value % 8 + 1;
}

/* For each event a function that emits it. */
#define TT_U8(name, text)                .name = (uint8_t)next_value(),
#define TT_U16(name, text)               .name = (uint16_t)next_value(),
#define TT_U32(name, text)               .name = (uint32_t)next_value(),
#define TT_U64(name, text)               .name = next_value(),
#define TT_I32(name, text)               .name = (int32_t)next_value(),
#define TT_ID(name, text)                .name = next_value(),
#define TT_TICKS(name, text)             .name = next_value(),
#define TT_WORD(name, enumeration, text) .name = (uint8_t)(next_value() % 4),
#define TT_SITE(name, text)              .name = TT_SITE_HERE(#name),
#define TT_TEXT(name, limit, text)       .name = "text of " #name,
#define TT_EVENT(number, name, category, level, text, fields)       \
    static void emit_##name(void)                                   \
    {                                                               \
        tt_emit_##name(0, &(const struct tt_event_##name){fields}); \
    }
#include "events.def"

void emit_each_event(void)
{
#define TT_EVENT(number, name, category, level, text, fields) emit_##name();
#include "events.def"
}
