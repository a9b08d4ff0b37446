/* precond.h: a caller's mistakes.
 *
 * A precondition is what a caller has to see to; it has a name, FUNCTION.WHAT, is always checked, and ends the process
 * with one line on stderr when it is broken, because nothing that follows could be relied on. What can go wrong without
 * anybody's mistake raises an exception instead. */
#ifndef TT_PRECOND_H
#define TT_PRECOND_H

#include <telltale/trace.h>

/* Never returns. SITE is the caller's place, or NULL. */
_Noreturn void tt__precond_broken(const char *name, const char *condition, const tt_site *site);

#define TT_PRECOND(name, site, condition)                                                                              \
    do {                                                                                                               \
        if (__builtin_expect(!(condition), 0))                                                                         \
            tt__precond_broken((name), #condition, (site));                                                            \
    } while (0)

#endif
