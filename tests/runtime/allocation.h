/* allocation.h: the memory that the runtime under test takes and gives back, counted, and refused when a test wants it.
 *
 * Calls of malloc and its like that come out of the objects of this program are counted (the linker's --wrap; see
 * CMakeLists.txt), and so are libuv's, through uv_replace_allocator. Memory that the C library takes for itself is not.
 *
 * Threads: any.
 */
#ifndef TT_TESTS_ALLOCATION_H
#define TT_TESTS_ALLOCATION_H

#include <stdbool.h>
#include <stddef.h>

/* Has libuv count too. Once, before its first use. */
void allocation_count_libuv(void);

/* Pieces of memory that are taken and not given back. */
long allocation_live(void);

/* Calls that may fail: of malloc, calloc, realloc, strdup, and mmap for stacks. */
long allocation_attempts(void);

/* The NUMBER-th call from now, from 1, fails with ENOMEM, and with AND_ALL_AFTER every one after it; 0: none. libuv's
 * own calls are not counted and do not fail: it aborts at many of them. */
void allocation_fail(long number, bool and_all_after);

/* Whether a call has failed since allocation_fail. */
bool allocation_has_failed(void);

/* The same for libuv's own calls, and only for them. */
void allocation_fail_libuv(long number);
long allocation_libuv_attempts(void);

#endif
