/* import_loss.c: what is missing from an imported trace: counted exactly, and nothing twice. See import.h.
 *
 * Two witnesses. Each thread's numbers have holes where events are missing, between two events that are there. LTTng
 * says of each stretch of a stream how many events it discarded, of whatever thread. A hole is explained by stretches
 * that overlap with it (import_match.h); their counts are used up by that. What is left of the stretches was discarded after the last
 * event of its thread, where there is no hole, and is told beside them. Should the witnesses fit badly, holes win:
 * never is more told than the larger of both sums.
 *
 * A third one, where it was recorded: process_ended, which has the sum of all attempts. With it, and with the beginning
 * of the process, all that it lacks is known, and nothing that is left of the stretches is put down to it. Without the beginning
 * it is known how much that is at most; and nobody knows since when the process was there.
 */
#include "import_match.h"
#include "import_state.h"
#include "nanoseconds.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LATE_NS      INT64_C(1000000000) /* for a packet of another stream, and a handler that came in between an emit */
#define GAP_MERGE_NS INT64_C(1000000)    /* holes closer than this are one row of table gap, as of the recorder's */

static const char discarded[] = "discarded", missing[] = "missing", unreadable[] = "unreadable";
static const char paused[] = "paused", cut_off[] = "cut_off", unattributed[] = "unattributed",
                  not_recorded[] = "not_recorded", incomplete[] = "incomplete", late[] = "late";

static bool is_same_boot(const uint8_t a[16], const uint8_t b[16])
{
    return memcmp(a, b, 16) == 0;
}

static void mark_vital(struct tt__import_process *process, uint64_t count, int64_t ns)
{
    process->vital_count += count;
    if (!process->has_vital || ns > process->vital_last_ns)
        process->vital_last_ns = ns;
    process->has_vital = true;
}

static void write_gap(struct tt_import *import, const struct tt__import_process *process, uint32_t ordinal,
                      const struct tt__import_hole *hole, const char *what)
{
    if (process->is_stranger)
        return;
    struct tt_ingest_gap gap = {
        .count = (int64_t)hole->count,
        .from_ns = hole->has_from ? tt__import_time(import, process, hole->from_ns) : 0,
        .has_from = hole->has_from,
        .to_ns = hole->has_to ? tt__import_time(import, process, hole->to_ns) : 0,
        .has_to = hole->has_to,
        .is_vital = true,
        .first_sequence = hole->first,
        .what = what,
    };
    if (what != late)
        import->summary.missing_count += hole->count;
    if (what == discarded || what == unattributed)
        import->summary.discarded_count += hole->count;
    tt_ingest_gap(import->ingest, process->process_id, ordinal, &gap);
}

/* ---------------------------------------------------------------------------------- times that nobody listened to */

/* A row of what nobody counted; INT64_MIN and INT64_MAX: it has no beginning, or no end. What rests on it is uncertain until
 * its end. */
static void write_uncounted(struct tt_import *import, struct tt__import_process *process, const char *what,
                            const char *detail, int64_t from_ns, int64_t to_ns)
{
    struct tt_ingest_gap gap = {
        .is_uncounted = true,
        .has_from = from_ns != INT64_MIN,
        .has_to = to_ns != INT64_MAX,
        .is_vital = true,
        .what = what,
        .detail = detail,
    };
    if (process->is_stranger)
        return;
    if (gap.has_from)
        gap.from_ns = tt__import_time(import, process, from_ns);
    if (gap.has_to)
        gap.to_ns = tt__import_time(import, process, to_ns);
    mark_vital(process, 0, gap.has_to ? to_ns : process->last_ns);
    tt_ingest_gap(import->ingest, process->process_id, 0, &gap);
}

void tt__import_paused(struct tt_import *import, struct tt__import_process *process, int64_t from_ns, int64_t to_ns)
{
    import->summary.pause_count += !process->is_stranger;
    write_uncounted(import, process, paused, NULL, from_ns, to_ns);
}

void tt__import_cut_off(struct tt_import *import, struct tt__import_process *process)
{
    import->summary.cut_off_count++;
    write_uncounted(import, process, cut_off, NULL, process->last_ns, INT64_MAX);
}

