/* event_ids.h: what the ids in events stand for.
 *
 * What it is for. Most ids of an event are objects of its process. Some are that or a number, a descriptor, a signal, a
 * kernel thread, as a word beside them says; which word that is, and which task an event is about, is said here once,
 * for ingest and for readers of the event stream.
 *
 * What it leaves to others. The fields themselves: event_fields.h.
 *
 * Threads: any; all of it is constant.
 */
#ifndef TT_EVENT_IDS_H
#define TT_EVENT_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "telltale/trace.h"

/* The field of event NUMBER that names the task that it is about; -1: none always does. */
int tt__event_task_field(unsigned number);

/* The task that an event of NUMBER is about, whose FIELDS have these values: what task_id names; else the object that
 * it is about, if that is a task; else the task that did it. Local to its process; 0: none. */
uint64_t tt__event_task(unsigned number, const uint64_t *fields);

/* The word (its field) that says what the id in FIELD of event NUMBER stands for; -1: it is an object of the process.
 * */
int tt__event_id_word(unsigned number, unsigned field);

/* Whether an id beside WORD of ENUMERATION (actor, wait_kind) is an object of the process. */
bool tt__word_names_object(const char *enumeration, uint8_t word);

/* Whether the id beside an actor of this kind is an object; else it is a number or nothing. */
static inline bool tt__actor_names_object(uint8_t actor)
{
    return actor == TT_ACTOR_TASK || actor == TT_ACTOR_GATHER || actor == TT_ACTOR_AWAITER ||
           actor == TT_ACTOR_TIMEOUT || actor == TT_ACTOR_GROUP;
}

/* Whether a wait of this kind names an object by its id; else it is a descriptor or nothing. */
static inline bool tt__wait_names_object(uint8_t wait_kind)
{
    switch (wait_kind) {
    case TT_WAIT_KIND_TASK:
    case TT_WAIT_KIND_FUTURE:
    case TT_WAIT_KIND_GATHER:
    case TT_WAIT_KIND_GROUP:
    case TT_WAIT_KIND_WAIT:
    case TT_WAIT_KIND_SHIELD:
    case TT_WAIT_KIND_AS_COMPLETED:
    case TT_WAIT_KIND_THREAD:
    case TT_WAIT_KIND_LOCK:
    case TT_WAIT_KIND_EVENT:
    case TT_WAIT_KIND_CONDITION:
    case TT_WAIT_KIND_SEMAPHORE:
    case TT_WAIT_KIND_BARRIER:
    case TT_WAIT_KIND_QUEUE_GET:
    case TT_WAIT_KIND_QUEUE_PUT:
    case TT_WAIT_KIND_QUEUE_JOIN:
        return true;
    default:
        return false;
    }
}

#endif
