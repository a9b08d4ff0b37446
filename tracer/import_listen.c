/* import_listen.c: how far the session of a trace listened to a process: from its beginning or later, with pauses, to all events
 * or to some. See import.h.
 *
 * Numbers tell nothing of what no session wanted. What does tell is process_started, which comes first of all, and again whenever
 * somebody begins to listen: it says whether the process began just then, who listens (listeners.h), who is new, and who does
 * not listen to all that answers rest on. And the metadata of the trace declares what its session asked for in the end.
 *
 *   beginning   the trace has it if the process was told when it began. If it was told later, or never, a row 'late' tells
 *               of what was before: nobody listened, or somebody else, or it was overwritten, or is in another part.
 *   pauses      when it is not certain that the number of the trace's own session was always among the listeners
 *   a part      the number of the trace's own session lacked events for a while, or the metadata does not declare them
 *
 * The trace does not say which number its session has. It is one of those that were new when the process was first told, and
 * did not cease since; of several, each may be the one, unless it lacks events in the end and the metadata has them all.
 */
#include "import_state.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "event_fields.h"
#include "nanoseconds.h"

/* ------------------------------------------------------------------------------------------------------- the beginning */

/* Whether numbers of threads begin at 0 in this trace, as the first telling says: the process has just begun, or nobody had
 * listened before those whom it tells it to, and they are one. */
static bool has_all_numbers(const struct tt_decoded_process_started *told)
{
    bool nobody_before = told->listener_first == 1 && told->listener_set == 1 && told->listener_new == 1;
    return told->listener_set != 0 && (!told->is_repeated || nobody_before);
}

void tt__import_learn_start(struct tt__import_process *process, const struct tt_import_event *event,
                            const struct tt_ingest_process *facts)
{
    const struct tt_decoded_process_started *told = &event->event->process_started;
    process->has_started = true;
    process->has_beginning = has_all_numbers(told);
    /* A writer that does not say who listens may be telling it again. */
    process->is_late = told->is_repeated || told->listener_set == 0;
    process->clock_shift_ns = facts->clock_shift_ns;
    process->begin_ns = tt__ns_subtract(facts->monotonic_ns, facts->clock_shift_ns);
    process->first_told_ns = event->time.monotonic_ns;
    process->pid = facts->pid;
    process->start_ticks = facts->start_ticks;
    memcpy(process->boot_id, facts->boot_id, sizeof process->boot_id);
}

/* LTTng begins to record one event after the other. So a session that came later may lack some when it is first told; until when
 * belongs to what was before it. */
static int64_t take_lack_at_first(struct tt__import_process *process)
{
    int64_t to_ns = process->first_told_ns;
    for (uint32_t i = 0; i < 64; i++) {
        struct tt__import_lack *lack = &process->lacks[i];
        if (lack->state != TT__IMPORT_LACKED || lack->from_ns != process->first_told_ns)
            continue;
        to_ns = lack->to_ns > to_ns ? lack->to_ns : to_ns;
        lack->state = TT__IMPORT_LACKS_NOTHING;
    }
    return to_ns;
}

void tt__import_judge_beginning(struct tt_import *import, struct tt__import_process *process, int64_t aged_ns)
{
    if (process->is_judged || process->is_resumed || !process->is_known || process->first_ns > aged_ns)
        return;
    process->is_judged = true;
    if (!process->has_started)
        tt__import_late(import, process, NULL, process->first_ns);
    else if (process->is_late)
        tt__import_late(import, process, &process->begin_ns, take_lack_at_first(process));
}

/* Before its first event since somebody began to listen a thread says who it is. So what is missing before the first event
 * that a trace has of it was before that. */
static void learn_thread(struct tt__import_process *process, struct tt__import_thread *thread,
                         const struct tt_import_event *event)
{
    bool is_first = thread->sequence.record_count == 1;
    thread->is_told_first = is_first && process->has_started && event->event->thread_attached.is_repeated;
    thread->told_ns = process->told_ns;
    thread->tid = event->event->thread_attached.tid;
}

/* -------------------------------------------------------------------------------------------------------------- pauses */

/* Whether the session of this trace listened all the time until PROCESS told who it is: whether it is certain that one of
 * the numbers that it may have, those that were new when it was first told, did not cease to listen. What is known of its
 * numbers is brought up to date. */
static bool has_listened(struct tt__import_process *process, const struct tt_decoded_process_started *told)
{
    uint32_t passed = told->listener_first - process->listener_first;
    uint64_t before = process->has_started      ? passed < 64 ? process->listener_set >> passed : 0
                      : told->listener_new == 0 ? told->listener_set /* it is for nobody who has just begun */
                                                : 0;
    uint64_t still = before & told->listener_set;
    process->listener_first = told->listener_first;
    process->listener_set = still != 0 ? still : told->listener_new != 0 ? told->listener_new : told->listener_set;
    return still != 0;
}

/* A process tells who it is when somebody begins to listen. If that may be this trace's session, and the process had told it
 * before, it did not listen meanwhile: it was stopped and started. The threads may have emitted again before the process told; so
 * the pause began with the longest silence since then, or later. What was before the first telling is judged as the beginning. */