void tt__import_incomplete(struct tt_import *import, struct tt__import_process *process)
{
    struct tt_ingest_gap gap = {.is_uncounted = true, .is_vital = true, .what = incomplete};
    tt_ingest_gap(import->ingest, process->process_id, 0, &gap);
}

void tt__import_not_recorded(struct tt_import *import, struct tt__import_process *process, const char *names,
                             int64_t from_ns, int64_t to_ns)
{
    import->summary.partial_count++;
    write_uncounted(import, process, not_recorded, names, from_ns, to_ns);
}

void tt__import_late(struct tt_import *import, struct tt__import_process *process, const int64_t *from_ns,
                     int64_t to_ns)
{
    import->summary.late_count += !process->is_stranger;
    write_uncounted(import, process, late, NULL, from_ns ? *from_ns : INT64_MIN, to_ns);
}

/* ------------------------------------------------------------------------------------------------------------ holes */

/* Whether NEXT goes on where RUN ends, near enough for one row. */
static bool continues(const struct tt__import_hole *run, const struct tt__import_hole *next)
{
    return run->count > 0 && next->has_from && tt__ns_subtract(next->from_ns, run->to_ns) < GAP_MERGE_NS;
}

/* Whether HOLE is before the first event of a thread in a trace that need not have the thread's first ones: then LTTng's counts,
 * which are of the time of the trace, explain it or not. LTTng has a process emit a moment before the session records, so that
 * also of the first session of all there may be such events; its word to that session comes after them. */
static bool is_before_all(const struct tt__import_process *process, const struct tt__import_thread *thread,
                          const struct tt__import_hole *hole)
{
    bool is_before_telling = process->is_late && (thread->is_told_first || hole->to_ns <= process->first_told_ns);
    return hole->first == 0 && !hole->has_from && (!process->has_beginning || is_before_telling);
}

/* Until when the events of HOLE of THREAD may have been. */
static int64_t end_of(const struct tt__import_process *process, const struct tt__import_thread *thread,
                      const struct tt__import_hole *hole)
{
    return is_before_all(process, thread, hole) && thread->is_told_first ? thread->told_ns : hole->to_ns;
}

/* The aged holes of a thread become rows, and are no holes any more. LEFT: of each, how many events LTTng's counts do not
 * explain. Returns how many of these were before the first event of the thread, of which LTTng need not know. */
static uint64_t settle_thread(struct tt_import *import, struct tt__import_process *process,
                              struct tt__import_thread *thread, const struct tt__import_span *left)
{
    uint64_t before_count = 0;
    struct tt__import_sequence *sequence = &thread->sequence;
    struct tt__import_hole run = {0}; /* holes that become one row */
    const char *what = NULL;
    for (size_t i = 0; i < thread->aged_count; i++) {
        struct tt__import_hole hole = sequence->holes[i], rest = hole;
        bool is_before = is_before_all(process, thread, &hole);
        mark_vital(process, hole.count, end_of(process, thread, &hole));
        thread->settled_count += hole.count;
        rest.count = left[i].left;
        before_count += is_before ? rest.count : 0;
        hole.count -= rest.count;
        rest.first += hole.count;
        for (int part = 0; part < 2; part++) {
            const struct tt__import_hole *next = part == 0 ? &hole : &rest;
            const char *why = part == 0 ? discarded : is_before ? late : missing;
            if (next->count == 0)
                continue;
            if (what == why && continues(&run, next)) {
                run.count += next->count;
                run.to_ns = next->to_ns;
                continue;
            }
            if (run.count > 0)
                write_gap(import, process, thread->ordinal, &run, what);
            run = *next;
            what = why;
        }
    }
    if (run.count > 0)
        write_gap(import, process, thread->ordinal, &run, what);
    if (thread->damaged_count > 0) {
        struct tt__import_hole hole = {.count = thread->damaged_count};
        mark_vital(process, hole.count, process->last_ns);
        write_gap(import, process, thread->ordinal, &hole, unreadable);
        thread->settled_count += hole.count;
    }
    thread->is_dirty |= thread->aged_count > 0 || thread->damaged_count > 0;
    thread->damaged_count = 0;
    tt__import_sequence_forget(sequence, thread->aged_count);
    return before_count;
}

