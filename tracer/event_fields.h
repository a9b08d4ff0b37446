/* event_fields.h: events.def as data, for readers: the events that this version knows, and where a decoded event keeps
 * their fields.
 *
 * What it is for. Whoever decodes events by a description that somebody else wrote (decode.h for arenas, import_ctf for
 * traces of LTTng) finds the event by its number or name, the field by its name, and puts the value where it belongs.
 *
 * What it leaves to others. How fields are encoded.
 *
 * Threads: any; all of it is constant.
 */
#ifndef TT_EVENT_FIELDS_H
#define TT_EVENT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoded.h"

enum tt__field_kind {
    TT__FIELD_U8,
    TT__FIELD_U16,
    TT__FIELD_U32,
    TT__FIELD_U64,
    TT__FIELD_ID, /* as U64 */
    TT__FIELD_I32,
    TT__FIELD_TICKS,
    TT__FIELD_WORD,
    TT__FIELD_SITE,
    TT__FIELD_TEXT
};

/* Ids that a process makes have 40 bits: if it made one object a nanosecond it would run for 18 minutes, at 1,000,000 a second for 12
 * days. The store puts the process's number in front of them. */
#define TT_LOCAL_ID_BITS 40

struct tt__known_field {
    const char *name;
    const char *enumeration; /* TT__FIELD_WORD: which one; else NULL */
    enum tt__field_kind kind;
    size_t offset; /* in the event's own struct */
};

#define TT__EVENT_NUMBERS 1024u /* events.def has numbers below 100; larger ones are not known */

/* The name of event NUMBER, NULL when this version has none of that number. */
const char *tt__event_name(unsigned number);

/* Its category; NULL likewise. */
const char *tt__event_category(unsigned number);

/* Whether answers about failures, cancellations and ends of tasks rest on it (TT_LEVEL_VITAL). */
bool tt__event_is_vital(unsigned number);

/* The word of NUMBER in ENUMERATION; NULL when this version has none. */
const char *tt__event_word(const char *enumeration, unsigned number);

/* The number of the event of LENGTH bytes of NAME; -1: this version has none. */
int tt__event_number(const char *name, size_t length);

/* The fields of event NUMBER, in the order of events.def; *OUT_COUNT of them. NULL and 0 for an unknown event. */
const struct tt__known_field *tt__event_fields(unsigned number, size_t *out_count);

/* Empties what the program said in its own words: fields TT_MESSAGE. */
void tt__event_redact(struct tt_decoded_event *event);

/* Empties EVENT and makes it one of NUMBER. Sequence and time stay. */
void tt__event_clear(struct tt_decoded_event *event, unsigned number);

/* What FIELD, which is not a text, has in EVENT; a signed number is extended to 64 bits. */
uint64_t tt__event_get_number(const struct tt_decoded_event *event, const struct tt__known_field *field);

/* What FIELD, a text, has in EVENT. */
struct tt_decoded_text tt__event_get_text(const struct tt_decoded_event *event, const struct tt__known_field *field);

/* Puts NUMBER, cut to the width of FIELD, which is not a text, where FIELD is in EVENT. */
void tt__event_set_number(struct tt_decoded_event *event, const struct tt__known_field *field, uint64_t number);

/* Whether NUMBER is no id that a process can have made, and FIELD is an id. */
static inline bool tt__field_forbids(const struct tt__known_field *field, uint64_t number)
{
    return field->kind == TT__FIELD_ID && number >> TT_LOCAL_ID_BITS != 0;
}

/* Whether each id in EVENT is one that a process can have made. */
bool tt__event_has_ids(const struct tt_decoded_event *event);

/* Whether EVENT names the object that it is about, by its first field: all do, but those of processes and threads, and those that need
 * not be about one. */
static inline bool tt__event_has_object(const struct tt_decoded_event *event)
{
    switch (event->number) {
    case 0: /* this version does not know it */
    case TT_EVENT_process_started:
    case TT_EVENT_process_ended:
    case TT_EVENT_thread_attached:
    case TT_EVENT_thread_detached:
    case TT_EVENT_clock_sampled:
    case TT_EVENT_recorder_gap:
    case TT_EVENT_recorder_stats:
    case TT_EVENT_categories_selected:
    case TT_EVENT_handler_called:
    case TT_EVENT_note:
    case TT_EVENT_task_linked:
        return true;
    default:
        return event->task_created.task_id != 0;
    }
}

/* Puts TEXT where FIELD, a text, is in EVENT. */
void tt__event_set_text(struct tt_decoded_event *event, const struct tt__known_field *field,
                        struct tt_decoded_text text);

#endif
