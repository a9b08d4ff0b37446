/* context_internal.h: which context is the current one.
 *
 * Whoever runs functions of the program has a place where its context hangs: a task, a handle, the thread. The place is
 * empty (NULL) as long as nothing is set; so programs without variables pay for a few loads and stores of this pointer
 * and for nothing else. While a function runs, tt__context_place is the place of whoever runs it.
 *
 * Threads: the place belongs to whoever runs on the thread. */
#ifndef TT_CONTEXT_INTERNAL_H
#define TT_CONTEXT_INTERNAL_H

#include <telltale/context.h>

/* The place in force on this thread; NULL: the thread's own. */
extern __thread tt_context **tt__context_place __attribute__((tls_model("initial-exec")));

/* The thread's own place. */
extern __thread tt_context *tt__thread_context __attribute__((tls_model("initial-exec")));

/* Makes PLACE the one in force and returns what was, which is to be put in force again. */
static inline tt_context **tt__context_enter(tt_context **place)
{
    tt_context **outer = tt__context_place;

    tt__context_place = place;
    return outer;
}

static inline void tt__context_leave(tt_context **outer)
{
    tt__context_place = outer;
}

/* Puts a copy of the current context into *OUT_CONTEXT, NULL if nothing is set there. 0, or -1 with MemoryError
 * pending. */
int tt__context_capture_slowly(tt_site *site, tt_context **out_context);

static inline int tt__context_capture(tt_site *site, tt_context **out_context)
{
    tt_context *now = tt__context_place ? *tt__context_place : tt__thread_context;

    *out_context = NULL;
    return __builtin_expect(now != NULL, 0) ? tt__context_capture_slowly(site, out_context) : 0;
}

#endif
