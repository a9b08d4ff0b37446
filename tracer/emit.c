/* emit.c: the emit functions, made from events.def. Each prepares what a record refers to (places defined, lengths of
 * texts), reserves slots, encodes the fields in their order, commits. The encoding: arena.h; where slots come from: ring.h.
 *
 *   tt_emit_NAME                is it wanted, and by whom?
 *     write_NAME                by the arena: the usual way, without a frame and with all sizes known to the compiler
 *       write_now_NAME          whose time is yet to be read
 *       write_anyhow_NAME       whatever is not usual: a thread's first record, a full ring, an interrupted emit call
 *     emit_otherwise_NAME       by nobody, or by LTTng; or this is a forked child
 *       write_lttng_NAME
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
#define TT_MESSAGE(name, limit, text)                                                         \
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

/* encode_NAME writes the payload. */
static inline __attribute__((always_inline)) size_t put_text(struct tt__payload to, size_t at, const char *text,
                                                             uint16_t length)
{
    at = tt__payload_put(to, at, &length, sizeof length);
    return length != 0 ? tt__payload_put(to, at, text, length) : at;
}

#define PUT(name)                        at = tt__payload_put(to, at, &event->name, sizeof event->name);
#define TT_U8(name, text)                PUT(name)
#define TT_U16(name, text)               PUT(name)
#define TT_U32(name, text)               PUT(name)
#define TT_U64(name, text)               PUT(name)
#define TT_I32(name, text)               PUT(name)
#define TT_ID(name, text)                PUT(name)
#define TT_TICKS(name, text)             PUT(name)
#define TT_WORD(name, enumeration, text) PUT(name)
#define TT_SITE(name, text)              at = tt__payload_put(to, at, &prepared->name, sizeof prepared->name);
#define TT_TEXT(name, limit, text)       at = put_text(to, at, event->name, prepared->name);
#define TT_EVENT(number, event_name, category, level, text, fields)          \
    static inline __attribute__((always_inline)) void encode_##event_name(   \
        struct tt__payload to, const struct prepared_##event_name *prepared, \
        const struct tt_event_##event_name *event)                           \
    {                                                                        \
        size_t at = 0;                                                       \
        (void)prepared, (void)event, (void)to;                               \
        fields(void) at;                                                     \
    }
#include "events.def"

