/* sqlite_memory.h: SQLite's memory, in an entry that spends most of its time in SQLite. The sanitizer's allocator, with libFuzzer's counting
 * behind it, takes two thirds of that time; SQLite itself is not instrumented. Here a block costs some nanoseconds, and what telltale's own code
 * must not touch is still told to the sanitizer: what is in front of a block, behind it, and what was given back.
 *
 * Threads: one.
 */
#ifndef TT_TESTS_SQLITE_MEMORY_H
#define TT_TESTS_SQLITE_MEMORY_H

#include <stddef.h>

/* Before SQLite is used first. */
void sqlite_memory_begin(void);

/* Blocks that SQLite has and has not given back. */
size_t sqlite_memory_in_use(void);

#endif
