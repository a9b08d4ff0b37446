/* provider.c: the provider's table, and how an event is made ready for LTTng.
 *
 * LTTng takes strings that end with a NUL, and drops an event whole that is larger than a sub-buffer. So strings are
 * measured first. As a rule all of them fit as they are and LTTng reads them where they stand; where one is longer than its
 * limit, or all together are longer than an event may be, they are copied and cut.
 *
 * None is ever empty: where one is, babeltrace2 2.0.4 shows what an earlier event had there. So a text that is absent or empty is
 * written as "-", and one that is nothing but dashes with one more of them, which a reader takes away again. A task's
 * default name, of which the program has the number alone, is written in full.
 *
 * Threads: any; signal handlers. Nothing here allocates or locks; LTTng itself does neither once its buffers are there.
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "provider.h"

#include <lttng/ust-fork.h>
#include <lttng/ust-thread.h>
#include <stdbool.h>
#include <string.h>

#include "description.h"
#include "ring.h"
#include "writer.h"

/* A default channel with buffers for each process has sub-buffers of 4 KiB, headers and padding included. */
#define EVENT_BYTES 3968u
/* What the strings of a place may have when an event is too large, so that it fits for certain. */
#define SITE_TEXT_BYTES 191u
/* What they may have otherwise; as in the dictionary of an arena. */
#define SITE_TEXT_BYTES_USUAL 1023u

/* ------------------------------------------------------------------------------------------------------- strings */

/* Measures COUNT strings; whether they can stay as they are: each within its limit, all together within ROOM. */
static inline __attribute__((always_inline)) bool measure(struct tt_lttng_text *texts, size_t count, size_t room)
{
    size_t total = 0;
    bool fits = true;
    for (size_t i = 0; i < count; i++) {
        texts[i].length = (uint32_t)strnlen(texts[i].start, texts[i].limit + 1);
        fits &= texts[i].length <= texts[i].limit;
        total += texts[i].length + 1;
    }
    return fits && total <= room;
}

/* Where TEXT is cut so that it has at most LIMIT bytes: in front of a UTF-8 character that does not fit whole. */
static size_t cut(const char *text, size_t length, size_t limit)
{
    if (length <= limit)
        return length;
    for (size_t back = 0; back <= 3 && back < limit; back++)
        if (((unsigned char)text[limit - back] & 0xc0) != 0x80)
            return limit - back;
    return limit;
}

/* Copies COUNT strings into OUT, which has room for them all within their limits and ROOM, and lets TEXTS refer to the
 * copies. When all together are too long the shorter limits hold. */
static void copy(struct tt_lttng_text *texts, size_t count, size_t room, char *out)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += (texts[i].length < texts[i].limit ? texts[i].length : texts[i].limit) + 1;
    for (size_t i = 0; i < count; i++) {
        size_t length = cut(texts[i].start, texts[i].length, total > room ? texts[i].short_limit : texts[i].limit);
        memcpy(out, texts[i].start, length);
        out[length] = '\0';
        texts[i].start = out;
        out += length + 1;
    }
}

/* -------------------------------------------------------------------------------------------------------- writing */

/* The largest event of each kind: what is not text, and texts at the limits that hold when room is short. */
#define TT_U8(name, text)                +1
#define TT_U16(name, text)               +2
#define TT_U32(name, text)               +4
#define TT_U64(name, text)               +8
#define TT_I32(name, text)               +4
#define TT_ID(name, text)                +8
#define TT_TICKS(name, text)             +8
#define TT_WORD(name, enumeration, text) +1
#define TT_SITE(name, text)              +4
#define TT_TEXT(name, limit, text)
#define TT_EVENT(number, event_name, category, level, text, fields) enum { FIXED_##event_name = 8 + 4 + 8 fields };
#include "events.def"

