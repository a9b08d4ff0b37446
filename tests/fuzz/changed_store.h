/* changed_store.h: a store that entries change in place, as their input tells.
 *
 * Threads: one.
 */
#ifndef TT_TESTS_CHANGED_STORE_H
#define TT_TESTS_CHANGED_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "sound.h"

extern char changed_store_path[160];
extern struct window changed_store_anything[2]; /* the header with the beginning of the schema; the file */
extern struct window changed_store_rows[64];    /* pages that have none of the schema */
extern size_t changed_store_row_windows;        /* so many of the latter */

/* Makes the sound store. SQLite has its memory from sqlite_memory.h. */
void changed_store_begin(void);

/* Changes COUNT of WINDOWS as INPUT tells, and the change counter, so that SQLite reads anew. sound_restore() puts back what was changed. */
void changed_store_change(const struct window *windows, size_t count, const uint8_t *input, size_t size);

#endif
