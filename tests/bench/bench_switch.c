/*
 * What a stack switch costs, one way, against two peers in the same run; and what a stack costs.
 *
 *   telltale   tt__coro_switch, as the runtime calls it, between home and one coroutine
 *   floor      the same assembly with nothing around it: two saved stack pointers, no structure
 *   ucontext   swapcontext of the C library
 *   ring       tt__coro_switch among 1,024 coroutines, each on a stack of its own: what the cache makes of it
 *   pooled     a stack acquired and released again
 *   fresh      a stack carved, guarded and touched for the first time; its release is not counted
 *
 * Each round runs them in turn. Ratios are above 1 where telltale is faster; today its instructions are those of the
 * floor, and what a ratio to it differs from 1 is where the linker put the two loops. Exit status 1 when a ratio misses
 * its "atleast". Wants a release build.
 */
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#include "coro.h"
#include "measure.h"

#define ROUNDS 9
#define RING   1024

/* Switches a sample: some 10 ms each, long against an interrupt, short against a change of clock frequency. */
#define SWITCHES          4000000L
#define SWITCHES_UCONTEXT 40000L

#define STACKS_POOLED 1000000L
#define STACKS_FRESH  4096

static struct tt_coro home, peer;
static struct tt_coro ring[RING];
static long ring_laps;

static void prepare(struct tt_coro *coro, void (*entry)(void *), void *arg)
{
    struct tt_stack *stack = tt__stack_acquire(0);
    if (stack == NULL) {
        perror("stack");
        exit(2);
    }
    tt__coro_init(coro, stack, entry, arg);
}

/* ---- telltale: home and one coroutine, to and fro ---- */

static void answer(void *arg)
{
    (void)arg;
    for (;;)
        tt__coro_switch(&peer, &home);
}

static double time_telltale(void)
{
    prepare(&peer, answer, NULL);
    double start = now_ns();
    for (long i = 0; i < SWITCHES / 2; i++)
        tt__coro_switch(&home, &peer);
    double spent = now_ns() - start;
    tt__coro_finish(&peer);
    return spent / SWITCHES;
}

/* ---- the floor ---- */

#if !TELLTALE_UCONTEXT
static void *floor_home_sp, *floor_peer_sp;

static void answer_floor(void *arg)
{
    (void)arg;
    for (;;)
        tt__coro_switch_stacks(&floor_peer_sp, floor_home_sp);
}

static double time_floor(void)
{
    prepare(&peer, answer_floor, NULL);
    floor_peer_sp = peer.sp;
    double start = now_ns();
    for (long i = 0; i < SWITCHES / 2; i++)
        tt__coro_switch_stacks(&floor_home_sp, floor_peer_sp);
    double spent = now_ns() - start;
    tt__coro_finish(&peer);
    return spent / SWITCHES;
}
#endif

/* ---- ucontext ---- */

static ucontext_t context_home, context_peer;

static void answer_context(void)
{
    for (;;)
        swapcontext(&context_peer, &context_home);
}

static double time_ucontext(void)
{
    struct tt_stack *stack = tt__stack_acquire(0);
    if (stack == NULL || getcontext(&context_peer) != 0) {
        perror("ucontext");
        exit(2);
    }
    context_peer.uc_stack.ss_sp = stack->bottom;
    context_peer.uc_stack.ss_size = stack->bytes;
    context_peer.uc_link = NULL;
    makecontext(&context_peer, answer_context, 0);
    double start = now_ns();
    for (long i = 0; i < SWITCHES_UCONTEXT / 2; i++)
        swapcontext(&context_home, &context_peer);
    double spent = now_ns() - start;
    tt__stack_release(stack);
    return spent / SWITCHES_UCONTEXT;
}

/* ---- many stacks: each passes on to the next, the first one counts and ends it ---- */

static void pass_on(void *arg)
{
    struct tt_coro *self = arg;
    struct tt_coro *next = self + 1 < ring + RING ? self + 1 : ring;
    for (;;) {
        if (self == ring && ring_laps-- == 0)
            tt__coro_switch(self, &home);
        tt__coro_switch(self, next);
    }
}

static double time_ring(void)
{
    const long laps = SWITCHES / RING;
    for (int i = 0; i < RING; i++)
        prepare(&ring[i], pass_on, &ring[i]);
    ring_laps = 2; /* the first one touches the stacks */
    tt__coro_switch(&home, ring);
    ring_laps = laps;
    double start = now_ns();
    tt__coro_switch(&home, ring);
    double spent = now_ns() - start;
    for (int i = 0; i < RING; i++)
        tt__coro_finish(&ring[i]);
    return spent / (double)(laps * RING);
}

/* ---- stacks ---- */

static double time_pooled(void)
{
    tt__stack_release(tt__stack_acquire(0));
    double start = now_ns();
    for (long i = 0; i < STACKS_POOLED; i++)
        tt__stack_release(tt__stack_acquire(0));
    return (now_ns() - start) / STACKS_POOLED;
}

static double time_fresh(void)
{
    static struct tt_stack *stacks[STACKS_FRESH];
    tt__stack_pool_drain();
    double start = now_ns();
    for (int i = 0; i < STACKS_FRESH; i++) {
        stacks[i] = tt__stack_acquire(0);
        if (stacks[i] == NULL) {
            perror("stack");
            exit(2);
        }
        stacks[i]->top[-64] = 1;
    }
    double spent = now_ns() - start;
    for (int i = 0; i < STACKS_FRESH; i++)
        tt__stack_release(stacks[i]);
    tt__stack_pool_drain();
    return spent / STACKS_FRESH;
}

/* ---- report ---- */

enum { TELLTALE, FLOOR, UCONTEXT, RING_OF_1024, POOLED, FRESH, VARIANTS };

static double (*const variants[VARIANTS])(void) = {
    [TELLTALE] = time_telltale,
#if !TELLTALE_UCONTEXT
    [FLOOR] = time_floor,
#endif
    [UCONTEXT] = time_ucontext, [RING_OF_1024] = time_ring, [POOLED] = time_pooled, [FRESH] = time_fresh,
};

static struct series all[VARIANTS] = {
    [TELLTALE] = {.name = "switch"},          [FLOOR] = {.name = "switch_floor"},
    [UCONTEXT] = {.name = "switch_ucontext"}, [RING_OF_1024] = {.name = "switch_ring"},
    [POOLED] = {.name = "stack_pooled"},      [FRESH] = {.name = "stack_fresh"},
};

int main(void)
{
    bool is_good = true;
    tt__coro_home_init(&home);
    for (int r = -1; r < ROUNDS; r++) /* the first one warms: pages, caches, clock frequency */
        for (int v = 0; v < VARIANTS; v++) {
            double sample = variants[v] != NULL ? variants[v]() : 0;
            if (r >= 0)
                add_sample(&all[v], sample);
        }
    for (int v = 0; v < VARIANTS; v++)
        if (variants[v] != NULL)
            print_series(&all[v], "ns");
    if (TELLTALE_UCONTEXT) {
        printf("skipped: no assembly switch in this build, so nothing to compare\n");
    } else { /* twice the time of the floor at most; 1.3 times is the goal */
        is_good &= print_ratio("switch_against_floor", paired_ratio(&all[FLOOR], &all[TELLTALE]), 0.50, 0.77);
        is_good &= print_ratio("switch_against_ucontext", paired_ratio(&all[UCONTEXT], &all[TELLTALE]), 20, 60);
    }
    tt__coro_finish(&home);
    tt__stack_pool_drain();
    return is_good ? 0 : 1;
}