/* ------------------------------------------------------------------------------------------------ what is left over */

/* Since when PROCESS may have lost events: it began before the first event that is there, if that is not its beginning. */
static int64_t first_of(const struct tt__import_process *process)
{
    if (!process->has_started)
        return INT64_MIN;
    return process->begin_ns < process->first_ns ? process->begin_ns : process->first_ns;
}

static bool was_there(const struct tt__import_process *process, const struct tt_import_discard *discard)
{
    return is_same_boot(process->boot_id, discard->to.boot_id) && first_of(process) <= discard->to.monotonic_ns;
}

/* Whether it is known how many events PROCESS had. */
static bool has_count(const struct tt__import_process *process)
{
    return process->has_ended && process->attempt_count > 0 && process->attempt_count <= TT_IMPORT_RUN_MAX;
}

/* Whether all that PROCESS lacks is known without LTTng's counts. */
static bool is_exact(const struct tt__import_process *process)
{
    return process->has_beginning && has_count(process);
}

/* Events of PROCESS that the numbers of its threads tell of, there or missing. */
static uint64_t accounted_of(const struct tt__import_process *process)
{
    uint64_t count = process->damaged_count;
    for (size_t i = 0; i < process->thread_count; i++)
        count += process->threads[i]->sequence.next;
    return count;
}

/* How many events PROCESS may lack at most, beside those that are told of. */
static uint64_t room_of(const struct tt__import_process *process)
{
    if (!has_count(process))
        return UINT64_MAX;
    uint64_t told = accounted_of(process) + process->overflow_count;
    return !is_exact(process) && process->attempt_count > told ? process->attempt_count - told : 0;
}

/* The process that a stretch is told of: the only one that may lack more than is known. NULL: there is none, or there are
 * several. One whose last event is before the stretch is among them: events after that one may be lost. */
static struct tt__import_process *owner_of(struct tt_import *import, const struct tt_import_discard *discard)
{
    struct tt__import_process *owner = NULL;
    for (size_t i = 0; i < import->process_count; i++) {
        struct tt__import_process *process = &import->processes[i];
        if (room_of(process) == 0 || !was_there(process, discard))
            continue;
        if (owner)
            return NULL;
        owner = process;
    }
    return owner;
}

/* COUNT events of this stretch, of which no hole tells, become a row of PROCESS; NULL: nobody's, in the name of any process. */
static void write_left(struct tt_import *import, struct tt__import_process *process,
                       const struct tt_import_discard *discard, uint64_t count)
{
    const struct tt__import_process *any = process ? process : &import->processes[0];
    struct tt__import_hole hole = {.count = count,
                                   .from_ns = discard->from.monotonic_ns,
                                   .to_ns = discard->to.monotonic_ns,
                                   .has_from = true,
                                   .has_to = true};
    if (count == 0)
        return;
    if (process) {
        process->vital_count += count;
        process->overflow_count += count;
    }
    for (size_t i = import->process_count; !process && any->is_stranger && i-- > 0;)
        any = &import->processes[i];
    write_gap(import, any, 0, &hole, process ? discarded : unattributed);
}

/* Events of which no hole tells, COUNT of this stretch. Any process that was there may have lost them. */
static void settle_window(struct tt_import *import, const struct tt_import_discard *discard, uint64_t count)
{
    for (size_t i = 0; i < import->process_count; i++)
        if (was_there(&import->processes[i], discard) && !is_exact(&import->processes[i]))
            mark_vital(&import->processes[i], 0, discard->to.monotonic_ns);
    struct tt__import_process *owner = count > 0 ? owner_of(import, discard) : NULL;
    uint64_t room = owner ? room_of(owner) : 0, owned = count < room ? count : room;
    write_left(import, owner, discard, owned);
    write_left(import, NULL, discard, count - owned);
}

/* Events that the process counted and nobody has seen, after the last ones of its threads. */
static uint64_t tail_of(const struct tt__import_process *process)
{
    uint64_t accounted = accounted_of(process);
    bool is_short = process->has_beginning && process->attempt_count > accounted;
    uint64_t count = is_short ? process->attempt_count - accounted : 0;
    return count <= TT_IMPORT_RUN_MAX ? count : 0;
}

