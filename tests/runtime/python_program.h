/* python_program.h: programs that are written twice, in a test and in python/NAME.py, and must write the same:
 * python/NAME.expected, which CPython 3.13 wrote.
 *
 * Threads: one.
 */
#ifndef TT_TESTS_PYTHON_PROGRAM_H
#define TT_TESTS_PYTHON_PROGRAM_H

#include "stage.h"

/* Fails the case unless its notes are what the program NAME writes; forgets them. This machine's python3 is asked too,
 * unless it is older than the program's first line says ("# since 3.N"). */
void expect_program(const char *name);

#endif
