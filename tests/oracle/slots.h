/* slots.h: where a program keeps its tasks, futures and other values, by name.
 *
 * There are those of one run at a time. */
#ifndef TT_ORACLE_SLOTS_H
#define TT_ORACLE_SLOTS_H

#include <stdbool.h>

#include <telltale/telltale.h>

struct frame; /* run.h */

enum slot_kind {
    SLOT_EMPTY,
    SLOT_FUTURE, /* also tasks, gathers, shields */
    SLOT_GATHER,
    SLOT_THREAD_FUTURE,
    SLOT_HANDLE,
    SLOT_EXCEPTION,
    SLOT_LOCK, /* these and the next are declared things, which things.c frees at the end */
    SLOT_SEMAPHORE,
    SLOT_CONDITION,
    SLOT_BORROWED /* other declared things, and scopes, which live in a block */
};

struct slot {
    const char *name;
    enum slot_kind kind;
    void *value;
    int rank;        /* number of the oldest task that it stands for */
    bool is_watched; /* a task or future */
    char shown[160]; /* what watch() wrote last */
};

/* The slot of that name, which it makes if there is none yet; sorted by name. */
struct slot *slot_named(const char *name);

/* The slot if it is not empty; else NULL with LookupError pending. */
struct slot *slot_filled(const char *name);

/* The same, and it is no gather: what a gather gives can be read from the gather only. */
struct slot *slot_that_is_no_gather(const char *name);

/* Puts VALUE, with a reference that becomes the slot's, in the place of what was there. */
void slot_put(const char *name, enum slot_kind kind, void *value, int rank);

/* Empties it. */
void slot_drop(struct slot *slot);

/* The thing in a slot; NULL with LookupError pending. */
void *get(const char *name);

/* The same for awaiting: what stands for a task that is not younger than FRAME's is refused. */
struct slot *get_younger(const struct frame *frame, const char *name);

/* All slots: COUNT of them. */
struct slot *const *slots(int *out_count);

/* There are none any more. The values are the caller's to release before. */
void slots_clear(void);

/* Sets the slots of a run aside, and has them back. */
struct left_slots;
struct left_slots *slots_leave(void);
void slots_resume(struct left_slots *left);

#endif
