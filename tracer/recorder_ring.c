/* recorder_ring.c: see recorder_ring.h.
 *
 * Numbers. In a ring of its own a thread's records have rising numbers, so a jump is a gap, found where it is. In the
 * emergency ring a number is taken before a place is reserved, so records may stand in another order: a number that has
 * not come yet may still come. There, what is missing is what the writers counted as dropped; and where the oldest are
 * overwritten, which nobody counts, it is what has not come beyond as many as may be on their way at once (late_max).
 * So no row ever tells of an event that is in the store; the last few are told of when the ring is closed.
 */
#include "recorder_ring.h"

#include <assert.h>
#include <string.h>

#include "nanoseconds.h"

#define TID_BYTES        4u      /* in front of the payload in the emergency ring */
#define GAP_MERGE_NS     1000000 /* runs of missing events closer than this are one row of table gap */
#define HOLES_PER_THREAD 8u      /* in the emergency ring: signal handlers may nest */
#define LATE_MIN         256u    /* see late_max() */

static bool is_emergency(const struct tt__ring_state *state)
{
    return state->index == 0;
}

/* How many emit calls may be at work in the ring at once, between their number and their commit. */
/* A kernel has no more threads: pids end there. */
#define THREADS_MAX (UINT64_C(1) << 22)

static uint64_t writers_max(const struct tt__ring_state *state, const struct tt__ring_context *context)
{
    return is_emergency(state) ? HOLES_PER_THREAD * (uint64_t)tt__arena_ring_count(context->arena) : 1;
}

/* How many numbers of the emergency ring are waited for. Threads for which there is no ring come on top, however many. */
static uint64_t late_max(const struct tt__ring_state *state, const struct tt__ring_context *context)
{
    uint64_t count = writers_max(state, context);
    return count > LATE_MIN ? count : LATE_MIN;
}

static struct tt_ring *ring_of(const struct tt__ring_state *state, const struct tt__ring_context *context)
{
    return tt__arena_ring(context->arena, state->index);
}

void tt__ring_state_resume(struct tt__ring_state *state, const struct tt_ingest_cursor *cursor)
{
    assert(cursor->ring == state->index);
    state->cursor = *cursor;
    state->is_used = true;
}

/* Another thread has taken the ring. Its counts begin where those of the one before it ended. */
static void begin_thread(struct tt__ring_state *state, uint32_t ordinal)
{
    state->cursor.ring = state->index;
    state->cursor.ordinal = ordinal;
    state->cursor.has_last = false;
    state->is_used = state->is_changed = true;
    state->is_complete = state->is_drained = false;
}

uint64_t tt__ring_look(struct tt__ring_state *state, const struct tt__ring_context *context, bool is_process_alive)
{
    struct tt_ring *ring = ring_of(state, context);
    uint32_t detached = atomic_load_explicit(&ring->is_detached, memory_order_acquire);
    uint32_t ordinal = __atomic_load_n(&ring->ordinal, __ATOMIC_RELAXED);
    state->limit = state->cursor.position;
    if (detached == 2 || (!is_emergency(state) && ordinal == 0))
        return 0; /* changing hands, or nobody's yet */
    if (!state->is_used || state->cursor.ordinal != ordinal) {
        if (state->is_used && !state->is_complete && state->cursor.record_count + state->cursor.missing_count > 0)
            return 0; /* taken before it was given: a writer that does not keep to the rules is not followed */
        begin_thread(state, ordinal);
    } else if (state->is_drained && detached == 1) {
        return 0;
    }
    state->is_alive = is_process_alive && detached == 0;
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    uint64_t slots = context->arena->ring_slots;
    /* A head far away, which no writer has, would keep the reader busy with nothing. */
    if (head > state->limit && (head - state->limit <= slots || tt__arena_overwrites(context->arena)))
        state->limit = head;
    uint64_t vital = atomic_load_explicit(&ring->vital_drops, memory_order_relaxed);
    uint64_t new_vital = vital > state->cursor.vital_drop_count ? vital - state->cursor.vital_drop_count : 0;
    if (new_vital > 0) {
        state->cursor.vital_drop_count = vital;
        state->is_changed = true;
    }
    /* A gap is seen when the next record comes, at a later look than that which saw its drops counted, or much later. */
    state->was_vital = new_vital > 0 || (state->was_vital && (state->is_vital_fresh || !state->has_told_drop));
    state->is_vital_fresh = new_vital > 0;
    state->has_told_drop = state->has_told_drop && new_vital == 0;
    return new_vital;
}

