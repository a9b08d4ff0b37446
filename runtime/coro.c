/*
 * Coroutines: preparing one, and taking it down. The switch itself is inlined from coro.h.
 *
 * A new coroutine is a stack that looks as if tt__coro_switch_stacks had just suspended it, with tt__coro_start as the
 * address to continue at. Where a tool has to hear of the arrival on the new stack, `begin` stands between.
 */
#include "coro.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if TT_ASAN
#include <sanitizer/lsan_interface.h>
#endif

#if !TELLTALE_UCONTEXT
/* In assembly; never called from C. */
extern const char tt__coro_start[];
#endif

#if TT_ASAN || TELLTALE_UCONTEXT
/* The first frame of a coroutine. */
static void begin(void *arg)
{
    struct tt_coro *coro = arg;
#if TT_ASAN
    __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
#endif
    coro->entry(coro->arg);
    abort();
}
#endif

#if TELLTALE_UCONTEXT

/* makecontext passes ints: a pointer travels as two of them. */
static void begin_context(unsigned high, unsigned low)
{
    begin((void *)(((uintptr_t)high << 16 << 16) | low));
}

static void prepare_context(struct tt_coro *coro)
{
    struct tt_stack *stack = coro->stack;
    uintptr_t self = (uintptr_t)coro;
    int rc = getcontext(&coro->context);
    assert(rc == 0); /* glibc: fails only where the signal mask cannot be read, which it always can */
    (void)rc;
    coro->context.uc_stack.ss_sp = stack->bottom;
    coro->context.uc_stack.ss_size = (size_t)(stack->top - stack->bottom);
    coro->context.uc_link = NULL;
    makecontext(&coro->context, (void (*)(void))begin_context, 2, (unsigned)(self >> 16 >> 16), (unsigned)self);
}

#else

/* Lays the first frame as switch_*.S documents it. */
static void prepare_context(struct tt_coro *coro)
{
#if TT_ASAN
    uintptr_t function = (uintptr_t)begin;
    uintptr_t argument = (uintptr_t)coro;
#else
    uintptr_t function = (uintptr_t)coro->entry;
    uintptr_t argument = (uintptr_t)coro->arg;
#endif
#if defined(__x86_64__)
    enum { R15, R14, R13, R12, RBX, RBP, RIP, FRAME_WORDS };
    uintptr_t *frame = (uintptr_t *)coro->stack->top - FRAME_WORDS;
    frame[R15] = 0;
    frame[R14] = 0;
    frame[R13] = argument;
    frame[R12] = function;
    frame[RBX] = 0;
    frame[RBP] = 0;
    frame[RIP] = (uintptr_t)tt__coro_start;
#elif defined(__aarch64__)
    enum { X29, X30, X19, X20, FRAME_WORDS = 20 };
    uintptr_t *frame = (uintptr_t *)coro->stack->top - FRAME_WORDS;
    memset(frame, 0, FRAME_WORDS * sizeof *frame);
    frame[X19] = function;
    frame[X20] = argument;
    frame[X30] = (uintptr_t)tt__coro_start;
#endif
    coro->sp = frame;
}

#endif

#if TT_ASAN

/* The part of the thread's stack that is already there: main's variables may be all that holds something, and a leak
 * check made from within a coroutine would not look at them. */
static void announce_home(struct tt_coro *home)
{
    pthread_attr_t attr;
    void *bottom;
    size_t bytes;
    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return;
    if (pthread_attr_getstack(&attr, &bottom, &bytes) == 0) {
        char *here = __builtin_frame_address(0);
        home->asan_bottom = bottom;
        home->asan_bytes = bytes;
        home->root_region = here;
        home->root_bytes = (size_t)((char *)bottom + bytes - here);
        __lsan_register_root_region(home->root_region, home->root_bytes);
    }
    pthread_attr_destroy(&attr);
}

/* A coroutine that is abandoned leaves the sanitizer's stack of long-lived frames behind: takes it as if it were
 * ours for a moment and drops it, as a dying coroutine does. Not instrumented: its own frame must not lie there. */
__attribute__((no_sanitize("address"))) static void drop_fake_stack(void *fake_stack)
{
    void *ours;
    const void *bottom;
    size_t bytes;
    __sanitizer_start_switch_fiber(&ours, __builtin_frame_address(0), 1);
    __sanitizer_finish_switch_fiber(fake_stack, &bottom, &bytes);
    __sanitizer_start_switch_fiber(NULL, bottom, bytes);
    __sanitizer_finish_switch_fiber(ours, NULL, NULL);
}

#endif

void tt__coro_home_init(struct tt_coro *home)
{
    memset(home, 0, sizeof *home);
#if TT_ASAN
    announce_home(home);
#endif
#if TT_TSAN
    home->tsan_fiber = __tsan_get_current_fiber();
#endif
}

void tt__coro_init(struct tt_coro *coro, struct tt_stack *stack, void (*entry)(void *), void *arg)
{
    assert(((uintptr_t)stack->top & 63) == 0);
    coro->stack = stack;
    coro->entry = entry;
    coro->arg = arg;
#if TT_ASAN
    coro->asan_bottom = stack->bottom;
    coro->asan_bytes = stack->bytes;
    coro->asan_fake_stack = NULL;
    coro->root_region = NULL;
    coro->root_bytes = 0;
#endif
#if TT_TSAN
    coro->tsan_fiber = __tsan_create_fiber(0);
#endif
    prepare_context(coro);
}

void tt__coro_finish(struct tt_coro *coro)
{
    struct tt_stack *stack = coro->stack;
#if TT_ASAN
    if (coro->root_region != NULL) {
        __lsan_unregister_root_region(coro->root_region, coro->root_bytes);
        coro->root_region = NULL;
    }
    if (stack != NULL && coro->asan_fake_stack != NULL)
        drop_fake_stack(coro->asan_fake_stack);
    coro->asan_fake_stack = NULL;
#endif
#if TT_TSAN
    if (stack != NULL && coro->tsan_fiber != NULL)
        __tsan_destroy_fiber(coro->tsan_fiber);
    coro->tsan_fiber = NULL;
#endif
    coro->stack = NULL;
    tt__stack_release(stack);
}
