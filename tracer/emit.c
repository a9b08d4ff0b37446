/* emit.c: the emit functions, made from events.def. Each prepares what a record refers to (places defined, lengths of
 * texts), reserves slots, encodes the fields in their order, commits. The encoding: arena.h.
 *
 * Threads: any; signal handlers.
 */
#include "dump.h"
#include "lttng.h"
#include "ring.h"

#include <string.h>

uint32_t tt_trace_categories;
uint32_t tt_trace_step_limit;
uint64_t tt_trace_tasks_since;
bool tt__redacts_messages;

/* What has to be found out about an event before slots are reserved: ids of places, lengths of texts. */
#define TT_U8(name, text)
#define TT_U16(name, text)
#define TT_U32(name, text)
#define TT_U64(name, text)
#define TT_I32(name, text)
#define TT_ID(name, text)
#define TT_TICKS(name, text)
#define TT_WORD(name, enumeration, text)
#define TT_SITE(name, text)        uint64_t name;
#define TT_TEXT(name, limit, text) uint16_t name;
#define TT_EVENT(number, event_name, category, level, text, fields) \
    struct prepared_##event_name {                                  \
        fields uint8_t unused;                                      \
    };
#include "events.def"

/* prepare_NAME fills it and returns the bytes of the payload. */
#define TT_U8(name, text)                size += 1;
#define TT_U16(name, text)               size += 2;
#define TT_U32(name, text)               size += 4;
#define TT_U64(name, text)               size += 8;
#define TT_I32(name, text)               size += 4;
#define TT_ID(name, text)                size += 8;
#define TT_TICKS(name, text)             size += 8;
#define TT_WORD(name, enumeration, text) size += 1;
#define TT_SITE(name, text)                                         \
    prepared->name = tt__dictionary_id(life, ordinal, event->name); \
    size += 8;
#define TT_TEXT(name, limit, text)                               \
    prepared->name = (uint16_t)tt__text_cut(event->name, limit); \
    size += 2u + prepared->name;
#define TT_MESSAGE(name, limit, text)                                                            \
    prepared->name = (uint16_t)(tt__redacts_messages ? 0 : tt__text_cut(event->name, limit)); \
    size += 2u + prepared->name;
#define TT_EVENT(number, event_name, category, level, text, fields)                                              \
    static inline __attribute__((always_inline))                                                                 \
    size_t prepare_##event_name(struct prepared_##event_name *prepared, struct tt__life *life, uint32_t ordinal, \
                                const struct tt_event_##event_name *event)                                       \
    {                                                                                                            \
        size_t size = 0;                                                                                         \
        (void)prepared, (void)life, (void)ordinal, (void)event;                                                  \
        fields return size;                                                                                      \
    }
#include "events.def"

static inline __attribute__((always_inline)) unsigned char *put(unsigned char *at, const void *value, size_t size)
{
    memcpy(at, value, size);
    return at + size;
}

static inline __attribute__((always_inline)) unsigned char *put_text(unsigned char *at, const char *text,
                                                                     uint16_t length)
{
    at = put(at, &length, sizeof length);
    return length != 0 ? put(at, text, length) : at;
}

/* encode_NAME writes the payload. */
#define TT_U8(name, text)                at = put(at, &event->name, 1);
#define TT_U16(name, text)               at = put(at, &event->name, 2);
#define TT_U32(name, text)               at = put(at, &event->name, 4);
#define TT_U64(name, text)               at = put(at, &event->name, 8);
#define TT_I32(name, text)               at = put(at, &event->name, 4);
#define TT_ID(name, text)                at = put(at, &event->name, 8);
#define TT_TICKS(name, text)             at = put(at, &event->name, 8);
#define TT_WORD(name, enumeration, text) at = put(at, &event->name, 1);
#define TT_SITE(name, text)              at = put(at, &prepared->name, 8);
#define TT_TEXT(name, limit, text)       at = put_text(at, event->name, prepared->name);
#define TT_EVENT(number, event_name, category, level, text, fields)                                                 \
    static inline __attribute__((always_inline)) void encode_##event_name(                                          \
        unsigned char *at, const struct prepared_##event_name *prepared, const struct tt_event_##event_name *event) \
    {                                                                                                               \
        (void)prepared;                                                                                             \
        fields(void) at;                                                                                            \
    }