/* The longest payload, and room for the kernel id that goes in front of it in the emergency ring. */
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
#define TT_EVENT(number, event_name, category, level, text, fields)                           \
    enum { LONGEST_##event_name = TT_TID_BYTES fields };                                      \
    _Static_assert(LONGEST_##event_name <= TT_SLOT_HEAD_PAYLOAD + 254 * TT_SLOT_MORE_PAYLOAD, \
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
    static __attribute__((noinline, cold)) void write_lttng_##event_name(const struct tt_event_##event_name *event) \
    {                                                                                                               \
        struct tt__lttng_writing writing;                                                                           \
        struct tt_event_##event_name redacted;                                                                      \
        if (!tt__lttng_write_begin(&writing))                                                                       \
            return;                                                                                                 \
        if (tt__redacts_messages) {                                                                                 \
            redacted = *event;                                                                                      \
            fields event = &redacted;                                                                               \
        }                                                                                                           \
        atomic_load_explicit(&tt__lttng_table, memory_order_acquire)->write_##event_name(&writing.head, event);     \
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

/* write_anyhow_NAME writes a record that does not go the usual way (ring.h). */
#define TT_EVENT(number, event_name, category, level, text, fields)                                                  \
    static __attribute__((noinline, cold)) void write_anyhow_##event_name(uint64_t time,                             \
                                                                          const struct tt_event_##event_name *event) \
    {                                                                                                                \
        struct tt__life *life = tt__life();                                                                          \
        uint32_t ordinal = tt__life_ordinal(life);                                                                   \
        if (ordinal == 0) {                                                                                          \
            if (!tt__trace_revive())                                                                                 \
                return;                                                                                              \
            life = tt__life();                                                                                       \
            ordinal = tt__life_ordinal(life);                                                                        \
        }                                                                                                            \
        struct prepared_##event_name prepared;                                                                       \
        struct tt__writing writing;                                                                                  \
        size_t size = prepare_##event_name(&prepared, life, ordinal, event);                                         \
        if (!tt__ring_begin(&writing, life, ordinal, (number), (level), time, size))                                 \
            return;                                                                                                  \
        unsigned char room[LONGEST_##event_name + TT_SLOT_HEAD_PAYLOAD];                                             \
        encode_##event_name(tt__payload_flat(room + TT_TID_BYTES), &prepared, event);                                \
        tt__ring_finish(&writing, room, size);                                                                       \
    }
#include "events.def"

/* write_NAME writes a record into the arena; write_now_NAME one whose time is yet to be read, which is apart because only the
 * call to the clock needs a frame. */
#define TT_EVENT(number, event_name, category, level, text, fields)                                                    \
    static void write_now_##event_name(const struct tt_event_##event_name *event);                                     \
                                                                                                                       \
    static __attribute__((noinline)) void write_##event_name(uint64_t time, const struct tt_event_##event_name *event) \
    {                                                                                                                  \
        struct tt__life *life = tt__life();                                                                            \
        struct tt__thread *self = &tt__thread;                                                                         \
        uint32_t ordinal = tt__life_ordinal(life);                                                                     \
        if (TT_CATEGORY_##category == (uint32_t)TT_CATEGORY_state && !tt__dump_is_for_arena())                         \
            return;                                                                                                    \
        if (time == 0) {                                                                                               \
            write_now_##event_name(event);                                                                             \
            return;                                                                                                    \
        }                                                                                                              \
        if (tt__likely(ordinal != 0)) {                                                                                \
            struct prepared_##event_name prepared;                                                                     \
            struct tt__place place;                                                                                    \
            size_t size = prepare_##event_name(&prepared, life, ordinal, event);                                       \
            uint32_t count = tt__slots_needed(size);                                                                   \
            if (tt__ring_is_usual(self, ordinal, time, count) &&                                                       \
                tt__ring_reserve(&place, self, (number), (level), time, count)) {                                      \
                encode_##event_name(tt__payload_of_place(&place), &prepared, event);                                   \
                tt__ring_commit(self, &place, count);                                                                  \
                return;                                                                                                \
            }                                                                                                          \
        }                                                                                                              \
        write_anyhow_##event_name(time, event);                                                                        \
    }                                                                                                                  \
                                                                                                                       \
    static __attribute__((noinline)) void write_now_##event_name(const struct tt_event_##event_name *event)            \
    {                                                                                                                  \
        write_##event_name(tt_trace_clock(), event);                                                                   \
    }
#include "events.def"

/* Whether a session of LTTng wants the event at this moment; while events go there. What the tracer itself says about the process and
 * its threads is each carrier's own: lttng.c says it to LTTng. */
#define IS_WANTED(event_name, category)                                                                 \
    (TT_CATEGORY_##category != (uint32_t)TT_CATEGORY_process &&                                         \
     __atomic_load_n(atomic_load_explicit(&tt__lttng_table, memory_order_acquire)->wanted_##event_name, \
                     __ATOMIC_RELAXED) != 0)

/* emit_otherwise_NAME: not wanted; or to LTTng, too; or in a forked child. */
#define TT_EVENT(number, event_name, category, level, text, fields)                \
    static __attribute__((noinline)) void emit_otherwise_##event_name(             \
        uint64_t time, const struct tt_event_##event_name *event, uint32_t on)     \
    {                                                                              \
        if ((on & TT_CATEGORY_##category) == 0 || (on & TT_TRACE_VITAL_ONLY) != 0) \
            return;                                                                \
        if ((on & TT_CARRIER_CHILD) != 0 && is_inherited_##event_name(event))      \
            return;                                                                \
        if ((on & TT_CARRIER_LTTNG) != 0 && IS_WANTED(event_name, category))       \
            write_lttng_##event_name(event);                                       \
        if ((on & TT_CARRIER_ALONE) == 0)                                          \
            write_##event_name(time, event);                                       \
    }
#include "events.def"

/* What TT_TRACE_VITAL_ONLY leaves out. What the tracer says of itself, and what is told again, it does not. */
#define IS_DETAIL(category, level)                                                           \
    ((level) == TT_LEVEL_PLAIN && TT_CATEGORY_##category != (uint32_t)TT_CATEGORY_process && \
     TT_CATEGORY_##category != (uint32_t)TT_CATEGORY_state)

/* One comparison tells the usual case, wanted and recorded in the arena alone, from all others; one more that which LTTng alone
 * would record, and no session does. */
#define TT_EVENT(number, event_name, category, level, text, fields)                             \
    void tt_emit_##event_name(uint64_t time, const struct tt_event_##event_name *event)         \
    {                                                                                           \
        uint32_t on = __atomic_load_n(&tt_trace_categories, __ATOMIC_RELAXED);                  \
        on &= TT_CATEGORY_##category | TT_CARRIER_LTTNG | TT_CARRIER_ALONE | TT_CARRIER_CHILD | \
              (IS_DETAIL(category, level) ? TT_TRACE_VITAL_ONLY : 0);                           \
        if (tt__likely(on == TT_CATEGORY_##category))                                           \
            write_##event_name(time, event);                                                    \
        else if (on != (TT_CATEGORY_##category | TT_CARRIER_LTTNG | TT_CARRIER_ALONE) ||        \
                 IS_WANTED(event_name, category))                                               \
            emit_otherwise_##event_name(time, event, on);                                       \
    }
#include "events.def"

void tt_trace_note_at(uint64_t task_id, const char *key, const char *text, tt_site *site)
{
    TT_EMIT(note, .task_id = task_id, .site = site, .key = key, .text = text);
}
