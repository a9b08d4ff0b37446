/* look.h: a store that may be anything, opened and asked as the program telltale does, in this process.
 *
 * Questions have numbers: the first LOOK_STREAM of them read the tables over the event stream, the others a view each, and then they go round. Of
 * each the first rows are read.
 */
#ifndef TT_TESTS_LOOK_H
#define TT_TESTS_LOOK_H

#include "store.h"

#define LOOK_STREAM 4u

/* The worse, the later. */
enum look_result {
    LOOK_ANSWERED,
    LOOK_REFUSED,  /* it could not be opened, and *OUT_ERROR says why */
    LOOK_DAMAGED,  /* it could, and a question ended with an error */
    LOOK_TOO_LONG, /* a question was stopped after SECONDS */
};

/* How many questions there are. */
unsigned look_questions(void);

/* Opens the store and asks COUNT questions from FIRST on. SECONDS: what all of them may take together. */
enum look_result look_at_store(const char *path, unsigned first, unsigned count, int seconds,
                               struct tt_store_error *out_error);

/* A store that is opened once, and asked again and again with what was prepared then, which takes a tenth of the time. For
 * what is changed behind the schema: opening reads the header and the schema of a store, so no opening sees it. */
struct look;

/* Opens the store at PATH, which has to be sound, and prepares all questions. Aborts where it cannot. */
struct look *look_create(const char *path);

/* As look_at_store(), but for opening. The file at that path has been changed in place, outside of its header and schema, and
 * its change counter (bytes 24 to 27 and 92 to 95) is another one than ever before, by which SQLite knows that what it has read is old. */
enum look_result look_again(struct look *look, unsigned first, unsigned count, int seconds);

void look_destroy(struct look *look);

#endif
