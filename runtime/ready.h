/* ready.h: what stands in a loop's ready queue, and the queue.
 *
 * Everything that a loop runs, a step of a task, a done-callback, a callback of the user, embeds a tt_ready and brings
 * two functions: run it, or let go of it without running it (the loop is closing). The queue is first in, first out,
 * links its entries and never allocates. Whoever is in the queue must stay where it is; both functions may free it.
 *
 * Threads: the loop's thread. */
#ifndef TT_READY_H
#define TT_READY_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

struct tt_ready;

struct tt_ready_ops {
    void (*run)(struct tt_ready *ready);     /* its turn has come; it is out of the queue */
    void (*discard)(struct tt_ready *ready); /* it will never run; it is out of the queue */
};

struct tt_ready {
    struct tt_ready *next;
    const struct tt_ready_ops *ops;
    bool is_queued;
};

struct tt_ready_queue {
    struct tt_ready *first;
    struct tt_ready **end; /* where the next one is linked: &first when empty */
    size_t count;
};

static inline void tt__ready_queue_init(struct tt_ready_queue *queue)
{
    queue->first = NULL;
    queue->end = &queue->first;
    queue->count = 0;
}

static inline void tt__ready_push(struct tt_ready_queue *queue, struct tt_ready *ready)
{
    assert(!ready->is_queued && "an entry stands in the queue once");
    ready->next = NULL;
    ready->is_queued = true;
    *queue->end = ready;
    queue->end = &ready->next;
    queue->count++;
}

/* The first entry, or NULL when the queue is empty. */
static inline struct tt_ready *tt__ready_pop(struct tt_ready_queue *queue)
{
    struct tt_ready *ready = queue->first;

    if (!ready)
        return NULL;
    queue->first = ready->next;
    if (!queue->first)
        queue->end = &queue->first;
    queue->count--;
    ready->is_queued = false;
    return ready;
}

#define tt_container_of(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))

#endif
