/* scarcity.h: memory that runs out at the n-th time that it is asked for.
 *
 * What it is for. Calls out of the objects of this program that take memory are counted, and one of them fails, or it and all after it:
 * malloc and its like, mmap, what opens streams and folders, and what takes memory in libzstd (the linker's --wrap; see CMakeLists.txt).
 * SQLite's own calls count, too, each of them: its lookaside is off.
 *
 * What it leaves to others. Memory that the C library takes for itself.
 *
 * Threads: any; but the n-th call is the n-th one of the test only while no other thread asks for memory.
 */
#ifndef TT_TESTS_SCARCITY_H
#define TT_TESTS_SCARCITY_H

#include <stdbool.h>

/* Has SQLite count too. Before its first use. */
void scarcity_begin(void);

/* Whose calls count: those of the objects of this program, or SQLite's, too. */
enum scarcity_of { SCARCITY_OF_OWN, SCARCITY_OF_ALL };

/* The NUMBER-th of these calls from now, from 1, fails, and with AND_ALL_AFTER each one after it; 0: none. */
void scarcity_set(enum scarcity_of of, long number, bool and_all_after);

/* Calls since scarcity_set(). */
long scarcity_calls(void);

/* Pieces of memory that are taken and not given back. */
long scarcity_live(void);

#endif
