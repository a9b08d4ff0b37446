/* provider.h: the events as LTTng has them, made from events.def. LTTng's headers include this file many times, with other
 * meanings of their macros each time; so it has no guard around its second half.
 *
 * Every event begins with tt_process, tt_thread and tt_sequence; README.md has the contract. Strings are bounded and end
 * with a NUL (a length beside them is read past by triggers of lttng-tools 2.13). Those of an event are made ready in
 * provider.c, as a struct tt_lttng_texts_NAME.
 */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER telltale
#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "lttng/provider.h"

#if !defined(TT_LTTNG_PROVIDER_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define TT_LTTNG_PROVIDER_H

#include <lttng/tracepoint.h>

#include "lttng_table.h"

#ifndef TT_LTTNG_TEXTS
#define TT_LTTNG_TEXTS

/* A string on its way, at most LIMIT bytes of it, fewer if it is a place's and room is short. */
struct tt_lttng_text {
    const char *start;
    uint32_t length;
    uint16_t limit, short_limit;
};

#define TT_U8(name, text)
#define TT_U16(name, text)
#define TT_U32(name, text)
#define TT_U64(name, text)
#define TT_I32(name, text)
#define TT_ID(name, text)
#define TT_TICKS(name, text)
#define TT_WORD(name, enumeration, text)
#define TT_SITE(name, text)        struct tt_lttng_text name##_file, name##_func, name##_text;
#define TT_TEXT(name, limit, text) struct tt_lttng_text name;
#define TT_EVENT(number, event_name, category, level, text, fields) \
    struct tt_lttng_texts_##event_name {                            \
        fields struct tt_lttng_text end;                            \
    };
#include "events.def"

static inline uint64_t tt_lttng_ns(const struct tt_lttng_head *head, uint64_t ticks)
{
    return (uint64_t)((unsigned __int128)ticks * head->tick_ns_2_32 >> 32);
}

#endif

/* The enumerations. */
#include "lttng_words.h"

#define TT_U8(name, text)                lttng_ust_field_integer(uint8_t, name, event->name)
#define TT_U16(name, text)               lttng_ust_field_integer(uint16_t, name, event->name)
#define TT_U32(name, text)               lttng_ust_field_integer(uint32_t, name, event->name)
#define TT_U64(name, text)               lttng_ust_field_integer(uint64_t, name, event->name)
#define TT_I32(name, text)               lttng_ust_field_integer(int32_t, name, event->name)
#define TT_ID(name, text)                lttng_ust_field_integer(uint64_t, name, event->name)
#define TT_TICKS(name, text)             lttng_ust_field_integer(uint64_t, name, tt_lttng_ns(head, event->name))
#define TT_WORD(name, enumeration, text) lttng_ust_field_enum(telltale, enumeration, uint8_t, name, event->name)
#define TT_SITE(name, text)                                                                 \
    lttng_ust_field_string(name##_file, texts->name##_file.start)                           \
        lttng_ust_field_integer(uint32_t, name##_line, event->name ? event->name->line : 0) \
            lttng_ust_field_string(name##_func, texts->name##_func.start)                   \
                lttng_ust_field_string(name##_text, texts->name##_text.start)
#define TT_TEXT(name, limit, text) lttng_ust_field_string(name, texts->name.start)
#define TT_EVENT(number, event_name, category, level, text, fields)                                                   \
    LTTNG_UST_TRACEPOINT_EVENT(                                                                                       \
        telltale, event_name,                                                                                         \
        LTTNG_UST_TP_ARGS(const struct tt_lttng_head *, head, const struct tt_event_##event_name *, event,            \
                          const struct tt_lttng_texts_##event_name *, texts),                                         \
        LTTNG_UST_TP_FIELDS(lttng_ust_field_integer_hex(uint64_t, tt_process, head->process) lttng_ust_field_integer( \
            uint32_t, tt_thread, head->thread) lttng_ust_field_integer(uint64_t, tt_sequence, head->sequence) fields))
#include "events.def"

#endif

#include <lttng/tracepoint-event.h>