#define TT_U8(name, text)
#define TT_U16(name, text)
#define TT_U32(name, text)
#define TT_U64(name, text)
#define TT_I32(name, text)
#define TT_ID(name, text)
#define TT_TICKS(name, text)
#define TT_WORD(name, enumeration, text)
#define TT_SITE(name, text)        +3 * (SITE_TEXT_BYTES + 1)
#define TT_TEXT(name, limit, text) +limit + 1
#define TT_EVENT(number, event_name, category, level, text, fields) \
    _Static_assert(FIXED_##event_name + 0 fields <= EVENT_BYTES, #event_name " fits into a sub-buffer");
#include "events.def"

/* One dash more than the longest text may have. */
static char dashes[SITE_TEXT_BYTES_USUAL + 2];

static __attribute__((constructor)) void fill_dashes(void)
{
    memset(dashes, '-', sizeof dashes - 1);
}

/* What stands for a text that begins with a dash. */
static __attribute__((noinline, cold)) const char *escape(const char *text)
{
    size_t count = 1;
    while (count < sizeof dashes - 2 && text[count] == '-')
        count++;
    return text[count] == '\0' ? dashes + sizeof dashes - 2 - count : text;
}

static inline __attribute__((always_inline)) bool is_absent(const char *text)
{
    return !text || *text == '\0';
}

static inline __attribute__((always_inline)) struct tt_lttng_text bounded(const char *text, uint16_t limit,
                                                                          uint16_t short_limit)
{
    const char *start = is_absent(text) ? "-" : tt__unlikely(*text == '-') ? escape(text) : text;
    return (struct tt_lttng_text){.start = start, .limit = limit, .short_limit = short_limit};
}

/* The default name of task NUMBER, at the end of ROOM. */
#define DEFAULT_NAME_BYTES sizeof "Task-4294967295"

static const char *default_name(uint32_t number, char room[DEFAULT_NAME_BYTES])
{
    static const char prefix[] = "Task-";
    char *start = room + DEFAULT_NAME_BYTES - 1;
    *start = '\0';
    for (; number != 0; number /= 10)
        *--start = (char)('0' + number % 10);
    start -= sizeof prefix - 1;
    memcpy(start, prefix, sizeof prefix - 1);
    return start;
}

/* fill_NAME finds the strings of an event. The default name is that of an event with both fields, of which the number comes first;
 * the comparisons are between constants. */
#define TT_U8(name, text)
#define TT_U16(name, text)
#define TT_U32(field, text)                 \
    if (strcmp(#field, "name_number") == 0) \
        name_number = event->field;
#define TT_U64(name, text)
#define TT_I32(name, text)
#define TT_ID(name, text)
#define TT_TICKS(name, text)
#define TT_WORD(name, enumeration, text)
#define TT_SITE(name, about)                                                                                      \
    texts->name##_file = bounded(event->name ? event->name->file : NULL, SITE_TEXT_BYTES_USUAL, SITE_TEXT_BYTES); \
    texts->name##_func = bounded(event->name ? event->name->func : NULL, SITE_TEXT_BYTES_USUAL, SITE_TEXT_BYTES); \
    texts->name##_text = bounded(event->name ? event->name->text : NULL, SITE_TEXT_BYTES_USUAL, SITE_TEXT_BYTES);
#define TT_TEXT(field, limit, text)                                                                        \
    {                                                                                                      \
        bool is_default = strcmp(#field, "name") == 0 && name_number != 0 && is_absent(event->field);      \
        texts->field = bounded(is_default ? default_name(name_number, room) : event->field, limit, limit); \
    }
#define TT_EVENT(number, event_name, category, level, text, fields)                                                \
    static inline __attribute__((always_inline)) void fill_##event_name(struct tt_lttng_texts_##event_name *texts, \
                                                                        const struct tt_event_##event_name *event, \
                                                                        char room[DEFAULT_NAME_BYTES])             \
    {                                                                                                              \
        uint32_t name_number = 0;                                                                                  \
        (void)event, (void)room, (void)name_number;                                                                \
        fields texts->end = bounded(NULL, 0, 0);                                                                   \
    }
#include "events.def"

#define TEXT_COUNT(name) (sizeof(struct tt_lttng_texts_##name) / sizeof(struct tt_lttng_text) - 1)

/* write_NAME writes an event, write_NAME_cut one whose strings do not fit as they are. */
#define TT_EVENT(number, name, category, level, text, fields)                                                       \
    static __attribute__((noinline, cold)) void write_##name##_cut(                                                 \
        const struct tt_lttng_head *head, const struct tt_event_##name *event, struct tt_lttng_texts_##name *texts) \
    {                                                                                                               \
        char room[EVENT_BYTES];                                                                                     \
        copy((struct tt_lttng_text *)(void *)texts, TEXT_COUNT(name), EVENT_BYTES - FIXED_##name, room);            \
        lttng_ust_do_tracepoint(telltale, name, head, event, texts);                                                \
    }                                                                                                               \
    static void write_##name(const struct tt_lttng_head *head, const struct tt_event_##name *event)                 \
    {                                                                                                               \
        struct tt_lttng_texts_##name texts;                                                                         \
        char default_name_room[DEFAULT_NAME_BYTES];                                                                 \
        fill_##name(&texts, event, default_name_room);                                                              \
        if (measure((struct tt_lttng_text *)(void *)&texts, TEXT_COUNT(name), EVENT_BYTES - FIXED_##name))          \
            lttng_ust_do_tracepoint(telltale, name, head, event, &texts);                                           \
        else                                                                                                        \
            write_##name##_cut(head, event, &texts);                                                                \
    }
#include "events.def"

/* ---------------------------------------------------------------------------------------------------------- table */

/* LTTng makes the list of an event's listeners anew whenever it changes. */
static uintptr_t find_listeners(unsigned event)
{
    switch (event) {
#define TT_EVENT(number, name, category, level, text, fields) \
    case number:                                              \
        return (uintptr_t)CMM_LOAD_SHARED(lttng_ust_tracepoint_telltale___##name.probes);
#include "events.def"
    default:
        return 0;
    }
}

/* A number for LTTng's list of listeners that no other list has. Its address would not do: a list that was made anew may lie where
 * the one before it did. LTTng makes lists of zeroes, ends them with an entry without a function, and does not use what else that
 * entry has; so the number is kept there, and is gone with the list. In a list where this were not so, the number would be
 * the one before, and a change be seen by its members alone. */
__attribute__((no_sanitize("thread"))) static uintptr_t number_list(struct lttng_ust_tracepoint_probe *end)
{
    static uintptr_t last;
    uintptr_t given = (uintptr_t)__atomic_load_n(&end->data, __ATOMIC_RELAXED);
    if (given != 0)
        return given;
    uintptr_t number = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
    void *before = NULL;
    bool is_ours =
        __atomic_compare_exchange_n(&end->data, &before, (void *)number, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return is_ours ? number : (uintptr_t)before;
}

/* LTTng's lists are published by its library, which the thread sanitizer does not see into; it would call reading them a race. */
#define READS_LISTS __attribute__((no_sanitize("thread")))

/* The session that PROBE writes to; NULL: it is none of a session, but of a trigger. */
READS_LISTS static const void *session_of(const struct lttng_ust_tracepoint_probe *probe)
{
    const struct lttng_ust_event_common *event = probe->data;
    if (!event || event->type != LTTNG_UST_EVENT_TYPE_RECORDER)
        return NULL;
    return ((const struct lttng_ust_event_recorder *)event->child)->chan->parent->session;
}

/* Whether PROBE's session takes events: its listeners are entered one after the other before it does. */
READS_LISTS static bool is_at_work(const struct lttng_ust_tracepoint_probe *probe)
{
    const struct lttng_ust_session *session = session_of(probe);
    return !session || CMM_LOAD_SHARED(session->active) != 0;
}

/* Whether SESSION is in none of the entries of PROBE's list. Under the lock. */
READS_LISTS static bool is_not_in(const struct lttng_ust_tracepoint_probe *probe, const void *session)
{
    for (; probe && probe->func; probe++)
        if (session_of(probe) == session)
            return false;
    return true;
}

/* Whether SESSION does not record some vital event. Under the lock. */
READS_LISTS static bool is_lacking(const void *session)
{
#define TT_EVENT(number, name, category, level, text, fields)                                                            \
    if (level == TT_LEVEL_VITAL &&                                                                                       \
        is_not_in(lttng_ust_tp_rcu_dereference(lttng_ust_tracepoint_telltale___##name.probes), session))                 \
        return true;
#include "events.def"
    return false;
}

READS_LISTS static size_t find_process_listeners(const void **out_who, size_t max, uint64_t *out_lacking,
                                                 uintptr_t *out_list)
{
    size_t count = 0;
    bool are_at_work = true;
    *out_list = 0;
    *out_lacking = 0;
    if (!LTTNG_UST_TP_RCU_LINK_TEST())
        return 0;
    lttng_ust_tp_rcu_read_lock();
    struct lttng_ust_tracepoint_probe *probe =
        lttng_ust_tp_rcu_dereference(lttng_ust_tracepoint_telltale___process_started.probes);
    for (; probe && probe->func; probe++, count++) {
        are_at_work = are_at_work && is_at_work(probe);
        if (count >= max)
            continue;
        const void *session = session_of(probe);
        out_who[count] = probe->data;
        *out_lacking |= (uint64_t)(session && is_lacking(session)) << count;
    }
    if (probe && are_at_work)
        *out_list = number_list(probe);
    lttng_ust_tp_rcu_read_unlock();
    return count;
}

static const struct tt_lttng_table table = {
    .version = TT_LTTNG_TABLE_VERSION,
    .bytes = sizeof table,
    .events = tt__description,
    .init_thread = lttng_ust_init_thread,
    .before_fork = lttng_ust_before_fork,
    .after_fork_parent = lttng_ust_after_fork_parent,
    .after_fork_child = lttng_ust_after_fork_child,
    .listeners = find_listeners,
    .process_listeners = find_process_listeners,
#define TT_EVENT(number, name, category, level, text, fields) \
    .wanted_##name = &lttng_ust_tracepoint_telltale___##name.state, .write_##name = write_##name,
#include "events.def"
};

static void (*say_goodbye)(void);

/* Begins with capital letters for nobody: it is found by its name. */
__attribute__((visibility("default"))) tt_lttng_provider_fn tt_lttng_provider_table;

const struct tt_lttng_table *tt_lttng_provider_table(void (*goodbye)(void))
{
    say_goodbye = goodbye;
    return &table;
}

/* The last destructor of this file is the first to run; those of LTTng's headers, which finish the provider, come after. */
static __attribute__((destructor)) void end_provider(void)
{
    if (say_goodbye)
        say_goodbye();
}