/* ------------------------------------------------------------------------------------------------------------ gaps */

static const char dropped[] = "dropped", overwritten[] = "overwritten", unreadable[] = "unreadable",
                  in_flight[] = "in_flight";

static void flush_gap(struct tt__ring_state *state, const struct tt__ring_context *context)
{
    if (state->gap.count != 0)
        tt_ingest_gap(context->ingest, context->process_id, state->cursor.ordinal, &state->gap);
    memset(&state->gap, 0, sizeof state->gap);
}

/* Vital events may be among what was lost before BEFORE_NS; NULL: before now. In the emergency ring times do not rise with places. */
static void note_vital_loss(struct tt__ring_state *state, const int64_t *before_ns)
{
    int64_t ns = before_ns && !is_emergency(state) ? *before_ns : INT64_MAX;
    if (!state->has_lost_vital || ns > state->vital_loss_ns)
        state->vital_loss_ns = ns;
    state->has_lost_vital = true;
}

/* LEFT - RIGHT. Counts of an arena that was damaged may be any: what does not fit is the greatest or the least that does. */
static int64_t difference(uint64_t left, uint64_t right)
{
    uint64_t size = left >= right ? left - right : right - left;
    int64_t clipped = size <= INT64_MAX ? (int64_t)size : INT64_MAX;
    return left >= right ? clipped : -clipped;
}

static uint64_t add_counts(uint64_t left, uint64_t right)
{
    return left <= UINT64_MAX - right ? left + right : UINT64_MAX;
}

/* COUNT attempts from number FIRST on are missing, between the last record and one at TO_NS. */
static void add_gap(struct tt__ring_state *state, const struct tt__ring_context *context, uint64_t count,
                     uint64_t first, const int64_t *to_ns, const char *what, bool is_vital)
{
    struct tt_ingest_cursor *cursor = &state->cursor;
    struct tt_ingest_gap gap = {
        .count = difference(count, 0),
        .from_ns = cursor->last_ns,
        .has_from = cursor->has_last,
        .to_ns = to_ns ? *to_ns : 0,
        .has_to = to_ns != NULL,
        .first_sequence = first - cursor->attempt_base,
        .what = what,
        .is_vital = is_vital,
    };
    cursor->missing_count += count;
    state->is_changed = true;
    state->has_told_drop |= what == dropped;
    if (is_vital && what != dropped) /* the writers count those */
        note_vital_loss(state, to_ns);
    bool continues = state->gap.count != 0 && state->gap.what == what && state->gap.is_vital == is_vital &&
                     state->gap.has_to && gap.has_from && tt__ns_subtract(gap.from_ns, state->gap.to_ns) < GAP_MERGE_NS;
    if (!continues) {
        flush_gap(state, context);
        state->gap = gap;
        return;
    }
    state->gap.count = tt__ns_add(state->gap.count, gap.count);
    state->gap.has_to = gap.has_to;
    state->gap.to_ns = gap.to_ns;
}

/* --------------------------------------------------------------------------------------------------------- records */

/* The full number of the attempt whose low 32 bits are ATTEMPT: the one nearest to the next expected. */
static uint64_t full_number(const struct tt__ring_state *state, uint32_t attempt)
{
    uint64_t next = state->cursor.attempt_next;
    int32_t distance = (int32_t)(attempt - (uint32_t)next);
    if (distance < 0 && (uint64_t) - (int64_t)distance > next - state->cursor.attempt_base)
        return next + (uint32_t)distance; /* before the first one: then it is a long way after */
    return next + (uint64_t)(int64_t)distance;
}

