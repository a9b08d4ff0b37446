/* watch.h: who stands at a descriptor until it is ready.
 *
 * At each descriptor there is room for one that reads and one that writes; whoever comes takes the place of who stood
 * there, as with asyncio's add_reader and add_writer. A watcher is called in the poll, as often as the descriptor is found
 * ready while it stands there; what it does is to make something ready, which so runs in the turn that follows.
 *
 *     nowhere --add--> stands --left, removed by its descriptor, its place taken, the loop closed--> nowhere
 *
 * Threads: the loop's thread. */
#ifndef TT_WATCH_H
#define TT_WATCH_H

#include <sys/types.h>

#include "loop_internal.h"

struct tt_watcher;

struct tt_watcher_ops {
    void (*ready)(struct tt_watcher *watcher);
    /* It did not leave by itself, and stands nowhere now. May be NULL. */
    void (*removed)(struct tt_watcher *watcher);
};

/* Embedded in whatever waits. OPS and IS_WRITER are the owner's to set before it is added, the rest is zero then. */
struct tt_watcher {
    const struct tt_watcher_ops *ops;
    struct tt_watch *watch; /* where it stands; NULL: nowhere */
    bool is_writer;
};

/* What stands for a callback of the program: tt_loop_add_reader, or writer. */
struct tt_watch_callback {
    struct tt_watcher watcher;
    tt_handle *handle; /* owned; NULL: there is none */
};

struct tt_watch_file {
    dev_t device;
    ino_t inode;
    bool is_anonymous; /* not the only one of these numbers */
};

/* A descriptor at which somebody stands, or has stood: watch.c's own. Here it is for those few steps that each request of a
 * server takes. It stays until the loop closes. */
struct tt_watch {
    uv_poll_t poll;
    tt_loop *loop;
    int descriptor;
    int armed_events;             /* what libuv polls for now */
    struct tt_watcher *places[2]; /* who reads, who writes; NULL: nobody */
    bool is_idle;                 /* in that list: what is polled for is put right at the end of the turn */
    bool is_listed;               /* in the list of the unconfirmed, perhaps for nothing */
    bool is_fresh;                /* in that list: armed, and libuv has not polled since */
    bool is_unconfirmed;          /* somebody waits, and no event has come since */
    bool is_overdue;              /* the same, at the last look already */
    bool is_drained;              /* the last receive took all there was */
    bool is_known_alien;          /* asked since it was armed: the other end is not this process's */
    struct tt_watch *next_idle, *next_unconfirmed; /* in the loop's lists */
    struct tt_watch *next_fresh;
    struct tt_watch_callback callbacks[2]; /* the program's, if they stand there */
    struct tt_watch_file file;             /* what could be polled when it was armed last */
};

/* The watch of DESCRIPTOR, or NULL. */
static inline struct tt_watch *tt__watch_find(const tt_loop *loop, int descriptor)
{
    return descriptor >= 0 && (size_t)descriptor < loop->watch_count ? loop->watches[descriptor] : NULL;
}

/* Somebody waits at WATCH, which was armed before, for all we know for another file. */
static inline void tt__watch_begin_unconfirmed(struct tt_watch *watch)
{
    watch->is_unconfirmed = true;
    watch->is_overdue = false;
    if (watch->is_listed)
        return;
    watch->is_listed = true;
    watch->next_unconfirmed = watch->loop->unconfirmed_watches;
    watch->loop->unconfirmed_watches = watch;
}

/* Has WATCHER stand at DESCRIPTOR. 0 or a negative errno value; then whoever stood there still does. */
int tt__watch_add(tt_loop *loop, int descriptor, struct tt_watcher *watcher);

/* The same at WATCH, for what a busy connection does again and again: it waits for what its watch, where nobody stands, is armed
 * for until the end of the turn. False: it is something else. */
static inline bool tt__watch_add_again(struct tt_watch *watch, struct tt_watcher *watcher)
{
    if (!watch->is_idle || watch->places[watcher->is_writer] ||
        !(watch->armed_events & (watcher->is_writer ? UV_WRITABLE : UV_READABLE)))
        return false;
    watch->places[watcher->is_writer] = watcher;
    watcher->watch = watch;
    tt__watch_begin_unconfirmed(watch);
    return true;
}

/* WATCHER leaves, where it stands somewhere; another one is likely to follow: libuv polls on until the end of the turn. */
static inline void tt__watch_leave(struct tt_watcher *watcher)
{
    struct tt_watch *watch = watcher->watch;

    if (!watch)
        return;
    watch->places[watcher->is_writer] = NULL;
    watcher->watch = NULL;
    if (watch->is_idle)
        return;
    watch->is_idle = true;
    watch->next_idle = watch->loop->idle_watches;
    watch->loop->idle_watches = watch;
}

/* No other one is likely to follow at DESCRIPTOR: libuv stops polling at once for what nobody stands there. */
void tt__watch_settle(tt_loop *loop, int descriptor);

/* Takes away whoever reads (writes) at DESCRIPTOR, and settles it; true if there was one. */
bool tt__watch_remove(tt_loop *loop, int descriptor, bool is_writer);

/* Whether what comes in at WATCH can only come from elsewhere. Between two tasks of this loop more may be there by the time
 * that the next receive is called, and asyncio would have it at once. */
bool tt__watch_ask_alien(struct tt_watch *watch);

/* Whether the last receive at WATCH left nothing behind, so that trying again would most likely fail; asking forgets it.
 * Never where both ends of the socket may be this loop's. A hint: the descriptor may have been closed and be another one
 * now, for which waiting is right too. */
static inline void tt__watch_set_drained(struct tt_watch *watch)
{
    watch->is_drained = !watch->loop->has_connected && (watch->is_known_alien || tt__watch_ask_alien(watch));
}
static inline bool tt__watch_take_drained(struct tt_watch *watch)
{
    bool was_drained = watch->is_drained;

    watch->is_drained = false;
    return was_drained;
}

#endif