static void notice_pause(struct tt_import *import, struct tt__import_process *process,
                         const struct tt_import_event *event)
{
    int64_t ns = event->time.monotonic_ns;
    bool is_telling = event->event->number == TT_EVENT_process_started;
    int64_t silence_ns = tt__ns_subtract(ns, process->last_ns);
    if (silence_ns > process->silence_ns || process->silence_ns == 0) {
        process->silence_ns = silence_ns;
        process->silent_from_ns = process->last_ns;
    }
    if (is_telling && !has_listened(process, &event->event->process_started) && process->is_known &&
        process->has_started)
        tt__import_paused(import, process, process->silent_from_ns, ns);
    if (is_telling)
        process->silence_ns = 0;
}

/* ------------------------------------------------------------------------------------------------- a part of the events */

/* Of each number that may be the session's: since when it lacked events, and until when. */
static void notice_lack(struct tt__import_process *process, const struct tt_decoded_process_started *told, int64_t ns)
{
    for (uint32_t i = 0; i < 64; i++) {
        struct tt__import_lack *lack = &process->lacks[(told->listener_first + i) % 64];
        bool is_there = told->listener_set >> i & 1, is_lacking = told->listener_lacking >> i & 1;
        if (!is_there || told->listener_new >> i & 1)
            *lack = (struct tt__import_lack){0}; /* nobody, or somebody else */
        if (is_there && is_lacking && lack->state == TT__IMPORT_LACKS_NOTHING)
            lack->from_ns = told->listener_new >> i & 1 ? ns : process->told_ns;
        if (is_there && is_lacking)
            lack->state = TT__IMPORT_LACKS;
        if (is_there && !is_lacking && lack->state == TT__IMPORT_LACKS) {
            lack->state = TT__IMPORT_LACKED;
            lack->to_ns = ns;
        }
    }
}

static void learn_kinds(struct tt__import_process *process, const struct tt_import_kinds *kinds)
{
    process->has_all_kinds |= !kinds;
    for (size_t i = 0; kinds && i < TT_IMPORT_KIND_WORDS; i++)
        process->kinds.bits[i] |= kinds->bits[i];
    process->recent_kinds = kinds;
}

/* Writes the names of the vital events that no trace of PROCESS declares. All of these are as old as the provider; what a later
 * version adds must not count against the traces of this one. False: there are none. */
static bool name_missing_kinds(const struct tt__import_process *process, char *out, size_t size)
{
    size_t length = 0;
    *out = '\0';
    for (unsigned number = 0; number < TT__EVENT_NUMBERS && !process->has_all_kinds; number++) {
        bool is_missing = tt__event_is_vital(number) && (process->kinds.bits[number / 64] >> number % 64 & 1) == 0;
        if (!is_missing || length >= size)
            continue;
        int written = snprintf(out + length, size - length, "%s%s", length > 0 ? ", " : "", tt__event_name(number));
        length += written > 0 ? (size_t)written : 0;
    }
    return *out != '\0';
}

/* The time in which the session lacked events, as one stretch of all numbers that may be its own. *OUT_TO INT64_MAX: until the
 * end. False: it is certain that it did not. */
static bool find_lack(const struct tt__import_process *process, int64_t *out_from, int64_t *out_to)
{
    bool is_complete_one = false, has_lacked = false;
    for (uint32_t i = 0; i < 64; i++)
        is_complete_one |= (process->listener_set >> i & 1) != 0 &&
                           process->lacks[(process->listener_first + i) % 64].state != TT__IMPORT_LACKS;
    for (uint32_t i = 0; i < 64; i++) {
        const struct tt__import_lack *lack = &process->lacks[(process->listener_first + i) % 64];
        bool is_open = lack->state == TT__IMPORT_LACKS;
        if ((process->listener_set >> i & 1) == 0 || lack->state == TT__IMPORT_LACKS_NOTHING ||
            (is_open && is_complete_one)) /* somebody else, for this session asked for all in the end */
            continue;
        int64_t to_ns = is_open ? INT64_MAX : lack->to_ns;
        if (!has_lacked || lack->from_ns < *out_from)
            *out_from = lack->from_ns;
        if (!has_lacked || to_ns > *out_to)
            *out_to = to_ns;
        has_lacked = true;
    }
    return has_lacked;
}

void tt__import_judge_kinds(struct tt_import *import, struct tt__import_process *process)
{
    char names[1024];
    int64_t from_ns = 0, to_ns = 0;
    if (process->recent_kinds)
        learn_kinds(process, process->recent_kinds); /* a live trace has more of them than it had */
    if (name_missing_kinds(process, names, sizeof names))
        tt__import_not_recorded(import, process, names, INT64_MIN, INT64_MAX);
    else if (find_lack(process, &from_ns, &to_ns))
        tt__import_not_recorded(import, process, NULL, from_ns, to_ns);
}

/* ------------------------------------------------------------------------------------------------------------ listening */

void tt__import_listen(struct tt_import *import, struct tt__import_process *process, struct tt__import_thread *thread,
                       const struct tt_import_event *event)
{
    notice_pause(import, process, event);
    if (!process->is_known)
        process->told_ns = event->time.monotonic_ns;
    if (event->event->number == TT_EVENT_process_started) {
        notice_lack(process, &event->event->process_started, event->time.monotonic_ns);
        process->told_ns = event->time.monotonic_ns;
    }
    if (event->event->number == TT_EVENT_thread_attached)
        learn_thread(process, thread, event);
    process->is_known = true;
    if (!event->kinds || event->kinds != process->recent_kinds)
        learn_kinds(process, event->kinds);
}
