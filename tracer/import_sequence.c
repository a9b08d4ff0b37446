/* import_sequence.c: see import_sequence.h. */
#include "import_sequence.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void tt__import_sequence_finish(struct tt__import_sequence *sequence)
{
    free(sequence->holes);
    sequence->holes = NULL;
    sequence->hole_count = sequence->hole_capacity = 0;
}

/* Makes room for a hole at index AT and returns it; NULL: no memory. */
static struct tt__import_hole *insert_hole(struct tt__import_sequence *sequence, size_t at)
{
    assert(at <= sequence->hole_count);
    if (sequence->hole_count == sequence->hole_capacity) {
        size_t capacity = sequence->hole_capacity ? 2 * sequence->hole_capacity : 8;
        struct tt__import_hole *holes = reallocarray(sequence->holes, capacity, sizeof *holes);
        if (!holes)
            return NULL;
        sequence->holes = holes;
        sequence->hole_capacity = capacity;
    }
    struct tt__import_hole *hole = &sequence->holes[at];
    memmove(hole + 1, hole, (sequence->hole_count - at) * sizeof *hole);
    sequence->hole_count++;
    return hole;
}

/* The index of the last hole that begins at NUMBER or before; hole_count when there is none. */
static size_t find_hole(const struct tt__import_sequence *sequence, uint64_t number)
{
    size_t low = 0, high = sequence->hole_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sequence->holes[middle].first <= number)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? sequence->hole_count : low - 1;
}

/* NUMBER is before what was expected: it closes a hole, or a part of one. */
static enum tt__import_seen see_late(struct tt__import_sequence *sequence, uint64_t number)
{
    size_t at = find_hole(sequence, number);
    if (at == sequence->hole_count || number - sequence->holes[at].first >= sequence->holes[at].count)
        return TT__IMPORT_AGAIN;
    struct tt__import_hole *hole = &sequence->holes[at];
    uint64_t before = number - hole->first, after = hole->count - before - 1;
    if (before > 0 && after > 0) {
        hole = insert_hole(sequence, at + 1);
        if (!hole)
            return TT__IMPORT_NO_MEMORY;
        *hole = hole[-1];
        hole[-1].count = before;
        hole->first = number + 1;
        hole->count = after;
    } else if (before > 0) {
        hole->count = before;
    } else if (after > 0) {
        hole->first = number + 1;
        hole->count = after;
    } else {
        memmove(hole, hole + 1, (sequence->hole_count - at - 1) * sizeof *hole);
        sequence->hole_count--;
    }
    return TT__IMPORT_NEW;
}

/* NUMBER is before all that was seen; what lies between is missing. */
static enum tt__import_seen see_first(struct tt__import_sequence *sequence, uint64_t number, int64_t ns)
{
    if (sequence->first - number > 1) {
        struct tt__import_hole *hole = insert_hole(sequence, 0);
        if (!hole)
            return TT__IMPORT_NO_MEMORY;
        *hole = (struct tt__import_hole){
            .first = number + 1, .count = sequence->first - number - 1, .to_ns = ns, .has_to = true};
    }
    sequence->first = number;
    return TT__IMPORT_NEW;
}

enum tt__import_seen tt__import_sequence_see(struct tt__import_sequence *sequence, uint64_t number, int64_t ns)
{
    if (sequence->record_count == 0) {
        sequence->first = number;
        sequence->first_ns = ns;
        sequence->next = number + 1;
    } else if (number > sequence->next ? number - sequence->next > TT_IMPORT_RUN_MAX
                                       : number < sequence->first && sequence->first - number > TT_IMPORT_RUN_MAX) {
        return TT__IMPORT_DAMAGED;
    } else if (number < sequence->next) {
        enum tt__import_seen seen =
            number < sequence->first ? see_first(sequence, number, ns) : see_late(sequence, number);
        if (seen != TT__IMPORT_NEW)
            return seen;
    } else {
        if (number > sequence->next) {
            struct tt__import_hole *hole = insert_hole(sequence, sequence->hole_count);
            if (!hole)
                return TT__IMPORT_NO_MEMORY;
            *hole = (struct tt__import_hole){.first = sequence->next,
                                             .count = number - sequence->next,
                                             .from_ns = sequence->last_ns,
                                             .has_from = sequence->record_count > 0,
                                             .to_ns = ns,
                                             .has_to = true};
        }
        sequence->next = number + 1;
    }
    if (sequence->record_count == 0 || ns > sequence->last_ns)
        sequence->last_ns = ns;
    sequence->record_count++;
    return TT__IMPORT_NEW;
}

bool tt__import_sequence_begin_at_0(struct tt__import_sequence *sequence)
{
    if (sequence->record_count == 0 || sequence->first == 0)
        return true;
    struct tt__import_hole *hole = insert_hole(sequence, 0);
    if (!hole)
        return false;
    /* A first number as large as that says nothing about how many came before it. */
    *hole = (struct tt__import_hole){.count = sequence->first <= TT_IMPORT_RUN_MAX ? sequence->first : 1,
                                     .to_ns = sequence->first_ns,
                                     .has_to = true};
    sequence->first = 0;
    return true;
}

void tt__import_sequence_forget(struct tt__import_sequence *sequence, size_t count)
{
    assert(count <= sequence->hole_count);
    sequence->hole_count -= count;
    if (sequence->hole_count > 0 && count > 0)
        memmove(sequence->holes, sequence->holes + count, sequence->hole_count * sizeof *sequence->holes);
}

uint64_t tt__import_sequence_missing(const struct tt__import_sequence *sequence)
{
    uint64_t count = 0;
    for (size_t i = 0; i < sequence->hole_count; i++)
        count += sequence->holes[i].count;
    return count;
}