/* The record with NUMBER was found. */
static void count_missing(struct tt__ring_state *state, const struct tt__ring_context *context, uint64_t number,
                          const int64_t *time_ns)
{
    struct tt_ingest_cursor *cursor = &state->cursor;
    bool is_overwriting = tt__arena_overwrites(context->arena);
    uint64_t expected = cursor->attempt_next;
    if (number < expected)
        return;
    cursor->attempt_next = number + 1;
    if (!is_emergency(state)) {
        if (number > expected)
            add_gap(state, context, number - expected, expected, time_ns, is_overwriting ? overwritten : dropped,
                    is_overwriting || state->was_vital);
    } else if (is_overwriting) {
        uint64_t before = number - cursor->attempt_base;
        uint64_t known = cursor->record_count + cursor->missing_count + late_max(state, context);
        if (before > known)
            add_gap(state, context, before - known, expected, time_ns, overwritten, true);
    }
}

static void take_record(struct tt__ring_state *state, const struct tt__ring_context *context,
                        const struct tt__record *record)
{
    struct tt_ingest_cursor *cursor = &state->cursor;
    struct tt_decoded_event event;
    uint64_t number = full_number(state, record->attempt);
    int64_t time_ns =
        tt_ingest_time(context->ingest, context->process_id, tt__timeline_ns(context->timeline, record->time));

    count_missing(state, context, number, &time_ns);
    const unsigned char *payload = record->payload;
    size_t length = record->length;
    if (is_emergency(state)) {
        payload += TID_BYTES;
        length -= TID_BYTES; /* a slot has more than that */
    }
    enum tt__decode_result result =
        tt__decode(context->decoder, context->timeline, record->event, payload, length, &event);
    if (result == TT__DECODE_DAMAGED || result == TT__DECODE_SENSELESS) {
        add_gap(state, context, 1, number, &time_ns, unreadable, true);
        if (result == TT__DECODE_SENSELESS) /* the record is sound: it is dropped here as its writer might have dropped it */
            cursor->drop_base--;
    } else {
        cursor->record_count++;
        if (result == TT__DECODED) {
            event.sequence = number - cursor->attempt_base;
            event.time_ns = time_ns;
            tt_ingest_event(context->ingest, context->process_id, cursor->ordinal, &event);
        }
    }
    cursor->last_ns = time_ns;
    cursor->has_last = true;
    state->is_changed = true;
}

/* What writers of the emergency ring counted as dropped since the last look is missing somewhere before now. */
static void count_emergency_drops(struct tt__ring_state *state, const struct tt__ring_context *context)
{
    struct tt_ingest_cursor *cursor = &state->cursor;
    uint64_t drops = atomic_load_explicit(&ring_of(state, context)->drops, memory_order_relaxed) - cursor->drop_base;
    if (drops > cursor->missing_count && !tt__arena_overwrites(context->arena))
        add_gap(state, context, drops - cursor->missing_count, cursor->attempt_next, NULL, dropped, state->was_vital);
}

size_t tt__ring_read(struct tt__ring_state *state, const struct tt__ring_context *context, size_t records_max,
                     int64_t *out_oldest_ns)
{
    struct tt__record record;
    const struct tt_ring *ring = ring_of(state, context);
    size_t count = 0;
    if (!state->is_used)
        return 0;
    uint64_t position = state->cursor.position;
    while (count < records_max) {
        enum tt__ring_read result =
            tt__arena_next_record(context->arena, ring, &position, state->limit, state->is_alive, &record);
        uint64_t passed = position - state->cursor.position;
        if (passed > 0) {
            state->cursor.position = position;
            state->is_changed = true;
        }
        if (result != TT__RING_RECORD)
            break;
        /* What is known to be gone is of consequence at once, also where it is counted later. */
        if (is_emergency(state) && passed > record.slots && tt__arena_overwrites(context->arena))
            note_vital_loss(state, NULL);
        take_record(state, context, &record);
        if (count++ == 0)
            *out_oldest_ns = state->cursor.last_ns;
    }
    if (is_emergency(state))
        count_emergency_drops(state, context);
    flush_gap(state, context);
    return count;
}

bool tt__ring_is_read(const struct tt__ring_state *state)
{
    return state->cursor.position >= state->limit;
}

