/* viewers.h: processes that look at a store again and again: by a connection that they keep, by one that is opened anew each time, by the
 * program `telltale`; and one that stands still in the middle of a transaction.
 *
 * Each look is one state of the store. A viewer ends, and the test fails with what it was told, when a question fails, when a note is
 * missing before others that are there, or when the store has fewer notes than at the look before. The notes are truth.h's.
 *
 * What it leaves to others: who writes the store, and when.
 *
 * Threads: one, the test's. One crowd of viewers at a time.
 */
#ifndef TT_TESTS_VIEWERS_H
#define TT_TESTS_VIEWERS_H

#include <stdint.h>
#include <sys/types.h>

#define VIEWERS_MAX 16u

enum viewers_kind {
    VIEWERS_OF_ALL_KINDS,
    VIEWERS_BY_CONNECTION, /* not the program, which completes what nobody writes any more */
    VIEWERS_EARLY, /* by connections, too; there may be no store yet: they wait for it, and look without a pause */
};

/* Starts COUNT of them, who look at the store at PATH. */
void viewers_start(const char *path, unsigned count, enum viewers_kind kind);

/* Waits until each has looked LOOKS times more. */
void viewers_await_looks(unsigned looks);

/* Waits until each has seen more notes than when this was called. */
void viewers_await_growth(void);

/* Has them end; each must have looked well until then. */
void viewers_stop(void);

/* Looks of all crowds so far. */
uint64_t viewers_look_count(void);

/* Begins to read, and stands still; returns when it does. Going on, it must see what it saw. */
pid_t viewers_start_still(const char *path);
void viewers_end_still(pid_t still);

#endif
