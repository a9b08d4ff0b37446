/* listeners.h: who of LTTng's sessions listens to this process, and since when.
 *
 * What it is for. process_started is told again when somebody begins to listen, and everybody hears it. Whoever reads a trace
 * must know whether its own session had ceased to listen meanwhile: then events are missing of which no number tells. So
 * listeners get numbers in the order in which they begin to; one that ceases and begins again gets another number, and
 * process_started says which numbers listen, and which of them are new.
 *
 * How. LTTng has a list of listeners for each event, made anew at each change, in the order in which they began. So whoever is
 * not in the list any more, or stands behind somebody who came later, has ceased. If the list is another one with the same
 * members, the last one has, or somebody else came and went. So a session that is stopped and started is seen however quickly
 * that was done; the last look is at the goodbye. A session is in the lists a moment before it takes events: in that
 * moment nothing is looked at, since it would not hear what it were told. Looks are a tenth of a second apart. What they do not see is one session that
 * ceases and begins and another one that begins after it, both between the same two looks.
 *
 * Threads: one at a time.
 */
#ifndef TT_LISTENERS_H
#define TT_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tt_event_process_started;
struct tt_lttng_table;

/* More listeners than this are not told apart from such as have ceased. */
#define TT_LISTENERS_MAX 64u

/* All zero at the beginning. */
struct tt__listeners {
    uintptr_t list; /* the number of LTTng's, as it was last seen */
    const void *who[TT_LISTENERS_MAX];
    uint32_t numbers[TT_LISTENERS_MAX];
    size_t count;
    uint64_t lacking, lacking_told; /* which of them do not listen to all vital events, a bit each; what was told of that */
    uint32_t last, told; /* numbers: the last one that was given, the last one that was told */
};

/* Looks who listens now. */
void tt__listeners_look(struct tt__listeners *listeners, const struct tt_lttng_table *table);

/* Whether one of them, or that one lacks events, or does not any more, has not been told yet. */
bool tt__listeners_are_untold(const struct tt__listeners *listeners);

/* Writes what was seen into EVENT, and takes it for told. */
void tt__listeners_tell(struct tt__listeners *listeners, struct tt_event_process_started *event);

#endif
