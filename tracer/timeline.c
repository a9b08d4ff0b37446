/* timeline.c: see timeline.h. */
#include "timeline.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "nanoseconds.h"

#define SLOPE_MIN   0.01 /* nanoseconds a tick: a counter of 100 GHz */
#define SLOPE_MAX   100000.0
#define CATCH_UP_NS 1e9    /* an error is worked off within a second ... */
#define BEND_MAX    0.0005 /* ... but no piece differs from the average by more than this */
#define PAIR_TRIES  20
#define MEASURE_NS  10000000 /* a pair is right to 100 ns, so a slope over this is right to some 20 millionths */
#define SECOND_NS   INT64_C(1000000000)

void tt__timeline_init_identity(struct tt__timeline *timeline, int64_t shift_ns)
{
    memset(timeline, 0, sizeof *timeline);
    timeline->is_identity = 1;
    timeline->first_ns = shift_ns;
    timeline->slope_average = 1.0;
}

static int is_slope(double slope)
{
    return isfinite(slope) && slope >= SLOPE_MIN && slope <= SLOPE_MAX;
}

static double slope_between(uint64_t ticks_1, int64_t ns_1, uint64_t ticks_2, int64_t ns_2)
{
    return ticks_2 <= ticks_1 ? 0.0 : ((double)ns_2 - (double)ns_1) / (double)(ticks_2 - ticks_1);
}

void tt__timeline_init_pairs(struct tt__timeline *timeline, uint64_t first_ticks, int64_t first_ns,
                             uint64_t second_ticks, int64_t second_ns)
{
    memset(timeline, 0, sizeof *timeline);
    double slope = slope_between(first_ticks, first_ns, second_ticks, second_ns);
    timeline->slope_average = is_slope(slope) ? slope : 1.0;
    timeline->first_ticks = first_ticks;
    timeline->first_ns = first_ns;
    timeline->piece_count = 1;
    timeline->pieces[0] = (struct tt__timeline_piece){first_ticks, first_ns, timeline->slope_average};
}

static int64_t value_of_piece(const struct tt__timeline_piece *piece, uint64_t ticks)
{
    /* Signed: what began before the first pair lies on the first piece prolonged. */
    double ns = (double)(int64_t)(ticks - piece->ticks) * piece->slope;
    if (ns > 4e18)
        ns = 4e18;
    if (ns < -4e18)
        ns = -4e18;
    int64_t sum;
    return __builtin_add_overflow(piece->ns, (int64_t)ns, &sum) ? piece->ns : sum;
}

/* Makes room: of the older half, every second piece goes into the one before it, which then leads straight to the one
 * after. What was converted with them long ago would come out different by nanoseconds now. */
static void thin_out(struct tt__timeline *timeline)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < timeline->piece_count; i++) {
        struct tt__timeline_piece piece = timeline->pieces[i];
        if (i < TT_TIMELINE_PIECES / 2 && i % 2 == 0) {
            const struct tt__timeline_piece *next = &timeline->pieces[i + 2];
            piece.slope = slope_between(piece.ticks, piece.ns, next->ticks, next->ns);
            i++;
        }
        timeline->pieces[kept++] = piece;
    }
    timeline->piece_count = kept;
}

void tt__timeline_add_pair(struct tt__timeline *timeline, uint64_t ticks, int64_t ns)
{
    if (timeline->is_identity)
        return;
    struct tt__timeline_piece *last = &timeline->pieces[timeline->piece_count - 1];
    double slope = slope_between(timeline->first_ticks, timeline->first_ns, ticks, ns);
    if (ticks <= last->ticks || !is_slope(slope))
        return;
    struct tt__timeline_piece piece = {ticks, value_of_piece(last, ticks), slope};
    timeline->slope_average = slope;
    double bend = (double)tt__ns_subtract(ns, piece.ns) / CATCH_UP_NS;
    piece.slope *= 1.0 + fmax(-BEND_MAX, fmin(BEND_MAX, bend));
    if (timeline->piece_count == TT_TIMELINE_PIECES)
        thin_out(timeline);
    timeline->pieces[timeline->piece_count++] = piece;
}

int64_t tt__timeline_ns(const struct tt__timeline *timeline, uint64_t ticks)
{
    if (timeline->is_identity)
        return tt__ns_add(ticks > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)ticks, timeline->first_ns);
    unsigned i = timeline->piece_count - 1;
    while (i > 0 && ticks < timeline->pieces[i].ticks)
        i--;
    return value_of_piece(&timeline->pieces[i], ticks);
}

uint64_t tt__timeline_duration_ns(const struct tt__timeline *timeline, uint64_t ticks)
{
    if (timeline->is_identity)
        return ticks;
    double ns = (double)ticks * timeline->slope_average;
    return ns >= 9e18 ? UINT64_C(9000000000000000000) : (uint64_t)ns;
}

int tt__timeline_read_tsc_pair(uint64_t *out_ticks, int64_t *out_ns)
{
#if defined(__x86_64__)
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < PAIR_TRIES; i++) {
        struct timespec now;
        uint64_t before = __builtin_ia32_rdtsc();
        if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
            return -1;
        uint64_t after = __builtin_ia32_rdtsc();
        if (after - before < best) { /* a reading that was interrupted is worse than the next */
            best = after - before;
            *out_ticks = before + best / 2;
            *out_ns = (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
        }
    }
    return 0;
#else
    (void)out_ticks;
    (void)out_ns;
    return -1;
#endif
}

int tt__timeline_init_measured(struct tt__timeline *timeline)
{
    static struct {
        uint64_t ticks;
        int64_t ns;
    } first, second; /* second.ticks 0: not measured yet */

    if (second.ticks == 0) {
        struct timespec pause = {.tv_nsec = MEASURE_NS};
        if (tt__timeline_read_tsc_pair(&first.ticks, &first.ns) < 0)
            return -1;
        while (nanosleep(&pause, &pause) < 0)
            continue;
        if (tt__timeline_read_tsc_pair(&second.ticks, &second.ns) < 0)
            return -1;
    }
    tt__timeline_init_pairs(timeline, first.ticks, first.ns, second.ticks, second.ns);
    return 0;
}
