/* look.h: a store that may be anything, opened and asked as the program telltale does, in this process. */
#ifndef TT_TESTS_LOOK_H
#define TT_TESTS_LOOK_H

#include "store.h"

enum look_result {
    LOOK_ANSWERED,
    LOOK_REFUSED,  /* it could not be opened, and *OUT_ERROR says why */
    LOOK_DAMAGED,  /* it could, and a question ended with an error */
    LOOK_TOO_LONG, /* a question was stopped after SECONDS */
};

/* Reads the chunks and, of each of COUNT views from FIRST on (they go round), the first rows. SECONDS: what all of them may take
 * together. */
enum look_result look_at_store(const char *path, unsigned first, unsigned count, int seconds,
                               struct tt_store_error *out_error);

/* How many views there are. */
unsigned look_views(void);

#endif
