/*
 * Coroutines: a C function on a stack of its own, and the switch from one to another.
 *
 * This is the only place of the runtime that switches stacks. Nothing here knows tasks, loops or exceptions: whoever
 * switches decides to whom. The switch is symmetric; the side of the loop is a coroutine too ("home").
 *
 *            init                switch to it             exit               finish
 *    (none) ------> suspended <-----------------> running ------> dead ----------------> (none)
 *                       |         switch away                       ^
 *                       +------------------- finish (abandoned) ----+
 *
 * What is saved: the registers that the C calling convention keeps. Not saved: signal mask, floating-point control and
 * status words, errno (the caller's concern). Restoring the status word alone would cost 45 ns whenever two tasks'
 * sticky flags differ.
 *
 * Two machines have an assembly switch (switch_x86_64.S, switch_aarch64.S); elsewhere, and with TELLTALE_UCONTEXT=1,
 * it is ucontext. TELLTALE_UCONTEXT changes struct tt_coro: all files that include this header need the same value.
 *
 * Threads: a coroutine runs on one thread from its first switch on; home belongs to the thread that initialised it.
 */
#ifndef TT_CORO_H
#define TT_CORO_H

#include <stddef.h>

#include "stack.h"

#ifndef TELLTALE_UCONTEXT
#if (defined(__x86_64__) && defined(__LP64__)) || (defined(__aarch64__) && defined(__LP64__))
#define TELLTALE_UCONTEXT 0
#else
#define TELLTALE_UCONTEXT 1
#endif
#endif

#if TELLTALE_UCONTEXT
#include <ucontext.h>
#endif
#if TT_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#if TT_TSAN
#include <sanitizer/tsan_interface.h>
#endif

/* Embedded in whatever is a coroutine. All fields are coro's own. */
struct tt_coro {
    void *sp;               /* suspended: where its registers lie on its stack; stale while it runs */
    struct tt_stack *stack; /* owned; NULL for home, before init and after finish */
    void (*entry)(void *);
    void *arg;
#if TT_ASAN
    const void *asan_bottom; /* what the address sanitizer is told about the stack */
    size_t asan_bytes;
    void *asan_fake_stack;   /* suspended: its stack of frames that outlive their return */
    const void *root_region; /* home: what the leak sanitizer was told, NULL after finish */
    size_t root_bytes;
#endif
#if TT_TSAN
    void *tsan_fiber; /* owned, but for home's */
#endif
#if TELLTALE_UCONTEXT
    ucontext_t context;
#endif
};

#if !TELLTALE_UCONTEXT
/* In assembly: pushes the kept registers, stores the stack pointer in *out_sp, continues where `sp` was stored. */
void tt__coro_switch_stacks(void **out_sp, void *sp);
#endif

/* Makes `home` stand for the calling thread's own stack, from this frame up. The thread that calls is the one that
 * switches from and to it. tt__coro_finish ends it; a second init without that is allowed. */
void tt__coro_home_init(struct tt_coro *home);

/* Prepares a coroutine that will call entry(arg) on the stack when it is first switched to. Owns the stack from here
 * on. `entry` never returns: it ends with tt__coro_exit; one that does return stops the process by an illegal
 * instruction (abort under ucontext). */
void tt__coro_init(struct tt_coro *coro, struct tt_stack *stack, void (*entry)(void *), void *arg);

/* After `coro` has exited, or instead of ever resuming it: drops what the tools know of it and releases its stack.
 * The caller is on another stack. Does nothing for one that is finished, or is all zero. Keeps errno. */
void tt__coro_finish(struct tt_coro *coro);

/* Suspends the running coroutine `from`, continues `to`; returns when somebody switches to `from` again.
 *
 * Always inlined: the thread sanitizer counts calls and returns per fiber, so between its change of fiber and the
 * assembly no function may return. For the same reason that change comes last. */
static inline __attribute__((always_inline)) void tt__coro_switch(struct tt_coro *from, struct tt_coro *to)
{
#if !TELLTALE_UCONTEXT
    void *sp = to->sp;
#endif
#if TT_ASAN
    __sanitizer_start_switch_fiber(&from->asan_fake_stack, to->asan_bottom, to->asan_bytes);
#endif
#if TT_TSAN
    __tsan_switch_to_fiber(to->tsan_fiber, 0);
#endif
#if TELLTALE_UCONTEXT
    if (swapcontext(&from->context, &to->context) != 0)
        __builtin_trap();
#else
    tt__coro_switch_stacks(&from->sp, sp);
#endif
#if TT_ASAN
    __sanitizer_finish_switch_fiber(from->asan_fake_stack, NULL, NULL);
#endif
}

/* The last switch of `from`: continues `to` and never returns. Then, on another stack, tt__coro_finish(from). */
static inline __attribute__((always_inline, noreturn)) void tt__coro_exit(struct tt_coro *from, struct tt_coro *to)
{
#if !TELLTALE_UCONTEXT
    void *sp = to->sp;
#endif
#if TT_ASAN
    from->asan_fake_stack = NULL;
    __sanitizer_start_switch_fiber(NULL, to->asan_bottom, to->asan_bytes);
#endif
#if TT_TSAN
    __tsan_switch_to_fiber(to->tsan_fiber, 0);
#endif
#if TELLTALE_UCONTEXT
    (void)from;
    setcontext(&to->context);
#else
    tt__coro_switch_stacks(&from->sp, sp);
#endif
    __builtin_trap();
}

#endif
