/* executor_internal.h: what the runtime's other files know of functions that run on the threads of the pool.
 *
 * Threads: any. */
#ifndef TT_EXECUTOR_INTERNAL_H
#define TT_EXECUTOR_INTERNAL_H

#include <stdbool.h>

#include <telltale/future.h>

/* tt_return on a thread of the pool. False where this thread runs nothing of the executor's. */
bool tt__executor_return(void *value, tt_free_fn *free_fn);

#endif