#include "events.def"

/* The longest payload, the kernel id in the emergency ring included; and room for it that is as much as two slots hold. */
#define TT_TWO_SLOTS_BYTES               (TT_TID_BYTES + TT_SLOT_HEAD_PAYLOAD + TT_SLOT_MORE_PAYLOAD)
#define TT_U8(name, text)                +1
#define TT_U16(name, text)               +2
#define TT_U32(name, text)               +4
#define TT_U64(name, text)               +8
#define TT_I32(name, text)               +4
#define TT_ID(name, text)                +8
#define TT_TICKS(name, text)             +8
#define TT_WORD(name, enumeration, text) +1
#define TT_SITE(name, text)              +8
#define TT_TEXT(name, limit, text)       +2 + limit
#define TT_EVENT(number, event_name, category, level, text, fields)                                         \
    enum { LONGEST_##event_name = TT_TID_BYTES fields };                                                    \
    enum {                                                                                                  \
        ROOM_##event_name =                                                                                 \
            LONGEST_##event_name > (int)TT_TWO_SLOTS_BYTES ? LONGEST_##event_name : (int)TT_TWO_SLOTS_BYTES \
    };                                                                                                      \
    _Static_assert(LONGEST_##event_name <= TT_SLOT_HEAD_PAYLOAD + 254 * TT_SLOT_MORE_PAYLOAD,               \
                   "a record of " #event_name " has at most 255 slots");
#include "events.def"

/* write_lttng_NAME writes the event to LTTng, where a session wants it. */
#define TT_U8(name, text)
#define TT_U16(name, text)
#define TT_U32(name, text)
#define TT_U64(name, text)
#define TT_I32(name, text)
#define TT_ID(name, text)
#define TT_TICKS(name, text)
#define TT_WORD(name, enumeration, text)
#define TT_SITE(name, text)
#define TT_TEXT(name, limit, text)
#define TT_MESSAGE(name, limit, text) redacted.name = NULL;
#define TT_EVENT(number, event_name, category, level, text, fields)                                                 \
    static __attribute__((noinline, cold)) void write_lttng_##event_name(const struct tt_lttng_table *table,        \
                                                                         const struct tt_event_##event_name *event) \
    {                                                                                                               \
        struct tt__lttng_writing writing;                                                                           \
        struct tt_event_##event_name redacted;                                                                      \
        if (!tt__lttng_write_begin(&writing))                                                                       \
            return;                                                                                                 \
        if (tt__redacts_messages) {                                                                                 \
            redacted = *event;                                                                                      \
            fields event = &redacted;                                                                               \
        }                                                                                                           \
        table->write_##event_name(&writing.head, event);                                                            \
        tt__lttng_write_end(&writing);                                                                              \
    }
#include "events.def"

/* is_inherited_NAME, in a forked child: whether the event is about an object of its parent's. The first id of an event says
 * what it is about; a note is the program's own, whichever task it is attached to. */
#define TT_U8(name, text)
#define TT_U16(name, text)
#define TT_U32(name, text)
#define TT_U64(name, text)
#define TT_I32(name, text)
#define TT_ID(name, text) id = id != 0 ? id : event->name;
#define TT_TICKS(name, text)
#define TT_WORD(name, enumeration, text)
#define TT_SITE(name, text)
#define TT_TEXT(name, limit, text)
#define TT_EVENT(number, event_name, category, level, text, fields)                                                  \
    static __attribute__((noinline, cold)) bool is_inherited_##event_name(const struct tt_event_##event_name *event) \
    {                                                                                                                \
        uint64_t id = 0;                                                                                             \
        (void)event;                                                                                                 \
        fields return TT_CATEGORY_##category != (uint32_t)TT_CATEGORY_user && id != 0 && id < tt__id_first_own;      \
    }
#include "events.def"

/* What TT_TRACE_VITAL_ONLY leaves out. What the tracer says of itself, and what is told again, it does not. */
#define IS_DETAIL(category, level)                                                                              \
    ((level) == TT_LEVEL_PLAIN && TT_CATEGORY_##category != (uint32_t)TT_CATEGORY_process &&                    \
     TT_CATEGORY_##category != (uint32_t)TT_CATEGORY_state)

/* One comparison tells the usual case, recorded in the arena alone, from all others: not wanted, LTTng, a forked child. What
 * the tracer itself says about the process and its threads is each carrier's own; lttng.c says it to LTTng. */
#define TT_EVENT(number, event_name, category, level, text, fields)                                            \
    void tt_emit_##event_name(uint64_t time, const struct tt_event_##event_name *event)                        \
    {                                                                                                          \
        uint32_t on = __atomic_load_n(&tt_trace_categories, __ATOMIC_RELAXED);                                 \
        on &= TT_CATEGORY_##category | TT_CARRIER_LTTNG | TT_CARRIER_ALONE | TT_CARRIER_CHILD |                \
              (IS_DETAIL(category, level) ? TT_TRACE_VITAL_ONLY : 0);                                          \
        if (tt__unlikely(on != TT_CATEGORY_##category)) {                                                      \
            if ((on & TT_CATEGORY_##category) == 0)                                                            \
                return;                                                                                        \
            if ((on & TT_TRACE_VITAL_ONLY) != 0)                                                               \
                return;                                                                                        \
            if ((on & TT_CARRIER_CHILD) != 0 && is_inherited_##event_name(event))                              \
                return;                                                                                        \
            const struct tt_lttng_table *table = atomic_load_explicit(&tt__lttng_table, memory_order_acquire); \
            if ((on & TT_CARRIER_LTTNG) != 0 && TT_CATEGORY_##category != (uint32_t)TT_CATEGORY_process &&     \
                __atomic_load_n(table->wanted_##event_name, __ATOMIC_RELAXED) != 0)                            \
                write_lttng_##event_name(table, event);                                                        \
            if ((on & TT_CARRIER_ALONE) != 0)                                                                  \
                return;                                                                                        \
        }                                                                                                      \
        if (TT_CATEGORY_##category == (uint32_t)TT_CATEGORY_state && !tt__dump_is_for_arena())                 \
            return;                                                                                            \
        struct tt__life *life = tt__life();                                                                    \
        uint32_t ordinal = tt__life_ordinal(life);                                                             \
        if (tt__unlikely(ordinal == 0)) {                                                                      \
            if (!tt__trace_revive())                                                                           \
                return;                                                                                        \
            life = tt__life();                                                                                 \
            ordinal = tt__life_ordinal(life);                                                                  \
        }                                                                                                      \
        struct prepared_##event_name prepared;                                                                 \
        struct tt__writing writing;                                                                            \
        size_t size = prepare_##event_name(&prepared, life, ordinal, event);                                   \
        if (!tt__ring_begin(&writing, life, ordinal, (number), (level), time, size))                           \
            return;                                                                                            \
        tt__ring_fill_head(&writing);                                                                          \
        if (tt__likely(writing.count == 1 && !writing.is_emergency)) {                                         \
            encode_##event_name(tt__writing_slot(&writing, 0)->payload, &prepared, event);                     \
        } else {                                                                                               \
            unsigned char payload[ROOM_##event_name];                                                          \
            encode_##event_name(payload + TT_TID_BYTES, &prepared, event);                                     \
            if (tt__unlikely(writing.is_emergency)) {                                                          \
                memcpy(payload, &writing.tid, TT_TID_BYTES);                                                   \
                tt__ring_scatter_all(&writing, payload, TT_TID_BYTES + size);                                  \
            } else {                                                                                           \
                tt__ring_scatter(&writing, payload + TT_TID_BYTES, size);                                      \
            }                                                                                                  \
        }                                                                                                      \
        tt__ring_commit(&writing);                                                                             \
    }
#include "events.def"

void tt_trace_note_at(uint64_t task_id, const char *key, const char *text, tt_site *site)
{
    TT_EMIT(note, .task_id = task_id, .site = site, .key = key, .text = text);
}
