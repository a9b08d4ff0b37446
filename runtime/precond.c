/* precond.c: how a broken precondition is told. Any thread. */
#include "precond.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void tt__precond_broken(const char *name, const char *condition, const tt_site *site)
{
    if (site)
        fprintf(stderr, "telltale: precondition %s broken at %s:%u in %s: %s\n", name, site->file, site->line,
                site->func, condition);
    else
        fprintf(stderr, "telltale: precondition %s broken: %s\n", name, condition);
    abort();
}
