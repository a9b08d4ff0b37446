/*
 * Stacks for coroutines: acquiring, pooling, guarding.
 *
 * A stack is a slot of a larger mapping (an arena), so that a fresh one costs two page faults and one system call. A
 * released stack waits in a pool, last in first out, because the stack that was used last is the one that the cache
 * still holds. What runs on a stack, and how it is switched to, is coro.h's concern.
 *
 *     slot:   | guard (one page) | usable bytes ............................... | offset |
 *             ^ slot             ^ bottom                                       ^ top    ^ bottom + bytes
 *
 * The offset differs from stack to stack by steps of 192 bytes: tops on one page boundary would share the same few
 * cache sets, and switching among 1,024 tasks would take twice as long.
 *
 * Three kinds of guard, the best that is to be had when the slot is first used:
 *   light   MADV_GUARD_INSTALL (Linux 6.13): a marker in the page table, costs no mapping
 *   page    mprotect(PROT_NONE): costs two mappings, so only while the process stays well below vm.max_map_count
 *   canary  nothing faults; the page below the bottom must stay zero, which the owner checks after each switch.
 *           An untouched page reads as zero and costs no memory; a magic number would cost 4 KiB a stack
 *
 * Threads: a pool belongs to one thread and is reached through it, without locks. A stack may be released on another
 * thread than the one that acquired it; then it travels home, and waits there for the next acquisition.
 */
#ifndef TT_STACK_H
#define TT_STACK_H

#include <stddef.h>
#include <stdint.h>

/* Which tool watches this build. gcc says it by macro, clang by feature. */
#if defined(__SANITIZE_ADDRESS__)
#define TT_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TT_ASAN 1
#endif
#endif
#ifndef TT_ASAN
#define TT_ASAN 0
#endif

#if defined(__SANITIZE_THREAD__)
#define TT_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TT_TSAN 1
#endif
#endif
#ifndef TT_TSAN
#define TT_TSAN 0
#endif

/* The default covers a signal frame (12 KiB with AVX-512) on top of printf and its like, with a margin of two. The
 * sanitizers put red zones around variables and run their own reports on the coroutine's stack: four times as much. */
#define TT_STACK_BYTES_DEFAULT ((TT_ASAN || TT_TSAN) ? 256u * 1024u : 64u * 1024u)
#define TT_STACK_BYTES_MIN     (32u * 1024u)

enum tt_stack_guard { TT_STACK_GUARD_LIGHT, TT_STACK_GUARD_PAGE, TT_STACK_GUARD_CANARY };

struct tt_arena;

/* Visible so that the switch and the check of the canary are inlined; written by stack.c only. */
struct tt_stack {
    char *bottom;            /* lowest usable byte; the guard is the page right below */
    char *top;               /* where a coroutine begins; a multiple of 64 */
    size_t bytes;            /* whole pages from bottom; contains the offset above top */
    struct tt_arena *arena;  /* owner of the memory, never changes */
    struct tt_stack *next;   /* in a pool: the one released before; NULL in use */
    unsigned valgrind_id;    /* valid under valgrind only */
    unsigned char guard;     /* enum tt_stack_guard */
    unsigned char is_pooled; /* 1 from release to acquisition: catches a second release */
    unsigned char is_measured; /* by its present tenant */
    char *dirty_from;          /* in a pool: below it, down to the bottom, all is zero; the bottom: nobody knows */
};

/* A stack of at least `bytes` usable bytes, rounded up to pages and to TT_STACK_BYTES_MIN; 0 asks for the default.
 * Up to 2,688 of them are the offset. The contents are arbitrary. The caller owns it until tt__stack_release.
 * NULL with errno set when there is no memory (ENOMEM) or no key for the thread's pool (EAGAIN). */
struct tt_stack *tt__stack_acquire(size_t bytes);

/* Gives a stack back; nothing may run on it any more, and the caller is on another one. NULL does nothing.
 * Keeps errno. */
void tt__stack_release(struct tt_stack *stack);

/* Frees what this thread's pool holds (when a loop closes); stacks in use stay valid and can be released later.
 * Happens by itself when a thread ends. Keeps errno. */
void tt__stack_pool_drain(void);

/* Usable bytes, as rounded at acquisition. */
static inline size_t tt__stack_bytes(const struct tt_stack *stack)
{
    return stack->bytes;
}

/* Bytes beside the guard that an overflow writes first: a line at each end of the page below the bottom. Two lines,
 * because a frame can step over one. */
#define TT_STACK_CANARY_WORDS 8

int tt__stack_canary_intact(const struct tt_stack *stack);

/* 1 unless the stack has overflowed and nothing caught it at that instant; always 1 where a guard faults by itself.
 * Whoever switches checks after each switch away from the stack. After a 0 the neighbour's memory cannot be trusted:
 * report and abort. */
static inline int tt__stack_canary_ok(const struct tt_stack *stack)
{
    return __builtin_expect(stack->guard != TT_STACK_GUARD_CANARY, 1) || tt__stack_canary_intact(stack);
}

/* Measuring how much of a stack its tenant uses (stack_measure.c): begin before anything runs on it, after it was acquired;
 * end when nothing will run on it any more, before it is released. Returns bytes from the end of the usable ones down to
 * the lowest that is not zero, of *OUT_BYTES in all: what was used is at least that, and more only if nothing but zeros was
 * written below. 0, and *OUT_BYTES is left alone: there is no stack (NULL), or it was not begun, or could not be (valgrind
 * would complain of what reads an old stack). Costs about a microsecond. */
void tt__stack_measure_begin(struct tt_stack *stack);
uint32_t tt__stack_measure_end(struct tt_stack *stack, uint32_t *out_bytes);

/* The stack of this thread's pool whose guard contains the address, NULL if none: for a SIGSEGV handler, which asks
 * with si_addr. Async-signal-safe. A stack acquired on another thread is not found; ask tt__stack_guard_contains. */
struct tt_stack *tt__stack_find_guard(const void *address);

/* Whether the address lies in the guard of this stack; 0 for one that has only a canary. Async-signal-safe. */
int tt__stack_guard_contains(const struct tt_stack *stack, const void *address);

/* What the calling thread's pool and the process hold; for tests of a clean teardown and for diagnostics. */
struct tt_stack_counts {
    size_t in_use;      /* acquired from this thread's pool and not yet back */
    size_t pooled;      /* free, with their memory */
    size_t arenas;      /* mappings of this thread's pool */
    size_t guard_pages; /* guards by mprotect, whole process */
};
void tt__stack_counts(struct tt_stack_counts *out_counts);

/* Restricts the guards of stacks that are first used from now on: whether light guards are tried, and how many pages
 * the whole process may protect (SIZE_MAX: what vm.max_map_count allows). For tests: they meet a kernel of one kind. */
void tt__stack_restrict_guards(int allow_light, size_t guard_pages_max);

#endif