/* ------------------------------------------------------------------------------------------------------ accounting */

/* What is missing at the end and no row tells of yet. */
struct remainder {
    uint64_t overwritten, dropped, in_flight;
};

/* REST events, where what was overwritten is known but for those of the emergency ring that were held back, and DROPS were
 * counted. A ring that was never run through has overwritten nothing. */
static struct remainder explain_overwriting(struct tt__ring_state *state, const struct tt__ring_context *context,
                                            uint64_t rest, uint64_t drops)
{
    uint64_t head = atomic_load_explicit(&ring_of(state, context)->head, memory_order_relaxed);
    if (is_emergency(state) && head > context->arena->ring_slots)
        return (struct remainder){.overwritten = rest};
    uint64_t dropped_count = rest < drops ? rest : drops;
    return (struct remainder){.dropped = dropped_count, .in_flight = rest - dropped_count};
}

/* The same where nothing is overwritten: rows tell of some of the DROPS already. */
static struct remainder explain_dropping(const struct tt__ring_state *state, uint64_t rest, uint64_t drops)
{
    uint64_t told = state->cursor.missing_count, untold = drops > told ? drops - told : 0;
    uint64_t dropped_count = rest < untold ? rest : untold;
    return (struct remainder){.dropped = dropped_count, .in_flight = rest - dropped_count};
}

static void tell_remainder(struct tt__ring_state *state, const struct tt__ring_context *context,
                           const struct remainder *rest)
{
    uint64_t next = state->cursor.attempt_next;
    if (rest->overwritten > 0)
        add_gap(state, context, rest->overwritten, next, NULL, overwritten, true);
    if (rest->dropped > 0)
        add_gap(state, context, rest->dropped, next, NULL, dropped, state->was_vital);
    if (rest->in_flight > 0)
        add_gap(state, context, rest->in_flight, next + rest->dropped, NULL, in_flight, false);
    flush_gap(state, context);
}

/* Hands in the counts of the thread, and what is still missing. Returns whether they add up. */
static bool settle(struct tt__ring_state *state, const struct tt__ring_context *context, uint64_t attempts,
                   uint64_t drops)
{
    struct tt_ingest_cursor *cursor = &state->cursor;
    bool is_overwriting = tt__arena_overwrites(context->arena);
    uint64_t holes_max = writers_max(state, context);
    int64_t rest = difference(attempts, add_counts(cursor->record_count, cursor->missing_count));
    uint64_t untold = rest > 0 ? (uint64_t)rest : 0;
    struct remainder remainder =
        is_overwriting ? explain_overwriting(state, context, untold, drops) : explain_dropping(state, untold, drops);
    int64_t holes = difference(attempts, add_counts(cursor->record_count, drops));
    if (is_overwriting) { /* what was overwritten counts as dropped */
        holes = rest < 0 ? rest : (int64_t)remainder.in_flight;
        drops = rest < 0 ? cursor->missing_count : attempts - cursor->record_count - remainder.in_flight;
    }
    if (remainder.in_flight > holes_max)
        remainder.in_flight = holes_max; /* of the others nobody knows what became of them, which is said below */
    tell_remainder(state, context, &remainder);

    bool is_balanced = holes >= 0 && (uint64_t)holes <= holes_max;
    if (!is_balanced) {
        struct tt_ingest_gap gap = {.count = holes < 0 ? holes : holes - (int64_t)holes_max,
                                    .what = "unbalanced",
                                    .is_vital = true,
                                    .from_ns = cursor->last_ns,
                                    .has_from = cursor->has_last};
        note_vital_loss(state, NULL);
        tt_ingest_gap(context->ingest, context->process_id, cursor->ordinal, &gap);
    }
    struct tt_ingest_thread_counts counts = {
        .tid = atomic_load_explicit(&ring_of(state, context)->tid, memory_order_relaxed),
        .attempt_count = attempts,
        .record_count = cursor->record_count,
        .drop_count = drops,
        .hole_count = holes < 0 ? 0 : (uint64_t)holes,
        .wait_ns = atomic_load_explicit(&ring_of(state, context)->wait_ns, memory_order_relaxed),
    };
    tt_ingest_thread_counts(context->ingest, context->process_id, cursor->ordinal, &counts);
    return is_balanced;
}

