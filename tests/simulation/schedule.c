/* schedule.c: see schedule.h. */
#include "schedule.h"

#include <stdlib.h>

#include "invariants.h"
#include "loop_internal.h"
#include "witness.h"

enum { TURN_MAX = 4096, CUT_ENTRY_MAX = 40, ENTRIES_A_MEDDLING = 6, READS_MAX = 4, FAILURES_SKIPPED_MAX = 6 };

enum order { AS_IT_IS, REVERSED, AT_RANDOM };

struct schedule_place schedule_place;

static uint64_t random_state;
static enum order order;
static bool has_short_turns;
static size_t cut_entry; /* 0: the run is not stopped */
static enum run_end cut_end;

/* splitmix64 */
static uint64_t random_number(void)
{
    uint64_t word = random_state += UINT64_C(0x9e3779b97f4a7c15);

    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return word ^ word >> 31;
}

static size_t below(size_t limit)
{
    return (size_t)(random_number() % limit);
}

static void choose(uint64_t seed)
{
    static const enum run_end ends[] = {RUN_CLOSES_FIRST, RUN_DROPS_FIRST, RUN_STAYS};

    random_state = seed * 3 + 1;
    switch (below(8)) {
    case 0:
        order = AS_IT_IS;
        break;
    case 1:
        order = REVERSED;
        break;
    default:
        order = AT_RANDOM;
    }
    has_short_turns = below(3) == 0;
    cut_entry = below(3) ? 1 + below(1 + below(CUT_ENTRY_MAX)) : 0; /* programs are short */
    cut_end = ends[below(sizeof ends / sizeof ends[0])];
}

/* Puts the COUNT entries into another order. */
static void put_in_order(struct tt_ready **entries, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = order == REVERSED ? count - i : below(i);
        struct tt_ready *other = entries[i - 1];

        if (order == REVERSED && j >= i - 1)
            break;
        entries[i - 1] = entries[j];
        entries[j] = other;
    }
}

static void begin_turn(tt_loop *loop)
{
    struct tt_ready *entries[TURN_MAX], **link = &loop->ready.first, *rest;
    size_t count = 0;

    invariants_check_turn(loop);
    HOLDS(loop->turn_left < TURN_MAX, "%zu entries are ready", loop->turn_left);
    for (struct tt_ready *entry = loop->ready.first; count < loop->turn_left; entry = entry->next)
        entries[count++] = entry;
    rest = count ? entries[count - 1]->next : loop->ready.first;
    if (order != AS_IT_IS)
        put_in_order(entries, count);
    for (size_t i = 0; i < count; link = &entries[i++]->next)
        *link = entries[i];
    *link = rest;
    if (!rest)
        loop->ready.end = link;
    if (has_short_turns && count > 1)
        loop->turn_left -= below(count);
}

/* A task that was woken and has not run; NULL when there is none. */
static tt_future *first_woken(const tt_loop *loop)
{
    const struct tt_ready *entry = loop->ready.first;

    while (entry && entry->ops != &tt__task_wake_ops)
        entry = entry->next;
    return entry ? &tt_container_of(entry, struct tt_task_object, wake.ready)->future : NULL;
}

/* Does now and then what a program may do at any time, and these hardly ever do in the one moment where it matters: asks a task to end that was
 * just woken, reads a failure after it has been forwarded; and says that one does not matter, for which asyncio has no word. */
static void meddle(tt_loop *loop)
{
    tt_future *future;
    tt_exc *exc;

    if (below(ENTRIES_A_MEDDLING) != 0)
        return;
    future = below(2) ? first_woken(loop) : witness_pick(below(SIZE_MAX));
    if (!future)
        return;
    loop->actor = (struct tt_who){TT_ACTOR_CALLBACK, 0};
    if (!tt_future_done(future))
        tt_future_cancel(future, "by chance");
    else if (below(3) == 0)
        tt_discard(future, "by chance");
    else if (!tt_future_cancelled(future))
        HOLDS(tt_future_exception(future, &exc) == 0, "a future that is done cannot be read");
    invariants_check(loop);
}

/* Reads some of the failures that the program still has, so that others which live on in them are delivered by that. */
static void read_some(const tt_loop *loop)
{
    for (size_t left = below(READS_MAX); left > 0; left--) {
        tt_future *failed = loop->dump.first_failure;
        tt_exc *exc;

        for (size_t skip = below(FAILURES_SKIPPED_MAX); failed && skip > 0; skip--)
            failed = failed->failed_next;
        if (failed && failed->handles > 0)
            HOLDS(tt_future_exception(failed, &exc) == 0 && exc, "a failure cannot be read");
    }
}

static void ran(tt_loop *loop)
{
    schedule_place.entry++;
    witness_look(loop);
    invariants_check(loop);
    meddle(loop);
    if (schedule_place.entry != cut_entry)
        return;
    read_some(loop);
    loop->turn_left = 0;
    run_cut(cut_end);
}

static void begun(tt_loop *loop)
{
    static const struct tt_loop_probe probe = {begin_turn, ran};

    loop->probe = &probe;
    invariants_begin(loop);
    witness_loop(loop);
}

static void quiet(tt_loop *loop)
{
    invariants_check(loop);
    invariants_check_quiet(loop);
    read_some(loop);
}

struct left_run *schedule_run(struct program *program, uint64_t seed)
{
    static const struct run_watcher watcher = {begun, witness_see, quiet};
    struct left_run *left;

    schedule_place = (struct schedule_place){seed, 0};
    choose(seed);
    run_watch(&watcher);
    run_program(program);
    left = run_left();
    witness_end_run(left != NULL);
    return left;
}