static void settle_tail(struct tt_import *import, struct tt__import_process *process,
                        const struct tt__import_span *left)
{
    struct tt__import_hole hole = {.count = tail_of(process), .to_ns = process->ended_ns, .has_to = true};
    struct tt__import_hole rest = hole;
    if (hole.count == 0)
        return;
    mark_vital(process, hole.count, hole.to_ns);
    process->overflow_count += hole.count;
    rest.count = left->left;
    hole.count -= rest.count;
    if (hole.count > 0)
        write_gap(import, process, 0, &hole, discarded);
    if (rest.count > 0)
        write_gap(import, process, 0, &rest, missing);
}

/* All that is missing, thread by thread, each process's tail behind its threads; and all stretches. */
struct account {
    struct tt__import_span *holes, *stretches;
    size_t hole_count;
    uint64_t hole_sum, discarded_sum;
};

static size_t count_holes(const struct tt_import *import)
{
    size_t count = import->process_count; /* the tails */
    for (size_t i = 0; i < import->process_count; i++)
        for (size_t j = 0; j < import->processes[i].thread_count; j++)
            count += import->processes[i].threads[j]->aged_count;
    return count;
}

static void add_hole(struct account *account, const struct tt__import_process *process, uint64_t count, int64_t from_ns,
                     int64_t to_ns)
{
    account->holes[account->hole_count++] =
        (struct tt__import_span){.from_ns = from_ns, .to_ns = to_ns, .boot_id = process->boot_id, .left = count};
    account->hole_sum += count;
}

static void add_process(struct account *account, const struct tt__import_process *process)
{
    for (size_t i = 0; i < process->thread_count; i++) {
        const struct tt__import_sequence *sequence = &process->threads[i]->sequence;
        for (size_t j = 0; j < process->threads[i]->aged_count; j++) {
            const struct tt__import_hole *hole = &sequence->holes[j];
            add_hole(account, process, hole->count, hole->has_from ? hole->from_ns : INT64_MIN,
                     end_of(process, process->threads[i], hole));
        }
    }
    add_hole(account, process, process->is_settling ? tail_of(process) : 0, INT64_MIN, process->ended_ns);
}

/* False: no memory. To be finished in any case. */
static bool draw_up(struct tt_import *import, struct account *account)
{
    size_t hole_count = count_holes(import);
    *account = (struct account){.holes = calloc(hole_count + 1, sizeof *account->holes),
                                .stretches = calloc(import->window_count + 1, sizeof *account->stretches)};
    if (!account->holes || !account->stretches)
        return false;
    for (size_t i = 0; i < import->process_count; i++)
        add_process(account, &import->processes[i]);
    assert(account->hole_count == hole_count);
    for (size_t i = 0; i < import->window_count; i++) {
        struct tt__import_window *window = &import->windows[i];
        account->stretches[i] = (struct tt__import_span){.from_ns = window->discard.from.monotonic_ns,
                                                         .to_ns = window->discard.to.monotonic_ns,
                                                         .boot_id = window->discard.to.boot_id,
                                                         .left = window->left};
        account->discarded_sum += window->left;
    }
    return tt__import_match(account->holes, hole_count, account->stretches, import->window_count,
                            import->has_stepped_back);
}

static void finish_account(struct account *account)
{
    free(account->holes);
    free(account->stretches);
}

/* Of the stretches, what no hole tells of: as much as LTTng counted beyond all holes. */
static void settle_windows(struct tt_import *import, const struct account *account)
{
    uint64_t counted = account->discarded_sum + import->settled_explained;
    uint64_t lacking = account->hole_sum + import->settled_holes;
    uint64_t beyond = counted > lacking ? counted - lacking : 0;
    if (import->process_count == 0) { /* nobody to tell it of */
        import->summary.discarded_count = import->summary.missing_count = account->discarded_sum;
        return;
    }
    for (size_t i = 0; i < import->window_count; i++) {
        const struct tt__import_span *stretch = &account->stretches[i];
        uint64_t count = stretch->left < beyond ? stretch->left : beyond;
        beyond -= count;
        if (count > 0 || !import->windows[i].discard.has_count)
            settle_window(import, &import->windows[i].discard, count);
    }
}

