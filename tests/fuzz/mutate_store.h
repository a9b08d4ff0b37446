/* mutate_store.h: stores that were changed. What is changed: bytes anywhere, whole pages, the end of the file, and, with SQLite's own help,
 * values and schema of a file that is sound as a database.
 *
 * Threads: one.
 */
#ifndef TT_TESTS_MUTATE_STORE_H
#define TT_TESTS_MUTATE_STORE_H

#include <stdbool.h>
#include <stdint.h>

extern char mutant_path[160]; /* where they are written, one after the other */

/* Records a sound store, from which all are made. */
void mutate_store_begin(void);

/* Writes the sound one; the NUMBER-th mutant of SEED. The latter returns whether it was changed behind header and schema only, so that a
 * connection to the sound one, opened before, can go on with it (look.h). */
void mutate_store_not(void);
bool mutate_store(uint64_t seed, uint64_t number);

void mutate_store_end(void);

#endif