bool tt__ring_take_vital_loss(struct tt__ring_state *state, int64_t *out_before_ns)
{
    bool has_lost = state->has_lost_vital;
    if (has_lost)
        *out_before_ns = state->vital_loss_ns;
    state->has_lost_vital = false;
    return has_lost;
}

/* Whether a ring can have had so many attempts: each that was not dropped has reserved a slot, or was about to. */
static bool is_credible(const struct tt__ring_state *state, const struct tt__ring_context *context, uint64_t attempts,
                        uint64_t drops)
{
    uint64_t head = atomic_load_explicit(&ring_of(state, context)->head, memory_order_relaxed);
    uint64_t writers = is_emergency(state) ? THREADS_MAX : writers_max(state, context);
    return attempts <= add_counts(add_counts(head, drops), writers);
}

bool tt__ring_close_thread(struct tt__ring_state *state, const struct tt__ring_context *context)
{
    struct tt_ring *ring = ring_of(state, context);
    struct tt_ingest_cursor *cursor = &state->cursor;
    if (!state->is_used || state->is_complete)
        return true;
    uint64_t attempts = atomic_load_explicit(&ring->attempts, memory_order_relaxed);
    uint64_t drops = atomic_load_explicit(&ring->drops, memory_order_relaxed);
    bool can_be = is_credible(state, context, attempts, drops);
    if (!can_be) { /* a damaged arena: what was read is known, and that not all of it is right */
        attempts = cursor->attempt_base + cursor->record_count + cursor->missing_count;
        note_vital_loss(state, NULL);
        tt_ingest_gap(context->ingest, context->process_id, cursor->ordinal,
                      &(struct tt_ingest_gap){.what = "unbalanced",
                                              .is_vital = true,
                                              .is_uncounted = true,
                                              .from_ns = cursor->last_ns,
                                              .has_from = cursor->has_last});
    }
    bool is_balanced =
        attempts == cursor->attempt_base && cursor->record_count == 0 /* nothing since it was settled last */
            ? true
            : settle(state, context, attempts - cursor->attempt_base, drops - cursor->drop_base);
    cursor->attempt_base = cursor->attempt_next = attempts;
    cursor->drop_base = drops;
    cursor->record_count = cursor->missing_count = 0;
    cursor->has_last = false;
    state->is_complete = state->is_changed = true;
    return is_balanced && can_be;
}

void tt__ring_save(struct tt__ring_state *state, const struct tt__ring_context *context)
{
    const struct tt_ingest_cursor *cursor = &state->cursor;
    if (!state->is_used || !state->is_changed)
        return;
    /* A thread that goes on shows what is accounted for: read, or known to be missing. A closed one has shown its
     * last counts. */
    if (!state->is_complete && cursor->record_count + cursor->missing_count > 0) {
        struct tt_ingest_thread_counts counts = {
            .tid = atomic_load_explicit(&ring_of(state, context)->tid, memory_order_relaxed),
            .attempt_count = cursor->record_count + cursor->missing_count,
            .record_count = cursor->record_count,
            .drop_count = cursor->missing_count,
            .wait_ns = atomic_load_explicit(&ring_of(state, context)->wait_ns, memory_order_relaxed),
        };
        tt_ingest_thread_counts(context->ingest, context->process_id, cursor->ordinal, &counts);
    }
    tt_ingest_cursor(context->ingest, context->process_id, cursor);
    state->is_changed = false;
}

void tt__ring_release(struct tt__ring_state *state, const struct tt__ring_context *context)
{
    struct tt_ring *ring = ring_of(state, context);
    if (!state->is_used || !context->arena->can_write)
        return;
    atomic_store_explicit(&ring->tail, state->cursor.position, memory_order_release);
    if (state->is_complete && !state->is_drained &&
        atomic_load_explicit(&ring->is_detached, memory_order_acquire) == 1) {
        state->is_drained = true;
        atomic_store_explicit(&ring->is_drained, 1, memory_order_release);
    }
}