/* What was matched is used up; of stretches that are used up nothing is left to know. */
static void keep_windows(struct tt_import *import, const struct account *account)
{
    size_t kept = 0;
    uint64_t left = 0;
    for (size_t i = 0; i < import->window_count; i++) {
        import->windows[i].left = account->stretches[i].left;
        left += account->stretches[i].left;
        if (import->windows[i].left > 0 || !import->windows[i].discard.has_count)
            import->windows[kept++] = import->windows[i];
    }
    import->window_count = kept;
    import->settled_holes += account->hole_sum;
    import->settled_explained += account->discarded_sum - left;
}

/* Settles what is aged. *OUT_ACCOUNT is to be finished in any case. False: no memory. */
static bool settle(struct tt_import *import, struct account *out_account)
{
    if (!draw_up(import, out_account))
        return false;
    const struct tt__import_span *left = out_account->holes;
    for (size_t i = 0; i < import->process_count; i++) {
        struct tt__import_process *process = &import->processes[i];
        for (size_t j = 0; j < process->thread_count; j++) {
            size_t count = process->threads[j]->aged_count;
            out_account->hole_sum -= settle_thread(import, process, process->threads[j], left);
            left += count;
        }
        if (process->is_settling)
            settle_tail(import, process, left);
        left++;
    }
    return true;
}

/* The holes of THREAD that are older than AGED_NS are aged. What is before its first event is missing, too. False: no memory. */
static bool age_thread(struct tt__import_thread *thread, int64_t aged_ns)
{
    struct tt__import_sequence *sequence = &thread->sequence;
    if (sequence->first_ns <= aged_ns && !tt__import_sequence_begin_at_0(sequence))
        return false;
    thread->aged_count = 0;
    while (thread->aged_count < sequence->hole_count && sequence->holes[thread->aged_count].to_ns <= aged_ns)
        thread->aged_count++;
    return true;
}

static bool age_process(struct tt_import *import, struct tt__import_process *process, int64_t aged_ns)
{
    bool has_memory = true;
    tt__import_judge_beginning(import, process, aged_ns);
    for (size_t i = 0; i < process->thread_count && has_memory && !process->is_resumed; i++)
        has_memory = age_thread(process->threads[i], aged_ns);
    return has_memory;
}

bool tt__import_age(struct tt_import *import, int64_t now_ns)
{
    bool has_aged = false;
    for (size_t i = 0; i < import->process_count; i++) {
        struct tt__import_process *process = &import->processes[i];
        if (process->is_over || now_ns - process->looked_ns < LATE_NS)
            continue;
        process->aged_ns = process->ageing_ns;
        process->ageing_ns = process->last_ns;
        process->looked_ns = now_ns;
        has_aged |= process->has_ended && process->ended_ns <= process->aged_ns;
        has_aged |= !process->is_judged && process->first_ns <= process->aged_ns;
        for (size_t j = 0; j < process->thread_count && !has_aged; j++) {
            const struct tt__import_sequence *sequence = &process->threads[j]->sequence;
            has_aged = sequence->hole_count > 0 && sequence->holes[0].to_ns <= process->aged_ns;
        }
    }
    return has_aged;
}

bool tt__import_settle_aged(struct tt_import *import)
{
    struct account account = {0};
    bool has_memory = true;
    for (size_t i = 0; i < import->process_count && has_memory; i++) {
        struct tt__import_process *process = &import->processes[i];
        process->is_settling = process->has_ended && !process->is_over && process->ended_ns <= process->aged_ns;
        has_memory = age_process(import, process, process->is_settling ? INT64_MAX : process->aged_ns);
    }
    has_memory = has_memory && settle(import, &account);
    if (has_memory)
        keep_windows(import, &account);
    finish_account(&account);
    return has_memory;
}

bool tt__import_settle_losses(struct tt_import *import)
{
    struct account account = {0};
    bool has_memory = true;
    for (size_t i = 0; i < import->process_count && has_memory; i++) {
        import->processes[i].is_settling = !import->processes[i].is_over;
        has_memory = age_process(import, &import->processes[i], INT64_MAX);
    }
    has_memory = has_memory && settle(import, &account);
    if (has_memory)
        settle_windows(import, &account);
    finish_account(&account);
    return has_memory;
}
